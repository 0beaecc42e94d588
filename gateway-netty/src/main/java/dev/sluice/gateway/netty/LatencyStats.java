package dev.sluice.gateway.netty;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * Latencies in nanoseconds, accurate to 1 %, or 10 % where it says so. Two readings give what came
 * between them by {@link #minus}, so every reader has intervals of its own. Immutable.
 */
public final class LatencyStats {

  /** No latencies at all. */
  public static final LatencyStats NONE = new LatencyStats(new Histogram(1));

  private final Histogram histogram; // never changed

  private LatencyStats(Histogram histogram) {
    this.histogram = histogram;
  }

  /** The latencies of some recorders of the same accuracy together. */
  static LatencyStats of(Iterable<LatencyRecorder> recorders) {
    Histogram sum = null;
    for (LatencyRecorder recorder : recorders) {
      if (sum == null) {
        sum = recorder.empty();
      }
      recorder.addTo(sum);
    }
    return sum == null || sum.getTotalCount() == 0 ? NONE : new LatencyStats(sum);
  }

  /** {@return how many were measured} */
  public long count() {
    return histogram.getTotalCount();
  }

  /** {@return the sum of all, 0 when there is none} */
  public long totalNanos() {
    return Math.round(histogram.getMean() * histogram.getTotalCount());
  }

  /** {@return the mean, 0 when there is none} */
  public long meanNanos() {
    return Math.round(histogram.getMean());
  }

  /** {@return the median, 0 when there is none} */
  public long p50Nanos() {
    return percentileNanos(50);
  }

  /** {@return the 99th percentile, 0 when there is none} */
  public long p99Nanos() {
    return percentileNanos(99);
  }

  /** {@return the longest, 0 when there is none} */
  public long maxNanos() {
    return histogram.getMaxValue();
  }

  /**
   * {@return the latency that so many percent do not exceed, 0 when there is none}
   *
   * @param percentile from 0 to 100
   * @throws IllegalArgumentException if it is outside that
   */
  public long percentileNanos(double percentile) {
    if (!(percentile >= 0 && percentile <= 100)) {
      throw new IllegalArgumentException(
          "percentile: " + percentile + " (expected: from 0 to 100)");
    }
    return count() == 0 ? 0 : histogram.getValueAtPercentile(percentile);
  }

  /**
   * {@return how many were at most so long}
   *
   * @param nanos a latency, not negative
   */
  public long countAtMost(long nanos) {
    if (nanos >= maxNanos()) {
      return count();
    }
    return Math.min(count(), histogram.getCountBetweenValues(0, nanos));
  }

  /**
   * {@return what was measured after an earlier reading}
   *
   * @param earlier a reading of the same latencies
   * @throws IllegalArgumentException if it is not of the same or came later
   */
  public LatencyStats minus(LatencyStats earlier) {
    if (earlier.count() == 0) {
      return this;
    }
    Histogram between = histogram.copy();
    try {
      between.subtract(earlier.histogram);
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      throw new IllegalArgumentException(
          "earlier: " + earlier + " (expected: before " + this + ')', e);
    }
    return new LatencyStats(between);
  }

  /** {@return count, median, 99th percentile and maximum in milliseconds} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "LatencyStats[count=%d, p50=%.1f ms, p99=%.1f ms, max=%.1f ms]",
        count(),
        p50Nanos() / 1e6,
        p99Nanos() / 1e6,
        maxNanos() / 1e6);
  }
}
