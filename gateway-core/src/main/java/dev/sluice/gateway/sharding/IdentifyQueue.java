package dev.sluice.gateway.sharding;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.NanoClock;
import java.time.Duration;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * Who may IDENTIFY when: one bucket for each {@code shard_id % max_concurrency}, each of which lets
 * one shard pass in 5 s, in the order of the shard ids. The 5 s count from the moment that the
 * IDENTIFY was written, so a slow write cannot bring two of them closer together at the gateway; a
 * permit that was not used costs nothing. RESUME needs no permit.
 *
 * <p>The gateway counts from the arrival, which is somewhere between the write and READY. When
 * READY comes late the IDENTIFY may have arrived late too, as at a machine that has just started or
 * a gateway that is busy: then the bucket opens 5 s after READY. How much that may be in all is
 * bounded, by {@link #SLACK_CREDIT} and a little more with every window, so that a start takes at
 * most 5 % longer than the gateway demands: what it counts as the first window takes no time here.
 *
 * <p>Cycle of a shard: {@link #enqueue}, {@link #poll} yields it, then {@link #sent} or {@link
 * #release}. Until one of the two comes its bucket stays closed. {@link #answered} follows {@link
 * #sent} when READY came.
 *
 * <p>Not thread-safe; confine to one thread.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway#rate-limiting">Rate limiting</a>
 */
public final class IdentifyQueue {

  /** The window of a bucket. */
  public static final Duration WINDOW = Duration.ofSeconds(5);

  /** Added to the window, because the gateway measures at arrival. */
  public static final Duration SLACK = Duration.ofMillis(150);

  /** What late READYs may add to windows of a bucket that follow one another. */
  public static final Duration SLACK_CREDIT = Duration.ofSeconds(3);

  /** What each window adds to that; with {@link #SLACK} it is less than 5 %. */
  private static final long CREDIT_A_WINDOW_NANOS = Duration.ofMillis(90).toNanos();

  /** A bucket that nobody used for so long begins anew. */
  private static final long IDLE_NANOS = WINDOW.multipliedBy(2).toNanos();

  private static final int NONE = -1;

  private final NanoClock clock;
  private final long spacingNanos;
  private final long maxCreditNanos;
  private Bucket[] buckets;

  private static final class Bucket {
    final NavigableSet<Integer> waiting = new TreeSet<>();
    int permitted = NONE;
    boolean used;
    int unanswered = NONE;
    long lastSentNanos;
    long lastAnsweredNanos;
    long creditNanos; // how much longer this window may be
  }

  private IdentifyQueue(int maxConcurrency, Duration spacing, Duration maxCredit, NanoClock clock) {
    this.clock = requireNonNull(clock, "clock");
    this.spacingNanos = spacing.toNanos();
    this.maxCreditNanos = maxCredit.toNanos();
    this.buckets = makeBuckets(maxConcurrency);
  }

  /**
   * Creates an empty queue with Discord's window.
   *
   * @param maxConcurrency {@code session_start_limit.max_concurrency}, at least 1
   * @param clock the time of the windows
   * @return the queue
   * @throws IllegalArgumentException if the concurrency is below 1
   */
  public static IdentifyQueue create(int maxConcurrency, NanoClock clock) {
    return new IdentifyQueue(maxConcurrency, WINDOW.plus(SLACK), SLACK_CREDIT, clock);
  }

  /**
   * Creates an empty queue whose windows are what they are, however late READY comes.
   *
   * @param maxConcurrency {@code session_start_limit.max_concurrency}, at least 1
   * @param spacing the least time between two identifies of a bucket; behind a proxy that paces by
   *     itself it may be zero
   * @param clock the time of the windows
   * @return the queue
   * @throws IllegalArgumentException if the concurrency is below 1 or the spacing negative
   */
  public static IdentifyQueue create(int maxConcurrency, Duration spacing, NanoClock clock) {
    if (spacing.isNegative()) {
      throw new IllegalArgumentException("spacing: " + spacing + " (expected: not negative)");
    }
    return new IdentifyQueue(maxConcurrency, spacing, Duration.ZERO, clock);
  }

  /** {@return how many buckets there are} */
  public int maxConcurrency() {
    return buckets.length;
  }

  /**
   * Takes over a new concurrency. Shards that wait keep waiting; each new bucket counts from the
   * latest identify of all, which is safe whichever way the shards moved.
   *
   * @param maxConcurrency at least 1
   * @throws IllegalArgumentException if it is below 1
   * @throws IllegalStateException if a permit is out; nothing has changed
   */
  public void maxConcurrency(int maxConcurrency) {
    if (maxConcurrency == buckets.length) {
      return;
    }
    Bucket[] old = buckets;
    Bucket[] next = makeBuckets(maxConcurrency);
    boolean used = false;
    long latest = 0;
    for (Bucket bucket : old) {
      if (bucket.permitted != NONE) {
        throw new IllegalStateException(
            "permit of shard " + bucket.permitted + " is out (expected: none)");
      }
      if (bucket.used && (!used || bucket.lastSentNanos - latest > 0)) {
        used = true;
        latest = bucket.lastSentNanos;
      }
    }
    for (Bucket bucket : next) {
      bucket.used = used;
      bucket.lastSentNanos = latest;
      bucket.lastAnsweredNanos = latest;
    }
    buckets = next;
    for (Bucket bucket : old) {
      bucket.waiting.forEach(this::enqueue);
    }
  }

  /**
   * Adds a shard that waits for its permit; one that waits already stays where it is.
   *
   * @param shardId at least 0
   */
  public void enqueue(int shardId) {
    Bucket bucket = bucket(shardId);
    if (bucket.permitted != shardId) {
      bucket.waiting.add(shardId);
    }
  }

  /**
   * Grants a permit if a bucket is open and a shard waits in it.
   *
   * @return the shard that may IDENTIFY now, or -1; call again until it is -1
   */
  public int poll() {
    long now = clock.nanoTime();
    for (Bucket bucket : buckets) {
      if (waitNanos(bucket, now) == 0) {
        bucket.permitted = requireNonNull(bucket.waiting.pollFirst());
        return bucket.permitted;
      }
    }
    return NONE;
  }

  /**
   * Says that the IDENTIFY of a shard was written; the window of its bucket starts now.
   *
   * @param shardId a shard that {@link #poll} yielded
   * @throws IllegalStateException if it holds no permit; nothing has changed
   */
  public void sent(int shardId) {
    Bucket bucket = permitted(shardId);
    long now = clock.nanoTime();
    long sinceLastNanos = now - bucket.lastSentNanos;
    if (!bucket.used || sinceLastNanos >= IDLE_NANOS) {
      bucket.creditNanos = maxCreditNanos;
    } else {
      long creditNanos = bucket.creditNanos + CREDIT_A_WINDOW_NANOS - sinceLastNanos + spacingNanos;
      bucket.creditNanos = Math.max(0, Math.min(maxCreditNanos, creditNanos));
    }
    bucket.permitted = NONE;
    bucket.used = true;
    bucket.unanswered = shardId;
    bucket.lastSentNanos = now;
    bucket.lastAnsweredNanos = now;
  }

  /**
   * Says that the IDENTIFY of a shard was answered by READY, so that it had arrived by now. What
   * else comes of it is no answer.
   *
   * @param shardId a shard that {@link #sent} was called for; another one, or one whose bucket went
   *     on meanwhile, changes nothing
   */
  public void answered(int shardId) {
    Bucket bucket = bucket(shardId);
    if (bucket.unanswered == shardId) {
      bucket.unanswered = NONE;
      bucket.lastAnsweredNanos = clock.nanoTime();
    }
  }

  /**
   * Takes back a permit that was not used; the bucket is as open as before.
   *
   * @param shardId a shard that {@link #poll} yielded
   * @throws IllegalStateException if it holds no permit; nothing has changed
   */
  public void release(int shardId) {
    permitted(shardId).permitted = NONE;
  }

  /**
   * Forgets a shard that waits.
   *
   * @param shardId the shard; one that does not wait changes nothing
   */
  public void cancel(int shardId) {
    bucket(shardId).waiting.remove(shardId);
  }

  /**
   * Closes a bucket for one window from now, as if a shard had just identified and was answered. A
   * permit that is out stays out.
   *
   * @param shardId a shard of the bucket
   */
  public void keepSilence(int shardId) {
    keepSilence(bucket(shardId));
  }

  /** Closes every bucket for one window from now, as {@link #keepSilence(int)} does. */
  public void keepSilence() {
    for (Bucket bucket : buckets) {
      keepSilence(bucket);
    }
  }

  private void keepSilence(Bucket bucket) {
    bucket.used = true;
    bucket.unanswered = NONE;
    bucket.lastSentNanos = clock.nanoTime();
    bucket.lastAnsweredNanos = bucket.lastSentNanos;
    bucket.creditNanos = maxCreditNanos;
  }

  /**
   * {@return the time until the bucket of a shard is open, whether or not one waits in it; {@link
   * Long#MAX_VALUE} while a permit is out}
   *
   * @param shardId a shard of the bucket
   */
  public long opensInNanos(int shardId) {
    return opensInNanos(bucket(shardId), clock.nanoTime());
  }

  /** {@return how many shards wait} */
  public int size() {
    int size = 0;
    for (Bucket bucket : buckets) {
      size += bucket.waiting.size();
    }
    return size;
  }

  /**
   * {@return the time until {@link #poll} can grant a permit, 0 if it can now, {@link
   * Long#MAX_VALUE} if nothing waits that time alone would help}
   */
  public long nextTimeoutNanos() {
    long now = clock.nanoTime();
    long next = Long.MAX_VALUE;
    for (Bucket bucket : buckets) {
      next = Math.min(next, waitNanos(bucket, now));
    }
    return next;
  }

  private long waitNanos(Bucket bucket, long nowNanos) {
    return bucket.waiting.isEmpty() ? Long.MAX_VALUE : opensInNanos(bucket, nowNanos);
  }

  private long opensInNanos(Bucket bucket, long nowNanos) {
    if (bucket.permitted != NONE) {
      return Long.MAX_VALUE;
    }
    if (!bucket.used) {
      return 0;
    }
    long late = bucket.creditNanos; // unless READY says that it is less
    if (bucket.unanswered == NONE) {
      long answerNanos = bucket.lastAnsweredNanos - bucket.lastSentNanos;
      late = Math.max(0, Math.min(late, answerNanos - SLACK.toNanos()));
    }
    return Math.max(0, bucket.lastSentNanos + spacingNanos + late - nowNanos);
  }

  private Bucket permitted(int shardId) {
    Bucket bucket = bucket(shardId);
    if (bucket.permitted != shardId) {
      throw new IllegalStateException("shard " + shardId + " holds no permit (expected: one)");
    }
    return bucket;
  }

  private Bucket bucket(int shardId) {
    if (shardId < 0) {
      throw new IllegalArgumentException("shard id: " + shardId + " (expected: >= 0)");
    }
    return buckets[shardId % buckets.length];
  }

  private static Bucket[] makeBuckets(int maxConcurrency) {
    if (maxConcurrency < 1) {
      throw new IllegalArgumentException("maxConcurrency: " + maxConcurrency + " (expected: >= 1)");
    }
    Bucket[] buckets = new Bucket[maxConcurrency];
    for (int i = 0; i < buckets.length; i++) {
      buckets[i] = new Bucket();
    }
    return buckets;
  }
}
