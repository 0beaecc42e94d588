package dev.sluice.gateway.sharding;

import static java.util.Objects.requireNonNull;

import java.util.PriorityQueue;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Which shard of one event loop dials next to resume its session. The gateway does not limit
 * resumes, but handshakes and the inflation of what is replayed take this machine's time: at most
 * {@value #MAX_DIALS} dials are in flight, and fewer while the event loop is late with its work,
 * for then more of them would only make it later. The session that has been down the longest goes
 * first, because its replay buffer is the fullest.
 *
 * <p>Cycle of a shard: {@link #enqueue}, {@link #poll} yields it, then {@link #done}; poll again
 * after each of the three. There is always some dial in flight while shards wait, so that the lane
 * needs no timer.
 *
 * <p>Not thread-safe; confine to one thread.
 *
 * @param <T> what stands for a shard
 */
public final class ResumeLane<T> {

  /** Dials in flight at a time on an event loop that keeps up. */
  public static final int MAX_DIALS = 64;

  /** Dials in flight at a time on an event loop that is late, however late it is. */
  public static final int MIN_DIALS = 4;

  /** Up to here an event loop keeps up. */
  private static final long HARMLESS_LAG_NANOS = 20_000_000L;

  private final Queue<Waiting<T>> waiting = new PriorityQueue<>();
  private int dials;
  private long arrivals;

  private record Waiting<T>(T shard, long downSinceNanos, long arrival)
      implements Comparable<Waiting<T>> {

    @Override
    public int compareTo(Waiting<T> other) {
      // By subtraction, for the times of a NanoClock wrap.
      int older = Long.signum(downSinceNanos - other.downSinceNanos);
      return older != 0 ? older : Long.compare(arrival, other.arrival);
    }
  }

  /** Creates an empty lane. */
  public ResumeLane() {}

  /**
   * {@return how many dials may be in flight: inversely proportional to the lag, within {@value
   * #MIN_DIALS} and {@value #MAX_DIALS}}
   *
   * @param lagNanos by how much the event loop is late, at least 0
   */
  public static int limit(long lagNanos) {
    if (lagNanos <= HARMLESS_LAG_NANOS) {
      return MAX_DIALS;
    }
    return (int) Math.max(MIN_DIALS, MAX_DIALS * HARMLESS_LAG_NANOS / lagNanos);
  }

  /**
   * Adds a shard that waits for its turn. A shard is not looked for among those that wait: it must
   * not be added twice.
   *
   * @param shard the shard
   * @param downSinceNanos since when its session has had no transport, on one clock for all
   */
  public void enqueue(T shard, long downSinceNanos) {
    waiting.add(new Waiting<>(requireNonNull(shard, "shard"), downSinceNanos, arrivals++));
  }

  /**
   * Gives a shard its turn if one waits and the limit lets it dial.
   *
   * @param lagNanos by how much the event loop is late now, at least 0
   * @return the shard that dials now and owes {@link #done}, or null
   */
  public @Nullable T poll(long lagNanos) {
    if (dials >= limit(lagNanos)) {
      return null;
    }
    Waiting<T> next = waiting.poll();
    if (next == null) {
      return null;
    }
    dials++;
    return next.shard;
  }

  /**
   * Says that a dial is over, whatever came of it.
   *
   * @throws IllegalStateException if none is in flight; nothing has changed
   */
  public void done() {
    if (dials == 0) {
      throw new IllegalStateException("dials in flight: 0 (expected: >= 1)");
    }
    dials--;
  }

  /** {@return how many dials are in flight} */
  public int dials() {
    return dials;
  }

  /** {@return how many shards wait} */
  public int size() {
    return waiting.size();
  }
}
