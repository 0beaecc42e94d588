package dev.sluice.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Activity;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nodes of a fleet in this process, with a broker and a gateway. */
@Tag("broker")
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT) // they wait for the windows of identifies, mostly
final class KafkaFleetBrokerTest {

  private static final int SHARDS = 8;
  private static final int PARTITIONS = 4;

  private final Gateway listener = new Gateway();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private String application;
  private LocalGateway gateway;

  @BeforeEach
  void open(TestInfo test) {
    application = "bot-" + UUID.randomUUID();
    gateway =
        LocalGateway.builder()
            .guildCreates(false)
            .listener(listener)
            .server(server -> server.maxConcurrency(SHARDS).identifyWindow(Duration.ofMillis(1)))
            .start();
    opened.add(gateway);
  }

  @AfterEach
  void close() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  /** What the gateway saw. */
  private static final class Gateway implements GatewayServerListener {

    final AtomicInteger identifies = new AtomicInteger();
    final AtomicInteger resumes = new AtomicInteger();
    final Queue<JsonNode> requests = new ConcurrentLinkedQueue<>();
    final Queue<ShardId> presences = new ConcurrentLinkedQueue<>();

    @Override
    public void identified(ServerSession session) {
      identifies.incrementAndGet();
    }

    @Override
    public void resumed(ServerSession session, long fromSequence) {
      resumes.incrementAndGet();
    }

    @Override
    public void received(ServerSession session, Opcode opcode, JsonNode d) {
      if (opcode == Opcode.REQUEST_GUILD_MEMBERS) {
        requests.add(d);
      } else if (opcode == Opcode.PRESENCE_UPDATE) {
        presences.add(session.shard());
      }
    }
  }

  private static Map<String, Object> properties(String node) throws Exception {
    return SharedBroker.properties(node);
  }

