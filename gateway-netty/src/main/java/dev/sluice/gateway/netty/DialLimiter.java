package dev.sluice.gateway.netty;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/**
 * How many shards dial at a time, in two lanes. Those with a session resume, which nothing limits
 * but this machine. Those without need an identify permit, and are dialled only shortly before it
 * can come, so that no transport waits for it longer than a few windows. Confined to one event
 * loop, which the calls hop to.
 */
final class DialLimiter {

  /** Resuming shards between dial and upgrade, for each event loop. */
  static final int RESUMES_A_LOOP = 64;

  /**
   * Shards of one identify bucket between dial and IDENTIFY: one identifies, the others are ready.
   */
  static final int AHEAD_A_BUCKET = 3;

  private final EventExecutor executor;
  private final int maxConcurrency;
  private final Lane resumes;
  private final Map<Integer, Lane> identifies = new HashMap<>();
  private boolean identifiesStopped;

  private static final class Lane {

    final int limit;
    final Queue<Runnable> waiting = new ArrayDeque<>();
    int taken;

    Lane(int limit) {
      this.limit = limit;
    }
  }

  /** The right to dial, given back once. */
  final class Slot {

    private final Lane lane;

    private Slot(Lane lane) {
      this.lane = lane;
    }

    void release() {
      executor.execute(
          () -> {
            lane.taken--;
            grant(lane);
          });
    }
  }

  /** Takes the slot that was asked for. */
  interface Dialer {
    void dial(Slot slot);
  }

  DialLimiter(EventExecutor executor, int eventLoops, int maxConcurrency) {
    this.executor = executor;
    this.maxConcurrency = maxConcurrency;
    this.resumes = new Lane(RESUMES_A_LOOP * eventLoops);
  }

  /**
   * Asks for a slot; the dialer is called on this limiter's event loop, in the order of the calls.
   */
  void acquire(int shardId, boolean resume, Dialer dialer) {
    executor.execute(
        () -> {
          Lane lane =
              resume
                  ? resumes
                  : identifies.computeIfAbsent(
                      shardId % maxConcurrency, bucket -> new Lane(AHEAD_A_BUCKET));
          lane.waiting.add(() -> dialer.dial(new Slot(lane)));
          grant(lane);
        });
  }

  /** Lets no shard dial any more that would have to identify; those with a session go on. */
  void stopIdentifies() {
    executor.execute(() -> identifiesStopped = true);
  }

  private void grant(Lane lane) {
    while (lane.taken < lane.limit
        && !lane.waiting.isEmpty()
        && (lane == resumes || !identifiesStopped)) {
      lane.taken++;
      lane.waiting.remove().run();
    }
  }
}
