package dev.sluice.gateway;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.util.ByteBufferBackedInputStream;
import dev.sluice.gateway.internal.Envelope;
import dev.sluice.gateway.internal.EtfReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An event of the gateway: the envelope, read, and {@code d}, untouched until somebody asks for it.
 *
 * <p>What {@code recv} returns is a <em>borrowed</em> view, good until the next input to any
 * connection that shares the {@link Scratch}, and as long as the caller leaves the message's bytes
 * alone. {@link #copy()} makes one to keep. Every other method of a view that is past its time
 * throws {@link IllegalStateException}.
 *
 * <p>A borrowed view is confined to the thread of its connection. A copy is immutable but for the
 * position and limit of what {@link #data()} returns.
 */
public final class Dispatch {

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private @Nullable GatewayConnection owner; // null for a copy
  private @Nullable ObjectMapper mapper;
  private boolean valid;
  private EventType type = EventType.UNKNOWN;
  private Encoding encoding = Encoding.JSON;
  private @Nullable Envelope envelope; // has name and guild until the next scan
  private @Nullable String name;
  private long sequence;
  private int sessionEpoch;
  private ByteBuffer message = NOTHING;
  private int dataStart;
  private int dataEnd;
  private boolean guildIdKnown;
  private long guildId;

  /**
   * A read-only view of {@link #viewed}, kept because most drivers pass the same buffer each time.
   */
  private ByteBuffer view = NOTHING;

  private ByteBuffer viewed = NOTHING;

  Dispatch() {}

  void borrow(
      GatewayConnection owner,
      ObjectMapper mapper,
      EventType type,
      Envelope envelope,
      int sessionEpoch,
      ByteBuffer message) {
    this.owner = owner;
    this.mapper = mapper;
    this.type = type;
    this.encoding = envelope.encoding();
    this.envelope = envelope;
    this.name = null;
    this.sequence = envelope.sequence();
    this.sessionEpoch = sessionEpoch;
    this.message = message;
    this.dataStart = envelope.dataStart();
    this.dataEnd = envelope.dataEnd();
    this.guildIdKnown = false;
    this.valid = true;
  }

  void invalidate() {
    valid = false;
    owner = null;
    envelope = null;
    message = NOTHING;
  }

  /** {@return the event; {@link EventType#UNKNOWN} for a name that has no constant} */
  public EventType type() {
    check();
    return type;
  }

  /** {@return the event's name as the gateway wrote it; {@code UNKNOWN} if it wrote none} */
  public String name() {
    check();
    String known = name;
    if (known == null) {
      String unlisted = type == EventType.UNKNOWN && envelope != null ? envelope.name() : null;
      known = unlisted == null ? type.name() : unlisted;
      name = known;
    }
    return known;
  }

  /** {@return the sequence within the session, at least 0} */
  public long sequence() {
    check();
    return sequence;
  }

  /**
   * {@return the number of the session within its connection; together with the sequence it is what
   * an acknowledgement names}
   */
  public int sessionEpoch() {
    check();
    return sessionEpoch;
  }

  /** {@return how {@code d} is written} */
  public Encoding encoding() {
    check();
    return encoding;
  }

  /**
   * {@return the bytes of {@code d}, read-only, between position and limit} JSON, or one term of
   * ETF without the version byte that a message begins with. The same buffer is returned each time,
   * with position and limit set anew.
   */
  @SuppressWarnings("ReferenceEquality") // the same buffer object, whatever its bytes are now
  public ByteBuffer data() {
    check();
    if (viewed != message) {
      view = message.asReadOnlyBuffer();
      viewed = message;
    }
    return view.limit(dataEnd).position(dataStart);
  }

  /** {@return the size of {@code d} in bytes} */
  public int dataLength() {
    check();
    return dataEnd - dataStart;
  }

  /**
   * {@return the guild that the event belongs to, as an unsigned snowflake, 0 if it names none}
   * Found by a scan of {@code d} at first use: {@code guild_id}, or {@code id} for GUILD_CREATE,
   * GUILD_UPDATE and GUILD_DELETE.
   */
  public long guildId() {
    check();
    if (!guildIdKnown && envelope != null) {
      guildId = envelope.guildId();
      guildIdKnown = true;
    }
    return guildId;
  }

  /**
   * Parses {@code d} to a tree. Ids are strings in JSON; in ETF most are integers, so read them by
   * {@code asText()}, which yields the unsigned decimal of both.
   *
   * @return the tree
   * @throws IOException if {@code d} is not valid; the connection is not harmed
   */
  public JsonNode readTree() throws IOException {
    check();
    return readTree(mapper(), encoding, message, dataStart, dataEnd);
  }

  /** Parses the {@code d} between two indexes of a message. */
  static JsonNode readTree(
      ObjectMapper mapper, Encoding encoding, ByteBuffer message, int start, int end)
      throws IOException {
    if (encoding == Encoding.ETF) {
      try (JsonParser parser = EtfReader.term(message, start, end, mapper)) {
        return mapper.readTree(parser);
      }
    }
    return message.hasArray()
        ? mapper.readTree(message.array(), message.arrayOffset() + start, end - start)
        : mapper.readTree(
            new ByteBufferBackedInputStream(message.duplicate().limit(end).position(start)));
  }

  /**
   * Parses {@code d} to a value.
   *
   * @param valueType the class to bind to, by the configured mapper
   * @param <T> its type
   * @return the value; null only when {@code d} is null
   * @throws IOException if {@code d} is not valid or does not fit; the connection is not harmed
   */
  public <T> T readValue(Class<T> valueType) throws IOException {
    check();
    if (encoding == Encoding.ETF) {
      try (JsonParser parser = EtfReader.term(message, dataStart, dataEnd, mapper())) {
        return mapper().readValue(parser, valueType);
      }
    }
    return message.hasArray()
        ? mapper()
            .readValue(
                message.array(), message.arrayOffset() + dataStart, dataEnd - dataStart, valueType)
        : mapper().readValue(new ByteBufferBackedInputStream(data()), valueType);
  }

  /**
   * Leaves the acknowledgement to the application: the next input will not acknowledge this event.
   * It then owes {@code GatewayConnection.acknowledge} with this sequence and epoch.
   *
   * @throws IllegalStateException if this is a copy, whose original decides
   */
  public void defer() {
    check();
    if (owner == null) {
      throw new IllegalStateException("a copy cannot defer (expected: the borrowed dispatch)");
    }
    owner.deferAcknowledgement();
  }

  /** {@return a copy with bytes of its own, good for ever, on any thread} */
  public Dispatch copy() {
    check();
    Dispatch copy = new Dispatch();
    byte[] bytes = new byte[dataEnd - dataStart];
    message.get(dataStart, bytes);
    copy.mapper = mapper;
    copy.type = type;
    copy.encoding = encoding;
    copy.name = name();
    copy.sequence = sequence;
    copy.sessionEpoch = sessionEpoch;
    copy.message = ByteBuffer.wrap(bytes);
    copy.dataEnd = bytes.length;
    copy.guildId = guildId();
    copy.guildIdKnown = true;
    copy.valid = true;
    return copy;
  }

  /** {@return whether the view may still be used} */
  public boolean isValid() {
    return valid;
  }

  /** {@return name, sequence and size; never the content} */
  @Override
  public String toString() {
    return valid
        ? name() + " #" + sequence + " of " + (dataEnd - dataStart) + " bytes"
        : "Dispatch past its time";
  }

  private ObjectMapper mapper() {
    if (mapper == null) {
      throw new IllegalStateException("dispatch without a mapper");
    }
    return mapper;
  }

  private void check() {
    if (!valid) {
      throw new IllegalStateException(
          "dispatch used past its time (expected: before the next input, or a copy())");
    }
  }
}
