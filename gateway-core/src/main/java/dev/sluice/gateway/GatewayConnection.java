package dev.sluice.gateway;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.sluice.gateway.Reconnect.Cause;
import dev.sluice.gateway.internal.Envelope;
import dev.sluice.gateway.internal.PayloadWriter;
import dev.sluice.gateway.internal.StreamDecompressor;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;

/**
 * One shard's side of the gateway protocol, without I/O. The application owns the socket and the
 * timer: it feeds what arrives into {@link #recv}, writes what {@link #send} yields, and calls
 * {@link #onTimeout} after {@link #nextTimeoutNanos}. A connection lives as long as its shard;
 * transports come and go under it.
 *
 * <p>After <em>every</em> input the driver
 *
 * <ol>
 *   <li>writes what {@link #send} yields until it is null,
 *   <li>asks {@link #shouldReconnect}, and if so closes the transport and dials as {@link
 *       #reconnect} says; asks {@link #failed} and {@link #closeCode} likewise,
 *   <li>takes {@link #pollSessionLost} and {@link #pollDroppedCommand} until they are null, if it
 *       cares,
 *   <li>sets its timer to {@link #nextTimeoutNanos} if that changed.
 * </ol>
 *
 * <p>Nothing that the gateway sends makes a method throw; what is thrown is a misuse by the caller,
 * and then nothing has changed. Inputs that name the generation of an older transport are ignored
 * and counted, and so are inputs that the state does not expect.
 *
 * <p>Not thread-safe; confine to one thread, together with all connections that share its {@link
 * Scratch}.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway">Gateway</a>
 */
public final class GatewayConnection {

  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final long MILLI_NANOS = 1_000_000L;

  /** A connection that grants its own permits keeps the 5 s of its bucket, and a little more. */
  private static final long IDENTIFY_SPACING_NANOS = 5 * SECOND_NANOS + 200 * MILLI_NANOS;

  /** Time for one answer of a gateway that is there, and for a network that just woke up. */
  private static final long PROBE_NANOS = 5 * SECOND_NANOS;

  private final GatewayConfig config;
  private final ShardId shard;
  private final NanoClock clock;
  private final RandomGenerator random;
  private final Scratch scratch;

  private final TimerTable timers = new TimerTable();
  private final HeartbeatMonitor heartbeat = new HeartbeatMonitor();
  private final SendBudget budget = new SendBudget();
  private final AcknowledgementLog acknowledgements = new AcknowledgementLog();
  private final ReconnectLadder ladder;
  private URI gatewayUri;

  private GatewayState state = GatewayState.IDLE;
  private @Nullable Reconnect reconnect;
  private @Nullable CloseCode failed;
  private int closeCode;

  // The transport.
  private int generation;
  private @Nullable StreamDecompressor stream;
  private boolean inPieces; // messages of the stream wait for the rest of their payload
  private boolean receiving;
  private boolean inbound; // since the session timer or the probe was armed
  private boolean heartbeatDue; // by the timer
  private boolean heartbeatRequested; // by the gateway
  private boolean heartbeatWanted; // by the application
  private boolean resumeSent;
  private boolean dialledResumeUrl;
  private boolean commandsHeldBack; // by a limit, until a timer or the next input to the queue

  // The identify permit.
  private boolean permitted;
  private boolean identifyAbandoned;
  private boolean identifiedBefore;
  private long identifiedAtNanos;

  // The session.
  private @Nullable String sessionId;
  private @Nullable String resumeUrl;
  private long received = -1;
  private int sessionEpoch;
  private long applicationId;
  private Instant firstSeen = Instant.EPOCH;
  private Instant lastSeen = Instant.EPOCH;
  private long unsettled = -1; // the dispatch that the next input acknowledges
  private Dispatch.@Nullable Acknowledger acknowledger; // of copies, if not this itself
  private @Nullable SessionLost sessionLost; // until it is polled

  // Commands.
  private @Nullable CommandQueue commands; // made at first use
  private @Nullable Presence presence;

  // Counters.
  private long ignoredInputs;
  private long malformedMessages;
  private long staleAcknowledgements;
  private long inflatedBytes;

  private GatewayConnection(
      GatewayConfig config,
      ShardId shard,
      @Nullable GatewaySession session,
      Scratch scratch,
      NanoClock clock,
      RandomGenerator random) {
    this.config = config;
    this.shard = shard;
    this.scratch = scratch;
    this.clock = clock;
    this.random = random;
    this.ladder = new ReconnectLadder(config.maxBackoff().toNanos(), random);
    this.gatewayUri = config.gatewayUri();
    this.presence = config.presence();
    identifyPayload(presence); // fails here rather than when it is due
    String mismatch = session == null ? null : session.mismatch(config, shard);
    if (session != null && mismatch == null) {
      startSession(
          session.sessionId(),
          GatewayUris.resumeBase(session.resumeGatewayUrl(), gatewayUri),
          session.sequence(),
          session.applicationId());
      firstSeen = session.firstSeen();
      lastSeen = session.lastSeen();
    } else if (session != null && mismatch != null) {
      sessionLost =
          new SessionLost(session.sessionId(), 0, session.sequence(), session.sequence(), mismatch);
    }
    reconnect =
        new Reconnect(
            0,
            0,
            dialUri(),
            Cause.START,
            "first dial, "
                + (session == null ? "no session" : mismatch == null ? "resume" : mismatch));
  }

  /**
   * Creates the connection of a bot that does not shard, on the system's clock.
   *
   * @param config the configuration
   * @return a connection that wants to be dialled
   * @throws IllegalArgumentException if the IDENTIFY of the configuration is over 4096 bytes
   */
  public static GatewayConnection create(GatewayConfig config) {
    return create(config, NanoClock.system(), new SplittableRandom());
  }

  /**
   * Creates the connection of a bot that does not shard.
   *
   * @param config the configuration
   * @param clock the time of all its timers
   * @param random the chance of jitter and backoff
   * @return a connection that wants to be dialled
   * @throws IllegalArgumentException if the IDENTIFY of the configuration is over 4096 bytes
   */
  public static GatewayConnection create(
      GatewayConfig config, NanoClock clock, RandomGenerator random) {
    return create(config, ShardId.SINGLE, null, Scratch.create(), clock, random);
  }

  /**
   * Creates the connection of one shard.
   *
   * @param config the configuration, shared by all shards
   * @param shard which shard of how many
   * @param session a stored session to resume, or null; one that does not match the configuration
   *     is left alone and a new session started, and {@link #pollSessionLost} says why
   * @param scratch the working memory, shared by the connections of one thread
   * @param clock the time of all its timers
   * @param random the chance of jitter and backoff
   * @return a connection that wants to be dialled
   * @throws IllegalArgumentException if the IDENTIFY of the configuration is over 4096 bytes
   */
  public static GatewayConnection create(
      GatewayConfig config,
      ShardId shard,
      @Nullable GatewaySession session,
      Scratch scratch,
      NanoClock clock,
      RandomGenerator random) {
    return new GatewayConnection(
        requireNonNull(config, "config"),
        requireNonNull(shard, "shard"),
        session,
        requireNonNull(scratch, "scratch"),
        requireNonNull(clock, "clock"),
        requireNonNull(random, "random"));
  }

