package dev.sluice.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StandaloneGatewayTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --port=65536            | --port: 65536 (expected: 0..65535)
          --port=http             | --port: http (expected: 0..65535)
          --shards=0              | --shards: 0 (expected: 1..1048576)
          --rate=fast             | --rate: fast (expected: 1..2147483646)
          --tls                   | --tls: empty (expected: the file to write the certificate to trust to)
          --round-trip=-1         | --round-trip: -1 (expected: 0..2147483647)
          --mix=none              | --mix: none (expected: one of all-intents, no-presences, slash-commands)
          """)
  void namesTheWrongValue(String arg, String message) {
    assertThatThrownBy(() -> new StandaloneGateway(new String[] {arg}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void namesAnOptionThatIsUnknownOrTwice() {
    assertThatThrownBy(() -> new StandaloneGateway(new String[] {"--prot=1"}))
        .hasMessageStartingWith("option: --prot (expected: one of --guilds-per-shard, ");
    assertThatThrownBy(() -> new StandaloneGateway(new String[] {"--port=1", "--port=2"}))
        .hasMessage("option: --port twice (expected: once)");
  }

  @Test
  void servesUntilItsInputCloses(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("trust.pem");
    StandaloneGateway gateway =
        new StandaloneGateway(
            new String[] {
              "--token=a-token",
              "--shards=3",
              "--rate=100",
              "--mix=slash-commands",
              "--tls=" + file,
              "--until-stdin-closes"
            });
    PipedOutputStream stdin = new PipedOutputStream();
    PipedInputStream gatewayInput = new PipedInputStream(stdin);
    PipedInputStream stdout = new PipedInputStream();
    PrintStream gatewayOutput =
        new PrintStream(new PipedOutputStream(stdout), true, StandardCharsets.UTF_8);
    CompletableFuture<Void> running =
        CompletableFuture.runAsync(
            () -> run(gateway, gatewayInput, gatewayOutput), StandaloneGatewayTest::start);

    Map<String, String> lines = new HashMap<>();
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(stdout, StandardCharsets.UTF_8));
    for (int i = 0; i < 4; i++) {
      String[] line = reader.readLine().split("=", 2);
      lines.put(line[0], line[1]);
    }

    assertThat(lines).containsOnlyKeys("gateway", "resume", "api", "token");
    assertThat(lines).containsEntry("token", "a-token");
    assertThat(lines.get("gateway")).startsWith("wss://127.0.0.1:");
    try (InputStream pem = Files.newInputStream(file)) {
      assertThat(CertificateFactory.getInstance("X.509").generateCertificate(pem).getType())
          .isEqualTo("X.509");
    }
    stdin.close();
    running.get(20, TimeUnit.SECONDS);
    assertThatThrownBy(() -> TestClient.dial(URI.create(lines.get("gateway")), TestClient.QUERY))
        .hasCauseInstanceOf(ConnectException.class);
  }

  @Test
  void delaysAsItWasTold() throws Exception {
    StandaloneGateway gateway =
        new StandaloneGateway(
            new String[] {"--round-trip=100", "--jitter=20", "--until-stdin-closes"});
    PipedOutputStream stdin = new PipedOutputStream();
    PipedInputStream gatewayInput = new PipedInputStream(stdin);
    PipedInputStream stdout = new PipedInputStream();
    PrintStream gatewayOutput =
        new PrintStream(new PipedOutputStream(stdout), true, StandardCharsets.UTF_8);
    CompletableFuture<Void> running =
        CompletableFuture.runAsync(
            () -> run(gateway, gatewayInput, gatewayOutput), StandaloneGatewayTest::start);
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(stdout, StandardCharsets.UTF_8));
    URI uri = URI.create(reader.readLine().substring("gateway=".length()));

    long startNanos = System.nanoTime();
    TestClient.dial(uri, TestClient.QUERY).close();

    assertThat(System.nanoTime() - startNanos)
        .as("TCP and the upgrade")
        .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(200));
    stdin.close();
    running.get(20, TimeUnit.SECONDS);
  }

  /** The common pool may have a single thread, which others need. */
  private static void start(Runnable task) {
    Thread thread = new Thread(task, "standalone-gateway");
    thread.setDaemon(true);
    thread.start();
  }

  private static void run(StandaloneGateway gateway, InputStream in, PrintStream out) {
    try {
      gateway.run(in, out);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
