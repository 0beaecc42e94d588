package dev.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.testkit.brokers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Subscription;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node whose events go to NATS. */
@Tag("broker")
@Timeout(120)
final class NatsRunTest {

  @TempDir private Path directory;

  @Test
  void eventsGoToTheStream() throws Exception {
    assumeTrue(NatsServer.find().isPresent(), "NATS is not installed: nats-server");
    try (NatsServer server = NatsServer.start(directory.resolve("nats"));
        LocalGateway gateway = LocalGateway.start()) {
      Map<String, String> settings = new HashMap<>();
      settings.put("application", "bot");
      settings.put("api-uri", gateway.apiUri().toString());
      settings.put("console.enabled", "false");
      settings.put("sessions.directory", directory.resolve("sessions").toString());
      settings.put("nats.url", server.url());
      Program program = new Program(Map.of("SLUICE_TOKEN", gateway.token()));
      Connection connection = Nats.connect(server.url());
      try {
        Subscription subscription = connection.subscribe("bot.events.>");
        connection.flush(Duration.ofSeconds(60)); // the server knows of it
        CompletableFuture<Integer> exitCode = program.start(Program.args("run", settings));
        Message first = subscription.nextMessage(Duration.ofSeconds(60));
        assertThat(first).isNotNull();
        assertThat(first.getHeaders().getFirst("type")).isEqualTo("READY");
        assertThat(first.getHeaders().getFirst("shard")).isEqualTo("0/1");
        program.stop.complete(null);
        assertThat(exitCode.get(60, TimeUnit.SECONDS)).isEqualTo(End.OK);
        assertThat(
                connection
                    .jetStreamManagement()
                    .getStreamInfo("bot-events")
                    .getStreamState()
                    .getMsgCount())
            .isPositive();
      } finally {
        connection.close();
      }
    }
  }
}
