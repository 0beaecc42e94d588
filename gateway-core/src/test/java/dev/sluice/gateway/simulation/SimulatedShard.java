package dev.sluice.gateway.simulation;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Outgoing;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.simulation.Trace.Line;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The driver of one shard's connection, as its contract asks for, and the application behind it. A
 * crash ends the connection without a word; what was stored before is what the next one gets.
 */
final class SimulatedShard {

  private static final int MAX_SENDS = 1000;
  private static final int MAX_TIMEOUTS_AT_ONCE = 100;

  private final Simulation simulation;
  private final VirtualTime time;
  private final Trace trace;
  private final Judge judge;
  private final SimulatedNetwork network;
  private final SplittableRandom random;
  private final ShardId shardId;

  // The process.
  private @Nullable GatewayConnection connection;
  private int process;
  private @Nullable GatewaySession stored;
  private GatewayState state = GatewayState.IDLE;
  private @Nullable Reconnect pending;
  private @Nullable SimulatedTransport transport;
  private boolean permitRequested;
  private boolean permitHeld;
  private long timerNanos = Long.MAX_VALUE;
  private int timer;
  private int timeoutsAtOnce;
  private long lastTimeoutNanos = -1;

  // Reading.
  private final Queue<Message> held = new ArrayDeque<>(0);
  private boolean paused;
  private boolean reads = true; // as far as the application is concerned
  private long pausedSinceNanos;
  private long pausedNanos;

  // The application.
  private @Nullable SessionRecord record;
  private long cursor = -1; // the last sequence that came
  private final TreeSet<Long> deferred = new TreeSet<>();

  /** What the judge remembers of this shard. */
  final Judge.Memory memory = new Judge.Memory();

  SimulatedShard(Simulation simulation, ShardId shardId, SplittableRandom random) {
    this.simulation = simulation;
    this.time = simulation.time();
    this.trace = simulation.trace();
    this.judge = simulation.judge();
    this.network = simulation.network();
    this.shardId = shardId;
    this.random = random;
  }

  int id() {
    return shardId.id();
  }

  int process() {
    return process;
  }

  @Nullable GatewayConnection connection() {
    return connection;
  }

  @Nullable SimulatedTransport transport() {
    return transport;
  }

  @Nullable SessionRecord record() {
    return record;
  }

  long cursor() {
    return cursor;
  }

  boolean permitHeld() {
    return permitHeld;
  }

  TreeSet<Long> deferred() {
    return deferred;
  }

  GatewayState state() {
    return state;
  }

  boolean isRunning() {
    return connection != null && !state.isTerminal();
  }

  /** How long the driver has not read, all in all. */
  long pausedNanos() {
    return pausedNanos + (paused ? time.now() - pausedSinceNanos : 0);
  }

  // The process.

  void start() {
    GatewaySession session = stored;
    process++;
    state = GatewayState.IDLE;
    GatewayConnection started =
        GatewayConnection.create(
            simulation.config(), shardId, session, simulation.scratch(), time, random.split());
    connection = started;
    record = session == null ? null : simulation.gateway().record(session.sessionId());
    cursor = session == null ? -1 : session.sequence();
    trace.add(id(), Line.START, process, cursor, null);
    judge.started(this);
    afterInput();
  }

  /** Everything in memory is gone; the peer hears of it, unless that is lost too. */
  void crash() {
    if (connection == null) {
      return;
    }
    trace.add(id(), Line.CRASH);
    withdrawPermit();
    closeTransport(0);
    forget();
  }

  private void forget() {
    connection = null;
    pending = null;
    timerNanos = Long.MAX_VALUE;
    timer++;
    deferred.clear();
    held.clear();
    paused = false;
    reads = true;
    process++; // what still comes is not for the next one
  }

  void stop(StopMode mode) {
    GatewayConnection stopping = connection;
    if (stopping != null) {
      trace.add(id(), Line.STOP, 0, 0, mode);
      judge.stops(this, mode);
      stopping.stop(mode);
      afterInput();
    }
  }

