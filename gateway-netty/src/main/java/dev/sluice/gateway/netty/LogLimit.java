package dev.sluice.gateway.netty;

import dev.sluice.gateway.NanoClock;
import java.time.Duration;

/** Lets one of many like log lines pass in a period, and counts the rest. Thread-safe. */
final class LogLimit {

  private static final long PERIOD_NANOS = Duration.ofMinutes(1).toNanos();

  private final NanoClock clock;
  private long passedAtNanos; // guarded by this, as is the rest
  private boolean passed;
  private long kept;

  LogLimit(NanoClock clock) {
    this.clock = clock;
  }

  /** {@return how many lines the one that may be logged now stands for, 0 when it may not} */
  synchronized long pass() {
    long now = clock.nanoTime();
    kept++;
    if (passed && now - passedAtNanos < PERIOD_NANOS) {
      return 0;
    }
    passed = true;
    passedAtNanos = now;
    long lines = kept;
    kept = 0;
    return lines;
  }
}