  // Inputs: the transport.

  /**
   * Says that the driver dials {@link #reconnect()}'s URI now. The connect deadline runs from here
   * and {@link #shouldReconnect} falls.
   *
   * @throws IllegalStateException if no dial is due; nothing has changed
   */
  public void connecting() {
    if (!shouldReconnect()) {
      throw new IllegalStateException(
          "connecting() in " + state + " (expected: shouldReconnect())");
    }
    dialledResumeUrl = resumesAtResumeUrl();
    transition(Signal.DIALLED);
  }

  /**
   * Says that the dial failed: refused, no such host, TLS, upgrade. Ignored unless the driver is
   * dialling.
   *
   * @param httpStatus the status that the upgrade was answered with, 0 if it came to no answer
   */
  public void connectFailed(int httpStatus) {
    if (state != GatewayState.CONNECTING) {
      ignoredInputs++;
      return;
    }
    // What a resume URL refuses the base URL may grant, and the session will not wait for long.
    boolean refused =
        httpStatus >= 400 && httpStatus < 500 && httpStatus != 429 && !dialledResumeUrl;
    ladder.dialFailed(dialledResumeUrl);
    disconnect(
        Signal.DIAL_FAILED,
        Cause.DIAL_FAILED,
        httpStatus == 0 ? "dial failed" : "dial answered with HTTP " + httpStatus,
        0,
        refused ? ladder.longestNanos() : 0);
  }

  /**
   * Says that the transport is up: a fresh decompression context, send budget and heartbeat.
   *
   * @return the generation of this transport, which inputs may name
   * @throws IllegalStateException if the driver is not dialling, perhaps because the connect
   *     deadline has passed meanwhile: it then closes the new transport; nothing has changed
   */
  public int opened() {
    if (state != GatewayState.CONNECTING) {
      throw new IllegalStateException("opened() in " + state + " (expected: CONNECTING)");
    }
    generation++;
    stream = StreamDecompressor.open(config.compression(), config.maxMessageBytes());
    inPieces = false;
    budget.reset();
    heartbeat.opened(clock.nanoTime());
    heartbeatWanted = false;
    transition(Signal.OPENED);
    return generation;
  }

