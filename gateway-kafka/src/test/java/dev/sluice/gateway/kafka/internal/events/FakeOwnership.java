package dev.sluice.gateway.kafka.internal.events;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.group.ShardOwnership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** A group whose assignments and commits the test decides. */
@SuppressWarnings("removal") // there is no other way to make a membership
final class FakeOwnership implements ShardOwnership {

  static final String TOPIC = "bot.shards.1";

  private final Map<ShardId, Long> owned = new ConcurrentHashMap<>();
  final Map<ShardId, GatewaySession> committed = new ConcurrentHashMap<>();
  final List<ShardId> lost = new ArrayList<>();
  private volatile ConsumerGroupMetadata membership = new ConsumerGroupMetadata(TOPIC);
  volatile @Nullable RuntimeException unreadable;

  /** Makes every shard the node's own under an epoch. */
  FakeOwnership own(int shards, long epoch) {
    for (int id = 0; id < shards; id++) {
      owned.put(new ShardId(id, shards), epoch);
    }
    return this;
  }

  void disown(ShardId shard) {
    owned.remove(shard);
  }

  void generation(int generation) {
    membership = new ConsumerGroupMetadata(TOPIC, generation, "member", Optional.empty());
  }

  @Override
  public ConsumerGroupMetadata groupMetadata() {
    return membership;
  }

  @Override
  public TopicPartition partitionOf(ShardId shard) {
    return new TopicPartition(TOPIC, shard.id());
  }

  @Override
  public @Nullable OffsetAndMetadata offsetOf(ShardId shard, long epoch, String metadata) {
    return owns(shard, epoch) ? new OffsetAndMetadata(100 + shard.id(), metadata) : null;
  }

  @Override
  public boolean owns(ShardId shard, long epoch) {
    return owned.getOrDefault(shard, -1L) == epoch;
  }

  @Override
  public void lost(Collection<ShardId> shards) {
    lost.addAll(shards);
    shards.forEach(owned::remove);
  }

  @Override
  public CompletionStage<@Nullable GatewaySession> committed(ShardId shard) {
    RuntimeException failure = unreadable;
    return failure == null
        ? CompletableFuture.completedStage(committed.get(shard))
        : CompletableFuture.failedStage(failure);
  }
}
