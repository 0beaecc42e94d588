package dev.sluice.gateway.kafka.internal.group;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import java.util.concurrent.atomic.AtomicReference;
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

  /** The checkpoints that wait to be written, and since when the oldest does. */
  private record Pending(int checkpoints, long sinceNanos) {

    static final Pending NONE = new Pending(0, 0);
  }

  final ShardId shard;
  final TopicPartition partition;
  final CommandLane commands;

  volatile State state = State.WAITING;

  /** The epoch it runs under. Any thread may set it to {@link #NOT_RUNNING}. */
  volatile long epoch = NOT_RUNNING;

  /** The session that was read or stored last. Set on any thread, under this object's lock. */
  volatile @Nullable GatewaySession session;

  private final AtomicReference<Pending> pending = new AtomicReference<>(Pending.NONE);

  /** The offset of the first command that was not handled. */
  volatile long nextCommand;

  /** That of {@link #nextCommand} which was last asked to be written. */
  long writtenCommand;

  /** The number of the newest checkpoint that the group committed. */
  long committedCheckpoint;

  OwnedShard(ShardId shard, TopicPartition partition, CommandLane.Shared commands) {
    this.shard = shard;
    this.partition = partition;
    this.commands = new CommandLane(this, commands);
  }

  /** A checkpoint is to be written; on any thread. */
  void checkpointBegins(long nowNanos) {
    pending.updateAndGet(
        before ->
            new Pending(
                before.checkpoints() + 1,
                before.checkpoints() == 0 ? nowNanos : before.sinceNanos()));
  }

  /** It was, or will not be; on any thread. How long the next one waits already is not known. */
  void checkpointEnds(long nowNanos) {
    pending.updateAndGet(
        before ->
            before.checkpoints() == 1
                ? Pending.NONE
                : new Pending(before.checkpoints() - 1, nowNanos));
  }

  /** {@return for how long a checkpoint waits to be written, 0 if none does; on any thread} */
  long checkpointLagNanos(long nowNanos) {
    Pending now = requireNonNull(pending.get());
    return now.checkpoints() == 0 ? 0 : nowNanos - now.sinceNanos();
  }

  boolean runs(long epoch) {
    return this.epoch == epoch && epoch != NOT_RUNNING;
  }
}