  /** After a stop: keeps what is to be kept, and lets go of the connection. */
  private void stopped(GatewayConnection ended) {
    withdrawPermit();
    closeTransport(0);
    stored = ended.session();
    judge.storedSession(this, stored);
    forget();
    simulation.bot().stopped(this);
  }

  void store() {
    GatewayConnection current = connection;
    if (current != null) {
      stored = current.session();
      GatewaySession session = stored;
      trace.add(id(), Line.STORED, session == null ? -1 : session.sequence());
      judge.storedSession(this, session);
    }
  }

  // Dialling.

  private void onReconnect(GatewayConnection current, Reconnect reconnect) {
    trace.add(
        id(),
        Line.RECONNECT,
        reconnect.closeCode(),
        reconnect.delayNanos() / VirtualTime.MILLI,
        reconnect.detail());
    judge.leaves(this, transport, reconnect);
    closeTransport(reconnect.closeCode());
    if (random.nextInt(2) == 0) {
      store();
    }
    int started = process;
    time.after(
        reconnect.delayNanos(),
        () -> {
          if (process == started && pending == reconnect && current.shouldReconnect()) {
            dial(current, reconnect);
          }
        });
  }

  private void dial(GatewayConnection current, Reconnect reconnect) {
    current.connecting();
    judge.require(
        !current.shouldReconnect(), Invariant.RECONNECT_ONCE, this, "one cause asks for two dials");
    pending = null;
    judge.dials(this);
    trace.add(id(), Line.DIAL, memory.dials);
    transport = network.dial(this, reconnect.uri());
    afterInput();
  }

  /** Whether the outcome of a dial is still awaited. */
  boolean dials(SimulatedTransport dialled) {
    return dialled.equals(transport) && state == GatewayState.CONNECTING;
  }

  void dialFailed(SimulatedTransport dialled, int httpStatus) {
    if (dials(dialled)) {
      trace.add(id(), Line.DIAL_FAILED, httpStatus);
      transport = null;
      requireNonNull(connection).connectFailed(httpStatus);
      afterInput();
    }
  }

  void opened(SimulatedTransport dialled) {
    dialled.generation = requireNonNull(connection).opened();
    trace.add(id(), Line.OPENED, dialled.generation);
    afterInput();
  }

  private void closeTransport(int code) {
    SimulatedTransport closing = transport;
    transport = null;
    endPause();
    held.clear();
    if (closing != null) {
      if (closing.clientOpen) {
        closing.clientOpen = false;
        if (code != 0) {
          trace.add(id(), Line.WE_CLOSE, code);
          judge.clientCloses(closing, code);
        }
        network.closeByClient(closing, code);
      }
      judge.left(closing);
    }
  }

  // Receiving.

  void recv(SimulatedTransport from, Message message) {
    if (!from.equals(transport)) {
      late(from, message);
    } else if (paused) {
      held.add(message);
    } else {
      handle(from, message);
    }
  }

  private void handle(SimulatedTransport from, Message message) {
    GatewayConnection current = requireNonNull(connection);
    switch (message.kind) {
      case PAYLOAD -> {
        trace.add(id(), Line.RECEIVED, message.bytes.length, message.tag.ordinal(), message.tag);
        judge.delivered(from, message);
        Dispatch dispatch =
            current.recv(from.generation, message.type, ByteBuffer.wrap(message.bytes));
        if (dispatch != null) {
          onDispatch(from, dispatch);
        }
        current.handled();
      }
      case CLOSE -> {
        trace.add(id(), Line.PEER_CLOSED, message.code);
        judge.closeDelivered(from, message.code);
        from.clientOpen = false;
        current.recvCloseCode(from.generation, message.code);
      }
      case LOST -> {
        trace.add(id(), Line.LOST);
        from.clientOpen = false;
        current.transportLost(from.generation);
      }
    }
    afterInput();
    if (from.equals(transport) && state != GatewayState.CLOSING && !wantsRead(current)) {
      pause(current);
    }
  }

