package dev.sluice.gateway.kafka;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.ShardId;
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
final class BrokerGroups {

  private static final Duration HAND_OVER_TIMEOUT = Duration.ofSeconds(1);

  final Admin admin;
  final String topic;
  private final KafkaFleet.Settings settings;
  private final int shards;
  private final List<ShardGroup> groups = new ArrayList<>();
  private final Map<ShardGroup, String> instanceIds = new HashMap<>();

  /** Makes groups on the shared broker. */
  BrokerGroups(int shards) throws Exception {
    this(shards, SharedBroker.properties("member"));
  }

  /** Makes groups on the broker that the properties of a client lead to. */
  BrokerGroups(int shards, Map<String, Object> properties) throws Exception {
    String application = "bot-" + UUID.randomUUID();
    this.shards = shards;
    settings =
        KafkaFleet.builder(application, properties)
            .shards(shards)
            .sessionTimeout(Duration.ofSeconds(2))
            .handOverTimeout(HAND_OVER_TIMEOUT)
            .build()
            .settings();
    admin = Admin.create(settings.clients().admin("admin"));
    topic = new Topics(admin, application, (short) 1).ensureShards(1, shards);
  }

  /** {@return one more member} */
  ShardGroup member() {
    String instanceId = UUID.randomUUID().toString();
    ShardGroup group =
        new ShardGroup(
            new GroupSettings(
                topic,
                shards,
                settings.sessionTimeout(),
                HAND_OVER_TIMEOUT,
                settings.maxCommandAge(),
                BrokerLossPolicy.KEEP_RUNNING),
            () -> {
              Map<String, Object> properties = Generation.consumerProperties(settings, topic, 1);
              properties.put("group.instance.id", instanceId); // by which it can be removed
              properties.put("client.id", "member-" + instanceId);
              return new KafkaConsumer<>(properties);
            },
            Generation::responses,
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
        .get(30, TimeUnit.SECONDS);
  }

  void close() throws Exception {
    for (ShardGroup group : groups) {
      group.stop();
      group.terminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
    admin.deleteTopics(List.of(topic)).all().get(30, TimeUnit.SECONDS);
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
