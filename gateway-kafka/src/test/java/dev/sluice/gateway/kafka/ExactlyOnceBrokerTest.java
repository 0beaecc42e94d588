package dev.sluice.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.kafka.internal.events.SinkRig;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.kafka.internal.group.SessionMetadata;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shards that move under traffic, in every way that a group has, while producers are fenced and the
 * broker is killed: each event of every session is in the topic once.
 */
@Tag("fleet")
@Timeout(240)
final class ExactlyOnceBrokerTest {

  private static final int SHARDS = 16;
  private static final int PARTITIONS = 4;
  private static final String APPLICATION = "bot";
  private static final String EVENTS = "bot.events";
  private static final long TIMEOUT_SECONDS = 60;

  private final List<KafkaFleet> nodes = new ArrayList<>();
  private final Sent sent = new Sent();
  private Map<String, Object> properties = Map.of();

  /** What the gateway sent. */
  private static final class Sent implements GatewayServerListener {

    private final Set<String> events = new HashSet<>();
    private int identifies;

    @Override
    public synchronized void identified(ServerSession session) {
      identifies++;
    }

    @Override
    public synchronized void dispatched(
        ServerSession session, long sequence, String type, ByteBuffer d) {
      events.add(session.shard().toString() + '#' + sequence);
    }

    synchronized int count() {
      return events.size();
    }
  }

  private KafkaFleet node(LocalGateway gateway) throws Exception {
    KafkaFleet fleet =
        KafkaFleet.builder(APPLICATION, properties)
            .shards(SHARDS)
            .events(EVENTS, PARTITIONS)
            .guarantee(DeliveryGuarantee.EXACTLY_ONCE)
            .sessionTimeout(Duration.ofSeconds(6))
            .build();
    nodes.add(fleet);
    fleet
        .start(
            () ->
                ShardManager.builder(gateway.token(), Intents.all())
                    .apiUri(gateway.apiUri())
                    .eventLoopThreads(1))
        .toCompletableFuture()
        .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    return fleet;
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    long startNanos = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - startNanos)
          .as(what)
          .isLessThan(TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS));
      assertThat(never.await(20, TimeUnit.MILLISECONDS)).isFalse();
    }
  }

  private void awaitReady() throws InterruptedException {
    await(
        "all shards", () -> nodes.stream().mapToLong(ExactlyOnceBrokerTest::ready).sum() == SHARDS);
  }

  private static long ready(KafkaFleet node) {
    ShardManager manager = node.manager();
    return manager == null
        ? 0
        : manager.shards().stream().filter(shard -> shard.state() == GatewayState.READY).count();
  }

  private void awaitMore(int events) throws InterruptedException {
    int target = sent.count() + events;
    await("traffic", () -> sent.count() >= target);
  }

  @Test
  void everyEventIsThereOnceWhateverBecomesOfItsNode(@TempDir Path directory) throws Exception {
    try (KafkaBroker broker = KafkaBroker.start(directory);
        LocalGateway gateway =
            LocalGateway.builder()
                .guildCreates(false)
                .listener(sent)
                .server(
                    server -> server.maxConcurrency(SHARDS).identifyWindow(Duration.ofMillis(1)))
                .start()) {
      properties = Map.of("bootstrap.servers", broker.bootstrapServers());
      try {
        moveUnderTraffic(broker, gateway);
        assertThat(sent.identifies).isEqualTo(SHARDS);
        assertEachIsThereOnce();
      } finally {
        nodes.forEach(KafkaFleet::close);
      }
    }
  }

  private void moveUnderTraffic(KafkaBroker broker, LocalGateway gateway) throws Exception {
    KafkaFleet first = node(gateway);
    awaitReady();
    SinkRig.get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 11, 500)));
    awaitMore(500);

    KafkaFleet second = node(gateway); // half of the shards move
    await("moves", () -> ready(second) == SHARDS / 2);
    awaitMore(500);
    fenceProducers();
    awaitMore(1_000);
    removeMembers(); // the group takes both nodes for dead, and they go on for a moment
    awaitMore(1_000);
    awaitReady();
    broker.kill();
    awaitMore(1_000);
    broker.restart();
    awaitReady();
    nodes.remove(first);
    first.close();
    awaitReady();
    awaitMore(500);

    SinkRig.get(gateway.stopTraffic());
    SinkRig.get(gateway.whenSent());
  }

  /** Fences the producers of nodes that live, as the next owner of a shard would. */
  private void fenceProducers() throws Exception {
    try (Admin admin = Admin.create(properties)) {
      Set<String> ids = new HashSet<>();
      Map<TopicPartition, OffsetAndMetadata> offsets =
          admin
              .listConsumerGroupOffsets(Topics.shards(APPLICATION, 1))
              .partitionsToOffsetAndMetadata()
              .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      offsets
          .values()
          .forEach(offset -> ids.add(SessionMetadata.decode(offset.metadata()).transactionalId()));
      assertThat(ids).hasSize(2).doesNotContainNull();
      admin.fenceProducers(ids).all().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
  }

  private void removeMembers() throws Exception {
    try (Admin admin = Admin.create(properties)) {
      admin
          .removeMembersFromConsumerGroup(
              Topics.shards(APPLICATION, 1), new RemoveMembersFromConsumerGroupOptions())
          .all()
          .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
  }

  private void assertEachIsThereOnce() {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(GatewayEvents.consumerProperties(properties))) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (int i = 0; i < PARTITIONS; i++) {
        partitions.add(new TopicPartition(EVENTS, i));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<String, Integer> times = new HashMap<>();
      Set<String> missing = new HashSet<>(sent.events);
      long startNanos = System.nanoTime();
      while (!missing.isEmpty()) {
        assertThat(System.nanoTime() - startNanos)
            .as("%s of %s events are missing: %s", missing.size(), sent.count(), missing)
            .isLessThan(TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS));
        consumer
            .poll(Duration.ofMillis(100))
            .forEach(
                record -> {
                  GatewayEvent event = GatewayEvent.of(record);
                  String name = event.shard().toString() + '#' + event.sequence();
                  missing.remove(name);
                  times.merge(name, 1, Integer::sum);
                });
      }
      times.values().removeIf(count -> count == 1);
      assertThat(times).as("more than once").isEmpty();
    }
  }
}
