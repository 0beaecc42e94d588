package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.SessionStarts;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

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
   * Gives the limiter a way to ask. Called by each manager that uses the limiter when it starts,
   * before it asks for a permit; the default does nothing.
   *
   * @param refresh has the manager ask GET /gateway/bot again, and {@link #update} be called with
   *     the answer; from any thread. It is asked once at a time and not too often, however often
   *     this is called; not at all by a manager that was told all that the answer says
   */
  default void start(Runnable refresh) {}

  /**
   * Says what GET /gateway/bot has answered: once when a manager starts, before it asks for a
   * permit, and again whenever it asked again. The default passes over it.
   *
   * @param gatewayBot the answer; {@code total} is 0 when it was not asked, so that nobody knows
   *     how many session starts there are
   * @param maxConcurrency what counts, of the answer or of the manager's settings
   * @param age how long ago it was asked: what was started since may not be counted in {@code
   *     remaining}
   */
  default void update(GatewayBot gatewayBot, int maxConcurrency, Duration age) {}

  /** {@return the session starts that are left, or null when the limiter does not know} */
  default @Nullable SessionStarts sessionStarts() {
    return null;
  }

  /**
   * {@return how many shards of a bucket the manager dials before their permits come, at least 1} A
   * transport that is up waits for its permit, so a limiter that many processes share says 1; by
   * default it is 3, which hides slow dials.
   */
  default int dialsAhead() {
    return DialLimiter.AHEAD_A_BUCKET;
  }

  /** {@return how many buckets the limiter has, or 0 when it does not know} */
  default int maxConcurrency() {
    return 0;
  }

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
     * {@return for how long the permit is still good, in nanoseconds; 0 or less when it has
     * expired, {@link Long#MAX_VALUE} for ever} Asked right before the IDENTIFY is written. One
     * that has expired is not used but released.
     */
    default long expiryNanos() {
      return Long.MAX_VALUE;
    }
  }
}
