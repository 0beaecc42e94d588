package dev.sluice.gateway.kafka.internal.group;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A shard whose partition the group gives to this node, from one assignment to its end. Changed on
 * the group's thread alone, but for what says otherwise; read by any.
 */
final class OwnedShard {

  /** What of it is going on. */
  enum State {
    /** Its session is to be read. */
    WAITING,
    /** Its session is being read. */
    READING,
    /** The manager runs it. */
    RUNNING,
    /** The manager stops it in good order, for the group takes it away. */
    REVOKED,
    /** The manager was told to stop it at once. It starts anew once the group has joined again. */
    GIVEN_UP,
    /** The manager gave it back and wants it no more. */
    RELEASED
  }

  static final long NOT_RUNNING = -1;

  /** No time. */
  static final long NONE = Long.MIN_VALUE;

  final ShardId shard;
  final TopicPartition partition;
  final CommandLane commands;

  volatile State state = State.WAITING;

  /** The epoch it runs under. Any thread may set it to {@link #NOT_RUNNING}. */
  volatile long epoch = NOT_RUNNING;

  /** The session that was read or stored last. Set on any thread, under this object's lock. */
  volatile @Nullable GatewaySession session;

  /** Since when a checkpoint waits to be written, {@link #NONE} if none does. */
  final AtomicLong checkpointSinceNanos = new AtomicLong(NONE);

  /** The offset of the first command that was not handled. */
  volatile long nextCommand;

  /** That of {@link #nextCommand} which was last asked to be written. */
  long writtenCommand;

  OwnedShard(ShardId shard, TopicPartition partition, CommandLane.Shared commands) {
    this.shard = shard;
    this.partition = partition;
    this.commands = new CommandLane(this, commands);
  }

  boolean runs(long epoch) {
    return this.epoch == epoch && epoch != NOT_RUNNING;
  }
}