  private KafkaFleet node(String name, UnaryOperator<KafkaFleetBuilder> settings) throws Exception {
    KafkaFleet fleet =
        settings
            .apply(
                KafkaFleet.builder(application, properties(name))
                    .shards(SHARDS)
                    .events(application + ".out", PARTITIONS)
                    .sessionTimeout(Duration.ofSeconds(6)))
            .build();
    opened.add(fleet);
    fleet
        .start(
            () ->
                ShardManager.builder(gateway.token(), Intents.all())
                    .apiUri(gateway.apiUri())
                    .eventLoopThreads(1)
                    .checkpointInterval(Duration.ofMillis(100)))
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
    return fleet;
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    long startNanos = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - startNanos).as(what).isLessThan(TimeUnit.SECONDS.toNanos(60));
      assertThat(never.await(10, TimeUnit.MILLISECONDS)).isFalse();
    }
  }

  private static boolean ready(int shards, KafkaFleet... nodes) {
    int ready = 0;
    for (KafkaFleet node : nodes) {
      ShardManager manager = node.manager();
      if (manager != null) {
        ready +=
            (int)
                manager.shards().stream()
                    .filter(shard -> shard.state() == GatewayState.READY)
                    .count();
      }
    }
    return ready == shards;
  }

  private static int owned(KafkaFleet node) {
    return node.stats().owned();
  }

  /** Has the gateway dispatch events with numbers, on each shard. */
  private void dispatch(int from, int to) throws Exception {
    for (int number = from; number < to; number++) {
      for (int shard = 0; shard < SHARDS; shard++) {
        byte[] d = ("{\"number\":" + number + ",\"shard\":" + shard + "}").getBytes(UTF_8);
        gateway.dispatch(new ShardId(shard, SHARDS), "TEST_EVENT", d).get(10, TimeUnit.SECONDS);
      }
    }
  }

  /** Reads the topic of events until all are there, and returns how many were there twice. */
  private int readAll(int numbers) throws Exception {
    Map<String, Object> properties = new HashMap<>(properties("reader"));
    properties.put("isolation.level", "read_committed");
    List<List<Integer>> read = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      read.add(new ArrayList<>());
    }
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (int partition = 0; partition < PARTITIONS; partition++) {
        partitions.add(new TopicPartition(application + ".out", partition));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long startNanos = System.nanoTime();
      while (!read.stream().allMatch(shard -> shard.stream().distinct().count() == numbers)) {
        assertThat(System.nanoTime() - startNanos)
            .as("events of the shards: %s", read.stream().map(List::size).toList())
            .isLessThan(TimeUnit.SECONDS.toNanos(30));
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          String type = new String(record.headers().lastHeader("type").value(), UTF_8);
          if (type.equals("TEST_EVENT")) {
            String[] d = new String(record.value(), UTF_8).replaceAll("[^0-9,]", "").split(",");
            read.get(Integer.parseInt(d[1])).add(Integer.parseInt(d[0]));
          }
        }
      }
    }
    int doubled = 0;
    for (List<Integer> shard : read) {
      List<Integer> distinct = shard.stream().distinct().toList();
      assertThat(distinct).isSorted();
      doubled += shard.size() - distinct.size();
    }
    return doubled;
  }

  @ParameterizedTest
  @EnumSource
  void shardsMoveToANodeThatComesAndFromOneThatStops(DeliveryGuarantee guarantee) throws Exception {
    KafkaFleet first = node("first", settings -> settings.guarantee(guarantee));
    await("all shards", () -> ready(SHARDS, first));
    dispatch(0, 5);

    KafkaFleet second = node("second", settings -> settings.guarantee(guarantee));
    await("half of the shards", () -> owned(second) == SHARDS / 2 && ready(SHARDS, first, second));
    dispatch(5, 10);
    first.close();
    await("the other half", () -> ready(SHARDS, second));
    dispatch(10, 15);

    assertThat(readAll(15)).isZero();
    assertThat(listener.identifies).hasValue(SHARDS);
    assertThat(listener.resumes).hasValue(SHARDS / 2 + SHARDS / 2);
    assertThat(first.stats().losses()).isZero();
    assertThat(first.stats().fencedCheckpoints()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aNodeThatIsTakenForDeadLosesItsShardsAndTakesPartAgain(DeliveryGuarantee guarantee)
      throws Exception {
    KafkaFleet first = node("first", settings -> settings.guarantee(guarantee));
    KafkaFleet second = node("second", settings -> settings.guarantee(guarantee));
    await("all shards", () -> ready(SHARDS, first, second) && owned(second) == SHARDS / 2);
    dispatch(0, 5);

    removeFromGroup("first");

    await("the loss", () -> first.stats().losses() > 0);
    dispatch(5, 10);
    await(
        "all shards again",
        () -> ready(SHARDS, first, second) && owned(first) + owned(second) == SHARDS);
    dispatch(10, 15);
    int doubled = readAll(15);
    if (guarantee == DeliveryGuarantee.EXACTLY_ONCE) {
      assertThat(doubled).isZero();
    }
    assertThat(listener.identifies).hasValue(SHARDS);
  }

  private void removeFromGroup(String client) throws Exception {
    String group = Topics.shards(application, 1);
    try (Admin admin = Admin.create(properties("admin"))) {
      for (MemberDescription member :
          admin
              .describeConsumerGroups(List.of(group))
              .describedGroups()
              .get(group)
              .get(10, TimeUnit.SECONDS)
              .members()) {
        if (member.clientId().startsWith(client)) {
          assertThat(member.assignment().topicPartitions()).isNotEmpty();
        }
      }
      // Members without an instance id are removed all or none; both lose their shards then.
      admin
          .removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
          .all()
          .get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void aNodeWithAnInstanceIdComesBackUnnoticed() throws Exception {
    KafkaFleet first = node("first", settings -> settings.instanceId("pod-0"));
    KafkaFleet second = node("second", settings -> settings.instanceId("pod-1"));
    await("all shards", () -> ready(SHARDS, first, second) && owned(first) == SHARDS / 2);
    List<ShardId> before = shards(first);
    long assignments = second.stats().assignments();
    long revocations = second.stats().revocations();
    dispatch(0, 5);

    first.close();
    KafkaFleet back = node("first", settings -> settings.instanceId("pod-0"));
    await("its shards", () -> ready(SHARDS, back, second));
    dispatch(5, 10);

    assertThat(shards(back)).isEqualTo(before);
    assertThat(second.stats().assignments()).isEqualTo(assignments);
    assertThat(second.stats().revocations()).isEqualTo(revocations);
    assertThat(listener.identifies).hasValue(SHARDS);
    assertThat(readAll(10)).isZero();
  }

  private static List<ShardId> shards(KafkaFleet node) {
    return node.manager().shards().stream()
        .map(Shard::id)
        .sorted(Comparator.comparingInt(ShardId::id))
        .toList();
  }

  @Test
  void aSecondNodeWithTheSameInstanceIdEndsTheFirst() throws Exception {
    KafkaFleet first = node("first", settings -> settings.instanceId("pod-0"));
    await("all shards", () -> ready(SHARDS, first));

    KafkaFleet second = node("second", settings -> settings.instanceId("pod-0"));

    assertThat(first.terminated().toCompletableFuture())
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableThat()
        .withMessageContaining("instance id: in use by another node");
    await("all shards", () -> ready(SHARDS, second));
    assertThat(listener.identifies).hasValue(SHARDS);
  }

  @Test
  void commandsOfOtherProcessesReachTheirShards() throws Exception {
    KafkaFleet first = node("first", settings -> settings);
    try (ShardCommands commands = ShardCommands.create(application, properties("commands"))) {
      commands.send(7, RequestGuildMembers.all(7L << 22).withNonce("early"));
      await("all shards", () -> ready(SHARDS, first));
      assertThat(commands.shards()).isEqualTo(SHARDS);
      KafkaFleet second = node("second", settings -> settings);
      await("half of the shards", () -> ready(SHARDS, first, second) && owned(second) > 0);

      for (int shard = 0; shard < SHARDS; shard++) {
        commands.send(
            RequestGuildMembers.all((long) (SHARDS + shard) << 22).withNonce("n" + shard));
      }
      await("the requests", () -> listener.requests.size() == SHARDS + 1);
      assertThat(listener.requests)
          .extracting(d -> d.path("nonce").asText())
          .containsExactlyInAnyOrder("early", "n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7");

      commands.updatePresence(Presence.online(Activity.playing("chess")));
      await("the presences", () -> listener.presences.size() == SHARDS);
      assertThat(listener.presences).doesNotHaveDuplicates();
    }
    assertThat(first.stats().commandsDropped()).isZero();
  }
}
