package dev.sluice.benchmarks.micro;

import dev.sluice.gateway.NanoClock;
import java.time.Duration;

/** A clock that stands until it is moved on. */
final class ManualClock implements NanoClock {

  private long nowNanos;

  @Override
  public long nanoTime() {
    return nowNanos;
  }

  void advance(Duration duration) {
    advanceNanos(duration.toNanos());
  }

  void advanceNanos(long nanos) {
    nowNanos += nanos;
  }
}
