package dev.sluice.gateway.console;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.netty.ShardManager;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A browser over a real socket that reads nothing. */
@Timeout(60)
final class SlowViewerTest extends Resources {

  /** More than sockets of loopback take in, by far, if it were all sent. */
  private static final int TICKS = 20_000;

  /** What the kernel may hold for a socket, and what the console may. */
  private static final long MAX_BYTES = 8 << 20;

  @Test
  void aBrowserThatReadsNothingCostsLittle() throws Exception {
    ShardManager manager = ready(settings(gateway(), 8));
    Server server = Server.start(Console.builder(manager).port(0));
    Console console = open(new Console(server));
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4_096);
      socket.connect(new InetSocketAddress(console.uri().getHost(), console.uri().getPort()));
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS));
      socket
          .getOutputStream()
          .write("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
      await("the viewer", () -> watched(server, Watch::viewers) == 1);

      long tickBytes = Json.object(server.watch()::writeSnapshot).length() / 2;
      for (int i = 0; i < TICKS; i++) {
        watched(
            server,
            watch -> {
              watch.readAndTell(System.nanoTime());
              return 0;
            });
      }

      assertThat(tickBytes * TICKS).as("if it were all sent").isGreaterThan(2 * MAX_BYTES);
      assertThat(watched(server, Watch::sentBytes)).isLessThan(MAX_BYTES);
      JsonNode figures = new Client(console).json("/api/fleet").get("figures");
      assertThat(figures.get("viewers").intValue()).isEqualTo(1);
      assertThat(figures.get("skippedTicks").longValue()).isGreaterThan(TICKS / 2);

      InputStream in = socket.getInputStream();
      long before = watched(server, Watch::sentBytes);
      byte[] buffer = new byte[1 << 16];
      while (watched(server, Watch::sentBytes) == before) { // it reads again, and hears again
        assertThat(in.read(buffer)).isPositive();
        watched(
            server,
            watch -> {
              watch.readAndTell(System.nanoTime());
              return 0;
            });
      }
    }
  }

  private interface Question {
    long ask(Watch watch);
  }

  /** Asks on the console's thread. */
  private static long watched(Server server, Question question) {
    CompletableFuture<Long> answer = new CompletableFuture<>();
    server.execute(() -> answer.complete(question.ask(server.watch())));
    return answer.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join();
  }
}
