package dev.sluice.gateway.netty;

import org.HdrHistogram.AtomicHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Latencies that one thread records, a few in a second at most, and any thread reads. The histogram
 * is made by the first.
 */
final class LatencyRecorder {

  private static final long MICRO_NANOS = 1_000;
  private static final long HOUR_NANOS = 3_600_000_000_000L;

  private final long lowestNanos;
  private final int digits;
  private volatile @Nullable AtomicHistogram histogram;

  private LatencyRecorder(long lowestNanos, int digits) {
    this.lowestNanos = lowestNanos;
    this.digits = digits;
  }

  /** For the many that a loop or a manager measures: accurate to 1 %, 27 kB. */
  static LatencyRecorder fine() {
    return new LatencyRecorder(MICRO_NANOS, 2);
  }

  /** For those of which there are many recorders, or that tell little: accurate to 10 %, 3 kB. */
  static LatencyRecorder coarse() {
    return new LatencyRecorder(100 * MICRO_NANOS, 1);
  }

  /** Records one; an hour at most, longer ones count as that. On one thread only. */
  void record(long nanos) {
    AtomicHistogram made = histogram;
    if (made == null) {
      made = new AtomicHistogram(lowestNanos, HOUR_NANOS, digits);
      histogram = made;
    }
    made.recordValue(Math.min(Math.max(0, nanos), HOUR_NANOS));
  }

  /** {@return an empty histogram that {@link #addTo} fits} */
  Histogram empty() {
    return new Histogram(lowestNanos, HOUR_NANOS, digits);
  }

  /** Adds all that was recorded from the start to a histogram of the same accuracy. */
  void addTo(Histogram sum) {
    AtomicHistogram made = histogram;
    if (made != null) {
      sum.add(made);
    }
  }
}
