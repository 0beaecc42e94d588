package dev.sluice.gateway.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.DirectorySessionStore;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.testkit.LocalGateway;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ShardManagerMetricsTest {

  private static final int SHARDS = 3;
  private static final long TIMEOUT_SECONDS = 30;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final AtomicLong nanoTime = new AtomicLong();
  private LocalGateway gateway;
  private ShardManager manager;

  @BeforeEach
  void start() {
    gateway =
        LocalGateway.builder()
            .guildCreates(false)
            .server(server -> server.maxConcurrency(16).heartbeatInterval(Duration.ofSeconds(1)))
            .start();
    manager = settings().build();
  }

  private ShardManagerBuilder settings() {
    return ShardManager.builder(gateway.token(), Intents.all())
        .apiUri(gateway.apiUri())
        .shards(SHARDS)
        .eventLoopThreads(2)
        .configure(config -> config.maxBackoff(Duration.ofMillis(50)));
  }

  @AfterEach
  void stop() {
    manager.close();
    gateway.close();
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  private void ready() throws Exception {
    get(manager.start());
    get(manager.ready());
    await("every READY", () -> manager.stats().events() >= SHARDS); // counted after the state
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - deadline).as(what).isNegative();
      Thread.onSpinWait();
    }
  }

  private ShardManagerMetrics bind(MeterRegistry registry, int maxShards) {
    ShardManagerMetrics metrics =
        new ShardManagerMetrics(manager, List.of(Tag.of("bot", "test")), maxShards, nanoTime::get);
    metrics.bindTo(registry);
    return metrics;
  }

  private void pass(long nanos) {
    nanoTime.addAndGet(nanos);
  }

  private double gauge(String name, String... tags) {
    return registry.get(name).tags(tags).gauge().value();
  }

  private double count(String name, String... tags) {
    return registry.get(name).tags(tags).functionCounter().count();
  }

  @Test
  void theTableInTheJavadocNamesEveryMeter() throws Exception {
    ready();
    bind(registry, SHARDS);
    Matcher rows =
        Pattern.compile("<tr><td>\\{@code (sluice[a-z.]+)}</td><td>")
            .matcher(
                Files.readString(
                    Path.of(
                        "src/main/java",
                        ShardManagerMetrics.class.getName().replace('.', '/') + ".java")));
    Set<String> documented = new TreeSet<>();
    while (rows.find()) {
      assertThat(documented.add(rows.group(1))).as("twice: " + rows.group(1)).isTrue();
    }

    Set<String> registered =
        registry.getMeters().stream()
            .map(meter -> meter.getId().getName())
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(registered).isEqualTo(documented);
  }

  @Test
  void kindsUnitsAndTagsAreAsDocumented() throws Exception {
    ready();
    bind(registry, SHARDS);
    String source =
        Files.readString(
            Path.of(
                "src/main/java", ShardManagerMetrics.class.getName().replace('.', '/') + ".java"));

    for (Meter meter : registry.getMeters()) {
      String name = meter.getId().getName();
      Matcher row =
          Pattern.compile(
                  "<td>\\{@code " + Pattern.quote(name) + "}</td><td>([^<]*)</td><td>([^<]*)</td>")
              .matcher(source);
      assertThat(row.find()).as(name).isTrue();
      String kind =
          meter instanceof FunctionTimer
              ? "timer"
              : meter instanceof FunctionCounter ? "counter" : "gauge";
      assertThat(meter instanceof Gauge).isEqualTo(kind.equals("gauge"));
      String unit = meter.getId().getBaseUnit();
      assertThat(row.group(1))
          .as(name)
          .isEqualTo(kind + (unit == null || kind.equals("timer") ? "" : ", " + unit));
      Set<String> tags = new TreeSet<>();
      Matcher tag = Pattern.compile("\\{@code ([a-z]+)}").matcher(row.group(2));
      while (tag.find()) {
        tags.add(tag.group(1));
      }
      tags.add("bot");
      assertThat(meter.getId().getTags().stream().map(Tag::getKey))
          .as(name)
          .containsExactlyInAnyOrderElementsOf(tags);
    }
  }

  @Test
  void figuresFollowTheManager() throws Exception {
    bind(registry, 0);
    assertThat(gauge("sluice.gateway.ready")).isZero();
    assertThat(gauge("sluice.gateway.live")).isEqualTo(1);
    assertThat(gauge("sluice.gateway.session.starts.left")).isNaN();

    ready();
    get(
        gateway.dispatch(
            new ShardId(0, SHARDS), "TYPING_START", "{}".getBytes(StandardCharsets.UTF_8)));
    get(gateway.closeConnections(shard -> shard.id() == 1, 4321));
    await("a resume", () -> manager.stats().resumes() == 1);
    await("a heartbeat", () -> manager.stats().heartbeatLatency().count() > 0);
    await("the event", () -> manager.stats().events() >= SHARDS + 2);
    pass(Snapshots.MAX_AGE_NANOS);

    assertThat(gauge("sluice.gateway.ready")).isEqualTo(1);
    assertThat(gauge("sluice.gateway.shards", "state", "ready")).isEqualTo(SHARDS);
    assertThat(gauge("sluice.gateway.shards", "state", "fatal")).isZero();
    assertThat(count("sluice.gateway.dispatches", "type", "READY")).isEqualTo(SHARDS);
    assertThat(count("sluice.gateway.dispatches", "type", "TYPING_START")).isEqualTo(1);
    assertThat(count("sluice.gateway.received")).isPositive();
    assertThat(count("sluice.gateway.inflated")).isPositive();
    assertThat(count("sluice.gateway.sent")).isPositive();
    assertThat(count("sluice.gateway.identifies")).isEqualTo(SHARDS);
    assertThat(count("sluice.gateway.resumes")).isEqualTo(1);
    assertThat(count("sluice.gateway.reconnects", "cause", "closed")).isEqualTo(1);
    assertThat(count("sluice.gateway.close.frames", "from", "gateway", "code", "other"))
        .isEqualTo(1);
    assertThat(gauge("sluice.gateway.session.starts.left")).isPositive();
    assertThat(registry.get("sluice.gateway.identify.wait").functionTimer().count())
        .isEqualTo(SHARDS);
    assertThat(
            registry.get("sluice.gateway.heartbeat.latency").functionTimer().mean(TimeUnit.SECONDS))
        .isBetween(0.0, 30.0);
    assertThat(gauge("sluice.gateway.heartbeat.latency.percentile", "phi", "1")).isPositive();
    assertThat(count("sluice.gateway.heartbeat.latency.histogram", "le", "+Inf")).isPositive();
    double loops =
        count("sluice.gateway.event.loop.dispatches", "loop", "0")
            + count("sluice.gateway.event.loop.dispatches", "loop", "1");
    assertThat(loops).isEqualTo(manager.stats().events());
  }

  @Test
  void theDirectoryOfTheSessionsShows(@TempDir Path sessions) throws Exception {
    manager.close();
    try (DirectorySessionStore store = SessionStore.directory(sessions)) {
      manager = settings().sessionStore(store).build();
      bind(registry, 0);
      ready();
      await("the sessions", () -> manager.stats().sessionStore().stored() >= SHARDS);
      await("all of them", () -> manager.stats().sessionStore().waiting() == 0);
      pass(Snapshots.MAX_AGE_NANOS);

      assertThat(count("sluice.gateway.session.store.writes", "outcome", "stored"))
          .isGreaterThanOrEqualTo(SHARDS);
      assertThat(count("sluice.gateway.session.store.writes", "outcome", "refused")).isZero();
      assertThat(count("sluice.gateway.session.store.batches")).isPositive();
      assertThat(count("sluice.gateway.session.store.disk.failures")).isZero();
      assertThat(count("sluice.gateway.session.store.corrupt")).isZero();
      manager.close();
    }
  }

  @Test
  void theManagerIsAskedOnceASecond() throws Exception {
    bind(registry, 0);
    ready();

    assertThat(gauge("sluice.gateway.shards", "state", "ready")).isZero();
    pass(Snapshots.MAX_AGE_NANOS - 1);
    assertThat(gauge("sluice.gateway.shards", "state", "ready")).isZero();
    pass(1);
    assertThat(gauge("sluice.gateway.shards", "state", "ready")).isEqualTo(SHARDS);
  }

  @Test
  void percentilesAreOfTheLastMinutes() throws Exception {
    ready();
    bind(registry, 0);
    String name = "sluice.gateway.identify.wait.percentile";

    assertThat(gauge(name, "phi", "1")).isPositive();
    pass(Snapshots.WINDOW_NANOS);
    assertThat(gauge(name, "phi", "1")).isZero(); // what was there when it was bound is old now
    assertThat(registry.get("sluice.gateway.identify.wait").functionTimer().count())
        .isEqualTo(SHARDS);
  }

  @Test
  void someShardsHaveMetersOfTheirOwnOnRequest() throws Exception {
    ready();
    bind(registry, 2);

    assertThat(registry.get("sluice.gateway.shard.ready").gauges()).hasSize(2);
    assertThat(gauge("sluice.gateway.shard.ready", "shard", "0", "shards", "3")).isEqualTo(1);
    assertThat(gauge("sluice.gateway.shard.dispatches", "shard", "1")).isEqualTo(1);
    assertThat(registry.find("sluice.gateway.shard.ready").tag("shard", "2").gauge()).isNull();
  }

  @Test
  void shardsThatComeLaterAreFollowed() throws Exception {
    bind(registry, 10);
    assertThat(registry.find("sluice.gateway.shard.ready").gauges()).isEmpty();

    ready();
    pass(Snapshots.MAX_AGE_NANOS);
    assertThat(gauge("sluice.gateway.shards", "state", GatewayState.READY.name().toLowerCase()))
        .isEqualTo(SHARDS);

    assertThat(registry.find("sluice.gateway.shard.ready").gauges()).hasSize(SHARDS);
  }

  @Test
  void closeRemovesEveryMeter() throws Exception {
    ready();
    SimpleMeterRegistry other = new SimpleMeterRegistry();
    Gauge.builder("of.the.application", () -> 1).register(registry);
    ShardManagerMetrics metrics = bind(registry, SHARDS);
    metrics.bindTo(other);
    assertThat(other.getMeters())
        .hasSameSizeAs(
            registry.getMeters().stream()
                .filter(m -> !m.getId().getName().startsWith("of."))
                .toList());

    metrics.close();

    assertThat(registry.getMeters())
        .extracting(meter -> meter.getId().getName())
        .containsExactly("of.the.application");
    assertThat(other.getMeters()).isEmpty();
  }

  @Test
  void theNumberOfSeriesIsBounded() {
    bind(registry, 0);

    assertThat(registry.getMeters()).hasSizeLessThan(300);
  }

  @Test
  void prometheusCanScrapeIt() throws Exception {
    PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    List<String> refused = new ArrayList<>();
    prometheus.config().onMeterRegistrationFailed((id, reason) -> refused.add(id + ": " + reason));
    ready();
    bind(prometheus, SHARDS);

    String text = prometheus.scrape();

    assertThat(refused).isEmpty();
    assertThat(text)
        .contains("# TYPE sluice_gateway_dispatches_total counter")
        .contains("sluice_gateway_dispatches_total{bot=\"test\",type=\"READY\"} 3.0")
        .contains("sluice_gateway_shards{bot=\"test\",state=\"ready\"} 3.0")
        .contains("sluice_gateway_received_bytes_total{")
        .contains("sluice_gateway_identify_wait_seconds_count{bot=\"test\"} 3")
        .contains("sluice_gateway_identify_wait_percentile_seconds{bot=\"test\",phi=\"0.99\"}")
        .contains("sluice_gateway_identify_wait_histogram_total{bot=\"test\",le=\"+Inf\"} 3.0")
        .contains("sluice_gateway_shard_ready{bot=\"test\",shard=\"0\",shards=\"3\"} 1.0")
        .contains("sluice_gateway_event_loop_lag_seconds_count{bot=\"test\",loop=\"1\"}")
        .doesNotContain(gateway.token());
  }

  @Test
  void aNegativeCapIsRefused() {
    assertThatThrownBy(() -> new ShardManagerMetrics(manager, List.of(), -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxShards: -1 (expected: >= 0)");
  }
}