  /**
   * Handles one whole WebSocket message of text.
   *
   * @param message JSON
   * @return as {@link #recv(FrameType, ByteBuffer)}
   */
  public @Nullable Dispatch recv(CharSequence message) {
    return recv(
        FrameType.TEXT, ByteBuffer.wrap(message.toString().getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Handles one whole WebSocket message of text from a given transport.
   *
   * @param generation what {@link #opened} returned for the transport
   * @param message JSON
   * @return as {@link #recv(FrameType, ByteBuffer)}; null if the transport is an older one
   */
  public @Nullable Dispatch recv(int generation, CharSequence message) {
    return isCurrent(generation) ? recv(message) : null;
  }

  /**
   * Handles one whole WebSocket message.
   *
   * @param type whether it came as text or as bytes
   * @param message an array that holds it; not retained once the next input came
   * @param offset where it begins
   * @param length how many bytes it has
   * @return as {@link #recv(FrameType, ByteBuffer)}
   */
  public @Nullable Dispatch recv(FrameType type, byte[] message, int offset, int length) {
    return recv(type, ByteBuffer.wrap(message, offset, length));
  }

  /**
   * Handles one whole WebSocket message from a given transport.
   *
   * @param generation what {@link #opened} returned for the transport
   * @param type whether it came as text or as bytes
   * @param message an array that holds it; not retained once the next input came
   * @param offset where it begins
   * @param length how many bytes it has
   * @return as {@link #recv(FrameType, ByteBuffer)}; null if the transport is an older one
   */
  public @Nullable Dispatch recv(
      int generation, FrameType type, byte[] message, int offset, int length) {
    return isCurrent(generation) ? recv(type, message, offset, length) : null;
  }

  /**
   * Handles one whole WebSocket message from a given transport.
   *
   * @param generation what {@link #opened} returned for the transport
   * @param type whether it came as text or as bytes
   * @param message the message between position and limit
   * @return as {@link #recv(FrameType, ByteBuffer)}; null if the transport is an older one
   */
  public @Nullable Dispatch recv(int generation, FrameType type, ByteBuffer message) {
    return isCurrent(generation) ? recv(type, message) : null;
  }

  /**
   * Handles one whole WebSocket message. Never throws for what is in it: a message that is no
   * payload costs the transport, and {@link #shouldReconnect} then says so. For a dispatch no clock
   * is read and nothing allocated.
   *
   * @param type whether it came as text or as bytes
   * @param message the message between position and limit; consumed. An uncompressed one is the
   *     memory of the returned dispatch, so the caller leaves it alone until the dispatch is done
   *     with
   * @return the event in it, borrowed until the next input to any connection that shares the {@link
   *     Scratch}, or null if it carried none
   * @throws IllegalStateException if called from within itself; nothing has changed
   */
  public @Nullable Dispatch recv(FrameType type, ByteBuffer message) {
    if (receiving) {
      throw new IllegalStateException(
          "recv() from within recv() (expected: one message at a time)");
    }
    receiving = true;
    try {
      return receive(type, message);
    } finally {
      message.position(message.limit());
      receiving = false;
    }
  }

  /**
   * Says that the peer closed the transport with a close frame.
   *
   * @param code its code; 1005 when it had none
   */
  public void recvCloseCode(int code) {
    settleAndForget();
    CloseCode closeCode = CloseCode.of(code);
    if (closeCode.outcome() == CloseCode.Outcome.FATAL
        && (state.isOpen() || state == GatewayState.CLOSING)) {
      leaveSession();
      endTransport();
      transition(Signal.CLOSED_FOR_GOOD);
      failed = closeCode;
      return;
    }
    String detail = "gateway closed with " + code + " (" + closeCode + ')';
    if (closeCode.outcome() == CloseCode.Outcome.NEW_SESSION && state.isOpen()) {
      loseSession(detail);
    }
    long pause =
        switch (closeCode) {
          // Reconnecting at once would look like more of the same.
          case RATE_LIMITED -> between(5 * SECOND_NANOS, 10 * SECOND_NANOS);
          // All sessions of a server that fails would come back in the same moment.
          case INTERNAL_ERROR, SERVICE_RESTART, TRY_AGAIN_LATER -> between(0, SECOND_NANOS);
          default -> 0;
        };
    closed(code == CloseCode.ABNORMAL.code() ? Cause.LOST : Cause.CLOSED, detail, pause);
  }

  /**
   * Says that the peer closed a given transport with a close frame.
   *
   * @param generation what {@link #opened} returned for the transport
   * @param code its code; 1005 when it had none
   */
  public void recvCloseCode(int generation, int code) {
    if (isCurrent(generation)) {
      recvCloseCode(code);
    }
  }

  /** Says that the transport ended without a close frame: reset, end of stream, any I/O error. */
  public void transportLost() {
    settleAndForget();
    closed(Cause.LOST, "transport lost without a close frame", 0);
  }

  /**
   * Says that a given transport ended without a close frame.
   *
   * @param generation what {@link #opened} returned for the transport
   */
  public void transportLost(int generation) {
    if (isCurrent(generation)) {
      transportLost();
    }
  }

  /**
   * Says that the transport carried something that is no whole message: a frame that breaks the
   * rules of WebSocket, a message over the limit. The stream cannot be followed, the session can be
   * resumed.
   *
   * @param detail what came and what was expected, for the log
   */
  public void recvMalformed(String detail) {
    settleAndForget();
    if (state.isOpen()) {
      protocolError(detail);
    } else {
      ignoredInputs++;
    }
  }

  /**
   * Says that a given transport carried something that is no whole message.
   *
   * @param generation what {@link #opened} returned for the transport
   * @param detail what came and what was expected, for the log
   */
  public void recvMalformed(int generation, String detail) {
    if (isCurrent(generation)) {
      recvMalformed(detail);
    }
  }

  /**
   * Says that bytes of a message that is not whole yet came: a sign of life, as a large message can
   * take longer than a heartbeat interval. Ignored while no transport is up.
   */
  public void bytesReceived() {
    heartbeat.received();
    inbound = true;
  }

  /**
   * Says that bytes of a message that is not whole yet came by a given transport.
   *
   * @param generation what {@link #opened} returned for the transport
   */
  public void bytesReceived(int generation) {
    if (isCurrent(generation)) {
      bytesReceived();
    }
  }

  /**
   * Says that there is reason to doubt the transport: the host slept, the network changed. A
   * heartbeat is queued at once, and a gateway that gives no sign of life within 5 s is taken for
   * dead, rather than after up to two intervals. Ignored before HELLO, which has its own deadline,
   * and while no transport is up.
   */
  public void transportSuspected() {
    if (!state.isOpen() || heartbeat.intervalNanos() == 0 || timers.isArmed(TimerKind.PROBE)) {
      return;
    }
    long now = clock.nanoTime();
    heartbeatWanted = true;
    inbound = false;
    timers.arm(TimerKind.PROBE, now + PROBE_NANOS);
    if (timers.isArmed(TimerKind.SESSION)) { // what came before is no sign of life any more
      timers.arm(TimerKind.SESSION, now + config.sessionTimeout().toNanos());
    }
  }

  /**
   * Leaves the transport for another one, as if the gateway had asked for it: what was missed
   * meanwhile is replayed. For an operator who doubts the transport, or wants to get off a gateway
   * node.
   *
   * @return whether it does, and {@link #shouldReconnect} then says so; false, and nothing has
   *     changed, unless the transport is up and no IDENTIFY is spent on it without an answer
   */
  public boolean requestReconnect() {
    if (!state.isOpen() || state == GatewayState.WAIT_PERMIT || state == GatewayState.IDENTIFYING) {
      return false;
    }
    disconnect(
        Signal.RECONNECT_REQUESTED,
        Cause.REQUESTED,
        "application asked for a reconnect",
        CloseCode.CLOSE_TO_RESUME,
        0);
    return true;
  }

  /**
   * Says that the application is done with the last dispatch, ahead of the next input that would
   * say the same: unless deferred it is acknowledged, and its view is past its time. A driver calls
   * it before it lets go of the message's memory.
   */
  public void handled() {
    settle();
  }

  /**
   * Says that the driver stopped reading on its own account: silence is not the peer's fault now.
   */
  public void readingPaused() {
    heartbeat.paused(clock.nanoTime());
  }

  /**
   * Says that the driver reads again. One whole heartbeat interval passes before the next check.
   */
  public void readingResumed() {
    inbound |= heartbeat.resumed(clock.nanoTime()); // what came meanwhile is still to be read
  }

  /** Handles what is due. Late, early and repeated calls are harmless. */
  public void onTimeout() {
    settleAndForget();
    long now = clock.nanoTime();
    if (timers.expire(TimerKind.CONNECT, now)) {
      ladder.dialFailed(dialledResumeUrl);
      disconnect(
          Signal.DIAL_FAILED,
          Cause.DIAL_FAILED,
          "dial: no outcome within " + config.connectTimeout(),
          0,
          0);
    }
    if (timers.expire(TimerKind.HELLO, now)) {
      onHelloTimeout(now);
    }
    if (timers.expire(TimerKind.SESSION, now)) {
      onSessionTimeout(now);
    }
    if (timers.expire(TimerKind.PROBE, now)) {
      onProbeTimeout(now);
    }
    if (timers.expire(TimerKind.HEARTBEAT, now)) {
      onHeartbeatDue(now);
    }
    if (timers.expire(TimerKind.IDENTIFY, now)) {
      permitted = true;
    }
    if (timers.expire(TimerKind.STABLE, now)) {
      ladder.stable();
    }
    if (timers.expire(TimerKind.CLOSE, now)) {
      endTransport();
      transition(Signal.TIMED_OUT);
    }
    if (timers.expire(TimerKind.SEND_BUDGET, now)) {
      commandsHeldBack = false;
    }
  }

  /**
   * Replaces the base URL of the configuration, because {@code GET /gateway} answered with another
   * after this one no longer worked. A reconnect that is due already dials the new one.
   *
   * @param gatewayUri the base URL, ws or wss with a host; a query is dropped
   * @throws IllegalArgumentException if it is anything else; nothing has changed
   */
  public void gatewayUri(URI gatewayUri) {
    this.gatewayUri = GatewayUris.checkBase(gatewayUri);
    Reconnect due = reconnect;
    if (due != null) {
      reconnect =
          new Reconnect(due.closeCode(), due.delayNanos(), dialUri(), due.cause(), due.detail());
    }
  }

  // Inputs: the identify permit.

  /**
   * Grants the permit that {@link #identifyWanted} asks for: the next {@link #send} yields
   * IDENTIFY. Ignored when none is wanted, or the connection grants its own; the driver then gives
   * the permit back.
   */
  public void identifyPermitted() {
    if (config.identifyPermitsGranted() && identifyWanted()) {
      permitted = true;
    } else {
      ignoredInputs++;
    }
  }

  // The application's wishes.

  /**
   * Queues a command of which nobody needs to know what became of it.
   *
   * @param command the command
   * @return as {@link #queue(GatewayCommand, Object)}
   * @throws IllegalArgumentException as {@link #queue(GatewayCommand, Object)}
   */
  public boolean queue(GatewayCommand command) {
    return queue(command, null);
  }

  /**
   * Queues a command. It is sent once the session is ready and the limits allow, after what the
   * protocol itself has to send, at most 120 payloads a minute in all. Commands keep their order,
   * except that one that waits for a limit of its own lets others pass: presence updates are sent 5
   * per 20 s, and a later one takes the place of one that waits; a whole member list is asked for
   * once per guild and 30 s; RATE_LIMITED is heeded, and a member list that it refused asked for
   * again.
   *
   * <p>What waits is kept while the session is, over any number of reconnects. When the session is
   * lost it is dropped, as it was meant for a state that is gone, but for the presence update: that
   * goes with the next IDENTIFY. Before the first session, and between two, commands can be queued
   * for the next.
   *
   * @param command the command
   * @param attachment comes back with {@link Outgoing#attachment} when the command is handed out,
   *     or with {@link #pollDroppedCommand}; null if nobody needs to know
   * @return whether it was queued; false when {@link GatewayConfig#maxQueuedCommands} wait already,
   *     or the connection ends or has ended
   * @throws IllegalArgumentException if its payload, or with its presence that of IDENTIFY, is over
   *     4096 bytes; nothing has changed
   */
  public boolean queue(GatewayCommand command, @Nullable Object attachment) {
    byte[] payload = PayloadWriter.command(config.encoding(), command);
    if (command instanceof GatewayCommand.UpdatePresence update) {
      identifyPayload(update.presence()); // it must fit in there too
    }
    if (isEnding()) {
      return false;
    }
    CommandQueue queue = commands;
    if (queue == null) {
      queue = new CommandQueue(config.maxQueuedCommands());
      commands = queue;
    }
    if (!queue.offer(command, payload, attachment)) {
      return false;
    }
    if (command instanceof GatewayCommand.UpdatePresence update) {
      presence = update.presence(); // a new session starts with the newest presence
    }
    commandsHeldBack = false;
    return true;
  }

  /**
   * Takes back a command that was queued with an attachment and not handed out yet. It is not
   * reported as dropped. A presence update stays what new sessions start with.
   *
   * @param attachment what it was queued with, by {@code equals}
   * @return whether it waited still; a member list that is asked for again by itself has lost its
   *     attachment
   */
  public boolean withdraw(Object attachment) {
    requireNonNull(attachment, "attachment");
    return commands != null && commands.withdraw(attachment);
  }

  /**
   * {@return for how long the limits of member requests hold back the whole member list of a guild,
   * in nanoseconds; 0 when they do not}
   *
   * @param guildId the guild
   */
  public long nanosUntilMemberList(long guildId) {
    return commands == null ? 0 : commands.nanosUntilMemberList(guildId, clock.nanoTime());
  }

  /**
   * Queues a heartbeat at once, or at HELLO if that has not come, for applications with a timer of
   * their own. Those that would not leave room for the connection's own wait for the send budget.
   */
  public void queueHeartbeat() {
    heartbeatWanted = true;
  }

  /**
   * Acknowledges one dispatch, in any order. A stored session resumes after the last dispatch
   * before which all are acknowledged.
   *
   * @param sessionEpoch the dispatch's; that of a session that is gone is ignored and counted
   * @param sequence the dispatch's
   */
  public void acknowledge(int sessionEpoch, long sequence) {
    if (sessionId == null || sessionEpoch != this.sessionEpoch) {
      staleAcknowledgements++;
      return;
    }
    acknowledgements.acknowledge(sequence);
  }

  /**
   * Sets where {@link Dispatch#acknowledge()} of a copy goes, for drivers whose application
   * acknowledges on other threads: the acknowledger brings it back to the connection's thread and
   * calls {@link #acknowledge} there. Default: that call itself, at once.
   *
   * @param acknowledger takes the acknowledgements of copies made from now on
   */
  public void acknowledger(Dispatch.Acknowledger acknowledger) {
    this.acknowledger = requireNonNull(acknowledger, "acknowledger");
  }

  /**
   * Ends the connection. With a transport up the driver then owes a close frame with {@link
   * #closeCode} and the peer's answer or the timer; otherwise the connection is stopped at once.
   *
   * @param mode whether the session is to live on
   */
  public void stop(StopMode mode) {
    settle();
    if (TransitionTable.next(state, Signal.STOP) == null) {
      return; // ending or ended already
    }
    if (state.isOpen()) {
      leaveSession();
      closeCode = mode.closeCode();
    }
    transition(Signal.STOP);
    reconnect = null;
    if (mode == StopMode.GOODBYE) {
      forgetSession();
    }
  }

  // Outputs.

  /**
   * Takes the next payload to write. Call it until it is null, after every input: heartbeats,
   * IDENTIFY and RESUME overtake commands, and what is over the send budget waits.
   *
   * @return the payload, borrowed until the next call, or null when there is none now
   */
  public @Nullable Outgoing send() {
    if (!state.isOpen()) {
      return null;
    }
    scratch.outgoing.frameType(config.encoding().frameType());
    if (heartbeatDue || isExtraHeartbeatAllowed()) {
      return sendHeartbeat();
    }
    return switch (state) {
      case WAIT_PERMIT -> permitted ? sendIdentify() : null;
      case RESUMING -> resumeSent ? null : sendResume();
      case READY -> commandsHeldBack ? null : sendCommand();
      case IDLE, CONNECTING, WAIT_HELLO, IDENTIFYING, CLOSING, BACKOFF, FATAL, STOPPED -> null;
    };
  }

  /**
   * Takes the next payload to write and puts its bytes into the caller's buffer.
   *
   * @param out receives the bytes at its position
   * @return the payload, whose {@link Outgoing#payload} has been consumed, or null when there is
   *     none
   * @throws IllegalArgumentException if the buffer has room for less than 4096 bytes; nothing has
   *     changed
   */
  public @Nullable Outgoing send(ByteBuffer out) {
    if (out.remaining() < PayloadWriter.MAX_PAYLOAD_BYTES) {
      throw new IllegalArgumentException(
          "room: " + out.remaining() + " (expected: >= " + PayloadWriter.MAX_PAYLOAD_BYTES + ')');
    }
    Outgoing outgoing = send();
    if (outgoing != null) {
      out.put(outgoing.payload());
    }
    return outgoing;
  }

  /**
   * {@return the payloads to write as a loop can take them: each {@code next()} is a {@link #send}}
   */
  public Iterable<Outgoing> sendIter() {
    return SendIterator::new;
  }

  /**
   * {@return whether the driver has to reconnect} Raised once for a cause, the first dial being
   * one, and until {@link #connecting}.
   */
  public boolean shouldReconnect() {
    return reconnect != null;
  }

  /**
   * {@return how to reconnect}
   *
   * @throws IllegalStateException if no reconnect is due
   */
  public Reconnect reconnect() {
    if (reconnect == null) {
      throw new IllegalStateException("reconnect() in " + state + " (expected: shouldReconnect())");
    }
    return reconnect;
  }

  /** {@return the close code after which no reconnect helps, or null} */
  public @Nullable CloseCode failed() {
    return failed;
  }

  /** {@return the code to close the transport with while {@link GatewayState#CLOSING}, else 0} */
  public int closeCode() {
    return state == GatewayState.CLOSING ? closeCode : 0;
  }

  /**
   * {@return the time to {@link #onTimeout} in nanoseconds, 0 if it is due, {@link Long#MAX_VALUE}
   * if the connection waits for nothing} Remaining time, not a point in time.
   */
  public long nextTimeoutNanos() {
    return timers.remainingNanos(clock.nanoTime());
  }

  /** {@return whether HELLO came, there is no session, and IDENTIFY waits for its permit} */
  public boolean identifyWanted() {
    return state == GatewayState.WAIT_PERMIT && !permitted;
  }

  /**
   * {@return whether the last permit, wanted or granted, came to nothing because the transport
   * ended before IDENTIFY} The driver then withdraws its request or gives the permit back.
   */
  public boolean identifyAbandoned() {
    return identifyAbandoned;
  }

  /**
   * {@return whether the application keeps up} False when events may come and too many dispatches
   * are unacknowledged: the driver then pauses reading, and says so.
   */
  public boolean wantsRead() {
    boolean eventsFlow = state == GatewayState.RESUMING || state == GatewayState.READY;
    int owed = acknowledgements.unacknowledged() - (unsettled >= 0 ? 1 : 0);
    return !eventsFlow || owed < config.maxUnacknowledged();
  }

  /**
   * Takes the news that a session was lost, if there is any: it could not be resumed, or {@code
   * READY} came in its place. A {@link StopMode#GOODBYE} ends a session by intent and is no news.
   *
   * @return the last session that was lost since the last call, or null
   */
  public @Nullable SessionLost pollSessionLost() {
    SessionLost news = sessionLost;
    sessionLost = null;
    return news;
  }

  /**
   * Takes the next command that will not be sent, of those that were queued with an attachment.
   * They are kept until they are taken, so who queues with attachments calls this.
   *
   * @return the command, or null when there is none
   */
  public @Nullable DroppedCommand pollDroppedCommand() {
    return commands == null ? null : commands.pollDropped();
  }

  // Accessors.

  /** {@return which shard of how many this is} */
  public ShardId shard() {
    return shard;
  }

  /** {@return the state} */
  public GatewayState state() {
    return state;
  }

  /** {@return the number of the newest transport, 0 before the first} */
  public int generation() {
    return generation;
  }

  /** {@return the session as it can be stored, or null when there is none} */
  public @Nullable GatewaySession session() {
    if (sessionId == null) {
      return null;
    }
    return new GatewaySession(
        sessionId,
        resumeUrl,
        acknowledgements.checkpoint(),
        applicationId,
        shard,
        config.intents(),
        GatewayConfig.API_VERSION,
        config.encoding(),
        config.compression(),
        firstSeen,
        state.isOpen() ? config.instantSource().instant() : lastSeen);
  }

  /** {@return the id of the session, or null when there is none} */
  public @Nullable String sessionId() {
    return sessionId;
  }

  /** {@return the number of the session within this connection, 0 before the first} */
  public int sessionEpoch() {
    return sessionEpoch;
  }

  /** {@return the sequence of the last dispatch received in this session, -1 for none} */
  public long receivedSequence() {
    return received;
  }

  /**
   * {@return the acknowledged sequence, which {@link #session()} carries: every dispatch up to it
   * was acknowledged; 0 without a session}
   */
  public long acknowledgedSequence() {
    return acknowledgements.checkpoint();
  }

  /** {@return how many dispatches of this session were received and are not acknowledged} */
  public int unacknowledged() {
    return acknowledgements.unacknowledged();
  }

  /** {@return the heartbeat interval in milliseconds, 0 before HELLO} */
  public long heartbeatInterval() {
    return heartbeat.intervalNanos() / MILLI_NANOS;
  }

  /** {@return the time from the last heartbeat to its ACK in nanoseconds, 0 before the first} */
  public long heartbeatLatencyNanos() {
    return heartbeat.lastLatencyNanos();
  }

  /** {@return the mean of the heartbeat latencies in nanoseconds, 0 before the first} */
  public long meanHeartbeatLatencyNanos() {
    return heartbeat.meanLatencyNanos();
  }

  /** {@return how many heartbeats were acknowledged, so how many latencies were measured} */
  public int heartbeatAcks() {
    return heartbeat.acks();
  }

  /**
   * {@return how many inputs of older transports, or that the state did not expect, were ignored}
   */
  public long ignoredInputs() {
    return ignoredInputs;
  }

  /** {@return how many messages were no payload} */
  public long malformedMessages() {
    return malformedMessages;
  }

  /** {@return how many acknowledgements named a session that was gone} */
  public long staleAcknowledgements() {
    return staleAcknowledgements;
  }

  /** {@return how many bytes of payload came out of decompression, or arrived uncompressed} */
  public long payloadBytes() {
    return inflatedBytes;
  }

  /** {@return shard and state} */
  @Override
  public String toString() {
    return "GatewayConnection[" + shard + ", " + state + ']';
  }

  // Receiving.

  private @Nullable Dispatch receive(FrameType type, ByteBuffer message) {
    settle();
    if (!state.isOpen()) {
      ignoredInputs++;
      return null;
    }
    heartbeat.received();
    inbound = true;
    if (!isExpected(type)) {
      protocolError(
          type + " message (" + config.encoding() + ", compression: " + config.compression() + ')');
      return null;
    }
    if (isCompressed(type)) {
      return receiveCompressed(message);
    }
    int length = message.remaining();
    if (length > config.maxMessageBytes()) {
      protocolError(
          "message of " + length + " bytes (expected: <= " + config.maxMessageBytes() + ')');
      return null;
    }
    inflatedBytes += length;
    Envelope envelope = scratch.envelope(config);
    if (!envelope.scan(message, message.position(), message.limit())) {
      onMalformed(envelope);
      return null;
    }
    return handle(envelope, envelope.message());
  }

  private @Nullable Dispatch receiveCompressed(ByteBuffer message) {
    boolean pieced = inPieces;
    try {
      inPieces = !decompress(message);
      if (inPieces) {
        return null;
      }
    } catch (DataFormatException e) {
      protocolError(config.compression() + ": " + e.getMessage());
      return null;
    }
    int length = scratch.inflated.length();
    inflatedBytes += length;
    Envelope envelope = scratch.envelope(config);
    boolean intact = envelope.scan(scratch.inflated.view(), 0, length);
    if (pieced && !(intact && isReadable(envelope))) {
      // A message that lost its end was taken together with the next. Both will be replayed.
      protocolError("payload in pieces that do not fit together");
      return null;
    }
    if (!intact) {
      onMalformed(envelope);
      return null;
    }
    return handle(envelope, envelope.message());
  }

  /** Whether the configuration lets a message of this kind arrive. */
  private boolean isExpected(FrameType type) {
    FrameType expected = config.expectedFrames();
    return expected == null || expected == type;
  }

  private boolean isCompressed(FrameType type) {
    return stream != null
        || (config.compression() == Compression.PAYLOAD && type == FrameType.BINARY);
  }

  private boolean decompress(ByteBuffer message) throws DataFormatException {
    if (stream != null) {
      return stream.decompress(message, scratch.inflated);
    }
    scratch.payloadInflater().inflate(message, scratch.inflated, config.maxMessageBytes());
    return true;
  }

  private @Nullable Dispatch handle(Envelope envelope, ByteBuffer payload) {
    Opcode opcode = Opcode.of(envelope.op());
    if (opcode == Opcode.DISPATCH) { // nearly always, so ahead of the switch's table
      return onDispatch(envelope, payload);
    }
    scratch.dispatch.forget();
    switch (opcode) {
      case HEARTBEAT -> heartbeatRequested = true;
      case RECONNECT ->
          disconnect(
              Signal.RECONNECT_REQUESTED,
              Cause.REQUESTED,
              "gateway asked for a reconnect",
              CloseCode.CLOSE_TO_RESUME,
              0);
      case INVALID_SESSION -> onInvalidSession(isTrue(envelope, payload));
      case HELLO -> onHello(envelope, payload);
      case HEARTBEAT_ACK -> heartbeat.acked(clock.nanoTime());
      case DISPATCH -> throw new AssertionError(opcode);
      case IDENTIFY,
          PRESENCE_UPDATE,
          VOICE_STATE_UPDATE,
          RESUME,
          REQUEST_GUILD_MEMBERS,
          REQUEST_SOUNDBOARD_SOUNDS,
          REQUEST_CHANNEL_INFO,
          UNKNOWN ->
          ignoredInputs++;
    }
    return null;
  }

  private @Nullable Dispatch onDispatch(Envelope envelope, ByteBuffer payload) {
    long sequence = envelope.sequence();
    EventType type = envelope.type() == null ? EventType.UNKNOWN : envelope.type();
    Signal signal = Signal.DISPATCH;
    if (type == EventType.READY) {
      signal = Signal.READY;
    } else if (type == EventType.RESUMED) {
      signal = Signal.RESUMED;
    }
    if (TransitionTable.next(state, signal) == null) {
      ignoredInputs++; // an event before READY has no session that it could belong to
      return null;
    }
    if (sequence < 0) {
      protocolError("dispatch without sequence");
      return null;
    }
    if (signal == Signal.READY && !onReady(sequence, envelope, payload)) {
      return null;
    }
    if (sequence > received) {
      received = sequence;
      acknowledgements.received(sequence);
    }
    boolean deliverable = envelope.dataStart() >= 0;
    if (signal == Signal.DISPATCH && deliverable) {
      unsettled = sequence;
    } else {
      acknowledgements.acknowledge(sequence);
      transition(signal);
    }
    ladder.progress();
    if (type == EventType.RATE_LIMITED && deliverable) {
      onRateLimited(envelope, payload);
    }
    if (!deliverable) {
      malformedMessages++; // its place in the session is known, so the session can go on
      return null;
    }
    Dispatch dispatch = scratch.dispatch;
    dispatch.borrow(this, type, envelope, sessionEpoch, payload);
    return dispatch;
  }

  private boolean onReady(long sequence, Envelope envelope, ByteBuffer payload) {
    if (envelope.dataStart() < 0) {
      protocolError("READY without d");
      return false;
    }
    Ready ready;
    try {
      ready = Ready.of(data(envelope, payload));
    } catch (IOException e) {
      protocolError("READY that cannot be read: " + nameOf(e));
      return false;
    }
    if (sessionId != null) {
      loseSession("gateway started another session");
    }
    startSession(
        ready.sessionId(),
        GatewayUris.resumeBase(ready.resumeGatewayUrl(), gatewayUri),
        Math.max(0, sequence - 1),
        ready.applicationId());
    firstSeen = config.instantSource().instant();
    lastSeen = firstSeen;
    return true;
  }

  private void onRateLimited(Envelope envelope, ByteBuffer payload) {
    if (commands == null) {
      return; // none was sent
    }
    try {
      commands.rateLimited(RateLimited.of(data(envelope, payload)), clock.nanoTime());
      commandsHeldBack = false;
    } catch (IOException e) {
      malformedMessages++; // the application gets it, and sees for itself
    }
  }

  private void onHello(Envelope envelope, ByteBuffer payload) {
    Hello hello;
    try {
      hello = Hello.of(data(envelope, payload));
    } catch (IOException e) {
      protocolError("HELLO that cannot be read: " + nameOf(e));
      return;
    }
    if (ladder.dialAnswered(dialledResumeUrl)) {
      resumeUrl = null;
    }
    long intervalNanos = hello.heartbeatIntervalMillis() * MILLI_NANOS;
    heartbeat.interval(intervalNanos);
    budget.reserve(intervalNanos);
    // Only the first beat is jittered, so that a fleet that connects together does not beat
    // together.
    long first = (long) (intervalNanos * random.nextDouble());
    timers.arm(TimerKind.HEARTBEAT, clock.nanoTime() + first);
    if (state != GatewayState.WAIT_HELLO) {
      transition(Signal.HELLO_AGAIN);
    } else {
      transition(sessionId == null ? Signal.HELLO_NEW_SESSION : Signal.HELLO_KNOWN_SESSION);
    }
  }

  private void onInvalidSession(boolean resumable) {
    // Spreads the storm when a gateway invalidates many sessions at a time.
    long pause = between(SECOND_NANOS, 5 * SECOND_NANOS);
    boolean keep = resumable && sessionId != null;
    if (!keep) {
      loseSession("gateway invalidated it");
    }
    disconnect(
        keep ? Signal.INVALID_SESSION_RESUMABLE : Signal.INVALID_SESSION,
        Cause.INVALID_SESSION,
        "invalid session (resumable: " + resumable + ')',
        keep ? CloseCode.CLOSE_TO_RESUME : CloseCode.CLOSE_FOR_GOOD,
        pause);
  }

  private void onMalformed(Envelope envelope) {
    EventType type = envelope.type();
    if (envelope.sequence() >= 0
        && type != EventType.READY // without it there is no session to go on with
        && TransitionTable.next(state, Signal.DISPATCH) != null) {
      // Its place in the session is known, so the session can go on without it.
      malformedMessages++;
      if (envelope.sequence() > received) {
        received = envelope.sequence();
        acknowledgements.received(received);
        acknowledgements.acknowledge(received);
      }
      if (type == EventType.RESUMED) {
        transition(Signal.RESUMED); // there is nothing in it that anybody needs
      }
      return;
    }
    protocolError("message that is no payload: " + envelope.error());
  }

  /**
   * The stream cannot be followed any further; its session can, unless this keeps happening here.
   */
  private void protocolError(String what) {
    malformedMessages++;
    if (state != GatewayState.WAIT_HELLO && sessionId != null && ladder.isPoisoned(received)) {
      loseSession("the stream broke again behind sequence " + received + ": " + what);
    }
    disconnect(Signal.PROTOCOL_ERROR, Cause.PROTOCOL_ERROR, what, CloseCode.CLOSE_TO_RESUME, 0);
  }

  private boolean isTrue(Envelope envelope, ByteBuffer payload) {
    try {
      return data(envelope, payload).booleanValue();
    } catch (IOException e) {
      return false; // a session that may be dead is given up
    }
  }

  private boolean isReadable(Envelope envelope) {
    try {
      data(envelope, envelope.message());
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private JsonNode data(Envelope envelope, ByteBuffer payload) throws IOException {
    if (envelope.dataStart() < 0) {
      return MissingNode.getInstance();
    }
    JsonNode tree =
        Dispatch.readTree(
            config.objectMapper(),
            envelope.encoding(),
            payload,
            envelope.dataStart(),
            envelope.dataEnd());
    return tree == null ? MissingNode.getInstance() : tree;
  }

  /** What is wrong, without the content that Jackson quotes. */
  private static String nameOf(IOException e) {
    return e instanceof JsonProcessingException ? "malformed" : String.valueOf(e.getMessage());
  }

  // Sending.

  /** Whether a heartbeat beside those of the timer is wanted and within the budget. */
  private boolean isExtraHeartbeatAllowed() {
    if (!heartbeatRequested && !(heartbeatWanted && heartbeat.intervalNanos() > 0)) {
      return false;
    }
    long now = clock.nanoTime();
    long wait = budget.nanosUntilHeartbeat(now);
    if (wait > 0) {
      timers.armEarlier(TimerKind.SEND_BUDGET, now + wait);
    }
    return wait == 0;
  }

  private Outgoing sendHeartbeat() {
    long now = clock.nanoTime();
    if (heartbeatDue) {
      heartbeat.sent(now);
    }
    heartbeatDue = false;
    heartbeatRequested = false;
    heartbeatWanted = false;
    budget.add(now);
    ByteBuffer out = scratch.outgoing.heartbeat.clear();
    PayloadWriter.heartbeat(config.encoding(), received, out);
    return scratch.outgoing.set(Opcode.HEARTBEAT, out.flip(), null, null);
  }

  private Outgoing sendIdentify() {
    byte[] payload = identifyPayload(presence);
    identifiedBefore = true;
    identifiedAtNanos = clock.nanoTime();
    budget.add(identifiedAtNanos);
    transition(Signal.IDENTIFY_SENT);
    Object carried = commands == null ? null : commands.takePresence();
    return scratch.outgoing.set(Opcode.IDENTIFY, ByteBuffer.wrap(payload), null, carried);
  }

  private byte[] identifyPayload(@Nullable Presence presence) {
    return PayloadWriter.identify(
        config.encoding(),
        config.token(),
        config.identifyProperties(),
        config.compression() == Compression.PAYLOAD,
        config.largeThreshold(),
        shard,
        presence,
        config.intents());
  }

  private Outgoing sendResume() {
    byte[] payload =
        PayloadWriter.resume(
            config.encoding(), config.token(), requireNonNull(sessionId), received);
    resumeSent = true;
    budget.add(clock.nanoTime());
    return scratch.outgoing.set(Opcode.RESUME, ByteBuffer.wrap(payload), null, null);
  }

  private @Nullable Outgoing sendCommand() {
    CommandQueue queue = commands;
    if (queue == null || queue.isEmpty()) {
      return null;
    }
    long now = clock.nanoTime();
    long wait = budget.nanosUntilCommand(now);
    CommandQueue.Entry next = wait > 0 ? null : queue.next(now);
    if (next == null) {
      commandsHeldBack = true;
      timers.armEarlier(TimerKind.SEND_BUDGET, now + Math.max(wait, queue.nanosUntilNext(now)));
      return null;
    }
    queue.sent(next, now);
    budget.add(now);
    return scratch.outgoing.set(
        next.command().opcode(),
        ByteBuffer.wrap(next.payload()),
        next.command(),
        next.attachment());
  }

  private final class SendIterator implements Iterator<Outgoing> {

    private @Nullable Outgoing next;

    @Override
    public boolean hasNext() {
      if (next == null) {
        next = send();
      }
      return next != null;
    }

    @Override
    public Outgoing next() {
      if (!hasNext()) {
        throw new NoSuchElementException("no payload to send");
      }
      Outgoing taken = requireNonNull(next);
      next = null;
      return taken;
    }
  }

  // Timers.

  private void onHeartbeatDue(long now) {
    if (heartbeat.isZombie(now)) {
      disconnect(
          Signal.ZOMBIED,
          Cause.ZOMBIE,
          "no heartbeat ACK and no other sign of life",
          CloseCode.CLOSE_TO_RESUME,
          0);
      return;
    }
    heartbeatDue = true;
    timers.arm(TimerKind.HEARTBEAT, now + heartbeat.intervalNanos());
  }

  private void onProbeTimeout(long now) {
    if (inbound) {
      return;
    }
    if (heartbeatWanted || heartbeat.isExcused(now)) { // nothing was asked yet, or nothing is read
      timers.arm(TimerKind.PROBE, now + PROBE_NANOS);
      return;
    }
    disconnect(
        Signal.ZOMBIED,
        Cause.ZOMBIE,
        "suspected, and no sign of life within " + PROBE_NANOS / SECOND_NANOS + " s",
        CloseCode.CLOSE_TO_RESUME,
        0);
  }

  private void onHelloTimeout(long now) {
    if (heartbeat.isExcused(now)) {
      timers.arm(TimerKind.HELLO, now + config.helloTimeout().toNanos());
      return;
    }
    disconnect(
        Signal.TIMED_OUT,
        Cause.TIMED_OUT,
        "no HELLO within " + config.helloTimeout(),
        CloseCode.CLOSE_TO_RESUME,
        0);
  }

  private void onSessionTimeout(long now) {
    // The gateway is alive, perhaps in an outage: it will send the session in time.
    if (inbound || heartbeat.isExcused(now)) {
      inbound = false;
      timers.arm(TimerKind.SESSION, now + config.sessionTimeout().toNanos());
      return;
    }
    disconnect(
        Signal.TIMED_OUT,
        Cause.TIMED_OUT,
        "no "
            + (state == GatewayState.IDENTIFYING ? "READY" : "RESUMED")
            + " and nothing else within "
            + config.sessionTimeout(),
        CloseCode.CLOSE_TO_RESUME,
        0);
  }

  // The state.

  private void transition(Signal signal) {
    GatewayState next = TransitionTable.next(state, signal);
    if (next == null) {
      throw new AssertionError("signal: " + signal + " (state: " + state + ')');
    }
    GatewayState previous = state;
    state = next;
    if (next != previous) {
      onEntered(previous);
    }
  }

  private void onEntered(GatewayState previous) {
    long now = clock.nanoTime();
    if (previous == GatewayState.WAIT_PERMIT && state != GatewayState.IDENTIFYING) {
      identifyAbandoned = true;
    }
    switch (state) {
      case CONNECTING -> {
        reconnect = null;
        timers.arm(TimerKind.CONNECT, now + config.connectTimeout().toNanos());
      }
      case WAIT_HELLO -> {
        timers.cancel(TimerKind.CONNECT);
        timers.arm(TimerKind.HELLO, now + config.helloTimeout().toNanos());
      }
      case WAIT_PERMIT -> {
        timers.cancel(TimerKind.HELLO);
        identifyAbandoned = false;
        if (!config.identifyPermitsGranted()) {
          long wait = identifiedAtNanos + IDENTIFY_SPACING_NANOS - now;
          permitted = !identifiedBefore || wait <= 0;
          if (!permitted) {
            timers.arm(TimerKind.IDENTIFY, now + wait);
          }
        }
      }
      case IDENTIFYING, RESUMING -> {
        timers.cancel(TimerKind.HELLO);
        inbound = false;
        timers.arm(TimerKind.SESSION, now + config.sessionTimeout().toNanos());
      }
      case READY -> {
        timers.cancel(TimerKind.SESSION);
        timers.arm(TimerKind.STABLE, now + config.stableAfter().toNanos());
      }
      case CLOSING -> {
        timers.cancelAll();
        timers.arm(TimerKind.CLOSE, now + config.closeTimeout().toNanos());
      }
      case IDLE, BACKOFF, FATAL, STOPPED -> timers.cancelAll();
    }
    if (commands != null && isEnding()) {
      commands.ended();
    }
  }

  private boolean isEnding() {
    return state == GatewayState.CLOSING || state.isTerminal();
  }

  private void closed(Cause cause, String detail, long pauseNanos) {
    if (state == GatewayState.CLOSING) {
      endTransport();
      transition(Signal.CLOSED);
    } else if (state.isOpen()) {
      disconnect(Signal.CLOSED, cause, detail, 0, pauseNanos);
    } else {
      ignoredInputs++;
    }
  }

  /** Leaves the transport, if there is one, and asks for the next. */
  private void disconnect(
      Signal signal, Cause cause, String detail, int closeCode, long pauseNanos) {
    if (state == GatewayState.RESUMING && resumeSent && ladder.resumeFailed()) {
      loseSession(ReconnectLadder.MAX_RESUME_FAILURES + " RESUMEs without an answer: " + detail);
    }
    if (state == GatewayState.WAIT_HELLO && signal != Signal.RECONNECT_REQUESTED) {
      ladder.dialFailed(dialledResumeUrl);
    }
    leaveSession();
    endTransport();
    transition(signal);
    long delayNanos = Math.max(pauseNanos, ladder.nextDelayNanos(sessionId != null));
    reconnect = new Reconnect(closeCode, delayNanos, dialUri(), cause, detail);
  }

  private void leaveSession() {
    if (state.isOpen()) {
      lastSeen = config.instantSource().instant();
    }
  }

  /** Forgets everything that belonged to the transport. */
  private void endTransport() {
    if (stream != null) {
      stream.end();
      stream = null;
    }
    timers.cancelAll();
    heartbeat.reset();
    heartbeatDue = false;
    heartbeatRequested = false;
    heartbeatWanted = false;
    resumeSent = false;
    permitted = false;
    commandsHeldBack = false;
  }

  private void startSession(
      String sessionId, @Nullable String resumeUrl, long sequence, long applicationId) {
    this.sessionId = sessionId;
    this.resumeUrl = scratch.shared(resumeUrl);
    this.applicationId = applicationId;
    received = sequence;
    sessionEpoch++;
    acknowledgements.reset(sequence);
    unsettled = -1;
  }

  /** The session cannot be resumed any more, and that is not what the application wanted. */
  private void loseSession(String reason) {
    if (sessionId != null) {
      sessionLost =
          new SessionLost(sessionId, sessionEpoch, acknowledgements.checkpoint(), received, reason);
      if (commands != null) {
        commands.sessionLost();
      }
    }
    forgetSession();
  }

  private void forgetSession() {
    sessionId = null;
    resumeUrl = null;
    received = -1;
    unsettled = -1;
    acknowledgements.reset(0);
    ladder.sessionDropped();
  }

  private boolean resumesAtResumeUrl() {
    return sessionId != null && resumeUrl != null && ladder.prefersResumeUrl();
  }

  private URI dialUri() {
    String base = resumesAtResumeUrl() && resumeUrl != null ? resumeUrl : gatewayUri.toString();
    return GatewayUris.dial(base, config);
  }

  /**
   * The view of the last message is past its time; unless deferred, its event counts as handled.
   */
  private void settle() {
    scratch.dispatch.invalidate();
    if (unsettled >= 0) {
      acknowledgements.acknowledge(unsettled);
      unsettled = -1;
    }
  }

  /** As {@link #settle}, and lets go of the last dispatch's memory: no other follows at once. */
  private void settleAndForget() {
    settle();
    scratch.dispatch.forget();
  }

  /** {@return what reads the dispatches of this connection} */
  ObjectMapper objectMapper() {
    return config.objectMapper();
  }

  void deferAcknowledgement() {
    unsettled = -1;
  }

  void acknowledgeBorrowed(long sequence) {
    unsettled = -1;
    acknowledgements.acknowledge(sequence);
  }

  Dispatch.Acknowledger acknowledger() {
    return acknowledger == null ? this::acknowledge : acknowledger;
  }

  private boolean isCurrent(int generation) {
    if (generation != this.generation) {
      ignoredInputs++;
      return false;
    }
    return true;
  }

  private long between(long minNanos, long maxNanos) {
    return minNanos + (long) (random.nextDouble() * (maxNanos - minNanos));
  }
}
