package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.ShardPlan;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * Which shards this process runs. The default is a fixed plan; others may move shards between
 * processes. It tells the manager through a {@link Listener}, from any thread, and numbers each
 * assignment of a shard with a higher epoch than the one before, so that a former owner can be told
 * from the present one.
 */
public interface ShardAssignment {

  /**
   * Begins to assign shards.
   *
   * @param listener the manager; thread-safe
   */
  void start(Listener listener);

  /** Ends: the manager gives back what it runs, and no more is assigned. */
  void stop();

  /** What the manager does with assignments. Thread-safe. */
  interface Listener {

    /**
     * Starts a shard.
     *
     * @param shard which shard of how many
     * @param epoch the number of this assignment
     */
    void assigned(ShardId shard, long epoch);

    /**
     * Stops a shard in good order: its session is stored and its transport closed so that another
     * process can resume.
     *
     * @param shard a shard that was assigned
     * @param deadline how long that may take
     * @return completes when the shard may run elsewhere
     */
    CompletionStage<Void> revoked(ShardId shard, Duration deadline);

    /**
     * Stops a shard at once: it may run elsewhere already, so nothing is stored any more.
     *
     * @param shard a shard that was assigned
     */
    void lost(ShardId shard);
  }

  /**
   * {@return an assignment of all shards of a plan, for good}
   *
   * @param plan the shards
   */
  static ShardAssignment fixed(ShardPlan plan) {
    return new FixedShardAssignment(plan);
  }
}
