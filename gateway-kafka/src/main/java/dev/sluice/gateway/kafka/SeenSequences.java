package dev.sluice.gateway.kafka;

import java.util.Arrays;

/** The highest sequences of a session that came in one partition. Not thread-safe. */
final class SeenSequences {

  static final int KEPT = 64;

  private long[] sequences = new long[4]; // rising, the first size of them
  private int size;
  private boolean evicted; // some that were lower than all of these

  /**
   * Adds a sequence; returns whether it comes for the first time. One that is lower than all that
   * are kept does not, once there were more.
   */
  boolean add(long sequence) {
    if (size == 0 || sequence > sequences[size - 1]) {
      insert(size, sequence);
      return true;
    }
    int index = Arrays.binarySearch(sequences, 0, size, sequence);
    if (index >= 0 || (index == -1 && evicted)) {
      return false;
    }
    insert(-index - 1, sequence);
    return true;
  }

  private void insert(int index, long sequence) {
    int at = index;
    if (size == KEPT) {
      evicted = true;
      at--;
      if (at < 0) {
        return; // it would be the lowest, and the first to go
      }
      System.arraycopy(sequences, 1, sequences, 0, at);
      sequences[at] = sequence;
      return;
    }
    if (size == sequences.length) {
      sequences = Arrays.copyOf(sequences, Math.min(KEPT, size * 2));
    }
    System.arraycopy(sequences, at, sequences, at + 1, size - at);
    sequences[at] = sequence;
    size++;
  }
}
