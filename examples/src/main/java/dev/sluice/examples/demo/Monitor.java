package dev.sluice.examples.demo;

import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerStats;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Watches a manager and shows its figures from time to time. */
final class Monitor {

  private static final long POLL_MILLIS = 50;

  private final ShardManager manager;
  private final Screen screen;
  private final long startNanos = System.nanoTime();
  private long shownNanos = startNanos;
  private ShardManagerStats shown;

  Monitor(ShardManager manager, Screen screen) {
    this.manager = manager;
    this.screen = screen;
    this.shown = manager.stats();
  }

  /**
   * Shows the figures until something is so, but not for longer than a limit.
   *
   * @return whether it came to be so
   */
  boolean watch(String phase, BooleanSupplier until, Duration limit) throws InterruptedException {
    long beginNanos = System.nanoTime();
    while (!until.getAsBoolean()) {
      long nowNanos = System.nanoTime();
      if (nowNanos - beginNanos >= limit.toNanos()) {
        return false;
      }
      if (nowNanos - shownNanos >= screen.interval().toNanos()) {
        show(phase);
      }
      Thread.sleep(POLL_MILLIS);
    }
    return true;
  }

  /** Shows the figures for a time. */
  void watch(String phase, Duration time) throws InterruptedException {
    watch(phase, () -> false, time);
  }

  /** Shows the figures now. */
  void show(String phase) {
    long nowNanos = System.nanoTime();
    ShardManagerStats now = manager.stats();
    double seconds = (nowNanos - shownNanos) / 1e9;
    screen.show(
        new Snapshot(
            phase,
            TimeUnit.NANOSECONDS.toSeconds(nowNanos - startNanos),
            now,
            (now.events() - shown.events()) / seconds,
            (now.receivedBytes() - shown.receivedBytes()) / seconds,
            (now.payloadBytes() - shown.payloadBytes()) / seconds));
    shown = now;
    shownNanos = nowNanos;
  }
}
