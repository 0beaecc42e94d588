package dev.sluice.examples;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CountDownLatch;

/**
 * Answers messages that say "ping": on Discord with a message in the same channel, else with a
 * line. Thread-safe.
 */
final class Pong {

  static final Intents INTENTS =
      Intents.of(Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES, Intent.MESSAGE_CONTENT);

  private static final String USER_AGENT =
      "DiscordBot (https://github.com/sluice-gateway/sluice, 0.1.0)";

  private final Target target;
  private final PrintStream out;
  private final HttpClient http = HttpClient.newHttpClient();
  private final CountDownLatch open;

  Pong(Target target, PrintStream out) {
    this.target = target;
    this.out = out;
    this.open = new CountDownLatch(target.local() == null ? Integer.MAX_VALUE : Pinger.PINGS);
  }

  /** Takes any event. Does not block. */
  void answer(Dispatch dispatch) throws IOException {
    if (dispatch.type() == EventType.READY || dispatch.type() == EventType.RESUMED) {
      out.println(dispatch.name());
    } else if (dispatch.type() == EventType.MESSAGE_CREATE) {
      JsonNode message = dispatch.readTree();
      if (message.path("content").asText().equals("ping")) {
        out.println("ping " + message.path("id").asText() + " -> pong");
        reply(message.path("channel_id").asText());
        open.countDown();
      }
    }
  }

  /** {@return whether all that the local user wrote was answered; never so on Discord} */
  boolean isDone() {
    return open.getCount() == 0;
  }

  /** Waits until it is so. */
  void await() throws InterruptedException {
    open.await();
  }

  private void reply(String channelId) {
    if (target.local() != null) {
      return;
    }
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(target.apiUri() + "/channels/" + channelId + "/messages"))
            .header("Authorization", "Bot " + target.token())
            .header("User-Agent", USER_AGENT)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"content\":\"pong\"}"))
            .build();
    http.sendAsync(request, BodyHandlers.discarding())
        .whenComplete(
            (response, failure) -> {
              if (failure != null || response.statusCode() != 200) {
                out.println("no pong: " + (failure != null ? failure : response.statusCode()));
              }
            });
  }
}
