package dev.sluice.gateway.console;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.netty.ShardManager;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in, and who is not. */
@Timeout(60)
final class AccessTest extends Resources {

  private static final String TOKEN = "0123456789abcdef";

  private ShardManager manager;

  @BeforeEach
  void start() {
    manager = open(settings(gateway(), 1).build());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/fleet", "/api/shards/0", "/api/events", "/metrics"})
  void withATokenNothingIsReadWithoutIt(String path) throws Exception {
    Client client = new Client(console(Console.builder(manager).bearerToken(TOKEN)));

    HttpResponse<String> missing = client.get(path);
    HttpResponse<String> wrong = client.get(path, "Authorization", "Bearer 0123456789abcdeF");

    assertThat(missing.statusCode()).isEqualTo(401);
    assertThat(missing.headers().firstValue("WWW-Authenticate")).contains("Bearer");
    assertThat(Client.parse(missing).get("error").asText())
        .isEqualTo("bearer token: missing (expected: Authorization: Bearer ...)");
    assertThat(wrong.statusCode()).isEqualTo(401);
    assertThat(wrong.body()).contains("wrong").doesNotContain(TOKEN);
  }

  @Test
  void theTokenLetsIn() throws Exception {
    Client client = new Client(console(Console.builder(manager).bearerToken(TOKEN)));
    String[] authorization = {"Authorization", "Bearer " + TOKEN};

    assertThat(client.get("/api/fleet", authorization).statusCode()).isEqualTo(200);
    assertThat(client.get("/metrics", authorization).statusCode()).isEqualTo(200);
    assertThat(client.get("/api/fleet", authorization).body()).doesNotContain(TOKEN);
    try (Client.Stream events = client.events(authorization)) {
      assertThat(events.next().name()).isEqualTo("fleet");
    }
  }

  @Test
  void thePageAndTheProbesNeedNoToken() throws Exception {
    Client client = new Client(console(Console.builder(manager).bearerToken(TOKEN)));

    assertThat(client.get("/vendor/uplot/uPlot.min.css").statusCode()).isEqualTo(200);
    assertThat(client.get("/api/console").body())
        .contains("\"auth\":\"bearer\"")
        .contains("\"authorized\":false");
    assertThat(client.get("/api/console", "Authorization", "bearer " + TOKEN).body())
        .contains("\"authorized\":true");
    assertThat(client.get("/health/live").body()).isEqualTo("{\"up\":true}");
    assertThat(client.get("/health/ready", "Authorization", "Bearer " + TOKEN).body())
        .contains("not started");
  }

  /**
   * The answer to a request with a Host header of our own, which the JDK's client does not send.
   */
  private static String statusLine(Console console, String host) throws Exception {
    return call(console, "/api/fleet", host).lines().findFirst().orElseThrow();
  }

  private static String call(Console console, String path, String host) throws Exception {
    try (Socket socket = new Socket(console.uri().getHost(), console.uri().getPort())) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS));
      String request =
          "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    }
  }

  @Test
  void probesMayCallByAnyAddressButAreNotToldWhy() throws Exception {
    Console console = console(Console.builder(manager).allowedHost("console.example.org"));

    assertThat(call(console, "/health/live", "10.1.2.3:8077"))
        .startsWith("HTTP/1.1 200 ")
        .endsWith("{\"up\":true}");
    assertThat(call(console, "/health/ready", "10.1.2.3:8077"))
        .startsWith("HTTP/1.1 503 ")
        .endsWith("{\"up\":false}");
    assertThat(call(console, "/health/ready", "console.example.org")).contains("not started");
  }

  @Test
  void aNameThatResolvesToThisMachineIsNoWayIn() throws Exception {
    Console console = console(Console.builder(manager).allowedHost("console.example.org"));

    assertThat(statusLine(console, "rebound.example.com")).contains(" 421 ");
    assertThat(statusLine(console, "rebound.example.com:" + console.uri().getPort()))
        .contains(" 421 ");
    assertThat(statusLine(console, "localhost:" + console.uri().getPort())).contains(" 200 ");
    assertThat(statusLine(console, "console.example.org")).contains(" 200 ");
  }

  @ParameterizedTest
  @CsvSource({"cross-site, 403", "same-site, 403", "same-origin, 200", "none, 200"})
  void pagesOfOthersReadNothing(String site, int status) throws Exception {
    Client client = new Client(console(Console.builder(manager)));

    assertThat(client.get("/api/fleet", "Sec-Fetch-Site", site).statusCode()).isEqualTo(status);
    assertThat(client.get("/metrics", "Sec-Fetch-Site", site).statusCode()).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/shards/0/reconnect", "/api/restart", "/api/reshard"})
  void aConsoleChangesNothingUnlessToldTo(String path) throws Exception {
    Client client = new Client(console(Console.builder(manager)));

    HttpResponse<String> response = client.control(path, "{}");

    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(Client.parse(response).get("error").asText())
        .isEqualTo("control: off (expected: Console.builder(manager).control(true))");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/shards/0/reconnect", "/api/restart", "/api/reshard"})
  void controlIsOnlyForThePage(String path) throws Exception {
    Console console = console(Console.builder(manager).control(true));
    Client client = new Client(console);
    String own = "http://127.0.0.1:" + console.uri().getPort();

    assertThat(client.get(path).statusCode()).as("a link").isEqualTo(405);
    assertThat(client.send("POST", path, "{}").statusCode()).as("a form").isEqualTo(415);
    assertThat(
            client
                .send("POST", path, "{}", "Content-Type", "text/plain", Access.HEADER, "1")
                .statusCode())
        .isEqualTo(415);
    assertThat(client.send("POST", path, "{}", "Content-Type", "application/json").statusCode())
        .as("without the header that needs a preflight")
        .isEqualTo(403);
    assertThat(client.control(path, "{}", "Sec-Fetch-Site", "cross-site").statusCode())
        .isEqualTo(403);
    assertThat(client.control(path, "{}", "Origin", "http://example.com").statusCode())
        .isEqualTo(403);
    assertThat(client.control(path, "{}", "Origin", "null").statusCode()).isEqualTo(403);
    assertThat(client.control(path, "{}", "Origin", own).statusCode())
        .as("let in, though there is no shard yet")
        .isIn(400, 404, 409);
  }

  @Test
  void controlNeedsTheToken() throws Exception {
    Client client = new Client(console(Console.builder(manager).control(true).bearerToken(TOKEN)));

    assertThat(client.control("/api/restart", "{}").statusCode()).isEqualTo(401);
    assertThat(
            client.control("/api/restart", "{}", "Authorization", "Bearer " + TOKEN).statusCode())
        .as("no shard to restart yet")
        .isEqualTo(409);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /api/restart | nonsense              | body: no JSON (expected: an object)
          /api/restart | []                    | body: ARRAY (expected: an object)
          /api/restart | {"atATime":0}         | atATime: 0 (expected: 1..100)
          /api/restart | {"atATime":101}       | atATime: 101 (expected: 1..100)
          /api/restart | {"atATime":"2"}       | atATime: "2" (expected: 1..100)
          /api/reshard | {}                    | shardCount: missing (expected: a number)
          /api/reshard | {"shardCount":1.5}    | shardCount: 1.5 (expected: a number)
          /api/reshard | {"shardCount":0}      | shard count: 0 (expected: >= 1 and not 0)
          """)
  void whatIsWrongWithABodyIsSaid(String path, String body, String error) throws Exception {
    Client client = new Client(console(Console.builder(manager).control(true)));

    HttpResponse<String> response = client.control(path, body);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Client.parse(response).get("error").asText()).isEqualTo(error);
  }

  @Test
  void aBodyHasALimit() throws Exception {
    Client client = new Client(console(Console.builder(manager).control(true)));

    HttpResponse<String> response =
        client.control("/api/restart", "{\"text\":\"" + "x".repeat(5_000) + "\"}");

    assertThat(response.statusCode()).isEqualTo(413);
  }
}
