package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.ShardPlan;
import java.nio.file.Path;
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

  /**
   * A shard was given back by the manager of its own accord: its session is stored, its transport
   * closed, and another process may run it.
   *
   * @param shard a shard that was assigned
   */
  default void released(ShardId shard) {}

  /** Ends: the manager runs no shard any more, and none is to be assigned. */
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

  /**
   * {@return an assignment of those shards of a plan that no other process of this machine runs,
   * each as soon as it is free}
   *
   * <p>A process that is started beside the old one waits for each shard until that one releases
   * it, or ends in whatever way, and then runs it; so it serves as a standby too. The first takes
   * all that are free. Give both a {@link DirectorySessionStore} of one directory, the same as this
   * one's or another, so that the new one resumes what the old one stored.
   *
   * <p>Locks of the operating system say who has a shard. The directory must be on a file system of
   * this machine, for on others locks may be missing or outlive their owner. Nothing else in the
   * process may open the files {@code shards-of-*.locks}: to close one gives up its locks.
   *
   * @param directory where the files of the locks are; made when the assignment starts, readable by
   *     its owner alone
   * @param plan the shards that this process may run
   */
  static ShardAssignment fileLocks(Path directory, ShardPlan plan) {
    return new FileLockAssignment(directory, plan);
  }
}
