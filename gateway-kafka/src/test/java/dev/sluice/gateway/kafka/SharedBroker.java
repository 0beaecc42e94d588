package dev.sluice.gateway.kafka;

import dev.sluice.testkit.brokers.KafkaBroker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One broker for the tests of this process that need none of their own. It ends with them. */
public final class SharedBroker {

  private static @Nullable KafkaBroker broker; // guarded by the class

  private SharedBroker() {}

  /** {@return the properties of a client} */
  public static Map<String, Object> properties(String client)
      throws IOException, InterruptedException {
    return Map.of("bootstrap.servers", bootstrapServers(), "client.id", client);
  }

  private static synchronized String bootstrapServers() throws IOException, InterruptedException {
    KafkaBroker running = broker;
    if (running == null) {
      running =
          KafkaBroker.start(
              Files.createTempDirectory(Path.of("target"), "shared-broker"),
              // It is never restarted, and a slow machine does not end its leadership.
              Map.of("broker.session.timeout.ms", "60000"));
      broker = running;
    }
    return running.bootstrapServers();
  }
}
