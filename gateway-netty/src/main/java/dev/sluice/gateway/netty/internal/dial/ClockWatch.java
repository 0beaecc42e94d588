package dev.sluice.gateway.netty.internal.dial;

import dev.sluice.gateway.NanoClock;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Notices that the host slept. Timers run on the monotonic clock, which on Linux and macOS stands
 * still meanwhile, so that a transport which died hours ago looks as if it were used just now; the
 * wall clock goes on. Where it has moved far beyond the other one, somebody is told.
 *
 * <p>Slow corrections of the wall clock stay below the threshold, and one that sets it back is none
 * of our business. One that sets it forward cannot be told from sleep, and costs what sleep costs.
 *
 * <p>Confined to one event executor.
 */
public final class ClockWatch {

  /** From one look at the clocks to the next, and so the longest that sleep goes unnoticed. */
  static final long INTERVAL_MILLIS = 1_000;

  /** By how far the clocks must part between two looks. */
  static final long THRESHOLD_MILLIS = 5_000;

  private final NanoClock clock;
  private final LongSupplier wallMillis;
  private final LongConsumer onSleep;
  private @Nullable ScheduledFuture<?> next;
  private boolean stopped;
  private long lastNanos;
  private long lastWallMillis;

  /**
   * Creates a watch that is not started.
   *
   * @param clock the clock of the timers
   * @param wallMillis the wall clock, milliseconds since any moment
   * @param onSleep is told for how many milliseconds the monotonic clock stood still
   */
  public ClockWatch(NanoClock clock, LongSupplier wallMillis, LongConsumer onSleep) {
    this.clock = clock;
    this.wallMillis = wallMillis;
    this.onSleep = onSleep;
  }

  /** Starts to look at the clocks, from the executor; one that was stopped stays so. */
  public void start(EventExecutor executor) {
    if (stopped) {
      return;
    }
    lastNanos = clock.nanoTime();
    lastWallMillis = wallMillis.getAsLong();
    next =
        executor.scheduleWithFixedDelay(
            this::look, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Ends, from the executor. */
  public void stop() {
    stopped = true;
    if (next != null) {
      next.cancel(false);
    }
  }

  private void look() {
    long nanos = clock.nanoTime();
    long wall = wallMillis.getAsLong();
    long sleptMillis = wall - lastWallMillis - TimeUnit.NANOSECONDS.toMillis(nanos - lastNanos);
    lastNanos = nanos;
    lastWallMillis = wall;
    if (sleptMillis >= THRESHOLD_MILLIS) {
      onSleep.accept(sleptMillis);
    }
  }
}
