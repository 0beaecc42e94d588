package dev.sluice.gateway.internal;

import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;

/**
 * Follows the frames and blocks of a zstd stream without decompressing them, and holds each message
 * to end where a block or a frame does. A decompressor alone would not notice a message that is cut
 * short: it would take the start of the next one for the rest.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8878#section-3">RFC 8878, section 3</a>
 */
final class ZstdBlocks {

  /** The largest window: what RFC 8878 recommends every decoder to support, 8 MiB. */
  static final int MAX_WINDOW_LOG = 23;

  private static final int MAGIC = 0xFD2FB528;
  private static final int SKIPPABLE_MAGIC = 0x184D2A50;
  private static final int SKIPPABLE_VARIANTS = 0xF;
  private static final int MAGIC_BYTES = 4;
  private static final int SIZE_BYTES = 4;
  private static final int CHECKSUM_BYTES = 4;
  private static final int BLOCK_HEADER_BYTES = 3;
  private static final int RLE = 1;
  private static final int RESERVED = 3;

  private boolean inFrame;
  private boolean checksum;

  /**
   * Follows one message.
   *
   * @param message the message between position and limit, which do not move
   * @throws DataFormatException if it does not continue the stream, does not end with a block, or
   *     wants what is not supported
   */
  void follow(ByteBuffer message) throws DataFormatException {
    int i = message.position();
    while (i < message.limit()) {
      i = inFrame ? block(message, i) : frame(message, i);
    }
  }

  private int block(ByteBuffer message, int index) throws DataFormatException {
    int header = (int) number(message, index, BLOCK_HEADER_BYTES);
    int type = (header >>> 1) & 3;
    if (type == RESERVED) {
      throw new DataFormatException("zstd block: reserved type");
    }
    int end = skip(message, index + BLOCK_HEADER_BYTES, type == RLE ? 1 : header >>> 3);
    boolean isLast = (header & 1) != 0;
    if (isLast) {
      inFrame = false;
      end = skip(message, end, checksum ? CHECKSUM_BYTES : 0);
    }
    return end;
  }

  private int frame(ByteBuffer message, int index) throws DataFormatException {
    int magic = (int) number(message, index, MAGIC_BYTES);
    int i = index + MAGIC_BYTES;
    if ((magic & ~SKIPPABLE_VARIANTS) == SKIPPABLE_MAGIC) {
      return skip(message, i + SIZE_BYTES, number(message, i, SIZE_BYTES));
    }
    if (magic != MAGIC) {
      throw new DataFormatException(
          "zstd magic: " + Integer.toHexString(magic) + " (expected: fd2fb528)");
    }
    int descriptor = (int) number(message, i++, 1);
    boolean isSingleSegment = (descriptor & (1 << 5)) != 0;
    checksum = (descriptor & (1 << 2)) != 0;
    long window = 0;
    if (!isSingleSegment) {
      window = window((int) number(message, i++, 1));
    }
    int dictionaryBytes = (1 << (descriptor & 3)) >> 1;
    if (number(message, i, dictionaryBytes) != 0) {
      throw new DataFormatException("zstd frame: wants a dictionary (expected: none)");
    }
    i += dictionaryBytes;
    int contentSizeFlag = descriptor >>> 6;
    int contentSizeBytes = contentSizeFlag == 0 ? (isSingleSegment ? 1 : 0) : 1 << contentSizeFlag;
    long contentSize = number(message, i, contentSizeBytes);
    if (isSingleSegment) {
      window = contentSize;
    }
    if (window < 0 || window > 1L << MAX_WINDOW_LOG) {
      throw new DataFormatException(
          "zstd window: "
              + Long.toUnsignedString(window)
              + " bytes (expected: <= "
              + (1 << MAX_WINDOW_LOG)
              + ')');
    }
    inFrame = true;
    return i + contentSizeBytes;
  }

  private static long window(int descriptor) {
    long base = 1L << (10 + (descriptor >>> 3));
    return base + base / 8 * (descriptor & 7);
  }

  /** {@return the little-endian number of up to 8 bytes at an index, which must be there} */
  private static long number(ByteBuffer message, int index, int bytes) throws DataFormatException {
    skip(message, index, bytes);
    long number = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      number = (number << Byte.SIZE) | (message.get(index + i) & 0xFF);
    }
    return number;
  }

  /** {@return the index after so many bytes, which must be there} */
  private static int skip(ByteBuffer message, int index, long bytes) throws DataFormatException {
    if (bytes > message.limit() - index) {
      throw new DataFormatException("zstd message ends within a block or header");
    }
    return index + (int) bytes;
  }
}
