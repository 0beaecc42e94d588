package dev.sluice.gateway.netty.internal.frame;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Whether bytes are UTF-8 as RFC 3629 has it: nothing overlong, no surrogates, nothing over
 * U+10FFFF. Made for text that is mostly ASCII, of which it reads 64 bytes a step.
 */
public final class Utf8 {

  /** What {@link #check} returns for bytes that no further byte can make well-formed. */
  public static final int MALFORMED = -1;

  private static final int INCOMPLETE = 0;
  private static final int BLOCK_BYTES = 8 * Long.BYTES;
  private static final long HIGH_BITS = 0x8080808080808080L;

  // In words the first byte is the lowest, whatever the order of the buffer.
  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private Utf8() {}

  /**
   * Checks a part of a text that begins with a character. A text that comes in parts is checked
   * without looking at a byte twice: the next check begins where this one ended.
   *
   * @param bytes the text; its position and limit play no part
   * @param from the index of the first byte to check
   * @param to the index after the last
   * @return {@code to} if all of it is well-formed; a lower index if the character that begins
   *     there is well-formed as far as it goes, and breaks off; {@link #MALFORMED} otherwise
   */
  public static int check(ByteBuffer bytes, int from, int to) {
    int i = skipAscii(bytes, from, to);
    while (i < to) {
      int length =
          to - i >= Integer.BYTES ? length((int) INT.get(bytes, i)) : lengthAtEnd(bytes, i, to);
      if (length <= INCOMPLETE) {
        return length == INCOMPLETE ? i : MALFORMED;
      }
      i += length;
      if (i < to && bytes.get(i) >= 0) {
        i = skipAscii(bytes, i, to);
      }
    }
    return i;
  }

  /** {@return the index of the first byte that is not ASCII, {@code to} when there is none} */
  private static int skipAscii(ByteBuffer bytes, int from, int to) {
    int i = from;
    if (to - i >= Long.BYTES) {
      long hits = word(bytes, i) & HIGH_BITS; // first, for other scripts have short runs of ASCII
      if (hits != 0) {
        return i + firstHit(hits);
      }
      for (; i <= to - BLOCK_BYTES; i += BLOCK_BYTES) {
        long block =
            (word(bytes, i) | word(bytes, i + 8))
                | (word(bytes, i + 16) | word(bytes, i + 24))
                | (word(bytes, i + 32) | word(bytes, i + 40))
                | (word(bytes, i + 48) | word(bytes, i + 56));
        if ((block & HIGH_BITS) != 0) {
          break;
        }
      }
      for (; i <= to - Long.BYTES; i += Long.BYTES) {
        hits = word(bytes, i) & HIGH_BITS;
        if (hits != 0) {
          return i + firstHit(hits);
        }
      }
    }
    while (i < to && bytes.get(i) >= 0) {
      i++;
    }
    return i;
  }

  /** {@return the length of the character that is not ASCII at the low end of a word} */
  private static int length(int word) {
    if ((word & 0xC0E0) == 0x80C0) {
      return (word & 0x1E) != 0 ? 2 : MALFORMED;
    }
    if ((word & 0xC0C0F0) == 0x8080E0) {
      int high = (word & 0x0F) << 12 | (word >>> 8 & 0x3F) << 6;
      return high >= 0x800 && (high & 0xF800) != 0xD800 ? 3 : MALFORMED;
    }
    if ((word & 0xC0C0C0F8) == 0x808080F0) {
      int high = (word & 0x07) << 18 | (word >>> 8 & 0x3F) << 12;
      return high >= 0x1_0000 && high < 0x11_0000 ? 4 : MALFORMED;
    }
    return MALFORMED;
  }

  /** As {@link #length}, with less than four bytes left: the character may break off. */
  private static int lengthAtEnd(ByteBuffer bytes, int index, int to) {
    // What is missing is taken for the continuation that allows the most.
    int first = bytes.get(index) & 0xFF;
    int word = first | (first == 0xED || first == 0xF4 ? 0x80 : 0xBF) << 8 | 0x80800000;
    for (int i = index + 1; i < to; i++) {
      int shift = (i - index) * Byte.SIZE;
      word = (word & ~(0xFF << shift)) | (bytes.get(i) & 0xFF) << shift;
    }
    int length = length(word);
    return length > to - index ? INCOMPLETE : length;
  }

  private static long word(ByteBuffer bytes, int index) {
    return (long) LONG.get(bytes, index);
  }

  private static int firstHit(long hits) {
    return Long.numberOfTrailingZeros(hits) / Byte.SIZE;
  }
}
