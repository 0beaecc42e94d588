package dev.sluice.gateway.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a console shows of shards that talk to a gateway. */
@Timeout(60)
final class ConsoleTest extends Resources {

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(value -> texts.add(value.asText()));
    return texts;
  }

  @Test
  void theFleetIsShownInColumns() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway, 4));
    await("every READY", () -> manager.stats().events() >= 4);
    Client client = new Client(console(Console.builder(manager).name("my bot")));

    JsonNode fleet = client.json("/api/fleet");

    assertThat(fleet.get("api").intValue()).isEqualTo(1);
    assertThat(fleet.get("name").asText()).isEqualTo("my bot");
    assertThat(fleet.get("control").booleanValue()).isFalse();
    assertThat(fleet.get("generations")).hasSize(1);
    JsonNode shards = fleet.get("generations").get(0);
    assertThat(shards.get("of").intValue()).isEqualTo(4);
    assertThat(shards.get("current").booleanValue()).isTrue();
    assertThat(texts(shards.get("id"))).containsExactly("0", "1", "2", "3");
    int ready = texts(fleet.get("states")).indexOf("READY");
    assertThat(texts(shards.get("state"))).containsOnly(Integer.toString(ready));
    for (String column : List.of("events", "latencyMs", "queue", "since", "reconnects", "flags")) {
      assertThat(shards.get(column)).as(column).hasSize(4);
    }
    assertThat(shards.get("since").get(0).longValue()).isPositive();
    JsonNode figures = fleet.get("figures");
    assertThat(figures.get("states").get(ready).intValue()).isEqualTo(4);
    assertThat(figures.get("totals").get("identifies").intValue()).isEqualTo(4);
    assertThat(figures.get("totals").get("events").intValue()).isEqualTo(4);
    assertThat(figures.get("budget").get("total").intValue()).isEqualTo(1_000);
    assertThat(figures.get("identifyQueue").get("maxConcurrency").intValue()).isEqualTo(64);
    assertThat(figures.get("loops")).hasSize(2);
    assertThat(fleet.get("timeline").get(0).get("kind").asText()).isEqualTo("attached");
    assertThat(fleet.toString()).doesNotContain(gateway.token());
  }

  @Test
  void aConsoleMayBeAttachedBeforeTheStart() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = open(settings(gateway, 2).build());
    Client client = new Client(console(Console.builder(manager)));

    assertThat(client.json("/api/fleet").get("generations")).isEmpty();
    assertThat(client.get("/health/live").statusCode()).isEqualTo(200);
    HttpResponse<String> ready = client.get("/health/ready");
    assertThat(ready.statusCode()).isEqualTo(503);
    assertThat(Client.parse(ready).get("up").booleanValue()).isFalse();
    assertThat(texts(Client.parse(ready).get("reasons"))).containsExactly("not started");

    try (Client.Stream events = client.events()) {
      assertThat(events.next().data().get("generations")).isEmpty();
      get(manager.start());
      get(manager.ready());
      JsonNode fleet = events.await("fleet", data -> !data.get("generations").isEmpty());
      assertThat(fleet.get("generations").get(0).get("id")).hasSize(2);
      events.await("tick", tick -> tick.get("figures").get("ready").booleanValue());
    }
    assertThat(client.get("/health/ready").statusCode()).isEqualTo(200);
  }

  @Test
  void healthMayBeThatOfMoreThanTheManager() throws Exception {
    ShardManager manager = ready(settings(gateway(), 2));
    AtomicReference<FleetHealth> health =
        new AtomicReference<>(new FleetHealth(true, false, List.of("no broker answers")));
    Client client = new Client(console(Console.builder(manager).health(health::get)));

    HttpResponse<String> ready = client.get("/health/ready");
    assertThat(ready.statusCode()).isEqualTo(503);
    assertThat(texts(Client.parse(ready).get("reasons"))).containsExactly("no broker answers");
    assertThat(client.get("/health/live").statusCode()).isEqualTo(200);
    assertThat(client.json("/api/fleet").get("figures").get("ready").booleanValue()).isFalse();

    health.set(new FleetHealth(false, true, List.of()));
    assertThat(client.get("/health/live").statusCode()).isEqualTo(503);
    assertThat(client.get("/health/ready").statusCode()).isEqualTo(200);
  }

  @Test
  void aShardIsShownInDetail() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway, 2).shardDetails(true));
    Client client = new Client(console(Console.builder(manager)));
    get(gateway.closeConnections(shard -> shard.id() == 1, 4000));
    await("a resume", () -> manager.stats().resumes() == 1);
    await("a heartbeat", () -> manager.shard(1).lastHeartbeatLatencyNanos() > 0);

    JsonNode shard = client.json("/api/shards/1");

    assertThat(shard.get("id").intValue()).isEqualTo(1);
    assertThat(shard.get("of").intValue()).isEqualTo(2);
    assertThat(shard.get("state").asText()).isEqualTo("READY");
    assertThat(shard.get("session").get("since").longValue()).isPositive();
    assertThat(shard.get("session").get("sequence").longValue()).isPositive();
    assertThat(shard.get("session").get("resumes").intValue()).isEqualTo(1);
    assertThat(shard.get("traffic").get("types").toString()).contains("[\"READY\",1]");
    JsonNode heartbeats = shard.get("heartbeats");
    assertThat(heartbeats.get("lastMs").doubleValue()).isPositive();
    JsonNode histogram = heartbeats.get("histogram");
    assertThat(histogram.get("counts")).hasSize(histogram.get("boundsMs").size() + 1);
    long counted = 0;
    for (JsonNode count : histogram.get("counts")) {
      counted += count.longValue();
    }
    assertThat(counted).isEqualTo(histogram.get("count").longValue());
    JsonNode disconnect = shard.get("disconnects").get(0);
    assertThat(disconnect.get("cause").asText()).isEqualTo("CLOSED");
    assertThat(disconnect.get("closeCode").intValue()).isEqualTo(4000);
    JsonNode transitions = shard.get("transitions");
    assertThat(transitions.get(0).get("from").asText()).isEqualTo("READY");
    assertThat(transitions.get(0).get("to").asText()).isEqualTo("BACKOFF");
    assertThat(transitions.get(transitions.size() - 1).get("to").asText()).isEqualTo("READY");
    assertThat(shard.toString()).doesNotContain(gateway.token());
  }

  @Test
  void withoutDetailsAShardHasNoHistogram() throws Exception {
    ShardManager manager = ready(settings(gateway(), 1));
    Client client = new Client(console(Console.builder(manager)));

    JsonNode shard = client.json("/api/shards/0?of=1");

    assertThat(shard.get("heartbeats").get("histogram").isNull()).isTrue();
    assertThat(shard.get("traffic").get("types").isNull()).isTrue();
  }

  @Test
  void aShardThatDoesNotRunHereIsNamed() throws Exception {
    ShardManager manager = ready(settings(gateway(), 2));
    Client client = new Client(console(Console.builder(manager)));

    assertThat(client.get("/api/shards/2").statusCode()).isEqualTo(404);
    assertThat(client.json("/api/shards/2").get("error").asText())
        .isEqualTo("shard: 2 (expected: 0..1)");
    assertThat(client.json("/api/shards/2?of=8").get("error").asText())
        .isEqualTo("shard: 2 of 8 (expected: one that runs here)");
    assertThat(client.get("/api/shards/two").statusCode()).isEqualTo(400);
    assertThat(client.json("/api/shards/two").get("error").asText())
        .isEqualTo("shard: two (expected: a number)");
  }

  @Test
  void viewersSeeShardsFallAndComeBack() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway, 4));
    Client client = new Client(console(Console.builder(manager)));

    try (Client.Stream events = client.events()) {
      Client.Event first = events.next();
      assertThat(first.name()).isEqualTo("fleet");
      assertThat(first.data().get("generations").get(0).get("id")).hasSize(4);
      long tick = first.data().get("tick").longValue();

      get(gateway.killConnections(shard -> shard.id() == 2));

      JsonNode changed =
          events.await("tick", data -> data.at("/changed/0/reconnects").toString().contains("1"));
      assertThat(changed.get("tick").longValue()).isGreaterThan(tick);
      JsonNode entries = events.await("timeline", data -> true).get("entries");
      assertThat(entries.get(0).get("kind").asText()).isEqualTo("disconnected");
      assertThat(entries.get(0).get("level").asText()).isEqualTo("warn");
      assertThat(texts(entries.get(0).get("ids"))).containsExactly("2");
      assertThat(entries.get(0).get("text").asText())
          .startsWith("shard 2: transport lost without a close frame; dials again ");
    }
  }

  @Test
  void viewersAreToldThatTheConsoleStops() throws Exception {
    ShardManager manager = ready(settings(gateway(), 1));
    Console console = console(Console.builder(manager));

    try (Client.Stream events = new Client(console).events()) {
      events.next();
      console.close();
      assertThat(events.await("bye", data -> true).get("reason").asText()).isEqualTo("stopped");
      assertThat(events.hasEnded()).isTrue();
    }
    console.close(); // twice changes nothing
    assertThat(manager.shard(0).state()).isEqualTo(GatewayState.READY);
  }

  @Test
  void metricsAreThoseOfTheManager() throws Exception {
    ShardManager manager = ready(settings(gateway(), 3));
    Client client = new Client(console(Console.builder(manager)));

    HttpResponse<String> metrics = client.get("/metrics");

    assertThat(metrics.headers().firstValue("Content-Type").orElse(""))
        .startsWith("text/plain; version=0.0.4");
    assertThat(metrics.body()).contains("sluice_gateway_shards{state=\"ready\"} 3.0");
  }

  @Test
  void metricsMayBeThoseOfARegistryOfTheBot() throws Exception {
    ShardManager manager = ready(settings(gateway(), 1));
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    registry.counter("songs.played").increment();
    Console console = console(Console.builder(manager).meterRegistry(registry));

    assertThat(new Client(console).get("/metrics").body())
        .contains("songs_played_total 1.0")
        .doesNotContain("sluice_gateway");
    console.close();
    assertThat(registry.isClosed()).isFalse();
  }

  @Test
  void theChartLibraryComesCompressedAndOnce() throws Exception {
    ShardManager manager = open(settings(gateway(), 1).build());
    Client client = new Client(console(Console.builder(manager)));
    String path = "/vendor/uplot/uPlot.esm.js";

    HttpResponse<byte[]> plain = client.bytes(path);
    HttpResponse<byte[]> compressed = client.bytes(path, "Accept-Encoding", "gzip");

    assertThat(plain.headers().firstValue("Content-Type"))
        .contains("text/javascript; charset=utf-8");
    assertThat(new String(plain.body(), UTF_8)).contains("export { uPlot as default }");
    assertThat(compressed.headers().firstValue("Content-Encoding")).contains("gzip");
    assertThat(new GZIPInputStream(new ByteArrayInputStream(compressed.body())).readAllBytes())
        .isEqualTo(plain.body());
    String etag = plain.headers().firstValue("ETag").orElseThrow();
    HttpResponse<String> again = client.get(path, "If-None-Match", etag);
    assertThat(again.statusCode()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nothing.html",
        "/Console.class",
        "/page/index.html/",
        "/vendor/uplot/",
        "/.hidden.txt",
        "/%2e%2e/package-info.txt",
        "/vendor/../Console.class",
        "/api/",
        "/api/nothing"
      })
  void nothingElseIsServed(String path) throws Exception {
    ShardManager manager = open(settings(gateway(), 1).build());
    Client client = new Client(console(Console.builder(manager)));

    HttpResponse<String> response = client.get(path);

    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(Client.parse(response).get("error").asText()).startsWith("path: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/vendor/uplot/uPlot.min.css", "/api/console", "/nothing", "/metrics"})
  void everyAnswerKeepsStrangersOut(String path) throws Exception {
    ShardManager manager = open(settings(gateway(), 1).build());
    Client client = new Client(console(Console.builder(manager)));

    HttpResponse<String> response = client.get(path);

    assertThat(response.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'none'")
        .contains("script-src 'self'")
        .contains("frame-ancestors 'none'")
        .doesNotContain("unsafe");
    assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
    assertThat(response.headers().firstValue("Cross-Origin-Resource-Policy"))
        .contains("same-origin");
  }

  @Test
  void aPortThatIsTakenIsNamed() throws Exception {
    ShardManager manager = open(settings(gateway(), 1).build());
    int port = console(Console.builder(manager)).uri().getPort();

    assertThatThrownBy(() -> Console.builder(manager).port(port).start())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot listen on 127.0.0.1:" + port + ": ")
        .hasMessageContaining("(expected: an address of this machine and a free port;");
  }
}
