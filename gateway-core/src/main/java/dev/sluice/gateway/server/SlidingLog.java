package dev.sluice.gateway.server;

/** The times of the newest messages of a client, which hold it to its send limit. */
final class SlidingLog {

  private final long[] times;
  private final long windowNanos;
  private int next;
  private boolean full;

  SlidingLog(int limit, long windowNanos) {
    this.times = new long[limit];
    this.windowNanos = windowNanos;
  }

  /** Counts a message, unless as many as the limit came within the window before it. */
  boolean admit(long nowNanos) {
    if (full && nowNanos - times[next] < windowNanos) {
      return false;
    }
    times[next++] = nowNanos;
    if (next == times.length) {
      next = 0;
      full = true;
    }
    return true;
  }
}
