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
  private static final long OP = Words.of(",\"op\":");
  private static final long DATA = Words.of(",\"d\":");
  private static final long NO_NAME_1 = Words.of("{\"t\":nul");
  private static final long NO_NAME_2 = Words.of("l,\"s\":nu");
  private static final long NO_NAME_3 = Words.of("ll,\"op\":");

  private static final ByteBuffer NO_MESSAGE = ByteBuffer.allocate(0);
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
    walker.reset(message, start, end);
    clear();
    if (scanUsualOrder(message, start, end)) {
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

  private boolean scanUsualOrder(ByteBuffer message, int start, int end) {
    int i;
    if (Words.matches(message, start, end, NAME, 6)) {
      nameStart = start + 6;
      nameEnd = Words.skipPlainText(message, nameStart, end);
      if (!Words.matches(message, nameEnd, end, SEQUENCE, 6)) {
        return false;
      }
      type = EventNames.find(message, nameStart, nameEnd);
      i = walker.unsigned(nameEnd + 6);
      if (i < 0 || !Words.matches(message, i, end, OP, 6)) {
        return false;
      }
      sequence = walker.number();
      i += 6;
    } else if (Words.matches(message, start, end, NO_NAME_1, 8)
        && Words.matches(message, start + 8, end, NO_NAME_2, 8)
        && Words.matches(message, start + 16, end, NO_NAME_3, 8)) {
      i = start + 24;
    } else {
      return false;
    }
    i = walker.unsigned(i);
    if (i < 0 || walker.number() > Integer.MAX_VALUE || !Words.matches(message, i, end, DATA, 5)) {
      return false;
    }
    op = (int) walker.number();
    return takeRest(i + 5, end);
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
