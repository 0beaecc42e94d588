package dev.sluice.gateway.kafka.internal.group;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.SharedBroker;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.ShardAssignment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/** Groups of one generation on a broker, each as if in a process of its own. */
public final class BrokerGroups {

  // Nothing waits for it, and no member is to be taken for dead because the machine is slow.
  private static final Duration SESSION_TIMEOUT = Duration.ofSeconds(30);
  private static final int HEARTBEAT_MILLIS = 100; // by which a member hears of a rebalance
  private static final Duration HAND_OVER_TIMEOUT = Duration.ofSeconds(1);

  public final Admin admin;
  final String topic;
  private final ClientProperties clients;
  private final GroupSettings settings;
  private final List<ShardGroup> groups = new ArrayList<>();
  private final Map<ShardGroup, String> instanceIds = new HashMap<>();

  /** Makes groups on the shared broker. */
  BrokerGroups(int shards) throws Exception {
    this(shards, SharedBroker.properties("member"));
  }

  /** Makes groups on the broker that the properties of a client lead to. */
  public BrokerGroups(int shards, Map<String, Object> properties) throws Exception {
    String application = "bot-" + UUID.randomUUID();
    clients = new ClientProperties(properties);
    admin = Admin.create(clients.admin("admin"));
    topic = new Topics(admin, application, (short) 1).ensureShards(1, shards);
    settings =
        new GroupSettings(
            topic, shards, SESSION_TIMEOUT, HAND_OVER_TIMEOUT, Duration.ofMinutes(5), false);
  }

  /** {@return one more member} */
  public ShardGroup member() {
    String instanceId = UUID.randomUUID().toString();
    ShardGroup group =
        new ShardGroup(
            settings,
            () -> {
              Map<String, Object> properties =
                  GroupConsumer.properties(
                      settings,
                      instanceId, // by which it can be removed
                      clients.consumer("member"));
              properties.put("client.id", "member-" + instanceId);
              properties.put("heartbeat.interval.ms", HEARTBEAT_MILLIS);
              return new KafkaConsumer<>(properties);
            },
            GroupConsumer::responses,
            new AdminCommittedOffsets(admin, topic, null),
            new FleetCounters(),
            System::nanoTime,
            System::currentTimeMillis);
    group.onClose(GroupMembershipOperation.LEAVE_GROUP);
    groups.add(group);
    instanceIds.put(group, instanceId);
    return group;
  }

  /** Has the coordinator take a member for dead. */
  void remove(ShardAssignment group) throws Exception {
    admin
        .removeMembersFromConsumerGroup(
            topic,
            new RemoveMembersFromConsumerGroupOptions(
                List.of(new MemberToRemove(requireNonNull(instanceIds.get(group))))))
        .all()
        .get(60, TimeUnit.SECONDS);
  }

  public void close() throws Exception {
    for (ShardGroup group : groups) {
      group.stop();
      group.terminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
    admin.deleteTopics(List.of(topic)).all().get(60, TimeUnit.SECONDS);
    admin.close();
  }

  /** Runs whatever is assigned, and tells the epochs. */
  static final class Runner implements ShardAssignment.Listener {

    private final Map<ShardId, CompletableFuture<Long>> epochs = new HashMap<>();

    /** {@return completes with the epoch of the next assignment of a shard} */
    synchronized CompletableFuture<Long> next(ShardId shard) {
      CompletableFuture<Long> next = new CompletableFuture<>();
      epochs.put(shard, next);
      return next;
    }

    @Override
    public synchronized void assigned(ShardId shard, long epoch) {
      CompletableFuture<Long> waited = epochs.get(shard);
      if (waited != null) {
        waited.complete(epoch);
      }
    }

    @Override
    public CompletionStage<Void> revoked(ShardId shard, Duration deadline) {
      return CompletableFuture.completedStage(null);
    }

    @Override
    public void lost(ShardId shard) {
      // nothing runs here
    }
  }
}