  /** A frame that was under way when its transport was given up. */
  private void late(SimulatedTransport from, Message message) {
    GatewayConnection current = connection;
    if (current == null
        || from.process != process
        || from.generation == 0
        || random.nextDouble() >= simulation.settings().lateInputs) {
      return;
    }
    trace.add(id(), Line.LATE, from.generation);
    GatewayState before = current.state();
    long received = current.receivedSequence();
    boolean reconnects = current.shouldReconnect();
    switch (message.kind) {
      case PAYLOAD -> {
        Dispatch dispatch =
            current.recv(from.generation, message.type, ByteBuffer.wrap(message.bytes));
        judge.require(
            dispatch == null, Invariant.OLD_TRANSPORT, this, "an old transport's dispatch came");
      }
      case CLOSE -> current.recvCloseCode(from.generation, message.code);
      case LOST -> current.transportLost(from.generation);
    }
    judge.require(
        before == current.state()
            && received == current.receivedSequence()
            && reconnects == current.shouldReconnect()
            && current.send() == null,
        Invariant.OLD_TRANSPORT,
        this,
        "an old transport's input had an effect");
    afterInput();
  }

  private void onDispatch(SimulatedTransport from, Dispatch dispatch) {
    EventType type = dispatch.type();
    long sequence = dispatch.sequence();
    trace.add(id(), Line.EVENT, sequence, 0, type);
    from.eventSeen = true;
    if (type == EventType.READY) {
      deferred.clear();
      record = judge.ready(this, from, requireNonNull(connection));
      cursor = sequence;
      return;
    }
    if (type == EventType.RESUMED) {
      judge.resumed(this);
      cursor = Math.max(cursor, sequence);
      return;
    }
    SessionRecord current = record;
    if (current == null || current.tainted || from.tainted) {
      cursor = Math.max(cursor, sequence);
      return;
    }
    judge.event(this, current, sequence, SimulatedGateway.eventId(dispatch));
    cursor = sequence;
    if (random.nextDouble() < simulation.settings().deferred) {
      dispatch.defer();
      deferred.add(sequence);
      int epoch = dispatch.sessionEpoch();
      int started = process;
      time.after(
          random.nextLong(simulation.settings().handlingNanos),
          () -> {
            if (process == started) {
              current.handled.set((int) sequence);
              acknowledge(current, epoch, sequence);
            }
          });
    } else {
      current.handled.set((int) sequence);
    }
  }

  private void acknowledge(SessionRecord handledIn, int epoch, long sequence) {
    trace.add(id(), Line.HANDLED, sequence);
    GatewayConnection current = requireNonNull(connection);
    if (handledIn.equals(record)) {
      deferred.remove(sequence);
    }
    current.acknowledge(epoch, sequence);
    afterInput();
    resumeReading();
  }

  // Reading.

  /** The application's own wish, beside the bound of what it owes. */
  void reads(boolean wanted) {
    reads = wanted;
    GatewayConnection current = connection;
    SimulatedTransport from = transport;
    if (wanted) {
      resumeReading();
    } else if (current != null && from != null && from.clientOpen && !wantsRead(current)) {
      pause(current);
    }
  }

  /** The application minds events alone; what comes before them is always read. */
  private boolean wantsRead(GatewayConnection current) {
    boolean eventsFlow = state == GatewayState.RESUMING || state == GatewayState.READY;
    return (reads || !eventsFlow) && current.wantsRead();
  }

  private void pause(GatewayConnection current) {
    if (!paused) {
      trace.add(id(), Line.PAUSED);
      paused = true;
      pausedSinceNanos = time.now();
      current.readingPaused();
      afterInput();
    }
  }

  private void resumeReading() {
    GatewayConnection current = connection;
    if (current != null && paused && wantsRead(current)) {
      readOn();
    }
  }

  private void readOn() {
    endPause();
    afterInput();
    SimulatedTransport from = transport;
    while (!paused && !held.isEmpty() && from != null && from.equals(transport)) {
      handle(from, held.remove());
    }
  }

  private void endPause() {
    if (paused) {
      trace.add(id(), Line.READING);
      paused = false;
      pausedNanos += time.now() - pausedSinceNanos;
      requireNonNull(connection).readingResumed();
    }
  }

  // The identify permit.

