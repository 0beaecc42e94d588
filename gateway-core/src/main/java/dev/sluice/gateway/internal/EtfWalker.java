package dev.sluice.gateway.internal;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Walks over terms and checks that each is whole, without recursion, allocation or exceptions. What
 * atoms and binaries contain is not looked at. Not thread-safe; reused for many messages.
 *
 * <p>A walk takes the index of a term and returns the index after it, or -1 once it has failed;
 * given -1 it returns -1, so walks can be chained. The first failure is kept.
 */
final class EtfWalker {

  private static final int FAILED = -1;

  /** What {@link #at} returns outside the message. */
  private static final int NOTHING = -1;

  /** What {@link #length} returns when its bytes are missing: more than any message has. */
  private static final long MISSING = 1L << 40;

  private static final int NO_MEMBERS = -1;
  private static final ByteBuffer NO_MESSAGE = ByteBuffer.allocate(0);

  private final int[] left = new int[EtfTag.MAX_DEPTH];
  private final boolean[] lists = new boolean[EtfTag.MAX_DEPTH];

  private ByteBuffer message = NO_MESSAGE;
  private int start;
  private int end;
  private int members;
  private boolean isList;
  private int textStart;
  private int textEnd;
  private @Nullable String expected;
  private int failedAt;

  /** Starts over with a message between {@code start} and {@code end}. */
  void reset(ByteBuffer message, int start, int end) {
    this.message = message;
    this.start = start;
    this.end = end;
    expected = null;
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
        actual == NOTHING ? "end of message" : "0x" + HexFormat.of().toHexDigits((byte) actual);
    return "byte " + (failedAt - start) + ": " + found + " (expected: " + expected + ')';
  }

  /** Walks over a map's tag and size; {@link #members} then has twice its pairs. */
  int map(int index) {
    if (index < 0) {
      return FAILED;
    }
    return at(index) == EtfTag.MAP ? head(index) : fail(index, "a map");
  }

  /** {@return how many terms are in the container that a walk stands in} */
  int members() {
    return members;
  }

  /** Walks over one term, with everything in it, that is nested in the message's. */
  int term(int index) {
    int depth = 0;
    int i = index;
    left[0] = 1;
    lists[0] = false;
    while (i >= 0) {
      int tag = i;
      i = head(i);
      if (members == NO_MEMBERS) {
        left[depth]--;
      } else if (depth == EtfTag.MAX_DEPTH - 1) {
        return fail(tag, "a nesting of at most " + EtfTag.MAX_DEPTH);
      } else {
        depth++;
        left[depth] = members;
        lists[depth] = isList;
      }
      while (i >= 0 && left[depth] == 0) {
        if (lists[depth]) {
          i = at(i) == EtfTag.NIL ? i + 1 : fail(i, "the end of a list");
        }
        if (depth == 0) {
          return i;
        }
        depth--;
        left[depth]--;
      }
    }
    return FAILED;
  }

  /** {@return whether a term that was walked over is an atom or a binary, and of this text} */
  boolean isText(int index, byte[] ascii) {
    if (!findText(index) || textEnd - textStart != ascii.length) {
      return false;
    }
    for (int i = 0; i < ascii.length; i++) {
      if (message.get(textStart + i) != ascii[i]) {
        return false;
      }
    }
    return true;
  }

  /** Finds the text of a term that was walked over, if it is an atom or a binary. */
  boolean findText(int index) {
    textStart =
        switch (at(index)) {
          case EtfTag.SMALL_ATOM, EtfTag.SMALL_ATOM_UTF8 -> index + 2;
          case EtfTag.ATOM, EtfTag.ATOM_UTF8 -> index + 3;
          case EtfTag.BINARY -> index + 5;
          default -> FAILED;
        };
    textEnd = textStart < 0 ? textStart : head(index);
    return textStart >= 0;
  }

  /** {@return where the text that was found begins} */
  int textStart() {
    return textStart;
  }

  /** {@return where the text that was found ends} */
  int textEnd() {
    return textEnd;
  }

  /** {@return whether a term that was walked over is an atom} */
  boolean isAtom(int index) {
    return switch (at(index)) {
      case EtfTag.SMALL_ATOM, EtfTag.SMALL_ATOM_UTF8, EtfTag.ATOM, EtfTag.ATOM_UTF8 -> true;
      default -> false;
    };
  }

  /**
   * {@return whether a term that was walked over is an integer from 0 to 2^64 - 1} If so {@link
   * #integer} yields it.
   */
  boolean isUnsigned(int index) {
    return switch (at(index)) {
      case EtfTag.SMALL_INTEGER -> true;
      case EtfTag.INTEGER -> message.get(index + 1) >= 0;
      case EtfTag.SMALL_BIG -> at(index + 1) <= Long.BYTES && at(index + 2) == 0;
      default -> false;
    };
  }

  /** {@return the integer at an index where there is one, unsigned} */
  long integer(int index) {
    if (at(index) != EtfTag.SMALL_BIG) {
      return length(index + 1, at(index) == EtfTag.INTEGER ? Integer.BYTES : 1);
    }
    long integer = 0;
    for (int i = index + 2 + at(index + 1); i > index + 2; i--) {
      integer = (integer << Byte.SIZE) | at(i);
    }
    return integer;
  }

  /** Walks over a term, or over the tag and size of one that has members, which come next. */
  private int head(int index) {
    members = NO_MEMBERS;
    isList = false;
    return switch (at(index)) {
      case EtfTag.SMALL_INTEGER -> skip(index, 1 + 1);
      case EtfTag.INTEGER -> skip(index, 1 + Integer.BYTES);
      case EtfTag.NEW_FLOAT -> skip(index, 1 + Double.BYTES);
      case EtfTag.FLOAT -> skip(index, 1 + EtfTag.FLOAT_BYTES);
      case EtfTag.SMALL_ATOM, EtfTag.SMALL_ATOM_UTF8 -> skip(index, 2 + length(index + 1, 1));
      case EtfTag.ATOM, EtfTag.ATOM_UTF8, EtfTag.STRING -> skip(index, 3 + length(index + 1, 2));
      case EtfTag.BINARY -> skip(index, 5 + length(index + 1, 4));
      case EtfTag.SMALL_BIG -> skip(index, 3 + length(index + 1, 1));
      case EtfTag.LARGE_BIG -> skip(index, 6 + length(index + 1, 4));
      case EtfTag.NIL -> index + 1;
      case EtfTag.LIST -> {
        isList = true;
        yield enter(index + 5, length(index + 1, 4));
      }
      case EtfTag.MAP -> enter(index + 5, 2 * length(index + 1, 4));
      case EtfTag.SMALL_TUPLE -> enter(index + 2, length(index + 1, 1));
      case EtfTag.LARGE_TUPLE -> enter(index + 5, length(index + 1, 4));
      default -> fail(index, "a term");
    };
  }

  private int enter(int index, long members) {
    // Each takes a byte at least: so no size is believed that the message cannot hold.
    if (members > end - index) {
      return fail(end, members >= MISSING ? "a size" : members + " terms");
    }
    this.members = (int) members;
    return index;
  }

  private int skip(int index, long bytes) {
    return bytes <= end - index ? index + (int) bytes : fail(end, "the rest of a term");
  }

  /** {@return the big-endian number of some bytes} */
  private long length(int index, int bytes) {
    if (bytes > end - index) {
      return MISSING;
    }
    long length = 0;
    for (int i = index; i < index + bytes; i++) {
      length = (length << Byte.SIZE) | (message.get(i) & 0xFF);
    }
    return length;
  }
}
