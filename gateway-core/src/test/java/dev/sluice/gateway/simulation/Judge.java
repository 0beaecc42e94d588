package dev.sluice.gateway.simulation;

import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.StopMode;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks the invariants by what passes over the network and by what the server gave out. It counts
 * and remembers on its own, so that it shares no mistake with the code it judges.
 */
final class Judge {

  static final int SEND_LIMIT = 120;

  private static final long SEND_WINDOW_NANOS = 60 * VirtualTime.SECOND;
  private static final long IDENTIFY_WINDOW_NANOS = 5 * VirtualTime.SECOND;
  private static final long DAY_NANOS = 24 * VirtualTime.HOUR;
  private static final int MAX_DIALS_A_MINUTE = 30;
  private static final int MAX_POISON_MET = 3;
  private static final long CLOSING_NANOS = 6 * VirtualTime.SECOND;
  private static final long LOGIN_SILENCE_NANOS = 60 * VirtualTime.SECOND;
  private static final int UNANSWERED_RESUMES = 5;
  private static final Set<Integer> ENDS_SESSION = Set.of(1000, 1001);
  private static final Set<Integer> NEW_SESSION = Set.of(4003, 4006, 4007, 4009);
  private static final Set<Integer> FATAL = Set.of(4004, 4010, 4011, 4012, 4013, 4014);
  private static final Set<Integer> MISTAKES =
      Set.of(4001, 4002, 4003, 4004, 4005, 4007, 4008, 4010, 4011, 4012, 4013, 4014);

  /** What is remembered of one shard. */
  static final class Memory {
    int dials;
    private final long[] dialTimes = new long[MAX_DIALS_A_MINUTE];
    private boolean goodbye;
    private boolean mayAbandon; // the session, for a reason that the judge knows
    private int unansweredResumes;
    private @Nullable String invalidSession;
    private long noDialBeforeNanos;
    private int epoch;
    private long received = -1;
    private @Nullable GatewayState terminal;
    private int poisonMet;
    private int poisonMetAt = -1;
  }

  private final VirtualTime time;
  private final Settings settings;
  private final Simulation simulation;
  private final long heartbeatNanos;
  private final boolean[] bucketUsed;
  private final long[] bucketNanos;
  private boolean periodRuns;
  private long periodStartNanos;
  private int started; // sessions in this period

  Judge(Simulation simulation) {
    this.simulation = simulation;
    this.time = simulation.time();
    this.settings = simulation.settings();
    this.heartbeatNanos = settings.heartbeatMillis * VirtualTime.MILLI;
    this.bucketUsed = new boolean[settings.maxConcurrency];
    this.bucketNanos = new long[settings.maxConcurrency];
  }

  /** Whether a client that is closed with this code resumes. */
  static boolean keepsSession(int code) {
    return !NEW_SESSION.contains(code) && !FATAL.contains(code);
  }

  void require(boolean holds, Invariant invariant, SimulatedShard shard, String otherwise) {
    if (!holds) {
      throw new Violation(invariant, shard.id(), otherwise);
    }
  }

  // The session starts, as the server counts them.

  int startsLeft() {
    endPeriod(time.now());
    return settings.sessionStarts - started;
  }

  long startsResetNanos() {
    endPeriod(time.now());
    return periodRuns ? periodStartNanos + DAY_NANOS - time.now() : 0;
  }

  private void endPeriod(long now) {
    if (periodRuns && now - periodStartNanos >= DAY_NANOS) {
      periodRuns = false;
      started = 0;
    }
  }

  // The process.

  void started(SimulatedShard shard) {
    Memory memory = shard.memory;
    memory.goodbye = false;
    memory.mayAbandon = false;
    memory.unansweredResumes = 0;
    memory.invalidSession = null;
    memory.noDialBeforeNanos = 0;
    memory.epoch = 0;
    memory.received = -1;
    memory.terminal = null;
    memory.poisonMet = 0;
    memory.poisonMetAt = -1;
  }

  void stops(SimulatedShard shard, StopMode mode) {
    shard.memory.goodbye |= mode == StopMode.GOODBYE;
  }

  /** A session that can be stored names everything that was handled, and nothing else. */
  void storedSession(SimulatedShard shard, @Nullable GatewaySession session) {
    SessionRecord record = shard.record();
    if (session == null
        || record == null
        || record.tainted
        || !record.session.id().equals(session.sessionId())) {
      return;
    }
    long checkpoint = session.sequence();
    int unhandled = record.unhandled(checkpoint);
    if (unhandled >= 0) {
      throw new Violation(
          Invariant.CHECKPOINT,
          shard.id(),
          "stored " + checkpoint + ", but event " + unhandled + " is not handled");
    }
    int next = record.next(checkpoint);
    boolean tooLow =
        next >= 0
            && next <= shard.cursor()
            && record.handled.get(next)
            && !shard.deferred().contains((long) next);
    if (tooLow) {
      throw new Violation(
          Invariant.CHECKPOINT,
          shard.id(),
          "stored " + checkpoint + ", but event " + next + " is handled too");
    }
  }

