package dev.sluice.gateway.internal;

import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.EventType;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The envelope of a payload in JSON, read without parsing the rest.
 *
 * <p>The gateway writes {@code t}, {@code s} and {@code op} before {@code d}, and {@code d} last. A
 * scan that has seen the three stops at {@code d} and takes it to be everything up to the message's
 * last brace, provided that this ends as it begins. So these are not noticed:
 *
 * <ul>
 *   <li>an object or array in {@code d} that is malformed between its first and last bracket;
 *   <li>another key after {@code d}, if its value ends in the same bracket as {@code d}: {@code
 *       {"t":null,"s":null,"op":0,"d":{},"x":{}}}. Both then are in the extent of {@code d}, which
 *       no JSON parser accepts. The gateway sends no such key.
 * </ul>
 *
 * <p>In any other order of keys {@code d} is walked over, brackets, literals and numbers checked;
 * what its strings contain is not. Of a key that occurs twice the last counts.
 */
public final class JsonEnvelope implements Envelope {

  /*
   * What is the same in nearly all messages is compared eight bytes at a time; a message that
   * differs in any way, be it by a space, is scanned again from its start, one key after another.
   */
  private static final long NAME = Words.of("{\"t\":\"");
  private static final long SEQUENCE = Words.of("\",\"s\":");
  private static final long OP_DISPATCH = Words.of(",\"op\":0,");
  private static final long DATA = Words.of("\"d\":");

  private static final ByteBuffer NO_MESSAGE = ByteBuffer.allocate(0);

  /** The last two bytes of a message, of which the first closes {@code d}. */
  private static final int OBJECT_END = '}' << Byte.SIZE | '}';

  private static final int ARRAY_END = '}' << Byte.SIZE | ']';

  /** So many that every word that is read of a dispatch is within the message. */
  private static final int MIN_BYTES_AFTER_NAME = 6 + 2 * Words.BYTES + 2 * Words.BYTES;

  private static final int ABSENT = -1;
  private static final int INVALID = -2;

  private final JsonWalker walker = new JsonWalker();

  private ByteBuffer message = NO_MESSAGE;
  private int op;
  private int opAt;
  private long sequence;
  private int sequenceAt;
  private boolean sequenceSeen;
  private @Nullable EventType type;
  private int typeAt;
  private boolean typeSeen;
  private boolean typeValid;
  private int nameStart;
  private int nameEnd;
  private @Nullable String name;
  private int dataStart;
  private int dataEnd;

  /** Creates an envelope that has scanned nothing: everything is absent. */
  public JsonEnvelope() {
    clear();
  }

  @Override
  public Encoding encoding() {
    return Encoding.JSON;
  }

  @Override
  public boolean scan(ByteBuffer message, int start, int end) {
    Objects.checkFromToIndex(start, end, message.limit());
    this.message = message;
    if (scanDispatch(message, start, end)) {
      return true;
    }
    walker.reset(message, start, end);
    clear();
    scanAnyOrder(message, start, end);
    if (walker.isIntact()) {
      return true;
    }
    if (op != 0 || sequence < 0) {
      sequence = ABSENT;
    }
    return false;
  }

  @Override
  public int op() {
    return op;
  }

  @Override
  public long sequence() {
    return sequence;
  }

  @Override
  public @Nullable EventType type() {
    return type;
  }

  @Override
  public @Nullable String name() {
    if (name == null && type != null) {
      name = type == EventType.UNKNOWN ? walker.text(nameStart, nameEnd) : type.name();
    }
    return name;
  }

  @Override
  public ByteBuffer message() {
    return message;
  }

  @Override
  public long guildId() {
    return dataStart < 0
        ? 0
        : GuildIds.find(type == null ? EventType.UNKNOWN : type, message, dataStart, dataEnd);
  }

  @Override
  public int dataStart() {
    return dataStart;
  }

  @Override
  public int dataEnd() {
    return dataEnd;
  }

  @Override
  public @Nullable String error() {
    return walker.failure();
  }

  private void clear() {
    op = ABSENT;
    sequence = ABSENT;
    sequenceSeen = false;
    type = null;
    typeSeen = false;
    typeValid = true;
    name = null;
    dataStart = ABSENT;
    dataEnd = ABSENT;
  }

  /**
   * Scans an event that is written as the gateway writes it. Returns false for every other message,
   * whether there is something wrong with it or not.
   */
  private boolean scanDispatch(ByteBuffer message, int start, int end) {
    if (!Words.matches(message, start, end, NAME, 6)) {
      return false;
    }
    int nameEnd = Words.skipToQuote(message, start + 6, end);
    if (end - nameEnd < MIN_BYTES_AFTER_NAME
        || !Words.matches(message, nameEnd, end, SEQUENCE, 6)) {
      return false;
    }
    long word = Words.at(message, nameEnd + 6);
    int digits = Words.digits(word);
    boolean isPadded = digits != 1 && (byte) word == '0';
    long sequence = Words.decimal(word, digits);
    if (digits == Words.BYTES) {
      long more = Words.at(message, nameEnd + 6 + Words.BYTES);
      int moreDigits = Words.digits(more);
      sequence = sequence * Words.powerOfTen(moreDigits) + Words.decimal(more, moreDigits);
      digits += moreDigits;
    }
    int i = nameEnd + 6 + digits;
    return digits > 0
        && digits < 2 * Words.BYTES // else there may be even more
        && !isPadded
        && Words.at(message, i) == OP_DISPATCH
        && takeDispatch(EventNames.find(message, start + 6, nameEnd), sequence, i + 8, end);
  }

