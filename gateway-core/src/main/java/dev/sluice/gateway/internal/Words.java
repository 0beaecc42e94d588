package dev.sluice.gateway.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Eight bytes of a buffer at a time. The first byte is the lowest of the word, whatever the order
 * of the buffer; every index is absolute.
 */
final class Words {

  /** The bytes in a word. */
  static final int BYTES = Long.BYTES;

  private static final VarHandle WORD =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final long QUOTES = ONES * '"';
  private static final long BACKSLASHES = ONES * '\\';
  private static final long ZEROS = ONES * '0';
  private static final long ABOVE_NINE = ONES * (0x80 - 10);

  private static final int[] POWERS_OF_TEN = {
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000
  };

  private Words() {}

  /** {@return the word at an index, which must be at least 8 bytes before the limit} */
  static long at(ByteBuffer message, int index) {
    return (long) WORD.get(message, index);
  }

  /** {@return the word of up to 8 ASCII characters, padded with zeros} */
  static long of(String text) {
    long word = 0;
    for (int i = text.length() - 1; i >= 0; i--) {
      word = (word << Byte.SIZE) | text.charAt(i);
    }
    return word;
  }

  /**
   * {@return whether the first {@code length} bytes of a word are at {@code index}} Also false when
   * fewer than 8 bytes are left, for a word is read whole.
   */
  static boolean matches(ByteBuffer message, int index, int end, long word, int length) {
    return end - index >= BYTES
        && (at(message, index) ^ word) << ((BYTES - length) * Byte.SIZE) == 0;
  }

  /** {@return the index of the first quote; or one within the last 7 before {@code end}} */
  static int skipToQuote(ByteBuffer message, int index, int end) {
    int i = index;
    for (; end - i >= BYTES; i += BYTES) {
      long hits = zeros(at(message, i) ^ QUOTES) & HIGH_BITS;
      if (hits != 0) {
        return i + firstHit(hits);
      }
    }
    return i;
  }

  /** {@return ten to the power of a number from 0 to 8} */
  static int powerOfTen(int exponent) {
    return POWERS_OF_TEN[exponent];
  }

  /** {@return how many of the first bytes of a word are digits, 0 to 8} */
  static int digits(long word) {
    long values = word ^ ZEROS;
    return firstHit((values | (values + ABOVE_NINE)) & HIGH_BITS);
  }

  /**
   * {@return the number that the first bytes of a word are}
   *
   * @param digits how many, 0 to 8, all of them digits
   */
  static long decimal(long word, int digits) {
    if (digits == 0) {
      return 0;
    }
    // As if it had leading zeros; then pairs of neighbours make one, three times.
    long values = (word ^ ZEROS) << ((BYTES - digits) * Byte.SIZE);
    values = values * 10 + (values >>> 8);
    return ((values & 0x000000FF_000000FFL) * 0x000F4240_00000064L
            + ((values >>> 16) & 0x000000FF_000000FFL) * 0x00002710_00000001L)
        >>> 32;
  }

  /** {@return the index of the first quote or backslash, {@code end} when there is none} */
  static int skipToQuoteOrBackslash(ByteBuffer message, int index, int end) {
    int i = index;
    for (; end - i >= BYTES; i += BYTES) {
      long word = at(message, i);
      long hits = (zeros(word ^ QUOTES) | zeros(word ^ BACKSLASHES)) & HIGH_BITS;
      if (hits != 0) {
        return i + firstHit(hits);
      }
    }
    while (i < end && message.get(i) != '"' && message.get(i) != '\\') {
      i++;
    }
    return i;
  }

  /**
   * {@return a word whose lowest high bit stands in its lowest zero byte; the higher ones may lie}
   */
  private static long zeros(long word) {
    return (word - ONES) & ~word;
  }

  private static int firstHit(long hits) {
    return Long.numberOfTrailingZeros(hits) / Byte.SIZE;
  }
}
