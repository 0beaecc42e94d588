package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import java.util.concurrent.CompletionStage;

/**
 * Who may IDENTIFY when, across all shards of a bot, whichever process they are in. The default
 * paces the shards of this manager. Thread-safe.
 */
public interface IdentifyLimiter {

  /**
   * Asks for a permit. Permits of one bucket are at least 5 s apart, counted from {@link
   * Permit#sent()}. A caller that needs the permit no longer cancels the stage's future, or
   * releases the permit when it comes.
   *
   * @param bucket the shard's bucket, {@code shard id % max concurrency}
   * @param shard the shard that wants to identify
   * @return completes with the permit, on any thread, or exceptionally when none will come
   */
  CompletionStage<Permit> acquire(int bucket, ShardId shard);

  /**
   * The right to send one IDENTIFY. Thread-safe; only the first call of {@link #sent()} and {@link
   * #release()} counts.
   */
  interface Permit {

    /** Says that the IDENTIFY was written: the window of the bucket starts now. */
    void sent();

    /**
     * Says, after {@link #sent()}, that READY came: the gateway, which counts from the arrival, had
     * the IDENTIFY by now. A limiter may make the window longer when it came late.
     */
    default void answered() {}

    /** Gives the permit back unused. */
    void release();

    /**
     * {@return how long the permit is good from when it was granted, in nanoseconds; {@link
     * Long#MAX_VALUE} for ever} One that has expired must not be used.
     */
    default long expiryNanos() {
      return Long.MAX_VALUE;
    }
  }
}