  /** Takes what was scanned if {@code d} is an object or array to the end of the message. */
  private boolean takeDispatch(EventType type, long sequence, int index, int end) {
    long data = Words.at(message, index);
    int first = (int) (data >>> 32) & 0xFF;
    int lastTwo = (int) (Words.at(message, end - Words.BYTES) >>> 48);
    boolean fits = first == '{' ? lastTwo == OBJECT_END : first == '[' && lastTwo == ARRAY_END;
    if ((int) data != (int) DATA || !fits || type == EventType.UNKNOWN) {
      return false;
    }
    walker.forget();
    op = 0;
    this.sequence = sequence;
    if (this.type != type) {
      this.type = type;
    }
    name = null;
    dataStart = index + 4;
    dataEnd = end - 1;
    return true;
  }

  private void scanAnyOrder(ByteBuffer message, int start, int end) {
    int i = walker.whitespace(walker.character(walker.whitespace(start), '{'));
    boolean isEmpty = walker.at(i) == '}';
    while (i >= 0 && !isEmpty) {
      int keyStart = i + 1;
      int keyEnd = walker.string(i) - 1;
      i = walker.whitespace(walker.character(walker.whitespace(keyEnd + 1), ':'));
      if (i < 0) {
        return;
      }
      if (walker.isText(keyStart, keyEnd, "op")) {
        i = readOp(i);
      } else if (walker.isText(keyStart, keyEnd, "s")) {
        i = readSequence(i);
      } else if (walker.isText(keyStart, keyEnd, "t")) {
        i = readType(message, i);
      } else if (walker.isText(keyStart, keyEnd, "d")) {
        if (op >= 0 && sequenceSeen && typeSeen && takeRest(i, end)) {
          judge(end);
          return;
        }
        dataStart = i;
        i = walker.value(i, false);
        dataEnd = i;
      } else {
        i = walker.value(i, true);
      }
      i = walker.whitespace(i);
      if (walker.at(i) != ',') {
        break;
      }
      i = walker.whitespace(i + 1);
    }
    i = walker.whitespace(walker.character(i, '}'));
    if (i >= 0 && i < end) {
      walker.fail(i, "end of message");
    }
    judge(end);
  }

  private int readOp(int index) {
    int end = walker.value(index, true);
    boolean isValid =
        end >= 0 && walker.unsigned(index) == end && walker.number() <= Integer.MAX_VALUE;
    op = isValid ? (int) walker.number() : INVALID;
    opAt = index;
    return end;
  }

  private int readSequence(int index) {
    int end = walker.value(index, true);
    if (walker.at(index) == 'n') {
      sequence = ABSENT;
    } else {
      sequence = end >= 0 && walker.unsigned(index) == end ? walker.number() : INVALID;
    }
    sequenceSeen = true;
    sequenceAt = index;
    return end;
  }

  private int readType(ByteBuffer message, int index) {
    int end = walker.value(index, true);
    int first = walker.at(index);
    type = null;
    if (end >= 0 && first == '"') {
      nameStart = index + 1;
      nameEnd = end - 1;
      type =
          walker.hasEscape(nameStart, nameEnd)
              ? EventType.of(walker.text(nameStart, nameEnd))
              : EventNames.find(message, nameStart, nameEnd);
    }
    typeSeen = true;
    typeValid = first == '"' || first == 'n';
    typeAt = index;
    return end;
  }

  /** Takes everything from {@code index} to before the last brace for {@code d}, if it can be. */
  private boolean takeRest(int index, int end) {
    int brace = walker.trimmedEnd(end) - 1;
    int restEnd = walker.trimmedEnd(brace);
    if (brace <= index || walker.at(brace) != '}') {
      return false;
    }
    int last = walker.at(restEnd - 1);
    boolean fits =
        switch (walker.at(index)) {
          case '{' -> last == '}';
          case '[' -> last == ']';
          default -> walker.value(index, false) == restEnd;
        };
    if (fits) {
      dataStart = index;
      dataEnd = restEnd;
    }
    return fits;
  }

  private void judge(int end) {
    if (op < 0) {
      walker.fail(op == ABSENT ? end : opAt, "op from 0 to " + Integer.MAX_VALUE);
    }
    if (sequence == INVALID) {
      walker.fail(sequenceAt, "s null or from 0 to " + Long.MAX_VALUE);
    }
    if (!typeValid) {
      walker.fail(typeAt, "t null or a string");
    }
  }
}
