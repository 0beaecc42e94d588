package dev.sluice.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.ShardManager;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings, and a node without a broker. */
final class KafkaFleetTest {

  private static final Map<String, Object> PROPERTIES =
      Map.of("bootstrap.servers", "127.0.0.1:1", "sasl.jaas.config", "password");

  private static KafkaFleetBuilder builder() {
    return KafkaFleet.builder("bot", PROPERTIES);
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        refused("shards: 0 (expected: >= 1)", b -> b.shards(0)),
        refused(
            "instanceId: a b (expected: 1..200 letters, digits, '.', '_' and '-')",
            b -> b.instanceId("a b")),
        refused("eventTypes: none (expected: >= 1)", b -> b.eventTypes(List.of())),
        refused("partitions of the events: 0 (expected: >= 1)", b -> b.events("e", 0)),
        refused("replicationFactor: 0 (expected: 1..32767)", b -> b.replicationFactor(0)),
        refused(
            "sessionTimeout: PT0.9S (expected: PT1S..PT30M)",
            b -> b.sessionTimeout(Duration.ofMillis(900))),
        refused(
            "handOverTimeout: PT5M (expected: PT0.1S..PT4M)",
            b -> b.handOverTimeout(Duration.ofMinutes(5))),
        refused("maxCommandAge: PT0S (expected: PT1S..PT1H)", b -> b.maxCommandAge(Duration.ZERO)));
  }

  private static Arguments refused(String message, Consumer<KafkaFleetBuilder> setting) {
    return Arguments.of(message, setting);
  }

  /** A producer with the id of another ends that one's transactions. */
  @Test
  void noTwoNodesHaveTheSameTransactions() {
    String id = KafkaFleetBuilder.transactionalId("bot", "b.node.c");
    assertThat(id).startsWith("bot."); // as the access that it needs
    assertThat(KafkaFleetBuilder.transactionalId("bot.b", "c")).isNotEqualTo(id);
    assertThat(KafkaFleetBuilder.transactionalId("bot.b.node", "c")).isNotEqualTo(id);
    assertThat(KafkaFleetBuilder.transactionalId("bot.node", "b.node.c")).isNotEqualTo(id);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void aValueOutOfRangeIsRefused(String message, Consumer<KafkaFleetBuilder> setting) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> setting.accept(builder()))
        .withMessage(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "bot/1"})
  void anApplicationIsPartOfATopicsName(String application) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KafkaFleet.builder(application, PROPERTIES))
        .withMessageStartingWith("application: " + application + " (expected: ");
  }

  @Test
  void aSettingIsSetOnce() {
    assertThatIllegalStateException()
        .isThrownBy(() -> builder().shards(1).shards(1))
        .withMessage("shards: set already (expected: once)");
    assertThatIllegalStateException()
        .isThrownBy(() -> builder().events("e", 1).eventsHere())
        .withMessage("events, eventSink or eventsHere: set already (expected: once)");
  }

  @Test
  void exactlyOnceNeedsATopic() {
    assertThatIllegalStateException()
        .isThrownBy(() -> builder().guarantee(DeliveryGuarantee.EXACTLY_ONCE).eventsHere().build())
        .withMessage("guarantee: EXACTLY_ONCE without a topic (expected: events that go to Kafka)");
  }

  @Test
  void whatTheFleetSetsItselfIsNotForTheApplication() {
    Map<String, Object> properties = new HashMap<>(PROPERTIES);
    properties.put("group.id", "mine");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KafkaFleet.builder("bot", properties))
        .withMessage(
            "group.id: set in the client properties (expected: not, for the fleet sets it)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShardCommands.create("bot", Map.of()))
        .withMessage("bootstrap.servers: none in the client properties (expected: host:port,...)");
  }

  @Test
  void aNodeWithoutABrokerSaysSo() {
    Map<String, Object> properties = new HashMap<>(PROPERTIES);
    properties.put("default.api.timeout.ms", 200);
    properties.put("request.timeout.ms", 100);
    properties.remove("sasl.jaas.config");
    KafkaFleet fleet = KafkaFleet.builder("bot", properties).shards(1).build();
    assertThat(fleet.health().reasons()).containsExactly("not started");

    CompletableFuture<Void> started =
        fleet.start(() -> ShardManager.builder("token", Intents.of())).toCompletableFuture();

    assertThat(started)
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableThat()
        .withMessageContaining("no broker of 127.0.0.1:1 answers");
    assertThat(fleet.manager()).isNull();
    fleet.close();
    assertThat(fleet.terminated()).isCompleted();
    assertThatIllegalStateException()
        .isThrownBy(() -> fleet.start(() -> ShardManager.builder("token", Intents.of())))
        .withMessage("start() when STOPPED (expected: NEW)");
  }

  @Test
  void aStopDoesNotWaitForABrokerThatTheStartWaitsFor() throws Exception {
    Map<String, Object> properties = new HashMap<>(PROPERTIES);
    properties.put("default.api.timeout.ms", 3_600_000);
    properties.remove("sasl.jaas.config");
    KafkaFleet fleet = KafkaFleet.builder("bot", properties).shards(1).build();
    CompletableFuture<Void> started =
        fleet.start(() -> ShardManager.builder("token", Intents.of())).toCompletableFuture();

    fleet.stop().toCompletableFuture().get(30, TimeUnit.SECONDS);

    assertThat(fleet.terminated()).isCompleted();
    assertThat(started)
        .failsWithin(Duration.ofSeconds(1))
        .withThrowableThat()
        .withMessageContaining("stopped before it started");
  }

  @Test
  void aNodeThatNeverStartedStops() throws Exception {
    KafkaFleet fleet = builder().build();
    fleet.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    assertThat(fleet.leave()).isCompleted();
    assertThat(fleet).hasToString("KafkaFleet[bot]");
  }

  @Test
  void theFiguresOfANodeAreMeters() {
    KafkaFleet fleet = builder().shards(2).build();
    SimpleMeterRegistry registry = new SimpleMeterRegistry();

    KafkaFleetMetrics.bindTo(fleet, registry);
    fleet.counters().losses.add(3);
    fleet.counters().grants.increment();
    fleet.counters().takeOvers.add(2);
    fleet.counters().takeOverNanos.add(3_000_000);

    FunctionTimer takeOvers = registry.get("sluice.fleet.takeover").functionTimer();
    assertThat(takeOvers.count()).isEqualTo(2);
    assertThat(takeOvers.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(3);
    assertThat(registry.get("sluice.fleet.moves").tag("kind", "lost").functionCounter().count())
        .isEqualTo(3);
    assertThat(
            registry
                .get("sluice.fleet.identify.claims")
                .tag("outcome", "granted")
                .functionCounter()
                .count())
        .isEqualTo(1);
    assertThat(registry.get("sluice.fleet.shards.owned").gauge().value()).isZero();
    Set<String> names = new TreeSet<>();
    registry.getMeters().forEach(meter -> names.add(meter.getId().getName()));
    assertThat(names).hasSize(19);
  }
}