  /** Called after every input. */
  void looks(SimulatedShard shard, GatewayConnection connection) {
    Memory memory = shard.memory;
    if (connection.sessionId() != null) {
      int epoch = connection.sessionEpoch();
      long received = connection.receivedSequence();
      require(
          epoch != memory.epoch || received >= memory.received,
          Invariant.SEQUENCE_NEVER_FALLS,
          shard,
          "the received sequence fell");
      memory.epoch = epoch;
      memory.received = received;
    }
    GatewayState state = shard.state();
    if (memory.terminal != null || state.isTerminal()) {
      require(
          (memory.terminal == null || memory.terminal == state || state == GatewayState.STOPPED)
              && !connection.shouldReconnect()
              && connection.nextTimeoutNanos() == Long.MAX_VALUE
              && connection.send() == null,
          Invariant.SILENT_WHEN_TERMINAL,
          shard,
          "a terminal connection wants something");
      memory.terminal = state;
    }
  }

  // Dialling.

  void dials(SimulatedShard shard) {
    Memory memory = shard.memory;
    long now = time.now();
    int slot = memory.dials++ % MAX_DIALS_A_MINUTE;
    require(
        memory.dials <= MAX_DIALS_A_MINUTE || now - memory.dialTimes[slot] >= VirtualTime.MINUTE,
        Invariant.DIAL_STORM,
        shard,
        "more than " + MAX_DIALS_A_MINUTE + " dials within a minute");
    memory.dialTimes[slot] = now;
    require(
        now >= memory.noDialBeforeNanos,
        Invariant.INVALID_SESSION,
        shard,
        "a dial within 1 s of op 9");
  }

  /** The client gives up a transport, or a dial, on its own account or because it ended. */
  void leaves(SimulatedShard shard, @Nullable SimulatedTransport transport, Reconnect reconnect) {
    if (transport == null || !transport.clientOpen) {
      return;
    }
    SessionRecord record = transport.record;
    boolean poisoned = record != null && !record.poison.isEmpty();
    boolean silent =
        !transport.eventSeen
            && transport.logins > 0
            && time.now() - transport.lastDeliveredNanos >= LOGIN_SILENCE_NANOS;
    boolean excused =
        !transport.healthy
            || transport.askedToLeave
            || transport.acksWithheld
            || poisoned
            || silent;
    if (!excused) {
      throw new Violation(
          Invariant.HEALTHY_TRANSPORT_KEPT, shard.id(), "left because: " + reconnect.detail());
    }
    if (record != null) {
      int next = record.next(shard.cursor());
      if (next >= 0 && record.poison.get(next)) {
        Memory memory = shard.memory;
        memory.mayAbandon |= memory.poisonMetAt == next;
        boolean only = transport.healthy && !transport.askedToLeave && !transport.acksWithheld;
        memory.poisonMet = memory.poisonMetAt == next ? memory.poisonMet + (only ? 1 : 0) : 1;
        memory.poisonMetAt = next;
        require(
            memory.poisonMet <= MAX_POISON_MET,
            Invariant.POISON,
            shard,
            "the same message broke the stream " + memory.poisonMet + " times");
      }
    }
  }

  void left(SimulatedTransport transport) {
    Memory memory = transport.shard.memory;
    if (transport.eventSeen) {
      memory.unansweredResumes = 0;
    } else if (transport.resumeSent && ++memory.unansweredResumes >= UNANSWERED_RESUMES) {
      memory.mayAbandon = true;
    }
    if (transport.corrupted) {
      memory.mayAbandon = true; // the same bytes may break it twice
    }
  }

  void clientCloses(SimulatedTransport transport, int code) {
    SessionRecord record = transport.record;
    if (ENDS_SESSION.contains(code)
        && record != null
        && !record.session.ended()
        && !record.tainted
        && !transport.corrupted
        && !transport.invalidDelivered
        && (!transport.invalidResumableDelivered || transport.eventSeen)
        && !transport.shard.memory.goodbye) {
      throw new Violation(
          Invariant.CLOSE_KEEPS_SESSION,
          transport.shard.id(),
          "closes with " + code + ", which ends a live session");
    }
  }

  // What reaches the client.

