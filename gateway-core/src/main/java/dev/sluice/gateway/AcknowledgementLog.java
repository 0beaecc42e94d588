package dev.sluice.gateway;

/**
 * The received dispatches of a session that were not yet acknowledged, in the order of receipt, and
 * the checkpoint: the highest sequence before which everything received is acknowledged. Sequences
 * rise but need not be contiguous.
 */
final class AcknowledgementLog {

  /** A ring that grew beyond this is let go of as soon as it is empty. */
  static final int KEPT_SLOTS = 256;

  private static final long[] EMPTY = new long[0];

  /** A ring, oldest first; a sequence, or its complement once acknowledged. Grows on first use. */
  private long[] ring = EMPTY;

  private int head;
  private int size;
  private long checkpoint;

  /** Starts afresh with a session. */
  void reset(long checkpoint) {
    ring = EMPTY;
    head = 0;
    size = 0;
    this.checkpoint = checkpoint;
  }

  /** The sequence that a stored session carries. */
  long checkpoint() {
    return checkpoint;
  }

  int unacknowledged() {
    return size;
  }

  /** Adds a sequence that is higher than all before. */
  void received(long sequence) {
    if (size == ring.length) {
      grow();
    }
    ring[(head + size) & (ring.length - 1)] = sequence;
    size++;
  }

  /** Acknowledges a sequence; one that is unknown or acknowledged already changes nothing. */
  void acknowledge(long sequence) {
    if (size == 1 && ring[head] == sequence && ring.length <= KEPT_SLOTS) {
      checkpoint = sequence; // as when each event is handled before the next
      head = (head + 1) & (ring.length - 1);
      size = 0;
      return;
    }
    int index = find(sequence);
    if (index < 0) {
      return;
    }
    ring[index] = ~sequence;
    while (size > 0 && ring[head] < 0) {
      checkpoint = ~ring[head];
      head = (head + 1) & (ring.length - 1);
      size--;
    }
    if (size == 0 && ring.length > KEPT_SLOTS) {
      ring = EMPTY;
      head = 0;
    }
  }

  int capacity() {
    return ring.length;
  }

  private int find(long sequence) {
    int mask = ring.length - 1;
    int low = 0;
    int high = size - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long entry = ring[(head + middle) & mask];
      if (entry == sequence) {
        return (head + middle) & mask;
      }
      long value = entry < 0 ? ~entry : entry;
      if (value == sequence) {
        return -1; // acknowledged already
      } else if (value < sequence) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  private void grow() {
    long[] larger = new long[Math.max(1, ring.length * 2)];
    int tail = ring.length - head;
    System.arraycopy(ring, head, larger, 0, tail);
    System.arraycopy(ring, 0, larger, tail, head);
    ring = larger;
    head = 0;
  }
}
