package dev.sluice.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.ShardManager;
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
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings, and a node without a broker. */
final class KafkaFleetTest {

  private static final Map<String, Object> PROPERTIES =
      Map.of("bootstrap.servers", "127.0.0.1:1", "sasl.jaas.config", "password");

  private static KafkaFleet.Builder builder() {
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

  private static Arguments refused(String message, Consumer<KafkaFleet.Builder> setting) {
    return Arguments.of(message, setting);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void aValueOutOfRangeIsRefused(String message, Consumer<KafkaFleet.Builder> setting) {
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
  void eachClientGetsWhatItKnows() {
    Map<String, Object> properties = new HashMap<>(PROPERTIES);
    properties.put("client.id", "node-1");
    properties.put("compression.type", "lz4");
    properties.put("fetch.max.wait.ms", 100);
    properties.put("a.plug-in", "x");
    ClientProperties clients = new ClientProperties(properties);

    assertThat(clients.producer("events"))
        .containsEntry("client.id", "node-1-events")
        .containsEntry("compression.type", "lz4")
        .containsEntry("a.plug-in", "x")
        .containsEntry(ProducerConfig.ACKS_CONFIG, "all")
        .doesNotContainKey("fetch.max.wait.ms");
    assertThat(clients.consumer("shards-1"))
        .containsEntry("client.id", "node-1-shards-1")
        .containsEntry("fetch.max.wait.ms", 100)
        .containsEntry(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false)
        .doesNotContainKey("compression.type");
    assertThat(clients.admin("admin"))
        .containsEntry("sasl.jaas.config", "password")
        .doesNotContainKeys("compression.type", "fetch.max.wait.ms");
  }

  @Test
  void bootstrapServersMayBeAList() {
    assertThat(
            new ClientProperties(Map.of("bootstrap.servers", List.of("a:1", "b:2")))
                .bootstrapServers())
        .isEqualTo("a:1,b:2");
  }

  @Test
  void theGroupsConsumerIsAsTheFleetNeedsIt() {
    KafkaFleet fleet =
        builder().shards(2).instanceId("pod-0").sessionTimeout(Duration.ofSeconds(6)).build();

    assertThat(Generation.consumerProperties(fleet.settings(), "bot.shards.1", 1))
        .containsEntry("group.id", "bot.shards.1")
        .containsEntry("group.protocol", "classic")
        .containsEntry("group.instance.id", "pod-0")
        .containsEntry("session.timeout.ms", 6_000)
        .containsEntry("heartbeat.interval.ms", 300)
        .containsEntry("max.poll.interval.ms", 90_000)
        .containsEntry("auto.offset.reset", "earliest");
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
  void aNodeThatNeverStartedStops() throws Exception {
    KafkaFleet fleet = builder().build();
    fleet.stop().toCompletableFuture().get(10, TimeUnit.SECONDS);
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
    assertThat(names).hasSize(17);
  }

  @ParameterizedTest
  @MethodSource("ranges")
  void shardsAreNamedByRanges(List<Integer> ids, String text) {
    assertThat(ShardRanges.of(ids.stream().map(id -> new TopicPartition("t", id)).toList()))
        .isEqualTo(text);
  }

  static Stream<Arguments> ranges() {
    return Stream.of(
        Arguments.of(List.of(), "no shards"),
        Arguments.of(List.of(4), "1 shard (4)"),
        Arguments.of(List.of(3, 0, 1, 7, 4), "5 shards (0-1, 3-4, 7)"),
        Arguments.of(
            Stream.iterate(0, id -> id + 2).limit(20).toList(),
            "20 shards (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, ...)"));
  }
}
