package dev.sluice.gateway.netty;

import io.netty.util.concurrent.EventExecutor;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;

/**
 * How many shards without a session dial at a time: they need an identify permit, and are dialled
 * only shortly before it can come, so that no transport waits for it longer than a few windows; and
 * only so many are on their way to the upgrade at a time, however many buckets there are. Those
 * with a session have a lane of their own, {@link ResumeDials}. Confined to one event loop, which
 * the calls hop to.
 */
final class DialLimiter {

  /**
   * Shards of one identify bucket between dial and IDENTIFY: one identifies, the others are ready.
   * With a window of 5 s the last of them waits for less than half a heartbeat interval.
   */
  static final int AHEAD_A_BUCKET = 3;

  private final EventExecutor executor;
  private final int maxConcurrency;
  private final int ahead;
  private final int maxDials;
  private final Map<Integer, Lane> lanes = new HashMap<>();
  private boolean identifiesStopped;
  private int dials; // before their upgrade

  /** The right to dial, given back once. */
  interface Slot {

    /** Says that the dial itself is over, before the slot is given back; at most once. */
    default void upgraded() {}

    void release();
  }

  /** Takes the slot that was asked for. */
  interface Dialer {
    void dial(Slot slot);
  }

  private record Waiting(int shardId, Dialer dialer) implements Comparable<Waiting> {

    @Override
    public int compareTo(Waiting other) { // the order in which permits are given
      return Integer.compare(shardId, other.shardId);
    }
  }

  /** What waits and dials of one bucket, for as long as anything does. */
  private static final class Lane {

    final int bucket;
    final Queue<Waiting> waiting = new PriorityQueue<>();
    int taken;

    Lane(int bucket) {
      this.bucket = bucket;
    }

    boolean isDone() {
      return taken == 0 && waiting.isEmpty();
    }
  }

  /** A slot of a bucket, and for as long as its dial lasts one of those of all. */
  private final class Granted implements Slot {

    private final Lane lane;
    private boolean dials = true;

    Granted(Lane lane) {
      this.lane = lane;
    }

    @Override
    public void upgraded() {
      executor.execute(this::dialled);
    }

    @Override
    public void release() {
      executor.execute(
          () -> {
            lane.taken--;
            dialled();
            grant(lane);
            if (lane.isDone()) {
              lanes.remove(lane.bucket, lane);
            }
          });
    }

    private void dialled() {
      if (dials) {
        dials = false;
        DialLimiter.this.dials--;
        lanes.values().forEach(DialLimiter.this::grant);
      }
    }
  }

  /**
   * Creates a limiter that lets all identify.
   *
   * @param ahead how many of a bucket are between dial and IDENTIFY at a time
   * @param maxDials how many of all buckets dial at a time
   * @throws IllegalArgumentException if {@code ahead} is below 1, for then nobody would dial
   */
  DialLimiter(EventExecutor executor, int maxConcurrency, int ahead, int maxDials) {
    if (ahead < 1) {
      throw new IllegalArgumentException("dialsAhead: " + ahead + " (expected: >= 1)");
    }
    this.executor = executor;
    this.maxConcurrency = maxConcurrency;
    this.ahead = ahead;
    this.maxDials = maxDials;
  }

  /** Asks for a slot; the dialer is called on this limiter's event loop. */
  void acquire(int shardId, Dialer dialer) {
    executor.execute(
        () -> {
          Lane lane = lanes.computeIfAbsent(shardId % maxConcurrency, Lane::new);
          lane.waiting.add(new Waiting(shardId, dialer));
          grant(lane);
        });
  }

  /** Lets no shard dial any more that would have to identify. */
  void stopIdentifies() {
    executor.execute(() -> identifiesStopped = true);
  }

  /** {@return of how many buckets something waits or dials; on this limiter's event loop} */
  int busyBuckets() {
    return lanes.size();
  }

  private void grant(Lane lane) {
    while (dials < maxDials
        && lane.taken < ahead
        && !lane.waiting.isEmpty()
        && !identifiesStopped) {
      lane.taken++;
      dials++;
      lane.waiting.remove().dialer.dial(new Granted(lane));
    }
  }
}
