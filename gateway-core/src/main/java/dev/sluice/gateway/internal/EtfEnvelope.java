package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.EventType;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;

/**
 * The envelope of a payload in Erlang's external term format. Keys are atoms or binaries, in any
 * order; of one that occurs twice the last counts. {@code d} is walked over, so that all of its
 * terms are known to be whole, but not read.
 */
public final class EtfEnvelope implements Envelope {

  private static final byte[] OP = "op".getBytes(US_ASCII);
  private static final byte[] S = "s".getBytes(US_ASCII);
  private static final byte[] T = "t".getBytes(US_ASCII);
  private static final byte[] D = "d".getBytes(US_ASCII);
  private static final byte[] NIL = "nil".getBytes(US_ASCII);
  private static final byte[] NULL = "null".getBytes(US_ASCII);

  private static final ByteBuffer NO_MESSAGE = ByteBuffer.allocate(0);
  private static final int SIZE_BYTES = 4;
  private static final int ABSENT = -1;
  private static final int INVALID = -2;

  private final EtfWalker walker = new EtfWalker();
  private @Nullable PayloadInflater inflater; // made at first use, which hardly ever comes
  private @Nullable InflateBuffer inflated;
  private int maxMessageBytes = Integer.MAX_VALUE - Long.BYTES;

  private ByteBuffer message = NO_MESSAGE;
  private int op;
  private int opAt;
  private long sequence;
  private int sequenceAt;
  private @Nullable EventType type;
  private boolean typeValid;
  private int typeAt;
  private int nameStart;
  private int nameEnd;
  private @Nullable String name;
  private int dataStart;
  private int dataEnd;

  /** Creates an envelope that has scanned nothing: everything is absent. */
  public EtfEnvelope() {
    clear();
  }

  /**
   * Bounds what a message may inflate to that comes as a compressed term.
   *
   * @param maxMessageBytes the most bytes
   * @return this
   */
  public EtfEnvelope limit(int maxMessageBytes) {
    this.maxMessageBytes = maxMessageBytes;
    return this;
  }

  @Override
  public Encoding encoding() {
    return Encoding.ETF;
  }

  @Override
  public boolean scan(ByteBuffer message, int start, int end) {
    Objects.checkFromToIndex(start, end, message.limit());
    clear();
    this.message = message;
    walker.reset(message, start, end);
    if (walker.at(start) != EtfTag.VERSION) {
      walker.fail(start, "0x83");
    } else if (walker.at(start + 1) != EtfTag.COMPRESSED) {
      scanMap(start + 1, end);
    } else if (inflate(start + 2, end)) {
      int length = Objects.requireNonNull(inflated).length();
      walker.reset(this.message, 0, length);
      scanMap(0, length);
    }
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
      name = type == EventType.UNKNOWN ? text(nameStart, nameEnd) : type.name();
    }
    return name;
  }

  @Override
  public ByteBuffer message() {
    return message;
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
  public long guildId() {
    if (walker.at(dataStart) != EtfTag.MAP) {
      return 0;
    }
    byte[] key = GuildIds.key(type == null ? EventType.UNKNOWN : type);
    int i = walker.map(dataStart);
    for (int pairs = walker.members() / 2; pairs > 0; pairs--) {
      int value = walker.term(i);
      if (walker.isText(i, key)) {
        return id(value);
      }
      i = walker.term(value);
    }
    return 0;
  }

  @Override
  public @Nullable String error() {
    return walker.failure();
  }

  private void clear() {
    op = ABSENT;
    sequence = ABSENT;
    type = null;
    typeValid = true;
    name = null;
    dataStart = ABSENT;
    dataEnd = ABSENT;
  }

  /** Inflates a message of which everything but the version is one zlib stream. */
  private boolean inflate(int index, int end) {
    if (end - index < SIZE_BYTES) {
      walker.fail(end, "a size");
      return false;
    }
    if (inflater == null || inflated == null) {
      inflater = new PayloadInflater();
      inflated = new InflateBuffer();
    }
    long size = 0;
    for (int i = index; i < index + SIZE_BYTES; i++) {
      size = (size << Byte.SIZE) | walker.at(i);
    }
    ByteBuffer stream = message.duplicate().limit(end).position(index + SIZE_BYTES);
    try {
      inflater.inflate(stream, inflated, maxMessageBytes);
    } catch (DataFormatException e) {
      walker.fail(index, "a compressed term: " + e.getMessage());
      return false;
    }
    if (inflated.length() != size) {
      walker.fail(index, "the size " + inflated.length());
      return false;
    }
    message = inflated.view();
    return true;
  }

  private void scanMap(int index, int end) {
    int i = walker.map(index);
    for (int pairs = walker.members() / 2; i >= 0 && pairs > 0; pairs--) {
      int key = i;
      int value = walker.term(key);
      i = walker.term(value);
      if (i >= 0) {
        read(key, value, i);
      }
    }
    if (i >= 0 && i < end) {
      walker.fail(i, "end of message");
    }
    judge(end);
  }

  private void read(int key, int value, int end) {
    if (walker.isText(key, OP)) {
      readOp(value);
    } else if (walker.isText(key, S)) {
      readSequence(value);
    } else if (walker.isText(key, T)) {
      readType(value);
    } else if (walker.isText(key, D)) {
      dataStart = value;
      dataEnd = end;
    }
  }

  private void readOp(int index) {
    long code = walker.isUnsigned(index) ? walker.integer(index) : INVALID;
    op = code >= 0 && code <= Integer.MAX_VALUE ? (int) code : INVALID;
    opAt = index;
  }

  private void readSequence(int index) {
    if (isNull(index)) {
      sequence = ABSENT;
    } else {
      long value = walker.isUnsigned(index) ? walker.integer(index) : INVALID;
      sequence = value < 0 ? INVALID : value;
    }
    sequenceAt = index;
  }

  private void readType(int index) {
    boolean isText = walker.findText(index);
    type = null;
    if (isText && !isNull(index)) {
      nameStart = walker.textStart();
      nameEnd = walker.textEnd();
      type = EventNames.find(message, nameStart, nameEnd);
    }
    typeValid = isText;
    typeAt = index;
  }

  private boolean isNull(int index) {
    return walker.isAtom(index) && (walker.isText(index, NIL) || walker.isText(index, NULL));
  }

  private void judge(int end) {
    if (op < 0) {
      walker.fail(op == ABSENT ? end : opAt, "op from 0 to " + Integer.MAX_VALUE);
    }
    if (sequence < ABSENT) {
      walker.fail(sequenceAt, "s nil or from 0 to " + Long.MAX_VALUE);
    }
    if (!typeValid) {
      walker.fail(typeAt, "t nil, an atom or a binary");
    }
  }

  /** {@return the id at an index: an integer, or digits in a binary; 0 for anything else} */
  private long id(int index) {
    if (walker.isUnsigned(index)) {
      return walker.integer(index);
    }
    if (!walker.findText(index)) {
      return 0;
    }
    return GuildIds.digits(message, walker.textStart(), walker.textEnd());
  }

  private String text(int from, int to) {
    byte[] bytes = new byte[to - from];
    message.get(from, bytes);
    return new String(bytes, UTF_8);
  }
}
