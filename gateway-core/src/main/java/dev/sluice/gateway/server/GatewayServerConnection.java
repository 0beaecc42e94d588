package dev.sluice.gateway.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.ServerSession.EndReason;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The gateway's end of one transport. Not thread-safe; confine to the server's thread.
 *
 * <p>A client's mistake, a missed heartbeat or {@link #close} makes {@link #closeCode} positive.
 * From then on, and once the transport is gone, the connection has no session, every input is
 * ignored and every wish does nothing; the driver drains {@link #send} a last time and closes the
 * transport. Its native memory is freed by then, or when the driver reports the end of the
 * transport, which it does in any case.
 */
public final class GatewayServerConnection {

  private static final int MAX_GUILDS = 2500;
  private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,9}");
  private static final int MAX_QUEUED = 1024;
  private static final int ABNORMAL_CLOSURE = 1006;
  private static final int MAX_PRESENCES = 5;
  private static final Duration PRESENCE_WINDOW = Duration.ofSeconds(20);

  /** A message beside the session's events; without a frame type it is encoded as they are. */
  private static final class Queued {
    final @Nullable FrameType rawType;
    final byte[] message;

    Queued(@Nullable FrameType rawType, byte[] message) {
      this.rawType = rawType;
      this.message = message;
    }
  }

  private final GatewayServer server;
  private final ServerCodec codec;
  private final ArrayDeque<Queued> queue = new ArrayDeque<>();
  private final SlidingLog received;
  private final SlidingLog presences = new SlidingLog(MAX_PRESENCES, PRESENCE_WINDOW.toNanos());
  private final long heartbeatTimeoutNanos;
  private final long identifyTimeoutNanos;
  private long heartbeatNanos;
  private long unidentifiedNanos;
  private long reconnectNanos;
  private boolean reconnectRequested;
  private boolean helloWithheld;
  private int closeCode;
  private boolean released;
  private boolean drained;
  private boolean acknowledging = true;
  private boolean greetingWithheld;

  private @Nullable ServerSession session;
  // READY, which precedes all events, or RESUMED, which follows those that were missed.
  private byte @Nullable [] greeting;
  private long greetingPosition;
  private long position;

  GatewayServerConnection(GatewayServer server, ServerCodec codec) {
    GatewayServerConfig config = server.config();
    this.server = server;
    this.codec = codec;
    this.received = new SlidingLog(config.sendLimit(), config.sendWindow().toNanos());
    this.heartbeatTimeoutNanos = config.heartbeatInterval().toNanos() / 2 * 3;
    this.identifyTimeoutNanos = config.identifyTimeout().toNanos();
    this.heartbeatNanos = server.nowNanos();
    this.unidentifiedNanos = heartbeatNanos;
  }

  /** Begins, once the listener knows of the connection: greets the client or turns it away. */
  void begin(boolean isVersionServed) {
    if (!isVersionServed) {
      close(CloseCode.INVALID_API_VERSION);
    } else if (!helloWithheld) {
      hello();
    }
  }

  /**
   * Handles one complete WebSocket message from the client.
   *
   * <p>Drain {@link #send} and ask {@link #closeCode} before the next call; {@link
   * #nextTimeoutNanos} may have changed.
   *
   * <p>Every message counts towards the send limit, 4008. One that is too large, of the wrong kind
   * or no object in the encoding of the connection closes with 4002; an opcode that clients do not
   * send, and data that is malformed for its opcode, with 4001; a command before IDENTIFY with
   * 4003. IDENTIFY and RESUME close with 4005 when a session is attached, and with 4004 unless they
   * carry the bare token; IDENTIFY with 4010, 4011, 4013 or 4014 for its shard, its guilds or its
   * intents; RESUME with 4007 for a sequence that the session has not reached and, if so
   * configured, with 4009 for a session that is gone.
   *
   * @param type the kind of message
   * @param message the bytes between position and limit; consumed, not retained
   */
  public void recv(FrameType type, ByteBuffer message) {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(message, "message");
    if (!isOpen()) {
      return;
    }
    CloseCode mistake = handle(type, message);
    if (mistake != null) {
      close(mistake);
    }
  }

  /**
   * Handles a close frame from the client; the connection is over. Codes 1000 and 1001 end the
   * session, any other keeps it to be resumed.
   *
   * @param code the close code, 1005 for a close frame without one
   * @see <a
   *     href="https://discord.com/developers/docs/events/gateway#disconnecting">Disconnecting</a>
   */
  public void recvCloseCode(int code) {
    boolean forGood = code == CloseCode.NORMAL.code() || code == CloseCode.GOING_AWAY.code();
    transportEnded(code, forGood ? EndReason.CLIENT_CLOSED : null);
  }

  /** Handles the end of the transport, with no close frame from the client; the session is kept. */
  public void transportLost() {
    transportEnded(ABNORMAL_CLOSURE, null);
  }

  /**
   * {@return the next message to write, null when there is none}
   *
   * <p>Messages beside the events, such as heartbeat ACKs, overtake events that wait to be sent. A
   * connection that is to be closed sends no more events; the client finds them by resuming.
   */
  public @Nullable ServerFrame send() {
    Queued queued = queue.poll();
    if (queued != null) {
      return queued.rawType == null
          ? encode(queued.message)
          : new ServerFrame(queued.rawType, ByteBuffer.wrap(queued.message).asReadOnlyBuffer());
    }
    byte[] event = nextEvent();
    if (event != null) {
      return encode(event);
    }
    if (closeCode != 0) {
      release();
    }
    drained = true;
    return null;
  }

  /** {@return the code to close with once {@link #send} yields null, 0 to stay open} */
  public int closeCode() {
    return closeCode;
  }

  /**
   * {@return the nanoseconds until {@link #onTimeout} is due, 0 if it is overdue, {@code
   * Long.MAX_VALUE} for never}
   */
  public long nextTimeoutNanos() {
    if (!isOpen()) {
      return Long.MAX_VALUE;
    }
    long nowNanos = server.nowNanos();
    long remainingNanos = heartbeatTimeoutNanos - (nowNanos - heartbeatNanos);
    if (session == null) {
      remainingNanos =
          Math.min(remainingNanos, identifyTimeoutNanos - (nowNanos - unidentifiedNanos));
    }
    if (reconnectRequested) {
      remainingNanos = Math.min(remainingNanos, reconnectGraceNanos(nowNanos));
    }
    return Math.max(remainingNanos, 0);
  }

  /**
   * Handles the passing of time: closes with 4000 when 1.5 heartbeat intervals have passed since
   * the last heartbeat or, without one, since the start, and when no session was started or resumed
   * within the identify timeout; with 1001 when the client ignores {@link #reconnect}. Early, late
   * and repeated calls are harmless.
   */
  public void onTimeout() {
    if (nextTimeoutNanos() == 0) {
      boolean moved = reconnectRequested && reconnectGraceNanos(server.nowNanos()) <= 0;
      close(moved ? CloseCode.GOING_AWAY : CloseCode.UNKNOWN_ERROR);
    }
  }

  /** {@return the attached session; null before IDENTIFY or RESUME, and after the end} */
  public @Nullable ServerSession session() {
    return session;
  }

  /**
   * {@return whether the READY or RESUMED of the attached session, and the events around it, wait
   * for the end of an {@linkplain GatewayServer#beginOutage outage} or of {@link
   * #withholdGreeting}}
   */
  public boolean isWithheld() {
    return greeting != null && (greetingWithheld || server.hasOutage());
  }

  /**
   * Closes the connection. The session is kept if clients resume after the code, and ends if they
   * start a new session or give up, as {@link CloseCode#outcome} says.
   *
   * @param code 1000 to 4999, but not 1005 or 1006, which no close frame can carry
   * @throws IllegalArgumentException if the code is another; nothing has changed
   */
  public void close(int code) {
    if (code < 1000
        || code > 4999
        || code == CloseCode.NO_STATUS.code()
        || code == ABNORMAL_CLOSURE) {
      throw new IllegalArgumentException(
          "close code: " + code + " (expected: 1000..4999, not 1005 or 1006)");
    }
    boolean resumable = CloseCode.of(code).outcome() == CloseCode.Outcome.RESUME;
    close(code, resumable ? null : EndReason.SERVER_CLOSED);
  }

  /**
   * Sends HELLO, opcode 10. Not needed but after {@link #withholdHello}, since every connection
   * begins with it; a fault to inject otherwise.
   */
  public void hello() {
    enqueue(Payloads.hello(server.config().heartbeatInterval().toMillis()));
  }

  /**
   * Leaves out the HELLO that follows {@link GatewayServerListener#connected}, from where this is
   * called; later it does nothing. A fault to inject: a client that waits in vain, or is told to
   * {@linkplain #reconnect} instead.
   */
  public void withholdHello() {
    helloWithheld = true;
  }

  /**
   * Says whether the READY or RESUMED of this connection, and the events around it, are withheld,
   * as they are in an {@linkplain GatewayServer#beginOutage outage}. A fault to inject, also from
   * {@link GatewayServerListener#identified} and {@link GatewayServerListener#resumed}; one that
   * was sent already is not touched.
   *
   * @param withheld false sends what was withheld
   */
  public void withholdGreeting(boolean withheld) {
    greetingWithheld = withheld;
    greetingReleased();
  }

  /**
   * Tells the client to reconnect and resume, opcode 7; from {@link
   * GatewayServerListener#connected}, before HELLO. Closes the connection with 1001 if it is still
   * there after the {@linkplain GatewayServerConfig#reconnectGrace grace} of the configuration.
   */
  public void reconnect() {
    if (!reconnectRequested) {
      reconnectRequested = true;
      reconnectNanos = server.nowNanos();
    }
    enqueue(Payloads.RECONNECT);
  }

  /**
   * Tells the client that its session is invalid, opcode 9, and detaches the session if there is
   * one. The connection stays open and may identify or resume.
   *
   * @param resumable the {@code d} of the message: true keeps the session, false ends it
   */
  public void invalidSession(boolean resumable) {
    if (!isOpen()) {
      return;
    }
    unidentifiedNanos = server.nowNanos();
    detach(resumable ? null : EndReason.INVALIDATED);
    enqueue(resumable ? Payloads.INVALID_SESSION_RESUMABLE : Payloads.INVALID_SESSION);
  }

  /** Asks the client for a heartbeat at once, opcode 1. Moves no deadline. */
  public void requestHeartbeat() {
    enqueue(Payloads.HEARTBEAT_REQUEST);
  }

  /**
   * Says whether heartbeats are answered, as they are unless told otherwise. A fault to inject: a
   * connection without answers looks zombied to its client. Unanswered heartbeats still count as
   * signs of life.
   *
   * @param acknowledging whether heartbeats from here on get their ACK
   */
  public void acknowledgeHeartbeats(boolean acknowledging) {
    this.acknowledging = acknowledging;
  }

  /**
   * Sends any bytes as one payload, like every other of this connection: compressed if it
   * compresses, and what is JSON as ETF if that is its encoding. A fault to inject, such as
   * malformed JSON, or an undocumented payload.
   *
   * @param payload the bytes between position and limit; copied, its position not moved
   */
  public void sendPayload(ByteBuffer payload) {
    enqueue(copy(payload));
  }

  /**
   * Sends any bytes as one WebSocket message as it is, never compressed: a fault to inject.
   *
   * @param type the kind of message
   * @param message the bytes between position and limit; copied, its position not moved
   */
  public void sendRaw(FrameType type, ByteBuffer message) {
    Objects.requireNonNull(type, "type");
    enqueue(new Queued(type, copy(message)));
  }

  /** Takes note that the session's ring has a new event, and perhaps dropped an old one for it. */
  void eventAdded() {
    if (session != null && position < session.ring().first()) {
      close(CloseCode.UNKNOWN_ERROR.code(), EndReason.OVERRUN);
    } else {
      outputAdded();
    }
  }

  /** Takes note that READY and RESUMED may no longer be withheld. */
  void greetingReleased() {
    if (greeting != null && !isWithheld()) {
      outputAdded();
    }
  }

  private @Nullable CloseCode handle(FrameType type, ByteBuffer message) {
    if (!received.admit(server.nowNanos())) {
      return CloseCode.RATE_LIMITED;
    }
    if (message.remaining() > server.config().maxPayloadBytes()) {
      return CloseCode.DECODE_ERROR;
    }
    ObjectNode payload = codec.decode(type, message);
    if (payload == null) {
      return CloseCode.DECODE_ERROR;
    }
    JsonNode op = payload.path("op");
    Opcode opcode = op.isInt() ? Opcode.of(op.intValue()) : Opcode.UNKNOWN;
    JsonNode d = payload.has("d") ? payload.path("d") : NullNode.getInstance();
    return switch (opcode) {
      case HEARTBEAT -> heartbeat(d);
      case IDENTIFY -> identify(d);
      case RESUME -> resume(d);
      case PRESENCE_UPDATE,
          VOICE_STATE_UPDATE,
          REQUEST_GUILD_MEMBERS,
          REQUEST_SOUNDBOARD_SOUNDS,
          REQUEST_CHANNEL_INFO ->
          command(opcode, d);
      case DISPATCH, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK, UNKNOWN ->
          CloseCode.UNKNOWN_OPCODE;
    };
  }

  private @Nullable CloseCode heartbeat(JsonNode d) {
    if (!ClientPayloads.isWellFormed(Opcode.HEARTBEAT, d)) {
      return CloseCode.UNKNOWN_OPCODE;
    }
    heartbeatNanos = server.nowNanos();
    server.listener().heartbeat(this);
    if (acknowledging) {
      enqueue(Payloads.HEARTBEAT_ACK);
    }
    if (session != null) {
      server.listener().received(session, Opcode.HEARTBEAT, d);
    }
    return null;
  }

  private @Nullable CloseCode command(Opcode opcode, JsonNode d) {
    if (session == null) {
      return CloseCode.NOT_AUTHENTICATED;
    }
    if (!ClientPayloads.isWellFormed(opcode, d)) {
      return CloseCode.UNKNOWN_OPCODE;
    }
    if (opcode == Opcode.REQUEST_GUILD_MEMBERS) {
      requestMembers(session, (ObjectNode) d);
    } else if (opcode == Opcode.PRESENCE_UPDATE && !presences.admit(server.nowNanos())) {
      server.listener().ignored(session, opcode, d);
    } else {
      server.listener().received(session, opcode, d);
    }
    return null;
  }

  private void requestMembers(ServerSession sender, ObjectNode request) {
    MemberRequests requests = server.memberRequests();
    MemberRequests.normalize(request, sender.intents());
    switch (requests.admit(request, sender.intents(), server.nowNanos())) {
      case ADMITTED -> server.listener().received(sender, Opcode.REQUEST_GUILD_MEMBERS, request);
      case IGNORED -> server.listener().ignored(sender, Opcode.REQUEST_GUILD_MEMBERS, request);
      case RATE_LIMITED -> {
        sender.dispatch("RATE_LIMITED", requests.rateLimited(request, server.nowNanos()));
        server.listener().rateLimited(sender, Opcode.REQUEST_GUILD_MEMBERS, request);
      }
    }
  }

  private @Nullable CloseCode identify(JsonNode d) {
    if (session != null) {
      return CloseCode.ALREADY_AUTHENTICATED;
    }
    if (!ClientPayloads.isWellFormed(Opcode.IDENTIFY, d)) {
      return CloseCode.UNKNOWN_OPCODE;
    }
    GatewayServerConfig config = server.config();
    if (!server.isToken(d.path("token").textValue())) {
      return CloseCode.AUTHENTICATION_FAILED;
    }
    ShardId shard = shardOf(d);
    if (shard == null || shard.count() % config.shardMultiple() != 0) {
      return CloseCode.INVALID_SHARD;
    }
    Intents intents = intentsOf(d);
    if (intents == null) {
      return CloseCode.INVALID_INTENTS;
    }
    if ((intents.value() & ~config.allowedIntents().value()) != 0) {
      return CloseCode.DISALLOWED_INTENTS;
    }
    long[] guilds = config.guilds().apply(shard);
    if (guilds.length > MAX_GUILDS) {
      return CloseCode.SHARDING_REQUIRED;
    }
    switch (server.admit(shard)) {
      case WINDOW_TAKEN -> {
        invalidSession(false);
        server.listener().identifyRejected(this, shard);
      }
      case BUDGET_EXHAUSTED -> {
        if (config.tokenResetWhenExhausted()) {
          server.resetToken();
        } else {
          invalidSession(false);
        }
        server.listener().budgetExhausted(this, shard);
      }
      case ADMITTED -> {
        ServerSession started = server.startSession(shard, intents);
        started.compressPayloads(d.path("compress").asBoolean());
        ByteBuffer ready = Payloads.ready(config, started.id(), shard, guilds);
        attach(started, 0, Payloads.dispatch("READY", ServerSession.READY_SEQUENCE, ready));
        server.listener().readyQueued(started, ready.asReadOnlyBuffer());
        server.listener().identified(started);
      }
    }
    return null;
  }

  /**
   * {@return the intents of an IDENTIFY, null if they are none} Some clients, such as Kord, send
   * them like the other bit sets of the API: the number as a string.
   */
  private static @Nullable Intents intentsOf(JsonNode d) {
    JsonNode intents = d.path("intents");
    int value;
    if (intents.isInt()) {
      value = intents.intValue();
    } else if (intents.isTextual() && DECIMAL.matcher(intents.textValue()).matches()) {
      value = Integer.parseInt(intents.textValue());
    } else {
      return null;
    }
    return (value & ~Intents.all().value()) == 0 ? new Intents(value) : null;
  }

  private @Nullable CloseCode resume(JsonNode d) {
    if (session != null) {
      return CloseCode.ALREADY_AUTHENTICATED;
    }
    if (!ClientPayloads.isWellFormed(Opcode.RESUME, d)) {
      return CloseCode.UNKNOWN_OPCODE;
    }
    if (!server.isToken(d.path("token").textValue())) {
      return CloseCode.AUTHENTICATION_FAILED;
    }
    String id = d.path("session_id").textValue();
    ServerSession known = server.findSession(id);
    if (known == null) {
      rejectResume(id);
      return null;
    }
    JsonNode seq = d.path("seq");
    if (!seq.canConvertToLong() || seq.longValue() < 0 || seq.longValue() > known.sequence()) {
      return CloseCode.INVALID_SEQUENCE;
    }
    GatewayServerConnection older = known.connection();
    if (older != null) {
      older.close(CloseCode.UNKNOWN_ERROR);
    }
    // The listener heard of the close and may have ended the session or dispatched more.
    long missed = known.ended() ? -1 : known.ring().positionAfter(seq.longValue());
    if (missed < 0) {
      rejectResume(id);
      return null;
    }
    attach(known, missed, Payloads.resumed(known.takeSequence()));
    server.listener().resumed(known, seq.longValue());
    return null;
  }

  private void rejectResume(String sessionId) {
    if (server.config().closeRefusedResumes()) {
      close(CloseCode.SESSION_TIMED_OUT);
    } else {
      invalidSession(false);
    }
    server.listener().resumeRejected(this, sessionId);
  }

  private static @Nullable ShardId shardOf(JsonNode identify) {
    JsonNode shard = identify.path("shard");
    if (shard.isMissingNode()) {
      return ShardId.SINGLE;
    }
    int id = shard.path(0).asInt(-1);
    int count = shard.path(1).asInt(-1);
    boolean valid = shard.size() == 2 && shard.path(0).isInt() && shard.path(1).isInt();
    return valid && id >= 0 && id < count ? new ShardId(id, count) : null;
  }

  private void attach(ServerSession to, long from, byte[] greetingMessage) {
    session = to;
    position = from;
    greeting = greetingMessage;
    greetingPosition = to.ring().end();
    to.attach(this);
    outputAdded();
  }

  private byte @Nullable [] nextEvent() {
    byte[] next = null;
    if (isWithheld()) {
      return null;
    }
    if (greeting != null && position == greetingPosition) {
      next = greeting;
      greeting = null;
    } else if (session != null && position < session.ring().end()) {
      next = session.ring().get(position++);
    }
    return next;
  }

  private ServerFrame encode(byte[] message) {
    return codec.encode(message, session != null && session.compressesPayloads());
  }

  private void enqueue(byte[] payload) {
    enqueue(new Queued(null, payload));
  }

  private void enqueue(Queued queued) {
    if (!isOpen()) {
      return;
    }
    if (queue.size() == MAX_QUEUED) {
      close(CloseCode.UNKNOWN_ERROR.code(), null); // the client does not read
      return;
    }
    queue.add(queued);
    outputAdded();
  }

  private long reconnectGraceNanos(long nowNanos) {
    return server.config().reconnectGrace().toNanos() - (nowNanos - reconnectNanos);
  }

  private void outputAdded() {
    if (drained) {
      drained = false;
      server.listener().outputPending(this);
    }
  }

  private boolean isOpen() {
    return closeCode == 0 && !released;
  }

  private void close(CloseCode code) {
    close(code.code());
  }

  /** Closes the connection and, for a reason, ends its session. */
  void close(int code, @Nullable EndReason end) {
    if (!isOpen()) {
      return;
    }
    closeCode = code;
    detach(end);
    server.connectionClosed(this, code);
    outputAdded();
  }

  private void transportEnded(int code, @Nullable EndReason end) {
    boolean wasOpen = isOpen();
    release();
    if (wasOpen) {
      detach(end);
      server.connectionClosed(this, code);
    }
  }

  private void detach(@Nullable EndReason end) {
    ServerSession left = session;
    if (left == null) {
      return;
    }
    session = null;
    greeting = null;
    left.detach(server.nowNanos());
    if (end == null) {
      server.endSurplus();
    } else {
      left.end(end);
    }
  }

  private void release() {
    released = true;
    queue.clear();
    codec.end();
  }

  private static byte[] copy(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(buffer.position(), bytes);
    return bytes;
  }
}
