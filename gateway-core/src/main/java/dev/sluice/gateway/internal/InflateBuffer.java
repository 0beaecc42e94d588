package dev.sluice.gateway.internal;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Where inflated payloads land: a heap array that grows for a flood and shrinks after it. Confined
 * to one thread; its content is good until the next payload.
 */
public final class InflateBuffer {

  static final int INITIAL_BYTES = 16 * 1024;

  /** After so many payloads the array is measured against the largest of them. */
  private static final int REVIEW_PAYLOADS = 1024;

  private byte[] array = new byte[INITIAL_BYTES];
  private ByteBuffer view = ByteBuffer.wrap(array);
  private int length;
  private int payloads;
  private int largest;

  /** Creates a buffer of the initial capacity. */
  public InflateBuffer() {}

  /** {@return the bytes of the payload, as the array from 0 to {@link #length()}} */
  public byte[] array() {
    return array;
  }

  /** {@return how many bytes of the array are the payload} */
  public int length() {
    return length;
  }

  /** {@return a view of the whole array; position and limit are of no meaning} */
  public ByteBuffer view() {
    return view;
  }

  /** Starts a payload with what came of it before. */
  void begin(byte[] unfinished) {
    if (++payloads == REVIEW_PAYLOADS) {
      review();
    }
    length = 0;
    if (array.length < unfinished.length) {
      replace(new byte[unfinished.length]);
    }
    System.arraycopy(unfinished, 0, array, 0, unfinished.length);
    length = unfinished.length;
  }

  /** Adds bytes that were written at {@link #length()}. */
  void advance(int bytes) {
    length += bytes;
    largest = Math.max(largest, length);
  }

  boolean isFull() {
    return length == array.length;
  }

  /** Grows to at most one byte more than a payload may have, which tells that it has more. */
  void grow(int maxBytes) {
    replace(Arrays.copyOf(array, (int) Math.min(maxBytes + 1L, array.length * 2L)));
  }

  private void review() {
    if (array.length > INITIAL_BYTES && largest < array.length / 4) {
      replace(new byte[Math.max(INITIAL_BYTES, array.length / 2)]);
    }
    payloads = 0;
    largest = 0;
  }

  private void replace(byte[] replacement) {
    array = replacement;
    view = ByteBuffer.wrap(replacement);
  }
}
