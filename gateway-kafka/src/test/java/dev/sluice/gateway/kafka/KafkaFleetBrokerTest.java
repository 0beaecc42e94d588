package dev.sluice.gateway.kafka;

import static dev.sluice.gateway.kafka.FleetFixture.TIMEOUT;
import static dev.sluice.gateway.kafka.FleetFixture.await;
import static dev.sluice.gateway.kafka.FleetFixture.owned;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Activity;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nodes of a fleet in this process, with a broker and a gateway. */
@Tag("broker")
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT) // they wait for the windows of identifies, mostly
final class KafkaFleetBrokerTest {

  private static final int SHARDS = 8;

  private final Gateway listener = new Gateway();
  private FleetFixture fleet;

  @BeforeEach
  void open() {
    fleet = new FleetFixture(SHARDS, 1, listener);
  }

  @AfterEach
  void close() throws Exception {
    fleet.close();
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

  private KafkaFleet node(String name, UnaryOperator<KafkaFleetBuilder> settings) throws Exception {
    return fleet.node(name, settings);
  }

  private static boolean ready(KafkaFleet... nodes) {
    return FleetFixture.ready(SHARDS, List.of(nodes));
  }

  /** Has the gateway dispatch events with numbers, on each shard. */
  private void dispatch(int from, int to) throws Exception {
    for (int number = from; number < to; number++) {
      for (int shard = 0; shard < SHARDS; shard++) {
        byte[] d = ("{\"number\":" + number + ",\"shard\":" + shard + "}").getBytes(UTF_8);
        fleet
            .gateway
            .dispatch(new ShardId(shard, SHARDS), "TEST_EVENT", d)
            .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      }
    }
  }

  /** Reads the topic of events until all are there, and returns how many were there twice. */
  private int readAll(int numbers) throws Exception {
    List<List<Integer>> read = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      read.add(new ArrayList<>());
    }
    fleet.readEvents(
        (d, generation) -> read.get(d.path("shard").asInt()).add(d.path("number").asInt()),
        () -> read.stream().allMatch(shard -> shard.stream().distinct().count() == numbers),
        () -> "events of the shards: " + read.stream().map(List::size).toList());
    int doubled = 0;
    for (List<Integer> shard : read) {
      List<Integer> distinct = shard.stream().distinct().toList();
      assertThat(distinct).isSorted();
      doubled += shard.size() - distinct.size();
    }
    return doubled;
  }

  /** Waits until the sessions are committed: that of READY, which came before the events. */
  private void awaitKept(int numbers, KafkaFleet... nodes) throws Exception {
    readAll(numbers);
    for (KafkaFleet node : nodes) {
      await("its sessions", () -> node.stats().checkpointLag().isZero());
    }
  }

  @ParameterizedTest
  @EnumSource
  void shardsMoveToANodeThatComesAndFromOneThatStops(DeliveryGuarantee guarantee) throws Exception {
    KafkaFleet first = node("first", settings -> settings.guarantee(guarantee));
    await("all shards", () -> ready(first));
    dispatch(0, 5);

    KafkaFleet second = node("second", settings -> settings.guarantee(guarantee));
    await("half of the shards", () -> owned(second) == SHARDS / 2 && ready(first, second));
    dispatch(5, 10);
    first.close();
    await("the other half", () -> ready(second));
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
    await("all shards", () -> ready(first, second) && owned(second) == SHARDS / 2);
    dispatch(0, 5);
    awaitKept(5, first, second);

    removeFromGroup("first");

    await("the loss", () -> first.stats().losses() > 0);
    dispatch(5, 10);
    await("all shards again", () -> ready(first, second) && owned(first) + owned(second) == SHARDS);
    dispatch(10, 15);
    int doubled = readAll(15);
    if (guarantee == DeliveryGuarantee.EXACTLY_ONCE) {
      assertThat(doubled).isZero();
    }
    assertThat(listener.identifies).hasValue(SHARDS);
  }

  private void removeFromGroup(String client) throws Exception {
    String group = Topics.shards(fleet.application, 1);
    try (Admin admin = Admin.create(FleetFixture.properties("admin"))) {
      for (MemberDescription member :
          admin
              .describeConsumerGroups(List.of(group))
              .describedGroups()
              .get(group)
              .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS)
              .members()) {
        if (member.clientId().startsWith(client)) {
          assertThat(member.assignment().topicPartitions()).isNotEmpty();
        }
      }
      // Members without an instance id are removed all or none; both lose their shards then.
      admin
          .removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
          .all()
          .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    }
  }

  @Test
  void aNodeWithAnInstanceIdComesBackUnnoticed() throws Exception {
    KafkaFleet first = node("first", settings -> settings.instanceId("pod-0"));
    KafkaFleet second = node("second", settings -> settings.instanceId("pod-1"));
    await("all shards", () -> ready(first, second) && owned(first) == SHARDS / 2);
    List<ShardId> before = shards(first);
    long assignments = second.stats().assignments();
    long revocations = second.stats().revocations();
    dispatch(0, 5);

    first.close();
    KafkaFleet back = node("first", settings -> settings.instanceId("pod-0"));
    await("its shards", () -> ready(back, second));
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
    await("all shards", () -> ready(first));
    dispatch(0, 1);
    awaitKept(1, first);

    KafkaFleet second = node("second", settings -> settings.instanceId("pod-0"));

    assertThat(first.terminated().toCompletableFuture())
        .failsWithin(TIMEOUT)
        .withThrowableThat()
        .withMessageContaining("instance id: in use by another node");
    await("all shards", () -> ready(second));
    assertThat(listener.identifies).hasValue(SHARDS);
  }

  @Test
  void commandsOfOtherProcessesReachTheirShards() throws Exception {
    KafkaFleet first = node("first", settings -> settings);
    try (ShardCommands commands =
        ShardCommands.create(fleet.application, FleetFixture.properties("commands"))) {
      commands.send(7, RequestGuildMembers.all(7L << 22).withNonce("early"));
      await("all shards", () -> ready(first));
      assertThat(commands.shards()).isEqualTo(SHARDS);
      KafkaFleet second = node("second", settings -> settings);
      await("half of the shards", () -> ready(first, second) && owned(second) > 0);

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
