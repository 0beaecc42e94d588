package dev.sluice.gateway.kafka;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.ShardAssignment;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The shards that the group coordinator gives to this node, in one generation. Thread-safe. */
final class ShardGroup implements ShardAssignment, Checkpoints {

  private final String topic;
  private final Map<ShardId, Long> owned = new ConcurrentHashMap<>();
  private volatile @Nullable ConsumerGroupMetadata groupMetadata;

  ShardGroup(String topic) {
    this.topic = topic;
  }

  /** {@return the topic whose partition i is shard i, and the id of the group} */
  String topic() {
    return topic;
  }

  /** {@return the membership as of the last poll or rebalance, for commits in transactions} */
  ConsumerGroupMetadata groupMetadata() {
    return requireNonNull(groupMetadata, "groupMetadata");
  }

  /** {@return the partition of a shard} */
  TopicPartition partitionOf(ShardId shard) {
    return new TopicPartition(topic(), shard.id());
  }

  /**
   * {@return what to commit for a shard: the first command that was not handled, and metadata}
   *
   * @param shard a shard of this generation
   * @param metadata what {@link SessionMetadata#encode} made
   */
  OffsetAndMetadata offsetOf(ShardId shard, String metadata) {
    return new OffsetAndMetadata(0, metadata);
  }

  /** {@return whether a shard runs here under an epoch, as far as is known} */
  boolean owns(ShardId shard, long epoch) {
    return owned.getOrDefault(shard, -1L) == epoch;
  }

  /**
   * Gives shards up at once, for their checkpoints were refused. Those that the group still gives
   * to this node are assigned anew, with a higher epoch, once it has joined again.
   *
   * @param shards shards of this generation
   */
  void lost(Collection<ShardId> shards) {
    shards.forEach(owned::remove);
  }

  @Override
  public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
    return CompletableFuture.completedStage(owns(session.shard(), epoch));
  }

  @Override
  public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
    return CompletableFuture.completedStage(owns(shard, epoch));
  }

  @Override
  public void start(Listener listener) {
    // the group is joined once it has a consumer
  }

  @Override
  public void stop() {
    owned.clear();
  }
}
