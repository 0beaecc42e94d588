package dev.sluice.testkit.brokers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("broker")
final class NatsServerTest {

  private static String greeting(NatsServer server) throws IOException {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), URI.create(server.url()).getPort())) {
      return new String(socket.getInputStream().readNBytes(4), StandardCharsets.US_ASCII);
    }
  }

  @Test
  void keepsItsPortWhenItIsKilledAndComesBack(@TempDir Path directory) throws Exception {
    assumeTrue(NatsServer.find().isPresent(), "nats-server is not installed");
    try (NatsServer server = NatsServer.start(directory)) {
      String url = server.url();
      assertThat(greeting(server)).isEqualTo("INFO");

      server.kill();
      server.restart();

      assertThat(server.url()).isEqualTo(url);
      assertThat(greeting(server)).isEqualTo("INFO");
    }
  }
}
