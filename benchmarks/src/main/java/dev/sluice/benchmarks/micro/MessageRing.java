package dev.sluice.benchmarks.micro;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Messages that come round and round, each in an array and in a direct buffer such as a socket is
 * read into. {@link #FEW} of an event's usual size fit into the nearest cache together with what is
 * made of them. {@link #MANY} do not always, so that a copy of them may wait for the next cache.
 *
 * <p>{@link #advance} lets the sequences rise as those of a session do: it writes to the message
 * that came last, which is read again a whole round later.
 */
final class MessageRing {

  /** Powers of ten, for then a sequence moves on by a change of one digit, mostly. */
  static final int FEW = 10;

  static final int MANY = 100;

  private final byte[][] arrays;
  private final ByteBuffer[] buffers;
  private final int[] sequenceStarts;
  private final int stepDigit; // counted from the first of the nine
  private int next;
  private int last;

  private MessageRing(List<byte[]> messages) {
    arrays = messages.toArray(byte[][]::new);
    buffers = messages.stream().map(Messages::direct).toArray(ByteBuffer[]::new);
    sequenceStarts = messages.stream().mapToInt(Messages::sequenceStart).toArray();
    stepDigit = stepDigit(arrays.length);
  }

  /**
   * Makes a ring.
   *
   * @param messages {@link #FEW} or {@link #MANY}, with sequences of nine digits in a row
   */
  static MessageRing of(List<byte[]> messages) {
    if (messages.size() != FEW && messages.size() != MANY) {
      throw new IllegalArgumentException(
          "messages: " + messages.size() + " (expected: " + FEW + " or " + MANY + ')');
    }
    return new MessageRing(messages);
  }

  static MessageRing of(String event, int messages) {
    return of(Messages.of(event, messages));
  }

  /** {@return the next message in a direct buffer, whole between position and limit} */
  ByteBuffer next() {
    return buffers[step()].clear();
  }

  /** {@return the next message in an array} */
  byte[] nextArray() {
    return arrays[step()];
  }

  /** Lets the sequence of the last {@link #next} rise by the size of the ring. */
  void advance() {
    raise(buffers[last], sequenceStarts[last], stepDigit);
  }

  /**
   * Adds one to a digit of a number and carries. One that would become longer starts over.
   *
   * @param message has the number in decimal
   * @param start the index of its first digit
   * @param digit which of its digits, from 0
   */
  static void raise(ByteBuffer message, int start, int digit) {
    int i = start + digit;
    while (message.get(i) == '9') {
      if (i == start) {
        message.put(i, (byte) '1');
        return;
      }
      message.put(i--, (byte) '0');
    }
    message.put(i, (byte) (message.get(i) + 1));
  }

  /** {@return the digit of a sequence of nine that counts rounds of so many messages} */
  static int stepDigit(int messages) {
    return String.valueOf(Messages.FIRST_SEQUENCE).length() - String.valueOf(messages).length();
  }

  private int step() {
    int index = next;
    last = index;
    next = index + 1 == arrays.length ? 0 : index + 1;
    return index;
  }
}
