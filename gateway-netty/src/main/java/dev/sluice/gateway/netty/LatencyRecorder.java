package dev.sluice.gateway.netty;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Latencies that one thread records and any thread reads. The histogram is made by the first value,
 * in the thread that records.
 */
final class LatencyRecorder {

  /** Longer ones count as this one. */
  static final long MAX_NANOS = 3_600_000_000_000L;

  static final int DIGITS = 2;

  private volatile @Nullable SingleWriterRecorder recorder;
  private @Nullable Histogram interval; // guarded by this, reused from one reading to the next
  private @Nullable Histogram total; // guarded by this

  /** Records one; on the recording thread only. */
  void record(long nanos) {
    SingleWriterRecorder made = recorder;
    if (made == null) {
      made = new SingleWriterRecorder(1, MAX_NANOS, DIGITS);
      recorder = made;
    }
    made.recordValue(Math.min(Math.max(1, nanos), MAX_NANOS));
  }

  /** Adds all that was recorded from the start to a histogram. */
  synchronized void addTo(Histogram sum) {
    SingleWriterRecorder made = recorder;
    if (made == null) {
      return;
    }
    Histogram latest = made.getIntervalHistogram(interval);
    interval = latest;
    Histogram all = total;
    if (all == null) {
      all = new Histogram(1, MAX_NANOS, DIGITS);
      total = all;
    }
    all.add(latest);
    sum.add(all);
  }
}
