package dev.sluice.gateway.netty;

import io.netty.util.concurrent.EventExecutor;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;

/**
 * How many shards without a session dial at a time: they need an identify permit, and are dialled
 * only shortly before it can come, so that no transport waits for it longer than a few windows.
 * Those with a session have a lane of their own, {@link ResumeDials}. Confined to one event loop,
 * which the calls hop to.
 */
final class DialLimiter {

  /**
   * Shards of one identify bucket between dial and IDENTIFY: one identifies, the others are ready.
   * With a window of 5 s the last of them waits for less than half a heartbeat interval.
   */
  static final int AHEAD_A_BUCKET = 3;

  private final EventExecutor executor;
  private final int maxConcurrency;
  private final Map<Integer, Lane> lanes = new HashMap<>();
  private boolean identifiesStopped;

  /** The right to dial, given back once. */
  interface Slot {
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

  private static final class Lane {

    final Queue<Waiting> waiting = new PriorityQueue<>();
    int taken;
  }

  DialLimiter(EventExecutor executor, int maxConcurrency) {
    this.executor = executor;
    this.maxConcurrency = maxConcurrency;
  }

  /** Asks for a slot; the dialer is called on this limiter's event loop. */
  void acquire(int shardId, Dialer dialer) {
    executor.execute(
        () -> {
          Lane lane = lanes.computeIfAbsent(shardId % maxConcurrency, bucket -> new Lane());
          lane.waiting.add(new Waiting(shardId, dialer));
          grant(lane);
        });
  }

  /** Lets no shard dial any more that would have to identify. */
  void stopIdentifies() {
    executor.execute(() -> identifiesStopped = true);
  }

  private void release(Lane lane) {
    executor.execute(
        () -> {
          lane.taken--;
          grant(lane);
        });
  }

  private void grant(Lane lane) {
    while (lane.taken < AHEAD_A_BUCKET && !lane.waiting.isEmpty() && !identifiesStopped) {
      lane.taken++;
      lane.waiting.remove().dialer.dial(() -> release(lane));
    }
  }
}