  void delivered(SimulatedTransport transport, Message message) {
    transport.lastDeliveredNanos = time.now();
    if (!transport.helloDelivered) {
      transport.helloDelivered = true;
      transport.helloNanos = time.now();
    }
    Memory memory = transport.shard.memory;
    boolean invalid = message.tag == Message.Tag.INVALID;
    memory.mayAbandon |= invalid;
    transport.invalidDelivered |= invalid;
    transport.invalidResumableDelivered |= message.tag == Message.Tag.INVALID_RESUMABLE;
    if (transport.corrupted || message.tag == Message.Tag.NONE) {
      return;
    }
    transport.askedToLeave |= message.tag != Message.Tag.HELLO;
    boolean open = transport.shard.state().isOpen();
    if (open && (invalid || message.tag == Message.Tag.INVALID_RESUMABLE)) {
      memory.noDialBeforeNanos = time.now() + VirtualTime.SECOND;
    }
    SessionRecord record = transport.shard.record();
    if (open && invalid && record != null) {
      memory.invalidSession = record.session.id();
    }
  }

  void closeDelivered(SimulatedTransport transport, int code) {
    transport.shard.memory.mayAbandon |= NEW_SESSION.contains(code);
  }

  @Nullable SessionRecord ready(
      SimulatedShard shard, SimulatedTransport transport, GatewayConnection connection) {
    String id = connection.sessionId();
    SessionRecord record = id == null ? null : simulation.gateway().record(id);
    require(
        transport.tainted || (record != null && record.shard.equals(shard)),
        Invariant.PROTOCOL,
        shard,
        "READY of a session that the server did not start");
    Memory memory = shard.memory;
    memory.mayAbandon = false;
    memory.unansweredResumes = 0;
    memory.invalidSession = null;
    memory.poisonMet = 0;
    memory.poisonMetAt = -1;
    return record;
  }

  void resumed(SimulatedShard shard) {
    shard.memory.unansweredResumes = 0;
  }

  void event(SimulatedShard shard, SessionRecord record, long sequence, long id) {
    int expected = record.next(shard.cursor());
    while (expected >= 0 && record.poison.get(expected)) {
      expected = record.next(expected);
    }
    if (expected != sequence || id != (((long) record.number << 32) | sequence)) {
      throw new Violation(
          Invariant.EVENTS_IN_ORDER,
          shard.id(),
          "event " + sequence + " came (expected: " + expected + ')');
    }
  }

  // What the client sends.

  void sends(
      SimulatedShard shard,
      SimulatedTransport transport,
      GatewayConnection connection,
      byte[] payload,
      Opcode opcode) {
    require(transport.helloDelivered, Invariant.PROTOCOL, shard, opcode + " before HELLO");
    Memory memory = shard.memory;
    SessionRecord record = shard.record();
    boolean known = record != null && !record.tainted && !transport.tainted && payload[0] == '{';
    switch (opcode) {
      case IDENTIFY -> {
        require(++transport.logins == 1, Invariant.PROTOCOL, shard, "a second login");
        require(shard.permitHeld(), Invariant.IDENTIFY_BUDGET, shard, "IDENTIFY without a permit");
        require(
            record == null || record.tainted || record.session.ended() || memory.mayAbandon,
            Invariant.SESSION_NOT_ABANDONED,
            shard,
            "IDENTIFY, but the session can be resumed");
      }
      case RESUME -> {
        require(++transport.logins == 1, Invariant.PROTOCOL, shard, "a second login");
        transport.resumeSent = true;
        if (known && record != null) {
          require(
              number(payload, "\"seq\":") == shard.cursor(),
              Invariant.SEQUENCE_NEVER_FALLS,
              shard,
              "RESUME from another sequence than the last received");
          require(
              !record.session.id().equals(memory.invalidSession),
              Invariant.INVALID_SESSION,
              shard,
              "RESUME of a session that was invalidated");
        }
      }
      case HEARTBEAT -> {
        transport.heartbeats++;
        long due = (time.now() - transport.helloNanos) / heartbeatNanos;
        require(
            transport.tainted || transport.heartbeats <= due + 2 + transport.heartbeatRequests,
            Invariant.HEARTBEATS,
            shard,
            "more heartbeats than intervals have passed");
        long d = number(payload, "\"d\":");
        boolean session = connection.sessionId() != null;
        require(
            payload[0] != '{' || session || d == -1,
            Invariant.HEARTBEATS,
            shard,
            "a heartbeat with a sequence but without a session");
        require(
            !known || !session || d == shard.cursor(),
            Invariant.SEQUENCE_NEVER_FALLS,
            shard,
            "a heartbeat with another sequence than the last received");
      }
      default ->
          require(
              shard.state() == GatewayState.READY || connection.state() == GatewayState.READY,
              Invariant.PROTOCOL,
              shard,
              "a command before READY");
    }
  }

