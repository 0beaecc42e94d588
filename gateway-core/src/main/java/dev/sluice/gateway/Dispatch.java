package dev.sluice.gateway;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.util.ByteBufferBackedInputStream;
import dev.sluice.gateway.internal.Envelope;
import dev.sluice.gateway.internal.EtfReader;
import dev.sluice.gateway.internal.GuildIds;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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
 * <p>A borrowed view is confined to the thread of its connection. A copy can be handed to another
 * thread, one at a time: position and limit of what {@link #data()} returns, the mark and {@link
 * #defer()} belong to who has it. {@link #acknowledge()} is the exception, any thread may call it
 * on a copy.
 *
 * <p>An event is acknowledged when its handling is over; a stored session resumes after the last
 * event before which all are. Who handles it within the call that it came with need not do
 * anything. Who goes on with it elsewhere takes a copy, calls {@link #defer()} on what it was
 * given, and {@link #acknowledge()} on the copy when it is done.
 */
public final class Dispatch {

  /** Where a copy's acknowledgement goes. Thread-safe if copies are handed to other threads. */
  @FunctionalInterface
  public interface Acknowledger {

    /**
     * Takes an acknowledgement.
     *
     * @param sessionEpoch the event's
     * @param sequence the event's
     */
    void acknowledge(int sessionEpoch, long sequence);
  }

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final VarHandle ACKNOWLEDGED;
  private static final VarHandle GUILD_ID_KNOWN;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      ACKNOWLEDGED = lookup.findVarHandle(Dispatch.class, "acknowledged", boolean.class);
      GUILD_ID_KNOWN = lookup.findVarHandle(Dispatch.class, "guildIdKnown", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private @Nullable GatewayConnection owner; // null for a copy
  private @Nullable Acknowledger acknowledger; // null unless a copy
  private boolean lent; // the memory is the acknowledger's again once it was told

  @SuppressWarnings("unused") // by its handle
  private boolean acknowledged; // copies only

  private boolean deferred;
  private DispatchMark mark = DispatchMark.NONE;
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
  private boolean guildIdKnown; // by its handle on a copy, which threads may share
  private long guildId;

  /**
   * A read-only view of {@link #viewed}, kept because most drivers pass the same buffer each time.
   */
  private ByteBuffer view = NOTHING;

  private ByteBuffer viewed = NOTHING;

  Dispatch() {}

  /*
   * References are written only where they change: a garbage collector that moves objects asks a
   * price for each that is written to an old one, and this one soon is.
   */
  @SuppressWarnings("ReferenceEquality")
  void borrow(
      GatewayConnection owner,
      EventType type,
      Envelope envelope,
      int sessionEpoch,
      ByteBuffer message) {
    if (this.owner != owner) {
      this.owner = owner;
      this.mapper = owner.objectMapper();
    }
    if (this.envelope != envelope) {
      this.envelope = envelope;
      this.encoding = envelope.encoding();
    }
    if (this.message != message) {
      this.message = message;
    }
    if (this.type != type) {
      this.type = type;
    }
    if (mark != DispatchMark.NONE) {
      mark = DispatchMark.NONE;
    }
    this.name = null;
    this.sequence = envelope.sequence();
    this.sessionEpoch = sessionEpoch;
    this.dataStart = envelope.dataStart();
    this.dataEnd = envelope.dataEnd();
    this.guildIdKnown = false;
    this.deferred = false;
    this.valid = true;
  }

  /** Ends the view; what it was of is kept, for the next event is often of the same. */
  void invalidate() {
    valid = false;
  }

  /** Lets go of what an ended view was of. */
  void forget() {
    owner = null;
    mapper = null;
    envelope = null;
    message = NOTHING;
    view = NOTHING;
    viewed = NOTHING;
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
    if (!(boolean) GUILD_ID_KNOWN.getAcquire(this)) {
      guildId =
          envelope == null ? GuildIds.find(type, message, dataStart, dataEnd) : envelope.guildId();
      GUILD_ID_KNOWN.setRelease(this, true);
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

  /** {@return what the driver knows of the event beyond its bytes} */
  public DispatchMark mark() {
    check();
    return mark;
  }

  /**
   * Says what the driver knows of the event beyond its bytes; copies keep it.
   *
   * @param mark the mark
   */
  public void mark(DispatchMark mark) {
    check();
    this.mark = requireNonNull(mark, "mark");
  }

  /**
   * Leaves the acknowledgement to the application: neither the next input nor the end of the call
   * that handed this out acknowledges the event. {@link #acknowledge()} of a copy is then owed, or
   * {@code GatewayConnection.acknowledge} with this sequence and epoch.
   */
  public void defer() {
    check();
    deferred = true;
    if (owner != null) {
      owner.deferAcknowledgement();
    }
  }

  /**
   * {@return whether {@link #defer()} was called on this} A copy begins undeferred. May be asked of
   * a copy that is past its time.
   */
  public boolean isDeferred() {
    if (acknowledger == null) {
      check();
    }
    return deferred;
  }

  /**
   * Acknowledges the event: the application is done with it. Repeated calls change nothing. On a
   * copy it may be called from any thread. A copy in {@linkplain #copyTo lent memory} is past its
   * time then.
   *
   * @throws IllegalStateException if this is a borrowed view that is past its time
   */
  public void acknowledge() {
    Acknowledger told = acknowledger;
    if (told == null) {
      check();
      requireNonNull(owner, "owner").acknowledgeBorrowed(sequence);
    } else if (!(boolean) ACKNOWLEDGED.getAndSet(this, true)) {
      if (lent) {
        valid = false;
      }
      told.acknowledge(sessionEpoch, sequence);
    }
  }

  /**
   * {@return a copy with bytes of its own, good for ever, on any thread} Its acknowledgement goes
   * where {@link GatewayConnection#acknowledger} said, or the way of the copy that it is made from.
   */
  public Dispatch copy() {
    check();
    Dispatch copy = copyTo(ByteBuffer.allocate(dataEnd - dataStart), copyAcknowledger());
    copy.lent = false;
    return copy;
  }

  /**
   * Makes a copy in memory of the caller's. It is good until it is acknowledged; from then on the
   * memory is the caller's again, who sees to it that nobody reads it any more.
   *
   * @param memory takes {@link #dataLength()} bytes, from its position on, which stays as it is
   * @param acknowledger is told once, by the first {@link #acknowledge()} of the copy or of a copy
   *     of it, on the thread that calls it
   * @return the copy
   * @throws IllegalArgumentException if the memory is too small
   */
  public Dispatch copyTo(ByteBuffer memory, Acknowledger acknowledger) {
    check();
    int length = dataEnd - dataStart;
    if (memory.remaining() < length) {
      throw new IllegalArgumentException(
          "memory: " + memory.remaining() + " bytes (expected: >= " + length + ')');
    }
    Dispatch copy = new Dispatch();
    copy.acknowledger = requireNonNull(acknowledger, "acknowledger");
    copy.lent = true;
    copy.mapper = mapper;
    copy.type = type;
    copy.encoding = encoding;
    copy.name = name();
    copy.sequence = sequence;
    copy.sessionEpoch = sessionEpoch;
    copy.mark = mark;
    copy.message = memory;
    copy.dataStart = memory.position();
    copy.dataEnd = copy.dataStart + length;
    memory.put(copy.dataStart, message, dataStart, length);
    if (encoding == Encoding.ETF) {
      guildId(); // only the envelope can find it
    }
    copy.guildId = guildId;
    copy.guildIdKnown = guildIdKnown;
    copy.valid = true;
    return copy;
  }

  private Acknowledger copyAcknowledger() {
    if (owner != null) {
      return owner.acknowledger();
    }
    // Whichever copy is acknowledged first, lent memory goes back once.
    return lent ? (epoch, number) -> acknowledge() : requireNonNull(acknowledger, "acknowledger");
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
