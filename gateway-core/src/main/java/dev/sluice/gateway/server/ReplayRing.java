package dev.sluice.gateway.server;

/**
 * The newest events of a session, whole messages that are written as they are. An event is found by
 * its position, the number of events added before it, for sequences have gaps where RESUMED stood.
 */
final class ReplayRing {

  private static final int INITIAL_SLOTS = 16;

  private final int maxEvents;
  private final int maxBytes;
  private byte[][] messages = new byte[INITIAL_SLOTS][];
  private long[] sequences = new long[INITIAL_SLOTS];
  private long first;
  private long end;
  private long bytes;
  private long droppedThrough;

  /**
   * Creates an empty ring.
   *
   * @param maxEvents how many events are kept
   * @param maxBytes how many bytes are kept, except that the newest event is kept in any case
   * @param droppedThrough the sequence up to which there is nothing to replay
   */
  ReplayRing(int maxEvents, int maxBytes, long droppedThrough) {
    this.maxEvents = maxEvents;
    this.maxBytes = maxBytes;
    this.droppedThrough = droppedThrough;
  }

  /** {@return the position of the oldest event that is kept} */
  long first() {
    return first;
  }

  /** {@return the position that the next event will have} */
  long end() {
    return end;
  }

  byte[] get(long position) {
    return messages[slot(position)];
  }

  /** {@return the position of the first event after a sequence, -1 if such an event was dropped} */
  long positionAfter(long sequence) {
    if (sequence < droppedThrough) {
      return -1;
    }
    long low = first;
    long high = end;
    while (low < high) {
      long middle = (low + high) >>> 1;
      if (sequences[slot(middle)] <= sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Adds an event, dropping as many of the oldest as the bounds demand. */
  void add(long sequence, byte[] message) {
    while (first < end && (end - first == maxEvents || bytes + message.length > maxBytes)) {
      dropFirst();
    }
    if (end - first == messages.length) {
      grow();
    }
    int slot = slot(end++);
    messages[slot] = message;
    sequences[slot] = sequence;
    bytes += message.length;
  }

  /** Drops every event and the memory that they took. */
  void clear() {
    while (first < end) {
      dropFirst();
    }
    messages = new byte[INITIAL_SLOTS][];
    sequences = new long[INITIAL_SLOTS];
  }

  private void dropFirst() {
    int slot = slot(first++);
    droppedThrough = sequences[slot];
    bytes -= messages[slot].length;
    messages[slot] = EMPTY;
  }

  private void grow() {
    byte[][] largerMessages = new byte[messages.length * 2][];
    long[] largerSequences = new long[messages.length * 2];
    for (long position = first; position < end; position++) {
      int slot = (int) position & (largerMessages.length - 1);
      largerMessages[slot] = messages[slot(position)];
      largerSequences[slot] = sequences[slot(position)];
    }
    messages = largerMessages;
    sequences = largerSequences;
  }

  private int slot(long position) {
    return (int) position & (messages.length - 1);
  }

  private static final byte[] EMPTY = {};
}
