package dev.sluice.gateway.simulation;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.server.GatewayServer;
import dev.sluice.gateway.server.GatewayServerConfig;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerFrame;
import dev.sluice.gateway.server.ServerSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The driver of the server role. Its limits are out of the way, for the judge counts by itself; its
 * faults come from outside.
 */
final class SimulatedGateway implements GatewayServerListener {

  static final String TOKEN = "MTk4NjIy.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";
  static final String HOST = "gateway.test";
  static final String RESUME_HOST = "resume.test";

  /** What a client takes at most; a poison message is larger. */
  static final int MAX_MESSAGE_BYTES = 64 << 10;

  /** The server closes with this one when heartbeats do not come. */
  private static final int HEARTBEAT_MISSED = 4000;

  private static final String EVENT = "MESSAGE_CREATE";
  private static final byte[] POISON =
      ('"' + "x".repeat(MAX_MESSAGE_BYTES) + '"').getBytes(StandardCharsets.US_ASCII);
  private static final byte[] PADDING = ",\"content\":\"".getBytes(StandardCharsets.US_ASCII);

  private final Simulation simulation;
  private final VirtualTime time;
  private final SplittableRandom random;
  private final GatewayServer server;
  private final Map<GatewayServerConnection, SimulatedTransport> transports =
      new IdentityHashMap<>();
  private final Map<String, SessionRecord> records = new HashMap<>();
  private final List<SessionRecord> allRecords = new ArrayList<>();
  private final List<SessionRecord> live = new ArrayList<>();
  private final Queue<SimulatedTransport> pending = new ArrayDeque<>();

  long outageUntilNanos;
  long flappingUntilNanos;
  private long events;

  SimulatedGateway(Simulation simulation, SplittableRandom random) {
    this.simulation = simulation;
    this.time = simulation.time();
    this.random = random;
    Settings settings = simulation.settings();
    this.server =
        GatewayServer.create(
            GatewayServerConfig.builder(TOKEN)
                .gatewayUrl("wss://" + HOST)
                .resumeGatewayUrl("wss://" + RESUME_HOST)
                .heartbeatInterval(Duration.ofMillis(settings.heartbeatMillis))
                .identifyTimeout(Duration.ofDays(3))
                .identifyWindow(Duration.ofNanos(1))
                .maxConcurrency(settings.shards)
                .filterByIntents(false)
                .maxDetachedSessions(1 << 20)
                .compressionLevel(1)
                .sessionStartTotal(Integer.MAX_VALUE)
                .sendLimit(1024, Duration.ofNanos(1))
                .sessionLifetime(Duration.ofNanos(settings.sessionLifetimeNanos))
                .replayCapacity(settings.replayCapacity)
                .build(),
            this,
            time,
            random.split());
  }

  /** The record of a session, null if the server never started it. */
  @Nullable SessionRecord record(String sessionId) {
    return records.get(sessionId);
  }

  SessionRecord record(int number) {
    return allRecords.get(number);
  }

  List<SessionRecord> liveSessions() {
    return live;
  }

  int sessionsStarted() {
    return allRecords.size();
  }

  long events() {
    return events;
  }

  // The driver.

  void accept(SimulatedTransport transport, @Nullable String query) {
    GatewayServerConnection connection = server.accept(query);
    transport.server = connection;
    transports.put(connection, transport);
    transport.nextTag = Message.Tag.HELLO;
    pump(transport);
    setTimer(transport);
    settle();
  }

  void recv(SimulatedTransport transport, Message message) {
    GatewayServerConnection connection = transport.server;
    if (connection == null || !transport.serverOpen) {
      return;
    }
    switch (message.kind) {
      case PAYLOAD -> {
        boolean login =
            message.code == Opcode.IDENTIFY.code() || message.code == Opcode.RESUME.code();
        if (login && time.now() < outageUntilNanos) {
          transport.withheld.add(message);
          return;
        }
        connection.recv(message.type, ByteBuffer.wrap(message.bytes));
        pump(transport);
      }
      case CLOSE -> {
        connection.recvCloseCode(message.code);
        ended(transport);
        simulation.network().closeByServer(transport, message.code);
      }
      case LOST -> {
        connection.transportLost();
        ended(transport);
      }
    }
    settle();
  }