  /** A payload arrives at the server at this moment, unless a fault delays it further. */
  void arrives(SimulatedTransport transport, Message message, long undisturbedNanos) {
    SimulatedShard shard = transport.shard;
    int slot = transport.arrived++ % SEND_LIMIT;
    require(
        transport.tainted // an ACK that became op 1 is answered for ever
            || transport.arrived <= SEND_LIMIT
            || undisturbedNanos - transport.arrivals[slot] >= SEND_WINDOW_NANOS,
        Invariant.SEND_LIMIT,
        shard,
        "121 payloads within 60 s");
    transport.arrivals[slot] = undisturbedNanos;
    if (message.code == Opcode.IDENTIFY.code()) {
      identifyArrives(shard, undisturbedNanos);
    }
  }

  private void identifyArrives(SimulatedShard shard, long atNanos) {
    int bucket = shard.id() % settings.maxConcurrency;
    require(
        !bucketUsed[bucket] || atNanos - bucketNanos[bucket] >= IDENTIFY_WINDOW_NANOS,
        Invariant.IDENTIFY_SPACING,
        shard,
        "two IDENTIFYs of bucket " + bucket + " within 5 s");
    bucketUsed[bucket] = true;
    bucketNanos[bucket] = atNanos;
    endPeriod(atNanos);
    if (!periodRuns) {
      periodRuns = true;
      periodStartNanos = atNanos;
    }
    started++;
    require(
        started <= settings.sessionStarts - settings.reserve,
        Invariant.IDENTIFY_BUDGET,
        shard,
        "an IDENTIFY more than there are session starts");
  }

  // What the server sees.

  void serverCloses(SimulatedTransport transport, int code) {
    SessionRecord record = transport.shard.record();
    boolean tainted = transport.tainted || (record != null && record.tainted);
    require(
        transport.closedByFault || !transport.healthy || tainted || !MISTAKES.contains(code),
        Invariant.PROTOCOL,
        transport.shard,
        "the server closes with " + code);
  }

  void serverMissesHeartbeat(SimulatedTransport transport) {
    require(
        !transport.healthy || !transport.clientOpen,
        Invariant.HEARTBEATS,
        transport.shard,
        "no heartbeat for one and a half intervals");
  }

  // Dead transports.

  /** Nothing reaches the client after this moment. */
  void fallsSilent(SimulatedTransport transport, long atNanos) {
    transport.deadSinceNanos = atNanos;
    time.at(
        atNanos,
        () -> {
          GatewayState state = transport.shard.state();
          long within =
              switch (state) {
                case CONNECTING, WAIT_HELLO -> 20 * VirtualTime.SECOND;
                case IDENTIFYING, RESUMING ->
                    Math.min(120 * VirtualTime.SECOND, 3 * heartbeatNanos);
                case CLOSING -> 5 * VirtualTime.SECOND;
                default -> 3 * heartbeatNanos;
              };
          expectLeft(transport, within + VirtualTime.SECOND);
        });
  }

  /** No ACK comes any more, though events may. */
  void fallsMute(SimulatedTransport transport) {
    transport.mute = true;
    expectLeft(transport, 6 * heartbeatNanos + VirtualTime.SECOND);
  }

  private void expectLeft(SimulatedTransport transport, long withinNanos) {
    expectLeft(transport, withinNanos, time.now(), transport.shard.pausedNanos(), false);
  }

  /** Time in which the driver does not read proves nothing, and one interval of grace follows. */
  private void expectLeft(
      SimulatedTransport transport,
      long withinNanos,
      long sinceNanos,
      long pausedBefore,
      boolean closing) {
    SimulatedShard shard = transport.shard;
    if (!transport.equals(shard.transport()) || (!transport.mute && transport.deadSinceNanos < 0)) {
      return;
    }
    long paused = shard.pausedNanos() - pausedBefore;
    long within = paused > 0 ? withinNanos + 5 * heartbeatNanos : withinNanos;
    long read = time.now() - sinceNanos - paused;
    boolean justClosing = shard.state() == GatewayState.CLOSING && !closing;
    if (read < within || justClosing) {
      time.after(
          justClosing ? CLOSING_NANOS : within - read,
          () -> expectLeft(transport, withinNanos, sinceNanos, pausedBefore, justClosing));
      return;
    }
    throw new Violation(
        Invariant.DEAD_TRANSPORT_FOUND,
        shard.id(),
        "a dead transport is still in use after "
            + read / VirtualTime.MILLI
            + " ms of reading, in "
            + shard.state());
  }

  /** The number after a name in JSON, -1 for anything else. */
  private static long number(byte[] json, String name) {
    String text = new String(json, StandardCharsets.ISO_8859_1);
    int i = text.indexOf(name);
    if (i < 0) {
      return -1;
    }
    i += name.length();
    int end = i;
    while (end < text.length() && Character.isDigit(text.charAt(end))) {
      end++;
    }
    return end == i ? -1 : Long.parseLong(text, i, end, 10);
  }
}
