package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Walks over JSON tokens and checks them, without recursion, allocation or exceptions. Not
 * thread-safe; reused for many messages.
 *
 * <p>A walk takes the index of the first byte of what it expects and returns the index after it, or
 * -1 once the expectation has failed; given -1 it returns -1, so walks can be chained. The first
 * failure is kept.
 */
final class JsonWalker {

  /** How deep values may nest, the whole message being the first level; the limit of Jackson. */
  static final int MAX_DEPTH = 1000;

  private static final int FAILED = -1;

  /** What {@link #at} returns outside the message. */
  private static final int NOTHING = -1;

  private static final ByteBuffer NO_MESSAGE = ByteBuffer.allocate(0);

  private final long[] objectLevels = new long[(MAX_DEPTH + Long.SIZE) / Long.SIZE];

  private ByteBuffer message = NO_MESSAGE;
  private int start;
  private int end;
  private long number;
  private @Nullable String expected;
  private int failedAt;

  /** Starts over with a message between {@code start} and {@code end}. */
  void reset(ByteBuffer message, int start, int end) {
    this.message = message;
    this.start = start;
    this.end = end;
    expected = null;
  }

  /** Lets go of the last message, and forgets what failed in it. */
  @SuppressWarnings("ReferenceEquality")
  void forget() {
    expected = null;
    if (message != NO_MESSAGE) {
      message = NO_MESSAGE;
    }
  }

  /** {@return the unsigned byte at an index, negative when outside the message} */
  int at(int index) {
    return index >= start && index < end ? message.get(index) & 0xFF : NOTHING;
  }

  /** Notes a failure unless there was one before, and returns -1. */
  int fail(int index, String expected) {
    if (this.expected == null) {
      this.expected = expected;
      failedAt = index;
    }
    return FAILED;
  }

  /** {@return whether nothing has failed since the reset} */
  boolean isIntact() {
    return expected == null;
  }

  /** {@return where and why it failed first, null when nothing failed} */
  @Nullable String failure() {
    if (expected == null) {
      return null;
    }
    int actual = at(failedAt);
    String found =
        actual == NOTHING
            ? "end of message"
            : actual > ' ' && actual < 0x7F
                ? "'" + (char) actual + '\''
                : "0x" + HexFormat.of().toHexDigits((byte) actual);
    return "byte " + (failedAt - start) + ": " + found + " (expected: " + expected + ')';
  }

  /** Walks over one given character. */
  int character(int index, char character) {
    if (index < 0) {
      return FAILED;
    }
    return at(index) == character ? index + 1 : fail(index, "'" + character + '\'');
  }

  /** Walks over white space, if any. */
  int whitespace(int index) {
    int i = index;
    while (isWhitespace(at(i))) {
      i++;
    }
    return i;
  }

  /** {@return the end of what stands before {@code index} and trailing white space} */
  int trimmedEnd(int index) {
    int i = index;
    while (isWhitespace(at(i - 1))) {
      i--;
    }
    return i;
  }

  /** Walks over a string and checks its escapes and its UTF-8. */
  int string(int index) {
    int i = character(index, '"');
    while (i >= 0) {
      int next = at(i);
      if (next == '"') {
        return i + 1;
      }
      if (next == '\\') {
        i = escape(i);
      } else if (next < ' ') {
        return fail(i, next == NOTHING ? "'\"'" : "no control character");
      } else {
        i = next < 0x80 ? i + 1 : longCharacter(i);
      }
    }
    return FAILED;
  }

  /**
   * Walks over the digits of a non-negative integer that fits a long, which {@link #number} returns
   * then. Returns -1 without noting a failure when there is none.
   */
  int unsigned(int index) {
    long value = 0;
    int i = index;
    for (; i < end && isDigit(message.get(i)); i++) {
      value = value * 10 + (message.get(i) - '0');
    }
    int digits = i - index;
    // 19 digits fit 64 bits; those that do not fit 63 are negative.
    if (digits < 1 || digits > 19 || value < 0 || (digits > 1 && at(index) == '0')) {
      return FAILED;
    }
    number = value;
    return i;
  }

  /** {@return the last integer that {@link #unsigned} walked over} */
  long number() {
    return number;
  }

  /**
   * Walks over a value of any kind that is nested in the message.
   *
   * @param checksText whether the content of strings is checked, or only their end found
   */
  int value(int index, boolean checksText) {
    int depth = 1;
    int i = index;
    while (i >= 0) {
      int next = at(i);
      if (next == '{' || next == '[') {
        if (depth == MAX_DEPTH) {
          return fail(i, "a nesting of at most " + MAX_DEPTH);
        }
        boolean isObject = next == '{';
        enter(++depth, isObject);
        i = whitespace(i + 1);
        if (at(i) != closing(depth)) {
          i = isObject ? key(i, checksText) : i;
          continue;
        }
      } else {
        i = scalar(i, next, checksText);
        if (depth == 1) {
          return i;
        }
        i = whitespace(i);
      }
      while (i >= 0 && at(i) == closing(depth)) {
        i++;
        if (--depth == 1) {
          return i;
        }
        i = whitespace(i);
      }
      if (i >= 0) {
        i =
            at(i) == ','
                ? whitespace(i + 1)
                : fail(i, isObject(depth) ? "',' or '}'" : "',' or ']'");
        i = isObject(depth) ? key(i, checksText) : i;
      }
    }
    return FAILED;
  }