  /** Answers what an outage left unanswered. */
  void endOutage() {
    outageUntilNanos = 0;
    for (SimulatedTransport transport : simulation.bot().transports()) {
      while (!transport.withheld.isEmpty()) {
        recv(transport, transport.withheld.remove());
      }
    }
  }

  /** Takes what the connection has to send, and closes if it wants that. */
  private void pump(SimulatedTransport transport) {
    GatewayServerConnection connection = transport.server;
    if (connection == null || !transport.serverOpen) {
      return;
    }
    Message.Tag tag = transport.nextTag;
    transport.nextTag = Message.Tag.NONE;
    for (ServerFrame frame = connection.send(); frame != null; frame = connection.send()) {
      byte[] bytes = new byte[frame.payload().remaining()];
      frame.payload().get(bytes);
      // What is sent beside the events overtakes them, so the tagged message is the first.
      simulation.network().toClient(transport, Message.fromServer(frame.type(), bytes, tag));
      tag = Message.Tag.NONE;
    }
    int code = connection.closeCode();
    if (code != 0) {
      simulation.trace().add(transport.shard.id(), Trace.Line.SERVER_CLOSED, code);
      simulation.judge().serverCloses(transport, code);
      simulation.network().closeByServer(transport, code);
      connection.transportLost();
      ended(transport);
    }
  }

  private void settle() {
    for (SimulatedTransport next = pending.poll(); next != null; next = pending.poll()) {
      pump(next);
    }
  }

  private void ended(SimulatedTransport transport) {
    transport.serverOpen = false;
    transports.remove(transport.server);
  }

  private void setTimer(SimulatedTransport transport) {
    GatewayServerConnection connection = transport.server;
    if (connection == null || !transport.serverOpen) {
      return;
    }
    long remaining = connection.nextTimeoutNanos();
    if (remaining == Long.MAX_VALUE) {
      return;
    }
    time.after(
        remaining,
        () -> {
          if (transport.serverOpen) {
            int before = connection.closeCode();
            connection.onTimeout();
            if (before == 0 && connection.closeCode() == HEARTBEAT_MISSED) {
              simulation.judge().serverMissesHeartbeat(transport);
            }
            pump(transport);
            settle();
            setTimer(transport);
          }
        });
  }

  // Traffic.

  /** Dispatches one event into any session that lives, attached or not. */
  void dispatchAny() {
    if (!live.isEmpty()) {
      dispatch(live.get(random.nextInt(live.size())));
    }
  }

  private void dispatch(SessionRecord record) {
    long sequence = record.session.sequence() + 1;
    int padding = random.nextInt(4) == 0 ? random.nextInt(2000) : random.nextInt(40);
    byte[] d = data(((long) record.number << 32) | sequence, padding);
    dispatch(record, d);
  }

  private boolean dispatch(SessionRecord record, byte[] d) {
    long before = record.session.sequence();
    long sequence = record.session.dispatch(EVENT, ByteBuffer.wrap(d));
    boolean dispatched = sequence != before;
    if (dispatched) {
      record.dispatched.set((int) sequence);
      events++;
    }
    settle();
    return dispatched;
  }

  void poison(SessionRecord record) {
    long sequence = record.session.sequence() + 1;
    record.poison.set((int) sequence);
    dispatch(record, POISON);
  }

  /** An object whose first field is the id that {@link #eventId(Dispatch)} reads. */
  private static byte[] data(long id, int padding) {
    byte[] head = ("{\"id\":" + id).getBytes(StandardCharsets.US_ASCII);
    byte[] d = Arrays.copyOf(head, head.length + PADDING.length + padding + 2);
    System.arraycopy(PADDING, 0, d, head.length, PADDING.length);
    Arrays.fill(d, head.length + PADDING.length, d.length - 2, (byte) 'x');
    d[d.length - 2] = '"';
    d[d.length - 1] = '}';
    return d;
  }

