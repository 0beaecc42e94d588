package dev.sluice.gateway;

/**
 * When the last payloads were sent, for a limit of so many within any window. Sliding, not fixed: a
 * window that starts over on a clock of its own lets twice the limit pass across its edge.
 */
class SlidingLog {

  private static final long[] EMPTY = new long[0];

  private final int capacity;
  private final long windowNanos;
  private long[] ring = EMPTY; // oldest first; its length is a power of two; grows on first use
  private int head;
  private int size;

  /**
   * Creates an empty log.
   *
   * @param capacity how many of the newest are remembered; the highest limit that can be asked for
   * @param windowNanos the length of the window
   */
  SlidingLog(int capacity, long windowNanos) {
    this.capacity = capacity;
    this.windowNanos = windowNanos;
  }

  void clear() {
    head = 0;
    size = 0;
  }

  /** Records that a payload was handed out. */
  void add(long nowNanos) {
    forget(nowNanos);
    if (size == capacity) {
      head = (head + 1) & (ring.length - 1);
      size--;
    } else if (size == ring.length) {
      grow();
    }
    ring[(head + size) & (ring.length - 1)] = nowNanos;
    size++;
  }

  /** The time until the window holds fewer than {@code limit}, 0 if it does now. */
  long nanosUntilBelow(int limit, long nowNanos) {
    forget(nowNanos);
    if (size < limit) {
      return 0;
    }
    long blocking = ring[(head + size - limit) & (ring.length - 1)];
    return blocking + windowNanos - nowNanos;
  }

  private void forget(long nowNanos) {
    while (size > 0 && nowNanos - ring[head] >= windowNanos) {
      head = (head + 1) & (ring.length - 1);
      size--;
    }
  }

  private void grow() {
    long[] larger = new long[Math.max(4, ring.length * 2)];
    for (int i = 0; i < size; i++) {
      larger[i] = ring[(head + i) & (ring.length - 1)];
    }
    ring = larger;
    head = 0;
  }
}
