package dev.sluice.gateway.kafka.internal.group;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import java.util.Collection;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Which shards this node has, and under which membership of the group: what a sink needs to write
 * checkpoints in its transactions. Thread-safe.
 *
 * <p>The group coordinator refuses offsets of a former member and of an older generation, but not
 * those of a partition that a member of the present one has given up. So an implementation keeps
 * this order: a shard that is given up is out of {@link #owns} before {@link #groupMetadata} yields
 * the generation in which another member may have it. Who takes the membership first, asks for the
 * shards then and writes last is refused or right.
 */
public interface ShardOwnership {

  /** {@return the membership as of the last poll or rebalance} */
  ConsumerGroupMetadata groupMetadata();

  /**
   * {@return the partition of a shard}
   *
   * @param shard a shard of this generation
   */
  TopicPartition partitionOf(ShardId shard);

  /**
   * {@return what to commit for a shard: the first command that was not handled, and metadata; null
   * when it does not run here under the epoch any more}
   *
   * @param shard a shard of this generation
   * @param epoch the epoch of an assignment
   * @param metadata what {@link SessionMetadata#encode} made
   */
  @Nullable OffsetAndMetadata offsetOf(ShardId shard, long epoch, String metadata);

  /**
   * {@return whether a shard runs here under an epoch, as far as is known}
   *
   * @param shard a shard of this generation
   * @param epoch the epoch of an assignment
   */
  boolean owns(ShardId shard, long epoch);

  /**
   * Gives shards up at once.
   *
   * @param shards shards of this generation
   */
  void lost(Collection<ShardId> shards);

  /**
   * Reads the session that is committed for a shard, once no transaction is pending for it.
   *
   * @param shard a shard of this generation
   * @return completes with the session, null when there is none; exceptionally when it cannot be
   *     read
   */
  CompletionStage<@Nullable GatewaySession> committed(ShardId shard);
}
