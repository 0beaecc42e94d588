package dev.sluice.gateway.netty;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Measures how late one event loop comes to what is due, by a task that is due every 100 ms.
 * Thread-safe.
 */
final class LagProbe implements Runnable {

  static final long PERIOD_NANOS = 100_000_000L;

  private final EventLoop eventLoop;
  private final LatencyRecorder lags;
  private @Nullable ScheduledFuture<?> scheduled; // guarded by this

  private volatile boolean running;
  private volatile long dueAtNanos;
  private volatile long lastLagNanos;

  LagProbe(EventLoop eventLoop, LatencyRecorder lags) {
    this.eventLoop = eventLoop;
    this.lags = lags;
  }

  synchronized void start() {
    dueAtNanos = System.nanoTime() + PERIOD_NANOS;
    try {
      scheduled =
          eventLoop.scheduleWithFixedDelay(this, PERIOD_NANOS, PERIOD_NANOS, TimeUnit.NANOSECONDS);
      running = true;
    } catch (RejectedExecutionException e) {
      running = false; // the loop has ended: nothing is due on it any more
    }
  }

  synchronized void stop() {
    running = false;
    if (scheduled != null) {
      scheduled.cancel(false);
      scheduled = null;
    }
  }

  @Override
  public void run() {
    long now = System.nanoTime();
    long lag = Math.max(0, now - dueAtNanos);
    lastLagNanos = lag;
    dueAtNanos = now + PERIOD_NANOS;
    lags.record(lag);
  }

  /**
   * {@return how late the event loop is now, in nanoseconds: what the last probe measured, or by
   * how much the next one is overdue if that is more; 0 while it is not measured}
   */
  long lagNanos() {
    return running ? Math.max(lastLagNanos, System.nanoTime() - dueAtNanos) : 0;
  }
}