  /**
   * {@return whether the text between two indexes of a string that was walked over is {@code
   * ascii}}
   */
  boolean isText(int from, int to, String ascii) {
    if (hasEscape(from, to)) {
      return text(from, to).equals(ascii);
    }
    if (to - from != ascii.length()) {
      return false;
    }
    for (int i = from; i < to; i++) {
      if (at(i) != ascii.charAt(i - from)) {
        return false;
      }
    }
    return true;
  }

  /** {@return whether there is an escape between two indexes of a string that was walked over} */
  boolean hasEscape(int from, int to) {
    for (int i = from; i < to; i++) {
      if (at(i) == '\\') {
        return true;
      }
    }
    return false;
  }

  /** {@return the text between two indexes of a string that was walked over, its escapes undone} */
  String text(int from, int to) {
    byte[] bytes = new byte[to - from];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = message.get(from + i);
    }
    String raw = new String(bytes, UTF_8);
    return raw.indexOf('\\') < 0 ? raw : unescape(raw);
  }

  private void enter(int depth, boolean isObject) {
    long bit = 1L << depth;
    int word = depth / Long.SIZE;
    objectLevels[word] = isObject ? objectLevels[word] | bit : objectLevels[word] & ~bit;
  }

  private boolean isObject(int depth) {
    return (objectLevels[depth / Long.SIZE] & 1L << depth) != 0;
  }

  private int closing(int depth) {
    return isObject(depth) ? '}' : ']';
  }

  private int key(int index, boolean checksText) {
    int i = checksText ? string(index) : uncheckedString(index);
    return whitespace(character(whitespace(i), ':'));
  }

  private int scalar(int index, int first, boolean checksText) {
    return switch (first) {
      case '"' -> checksText ? string(index) : uncheckedString(index);
      case 'n' -> literal(index, "null");
      case 't' -> literal(index, "true");
      case 'f' -> literal(index, "false");
      case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> decimal(index);
      default -> fail(index, "a value");
    };
  }

  private int uncheckedString(int index) {
    int i = character(index, '"');
    while (i >= 0) {
      i = Words.skipToQuoteOrBackslash(message, i, end);
      if (i >= end) {
        return fail(end, "'\"'");
      }
      if (message.get(i) == '"') {
        return i + 1;
      }
      i = Math.min(i + 2, end);
    }
    return FAILED;
  }

  private int literal(int index, String literal) {
    for (int i = 0; i < literal.length(); i++) {
      if (at(index + i) != literal.charAt(i)) {
        return fail(index + i, literal);
      }
    }
    return index + literal.length();
  }

  private int decimal(int index) {
    int i = at(index) == '-' ? index + 1 : index;
    i = at(i) == '0' ? i + 1 : digits(i);
    if (at(i) == '.') {
      i = digits(i + 1);
    }
    if (at(i) == 'e' || at(i) == 'E') {
      int sign = at(i + 1);
      i = digits(sign == '+' || sign == '-' ? i + 2 : i + 1);
    }
    return i;
  }

  private int digits(int index) {
    int i = index;
    while (isDigit(at(i))) {
      i++;
    }
    return i > index ? i : fail(index, "a digit");
  }

  private int escape(int index) {
    switch (at(index + 1)) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> {
        return index + 2;
      }
      case 'u' -> {
        for (int i = index + 2; i < index + 6; i++) {
          if (Character.digit(at(i), 16) < 0) {
            return fail(i, "a hexadecimal digit");
          }
        }
        return index + 6;
      }
      default -> {
        return fail(index + 1, "an escape");
      }
    }
  }

  /** Walks over a character of two to four bytes, see table 3-7 of the Unicode standard. */
  private int longCharacter(int index) {
    int lead = at(index);
    if (lead < 0xC2 || lead > 0xF4) {
      return fail(index, "UTF-8");
    }
    int min = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    int max = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    for (int i = index + 1; i < index + length; i++) {
      if (at(i) < min || at(i) > max) {
        return fail(i, "UTF-8");
      }
      min = 0x80;
      max = 0xBF;
    }
    return index + length;
  }

  private static String unescape(String raw) {
    StringBuilder text = new StringBuilder(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char next = raw.charAt(i);
      if (next == '\\') {
        i++;
        next =
            switch (raw.charAt(i)) {
              case 'b' -> '\b';
              case 'f' -> '\f';
              case 'n' -> '\n';
              case 'r' -> '\r';
              case 't' -> '\t';
              case 'u' -> {
                i += 4;
                yield (char) Integer.parseInt(raw.substring(i - 3, i + 1), 16);
              }
              default -> raw.charAt(i);
            };
      }
      text.append(next);
    }
    return text.toString();
  }

  private static boolean isDigit(int character) {
    return character >= '0' && character <= '9';
  }

  private static boolean isWhitespace(int character) {
    return character == ' ' || character == '\n' || character == '\r' || character == '\t';
  }
}
