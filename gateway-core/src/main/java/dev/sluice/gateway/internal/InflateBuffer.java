package dev.sluice.gateway.internal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;

/**
 * Where decompressed payloads land: a heap array that grows for a flood and shrinks after it. It
 * holds every compression to the same limits. Confined to one thread; its content is good until the
 * next payload.
 */
public final class InflateBuffer {

  static final int INITIAL_BYTES = 16 * 1024;

  /** Guards against a stream that expands without end; real traffic stays far below. */
  static final int MAX_RATIO = 250;

  static final int RATIO_FREE_BYTES = 1 << 20;

  /** After so many payloads the array is measured against the largest of them. */
  private static final int REVIEW_PAYLOADS = 1024;

  private static final int STAGE_BYTES = 8 * 1024;

  private @Nullable ByteBuffer stage; // made at first use
  private byte[] array = new byte[INITIAL_BYTES];
  private ByteBuffer view = ByteBuffer.wrap(array);
  private int length;
  private int maxBytes;
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

  /**
   * Starts a payload with what came of it before.
   *
   * @param unfinished what came before
   * @param maxBytes the most that the payload may have
   */
  void begin(byte[] unfinished, int maxBytes) {
    if (++payloads == REVIEW_PAYLOADS) {
      review();
    }
    this.maxBytes = maxBytes;
    if (array.length < unfinished.length) {
      replace(new byte[unfinished.length]);
    }
    System.arraycopy(unfinished, 0, array, 0, unfinished.length);
    length = unfinished.length;
  }

  /**
   * {@return the next part of a compressed message in an array} The message moves behind it; one
   * that has an array of its own is returned itself, and is for the caller to move.
   */
  ByteBuffer stage(ByteBuffer message) {
    if (message.hasArray()) {
      return message;
    }
    if (stage == null) {
      stage = ByteBuffer.allocate(STAGE_BYTES);
    }
    stage.clear().limit(Math.min(STAGE_BYTES, message.remaining()));
    int limit = message.limit();
    stage.put(message.limit(message.position() + stage.remaining())).flip();
    message.limit(limit);
    return stage;
  }

  /**
   * {@return the free part of the array, between position and limit: at least one byte, at most one
   * byte more than the payload may have, which tells that it has more}
   */
  ByteBuffer room() {
    if (length == array.length) {
      replace(Arrays.copyOf(array, (int) Math.min(maxBytes + 1L, array.length * 2L)));
    }
    // The array may be larger than this payload's limit, for others share it.
    return view.limit((int) Math.min(maxBytes + 1L, array.length)).position(length);
  }

  /**
   * Takes note of what was written to the {@link #room}, up to its position.
   *
   * @param compressedBytes how many bytes it all came of
   * @throws DataFormatException if the payload is larger than it may be
   */
  void written(long compressedBytes) throws DataFormatException {
    length = view.position();
    largest = Math.max(largest, length);
    if (length > maxBytes) {
      throw new DataFormatException("decompressed payload: over " + maxBytes + " bytes");
    }
    if (length > RATIO_FREE_BYTES && length / MAX_RATIO > compressedBytes) {
      throw new DataFormatException(
          "decompressed payload: "
              + length
              + " bytes of "
              + compressedBytes
              + " (expected: at most "
              + MAX_RATIO
              + " for one)");
    }
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
