package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.sluice.gateway.EventType;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Finds the guild that an event belongs to, without parsing the event. It finds what a parser would
 * find in valid JSON, but is no validator: in anything else it may find an id or not.
 */
public final class GuildIds {

  private static final byte[] ID = "id".getBytes(US_ASCII);
  private static final byte[] GUILD_ID = "guild_id".getBytes(US_ASCII);

  /** What {@link #at} returns at the end. */
  private static final int NOTHING = -1;

  private GuildIds() {}

  /**
   * {@return the id of the guild that the event belongs to, unsigned; 0 when there is none} It is
   * {@code guild_id}, or {@code id} of events about a guild itself, at the first level of {@code
   * d}: a string of digits or an integer, written without escapes and leading zeros. Of a key that
   * occurs twice any may count. Allocates nothing; position, limit and byte order of the buffer
   * neither matter nor change.
   *
   * @param type the event's type
   * @param message the buffer that holds the event's {@code d}
   * @param start the index of the first byte of {@code d}
   * @param end the index after its last byte
   * @throws IndexOutOfBoundsException if the range is not within the limit; never for the bytes
   */
  public static long find(EventType type, ByteBuffer message, int start, int end) {
    Objects.checkFromToIndex(start, end, message.limit());
    byte[] key = key(type);
    long id = findLast(key, message, start, end);
    return id == 0 ? findFirst(key, message, start, end) : id;
  }

  /** {@return the key of the guild's id in the {@code d} of an event, in ASCII} */
  static byte[] key(EventType type) {
    return switch (type) {
      case GUILD_CREATE, GUILD_UPDATE, GUILD_DELETE -> ID;
      default -> GUILD_ID;
    };
  }

  /**
   * Looks at the last member only, where the gateway puts the guild of most messages. No walk is
   * needed to tell that it is on the first level: the brace at the end closes the one at the start,
   * and the quotes are not escaped, since no backslash stands before them.
   */
  private static long findLast(byte[] key, ByteBuffer message, int start, int end) {
    int i = end - 2;
    if (i <= start
        || message.get(start) != '{'
        || message.get(end - 1) != '}'
        || message.get(i) != '"') {
      return 0;
    }
    do {
      i--;
    } while (i > start && isDigit(message.get(i)));
    int keyStart = i - 2 - key.length;
    if (keyStart - 2 < start
        || message.get(i) != '"'
        || message.get(i - 1) != ':'
        || message.get(i - 2) != '"'
        || !isKey(key, message, keyStart, i - 2)
        || message.get(keyStart - 1) != '"') {
      return 0;
    }
    int before = message.get(keyStart - 2);
    return before == ',' || before == '{' ? id(message, i, end) : 0;
  }

  private static long findFirst(byte[] key, ByteBuffer message, int start, int end) {
    int i = skipWhitespace(message, start, end);
    if (at(message, i, end) != '{') {
      return 0;
    }
    do {
      i = skipWhitespace(message, i + 1, end);
      if (at(message, i, end) != '"') {
        return 0;
      }
      int keyStart = i + 1;
      int keyEnd = stringEnd(message, keyStart, end);
      i = skipWhitespace(message, keyEnd + 1, end);
      if (at(message, i, end) != ':') {
        return 0;
      }
      i = skipWhitespace(message, i + 1, end);
      if (isKey(key, message, keyStart, keyEnd)) {
        return id(message, i, end);
      }
      i = skipValue(message, i, end);
    } while (at(message, i, end) == ',');
    return 0;
  }

  /**
   * {@return the integer at an index, in quotes or not; 0 when there is none or it is too large}
   */
  private static long id(ByteBuffer message, int index, int end) {
    boolean isQuoted = at(message, index, end) == '"';
    int first = isQuoted ? index + 1 : index;
    long id = 0;
    int i = first;
    for (int next = at(message, i, end); isDigit(next); next = at(message, ++i, end)) {
      id = id * 10 + (next - '0');
    }
    if (overflows(message, first, i, id)) {
      return 0;
    }
    int after = at(message, isQuoted ? i : skipWhitespace(message, i, end), end);
    boolean isWhole = isQuoted ? after == '"' : after == ',' || after == '}';
    return isWhole ? id : 0;
  }

  /** {@return the integer that is all there is between two indexes; 0 when it is too large} */
  static long digits(ByteBuffer message, int from, int to) {
    long id = 0;
    for (int i = from; i < to; i++) {
      int next = message.get(i);
      if (!isDigit(next)) {
        return 0;
      }
      id = id * 10 + (next - '0');
    }
    return overflows(message, from, to, id) ? 0 : id;
  }

  /**
   * {@return whether the digits between two indexes did not fit the 64 bits that they were read to}
   */
  private static boolean overflows(ByteBuffer message, int from, int to, long id) {
    // 19 digits fit; 20 do when they begin with a 1 and have the highest bit, or else they wrapped.
    int digits = to - from;
    return digits > 20 || (digits == 20 && (message.get(from) != '1' || id > 0));
  }

  /** {@return whether a key is written between two indexes, perhaps with escapes} */
  private static boolean isKey(byte[] key, ByteBuffer message, int from, int to) {
    int i = from;
    for (byte expected : key) {
      int next = at(message, i, to);
      if (next == '\\') {
        next = unicodeEscape(message, i, to);
        i += 6;
      } else {
        i++;
      }
      if (next != expected) {
        return false;
      }
    }
    return i == to;
  }

  /** {@return the character of an escape with {@code u}; no other one can stand for a letter} */
  private static int unicodeEscape(ByteBuffer message, int index, int end) {
    if (at(message, index + 1, end) != 'u') {
      return NOTHING;
    }
    int character = 0;
    for (int i = index + 2; i < index + 6; i++) {
      int digit = Character.digit(at(message, i, end), 16);
      if (digit < 0) {
        return NOTHING;
      }
      character = (character << 4) | digit;
    }
    return character;
  }

  /** {@return the index of the comma or brace that ends a value of the first level} */
  private static int skipValue(ByteBuffer message, int index, int end) {
    int depth = 0;
    int i = index;
    while (true) {
      switch (at(message, i, end)) {
        case '"' -> i = stringEnd(message, i + 1, end);
        case '{', '[' -> depth++;
        case '}', ']' -> {
          if (depth == 0) {
            return i;
          }
          depth--;
        }
        case ',' -> {
          if (depth == 0) {
            return i;
          }
        }
        case NOTHING -> {
          return end;
        }
        default -> {}
      }
      i++;
    }
  }

  /** {@return the index of the quote that ends a string, {@code end} when there is none} */
  private static int stringEnd(ByteBuffer message, int index, int end) {
    int i = Words.skipToQuoteOrBackslash(message, index, end);
    while (at(message, i, end) == '\\') {
      i = Words.skipToQuoteOrBackslash(message, i + 2, end);
    }
    return Math.min(i, end);
  }

  private static int skipWhitespace(ByteBuffer message, int index, int end) {
    int i = index;
    while (isWhitespace(at(message, i, end))) {
      i++;
    }
    return i;
  }

  private static int at(ByteBuffer message, int index, int end) {
    return index < end ? message.get(index) & 0xFF : NOTHING;
  }

  private static boolean isDigit(int character) {
    return character >= '0' && character <= '9';
  }

  private static boolean isWhitespace(int character) {
    return character == ' ' || character == '\n' || character == '\r' || character == '\t';
  }
}