  /** The id of an event, read as JSON by hand, for that is quick, or as the library reads it. */
  static long eventId(Dispatch dispatch) {
    if (dispatch.encoding() != Encoding.JSON) {
      try {
        return dispatch.readTree().path("id").asLong();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    ByteBuffer d = dispatch.data();
    long id = 0;
    for (int i = d.position() + 6; i < d.limit() && d.get(i) != ','; i++) {
      id = id * 10 + d.get(i) - '0';
    }
    return id;
  }

  // Faults.

  void requestHeartbeat(SimulatedTransport transport, GatewayServerConnection connection) {
    transport.heartbeatRequests++;
    connection.requestHeartbeat();
    settle();
  }

  void reconnect(SimulatedTransport transport, GatewayServerConnection connection) {
    transport.nextTag = Message.Tag.RECONNECT;
    connection.reconnect();
    pump(transport);
    settle();
  }

  void invalidate(
      SimulatedTransport transport, GatewayServerConnection connection, boolean resumable) {
    transport.nextTag = resumable ? Message.Tag.INVALID_RESUMABLE : Message.Tag.INVALID;
    transport.healthy = false; // the server takes no commands from here
    connection.invalidSession(resumable);
    pump(transport);
    settle();
  }

  void close(SimulatedTransport transport, GatewayServerConnection connection, int code) {
    transport.closedByFault = true;
    if (Judge.keepsSession(code)) {
      // What the code means to the server role is what it means to the client: by the same table.
      simulation.trace().add(transport.shard.id(), Trace.Line.SERVER_CLOSED, code);
      simulation.network().closeByServer(transport, code);
      connection.transportLost();
      ended(transport);
    } else {
      connection.close(code);
      pump(transport);
    }
    settle();
  }

  void forget(SessionRecord record) {
    GatewayServerConnection connection = record.session.connection();
    if (connection == null) {
      record.session.invalidate();
    } else {
      SimulatedTransport transport = transports.get(connection);
      if (transport != null) {
        invalidate(transport, connection, false);
      }
    }
    settle();
  }

  // What the server tells.

  @Override
  public void outputPending(GatewayServerConnection connection) {
    SimulatedTransport transport = transports.get(connection);
    if (transport != null) {
      pending.add(transport);
    }
  }

  @Override
  public void identified(ServerSession session) {
    SimulatedTransport transport = transportOf(session);
    SessionRecord record = new SessionRecord(allRecords.size(), transport.shard, session);
    record.tainted = transport.tainted;
    record.checkedThrough = (int) session.sequence();
    records.put(session.id(), record);
    allRecords.add(record);
    live.add(record);
    attached(transport, record);
  }

  @Override
  public void resumed(ServerSession session, long fromSequence) {
    SimulatedTransport transport = transportOf(session);
    SessionRecord record = records.get(session.id());
    if (record != null) {
      attached(transport, record);
    }
  }

  private void attached(SimulatedTransport transport, SessionRecord record) {
    transport.record = record;
    record.tainted |= transport.tainted;
    GatewayServerConnection connection = transport.server;
    if (connection != null && time.now() < flappingUntilNanos) {
      transport.healthy = false;
      time.after(
          50 * VirtualTime.MILLI,
          () -> {
            if (transport.serverOpen) {
              close(transport, connection, 4000);
            }
          });
    }
  }

  @Override
  public void resumeRejected(GatewayServerConnection connection, String sessionId) {
    SimulatedTransport transport = transports.get(connection);
    if (transport != null) {
      transport.nextTag = Message.Tag.INVALID;
    }
  }

  @Override
  public void sessionEnded(ServerSession session, ServerSession.EndReason reason) {
    SessionRecord record = records.get(session.id());
    if (record != null) {
      live.remove(record);
    }
  }

  private SimulatedTransport transportOf(ServerSession session) {
    SimulatedTransport transport = transports.get(session.connection());
    if (transport == null) {
      throw new IllegalStateException(session + ": attached to no transport");
    }
    return transport;
  }
}
