package dev.sluice.examples;

import dev.sluice.gateway.GatewayBot;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** As much of Discord's HTTP API as the examples need. Thread-safe. */
final class Rest {

  private static final String USER_AGENT =
      "DiscordBot (https://github.com/sluice-gateway/sluice, 0.1.0)";
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Target target;
  private final HttpClient http = HttpClient.newHttpClient();

  Rest(Target target) {
    this.target = target;
  }

  /** {@return how many shards the bot should have, and how they may start} Blocks. */
  GatewayBot gatewayBot() throws IOException, InterruptedException {
    HttpResponse<byte[]> response =
        http.send(request("/gateway/bot").GET().build(), BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) {
      throw new IOException("GET /gateway/bot: " + response.statusCode() + " (expected: 200)");
    }
    return GatewayBot.parse(response.body());
  }

  /** {@return the status that the answer has} Does not block. */
  CompletableFuture<Integer> post(String path, String json) {
    HttpRequest request =
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json))
            .build();
    return http.sendAsync(request, BodyHandlers.discarding()).thenApply(HttpResponse::statusCode);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(target.apiUri() + path))
        .timeout(TIMEOUT)
        .header("Authorization", "Bot " + target.token())
        .header("User-Agent", USER_AGENT);
  }
}
