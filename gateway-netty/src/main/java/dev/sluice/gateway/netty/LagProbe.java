package dev.sluice.gateway.netty;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures how late one event loop comes to what is due, by a task that is due every 100 ms, and
 * says when it was late for long. Thread-safe.
 */
final class LagProbe implements Runnable {

  static final long PERIOD_NANOS = 100_000_000L;

  private static final Logger log = LoggerFactory.getLogger(LagProbe.class);
  private static final long LONG_NANOS = 1_000_000_000L;
  private static final long SILENCE_NANOS = 60_000_000_000L; // between two lines of the log

  private final EventLoop eventLoop;
  private final LatencyRecorder lags;
  private final PauseWatch pauses;
  private @Nullable ScheduledFuture<?> scheduled; // guarded by this
  private boolean stopped; // guarded by this

  private volatile boolean running;
  private volatile long dueAtNanos;
  private volatile long lastLagNanos;

  // On the event loop only.
  private boolean reported;
  private long reportedAtNanos;

  LagProbe(EventLoop eventLoop, LatencyRecorder lags, PauseWatch pauses) {
    this.eventLoop = eventLoop;
    this.lags = lags;
    this.pauses = pauses;
  }

  /** Starts to measure, once; one that was stopped stays so. */
  synchronized void start() {
    if (stopped || running) {
      return;
    }
    dueAtNanos = System.nanoTime() + PERIOD_NANOS;
    try {
      scheduled =
          eventLoop.scheduleWithFixedDelay(this, PERIOD_NANOS, PERIOD_NANOS, TimeUnit.NANOSECONDS);
      running = true;
    } catch (RejectedExecutionException e) {
      log.debug("the event loop has ended", e); // nothing is due on it any more
    }
  }

  /** Ends, also before the start. */
  synchronized void stop() {
    stopped = true;
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
    if (lag >= LONG_NANOS && (!reported || now - reportedAtNanos >= SILENCE_NANOS)) {
      reported = true;
      reportedAtNanos = now;
      long millis = TimeUnit.NANOSECONDS.toMillis(lag);
      log.atWarn()
          .addKeyValue("lag_ms", millis)
          .log("this event loop was {} ms late: a handler blocks, or the machine is busy", millis);
    }
    pauses.check(now);
  }

  /**
   * {@return how late the event loop is now, in nanoseconds: what the last probe measured, or by
   * how much the next one is overdue if that is more; 0 while it is not measured}
   */
  long lagNanos() {
    return running ? Math.max(lastLagNanos, System.nanoTime() - dueAtNanos) : 0;
  }
}
