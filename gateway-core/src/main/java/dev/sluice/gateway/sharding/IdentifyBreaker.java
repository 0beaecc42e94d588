package dev.sluice.gateway.sharding;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Stops identifies that come again and again, before they use up the session starts of the day: a
 * fault that ends every session soon after its start would otherwise be found by the reset of the
 * token. What it stopped stays so until somebody looked and called {@link #release()}. RESUME is
 * none of its business.
 *
 * <p>There are two limits, and neither counts the first identify of a shard, so that no start or
 * reshard of any size reaches them. That of the <em>fleet</em> is for the last hour; beyond it no
 * shard identifies. That of <em>one shard</em> is for the last ten minutes; beyond it that shard
 * alone is blocked, for one whose sessions do not last says nothing of the others, and if it is not
 * alone the limit of the fleet is near.
 *
 * <p>Cycle of a shard: {@link #check} before it asks for a permit and again when it has one, {@link
 * #identified} when the IDENTIFY was written.
 *
 * <p>Not thread-safe; guard by a lock.
 */
public final class IdentifyBreaker {

  /** The window of the fleet's limit. */
  public static final Duration FLEET_WINDOW = Duration.ofHours(1);

  /** The window of a shard's limit. */
  public static final Duration SHARD_WINDOW = Duration.ofMinutes(10);

  /** The limit of one shard, unless it is set: what backoff makes of a bad minute stays below. */
  public static final int DEFAULT_SHARD_LIMIT = 5;

  private static final int SLOTS = 60; // of the fleet's window: counted by the minute
  private static final long SLOT_NANOS = FLEET_WINDOW.toNanos() / SLOTS;
  private static final int FEW = 16;

  /** Whether a shard may identify. */
  public enum Verdict {
    /** It may. */
    ALLOWED,
    /** It alone may not. */
    SHARD_BLOCKED,
    /** No shard may. */
    FLEET_BLOCKED
  }

  private final NanoClock clock;
  private final int shardLimit;
  private final int[] slots = new int[SLOTS];
  private final Map<ShardId, long[]> recent = new HashMap<>(); // of those in the shard's window
  private final Set<ShardId> blocked = new HashSet<>();
  private int fleetLimit;
  private long slotStartNanos;
  private int slot;
  private boolean fleetBlocked;

  private IdentifyBreaker(int fleetLimit, int shardLimit, NanoClock clock) {
    this.fleetLimit = fleetLimit;
    this.shardLimit = shardLimit;
    this.clock = clock;
    this.slotStartNanos = clock.nanoTime();
  }

  /**
   * Creates a breaker that lets every shard identify.
   *
   * @param fleetLimit how many identifies beside the first of each shard an hour may have, at least
   *     1; {@link Integer#MAX_VALUE} for no limit
   * @param shardLimit how many identifies beside its first ten minutes of a shard may have, at
   *     least 1; {@link Integer#MAX_VALUE} for no limit
   * @param clock the time of the windows
   * @return the breaker
   * @throws IllegalArgumentException if a limit is below 1
   */
  public static IdentifyBreaker create(int fleetLimit, int shardLimit, NanoClock clock) {
    return new IdentifyBreaker(
        atLeast1("fleet limit", fleetLimit),
        atLeast1("shard limit", shardLimit),
        requireNonNull(clock, "clock"));
  }

  /**
   * {@return the limit of a fleet unless it is set: two identifies a shard and a few, but no more
   * than half of the day's session starts; in any case one a shard, for an outage may end every
   * session once}
   *
   * @param shards how many shards there are, at least 0
   * @param sessionStarts {@code session_start_limit.total}, 0 if nobody knows
   */
  public static int defaultFleetLimit(int shards, int sessionStarts) {
    long twice = 2L * shards + FEW;
    long limit = sessionStarts == 0 ? twice : Math.min(twice, sessionStarts / 2);
    return (int) Math.min(Integer.MAX_VALUE, Math.max(limit, Math.max(1, shards)));
  }

  /**
   * Sets the limit of the fleet anew, as when it has grown. One that was reached already stays so.
   *
   * @param fleetLimit as in {@link #create}
   * @throws IllegalArgumentException if it is below 1; nothing has changed
   */
  public void fleetLimit(int fleetLimit) {
    this.fleetLimit = atLeast1("fleet limit", fleetLimit);
  }

  /** {@return how many identifies beside the first of each shard an hour may have} */
  public int fleetLimit() {
    return fleetLimit;
  }

  /** {@return how many identifies beside its first ten minutes of a shard may have} */
  public int shardLimit() {
    return shardLimit;
  }

  /**
   * {@return whether a shard may identify now} Once the answer is no it stays so until {@link
   * #release()}, even when the identifies that led to it are long over.
   *
   * @param shard the shard
   * @param first whether it would be its first identify since it was started here
   */
  public Verdict check(ShardId shard, boolean first) {
    if (!fleetBlocked && !first && identifiesInTheLastHour() >= fleetLimit) {
      fleetBlocked = true;
    }
    if (fleetBlocked) {
      return Verdict.FLEET_BLOCKED;
    }
    if (countOf(shard) >= shardLimit) {
      blocked.add(shard);
    }
    return blocked.contains(shard) ? Verdict.SHARD_BLOCKED : Verdict.ALLOWED;
  }

  /**
   * Counts an IDENTIFY that was written.
   *
   * @param shard the shard
   * @param first whether it was its first since it was started here
   */
  public void identified(ShardId shard, boolean first) {
    if (first) {
      return; // and most shards never have another: nothing is kept of them
    }
    long now = clock.nanoTime();
    advance(now);
    slots[slot]++;
    forgetUntil(now - SHARD_WINDOW.toNanos());
    long[] before = recent.remove(shard); // and back in at the end
    long[] times = before == null ? new long[1] : Arrays.copyOf(before, before.length + 1);
    times[times.length - 1] = now;
    // What came before the last of so many cannot matter any more.
    int from = Math.max(0, times.length - shardLimit);
    recent.put(shard, Arrays.copyOfRange(times, from, times.length));
  }

  /** Lets everybody identify again, and counts from nothing. */
  public void release() {
    fleetBlocked = false;
    blocked.clear();
    recent.clear();
    Arrays.fill(slots, 0);
  }

  /** {@return whether the limit of the fleet was reached and nobody released it since} */
  public boolean isFleetBlocked() {
    return fleetBlocked;
  }

  /** {@return the shards that reached their limit and were not released since, in no order} */
  public Set<ShardId> blockedShards() {
    return Set.copyOf(blocked);
  }

  /** {@return how many identifies beside the first of each shard the last hour had} */
  public int identifiesInTheLastHour() {
    advance(clock.nanoTime());
    return Arrays.stream(slots).sum();
  }

  /** Empties the minutes that are over. */
  private void advance(long nowNanos) {
    long over = (nowNanos - slotStartNanos) / SLOT_NANOS;
    for (long i = 0; i < Math.min(over, SLOTS); i++) {
      slot = (slot + 1) % SLOTS;
      slots[slot] = 0;
    }
    slotStartNanos += over * SLOT_NANOS;
  }

  private int countOf(ShardId shard) {
    long[] times = recent.get(shard);
    if (times == null) {
      return 0;
    }
    long since = clock.nanoTime() - SHARD_WINDOW.toNanos();
    return (int) Arrays.stream(times).filter(time -> time - since > 0).count();
  }

  private void forgetUntil(long nanos) {
    recent.values().removeIf(times -> times[times.length - 1] - nanos <= 0);
  }

  private static int atLeast1(String what, int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException(what + ": " + limit + " (expected: >= 1)");
    }
    return limit;
  }
}