  /** Returns whether the permit is of use. */
  boolean permit() {
    GatewayConnection current = connection;
    permitRequested = false;
    if (current == null || !current.identifyWanted()) {
      return false;
    }
    trace.add(id(), Line.PERMIT);
    permitHeld = true;
    current.identifyPermitted();
    afterInput();
    return true;
  }

  private void withdrawPermit() {
    if (permitHeld) {
      trace.add(id(), Line.PERMIT_BACK);
      permitHeld = false;
      simulation.bot().permitBack(id());
    }
    if (permitRequested) {
      permitRequested = false;
      simulation.bot().cancelPermit(id());
    }
  }

  /** The bot has a new queue, which knows nothing. */
  void permitsForgotten() {
    permitRequested = false;
    permitHeld = false;
  }

  // Commands.

  boolean queue(GatewayCommand command) {
    GatewayConnection current = connection;
    if (current == null) {
      return false;
    }
    boolean queued = current.queue(command);
    afterInput();
    return queued;
  }

  // After every input.

  private void afterInput() {
    GatewayConnection current = requireNonNull(connection);
    drain(current);
    GatewayState next = current.state();
    if (next != state) {
      state = next;
      trace.add(id(), Line.STATE, 0, 0, next);
    }
    judge.looks(this, current);
    if (current.identifyAbandoned()) {
      withdrawPermit();
    }
    if (current.identifyWanted() && !permitRequested && !permitHeld) {
      permitRequested = true;
      simulation.bot().requestPermit(id());
    }
    if (current.shouldReconnect() && pending != current.reconnect()) {
      Reconnect reconnect = current.reconnect();
      pending = reconnect;
      onReconnect(current, reconnect);
    }
    SimulatedTransport closing = transport;
    if (next == GatewayState.CLOSING && closing != null && closing.clientOpen) {
      closing.clientOpen = false;
      trace.add(id(), Line.WE_CLOSE, current.closeCode());
      judge.clientCloses(closing, current.closeCode());
      network.closeByClient(closing, current.closeCode());
      readOn(); // the answer may be behind what a pause left unread
      return;
    }
    if (next == GatewayState.FATAL && transport != null) {
      closeTransport(0);
    }
    if (next == GatewayState.STOPPED) {
      stopped(current);
      return;
    }
    setTimer(current);
  }

  private void drain(GatewayConnection current) {
    int sends = 0;
    for (Outgoing out = current.send(); out != null; out = current.send()) {
      SimulatedTransport to = transport;
      judge.require(
          to != null && to.clientOpen, Invariant.PROTOCOL, this, "a payload without a transport");
      judge.require(++sends < MAX_SENDS, Invariant.ENDS, this, "send() yields for ever");
      byte[] bytes = new byte[out.payload().remaining()];
      out.payload().get(bytes);
      trace.add(id(), Line.SENT, out.opcode().code(), bytes.length, out.opcode());
      judge.sends(this, requireNonNull(to), current, bytes, out.opcode());
      if (out.opcode() == Opcode.IDENTIFY) {
        permitHeld = false;
        simulation.bot().identified(id());
      }
      network.toServer(requireNonNull(to), out.frameType(), bytes, out.opcode().code());
    }
  }

  private void setTimer(GatewayConnection current) {
    long remaining = current.nextTimeoutNanos();
    if (remaining == Long.MAX_VALUE) {
      return; // one that is set still comes, and finds nothing due
    }
    long at = time.now() + remaining;
    if (at >= timerNanos) {
      return; // it comes too early, finds nothing due, and is set again
    }
    timerNanos = at;
    int set = ++timer;
    time.at(
        at,
        () -> {
          if (set == timer) {
            timerNanos = Long.MAX_VALUE;
            onTimeout(current);
          }
        });
  }

  private void onTimeout(GatewayConnection current) {
    timeoutsAtOnce = lastTimeoutNanos == time.now() ? timeoutsAtOnce + 1 : 0;
    lastTimeoutNanos = time.now();
    judge.require(
        timeoutsAtOnce < MAX_TIMEOUTS_AT_ONCE, Invariant.ENDS, this, "a timer is always due");
    current.onTimeout();
    afterInput();
  }
}
