package dev.sluice.gateway.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.GatewayServer;
import dev.sluice.gateway.server.GatewayServerConfig;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.sharding.ShardPlan;
import io.netty.channel.EventLoop;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The gateway behind the sockets: the server role of the protocol, the handlers of its transports,
 * traffic and faults. Confined to one event loop.
 */
final class GatewayLoop {

  /** An answer of {@code GET /gateway/bot} in place of the true one. */
  record CannedAnswer(int status, String body) {}

  /** The guilds of a session, and the next of them whose GUILD_CREATE it has not got yet. */
  private static final class Announcement {

    final long[] guilds;
    int next;

    Announcement(long[] guilds) {
      this.guilds = guilds;
    }
  }

  private static final int ANNOUNCED_AT_ONCE = 8;
  private static final long ANNOUNCEMENT_SEED = 1;

  private final EventLoop loop;
  private final GatewayServer server;
  private final int guildsPerShard;
  private final boolean announceGuilds;
  private final GatewayServerListener listener;
  private final ApiHandler api;
  private final TrafficGenerator announcer;

  private final Map<GatewayServerConnection, GatewayHandler> handlers = new HashMap<>();
  private final List<ServerSession> sessions = new ArrayList<>();
  private final Map<ServerSession, Announcement> announcements = new HashMap<>();
  private final Deque<GatewayHandler> withOutput = new ArrayDeque<>();
  private boolean drainScheduled;
  private boolean expiryScheduled;
  private final List<CompletableFuture<@Nullable Void>> waitingForSent = new ArrayList<>();

  private final Faults faults;
  // Whose connection the server role is about to make.
  private @Nullable Link accepting;
  private @Nullable CannedAnswer gatewayBotAnswer;
  private @Nullable TrafficRunner traffic;
  private boolean closed;

  private final Map<LocalGateway.Endpoint, Long> dials = new EnumMap<>(LocalGateway.Endpoint.class);
  private long identifies;
  private long identifiesRejected;
  private long resumes;
  private long resumesRejected;
  private long eventsDispatched;
  private long eventBytes;
  private long messagesSent;
  private long bytesSent;

  GatewayLoop(
      EventLoop loop,
      GatewayServerConfig config,
      int guildsPerShard,
      boolean announceGuilds,
      GatewayServerListener listener,
      ApiHandler api) {
    this.loop = loop;
    this.guildsPerShard = guildsPerShard;
    this.announceGuilds = announceGuilds;
    this.listener = listener;
    this.api = api;
    this.faults = new Faults(loop);
    this.announcer =
        TrafficGenerator.create(
            TrafficMix.NO_PRESENCES, guildsPerShard, 0, ANNOUNCEMENT_SEED, config.applicationId());
    this.server =
        GatewayServer.create(config, new Events(), NanoClock.system(), new SplittableRandom());
  }

  GatewayServer server() {
    return server;
  }

  Faults faults() {
    return faults;
  }

  /** {@return what answers requests that are not about the gateway} */
  ApiHandler api() {
    return api;
  }

  /** {@return what a WebSocket request is answered with, null if it is served} */
  Faults.@Nullable OfDials dialed(Link link) {
    dials.merge(link.endpoint, 1L, Long::sum);
    return faults.dialed(link);
  }

  /**
   * Makes a connection of the server role.
   *
   * @throws IllegalArgumentException if the query asks for what is not served
   */
  GatewayHandler accept(Link link, @Nullable String query) {
    accepting = link;
    try {
      GatewayHandler handler = new GatewayHandler(this, server.accept(query), link);
      handlers.put(handler.connection(), handler);
      link.handler = handler;
      return handler;
    } finally {
      accepting = null;
    }
  }

  @Nullable CannedAnswer gatewayBotAnswer() {
    return gatewayBotAnswer;
  }

  void answerGatewayBot(@Nullable CannedAnswer answer) {
    gatewayBotAnswer = answer;
  }

  void closed(GatewayHandler handler) {
    handlers.remove(handler.connection());
    checkSent();
  }

  void written(int messages, long bytes) {
    messagesSent += messages;
    bytesSent += bytes;
  }

  /** Does something to each connection that has a session of a matching shard. */
  int forEach(Predicate<ShardId> shards, Consumer<GatewayHandler> action) {
    List<GatewayHandler> matching = new ArrayList<>();
    for (ServerSession session : sessions) {
      GatewayHandler handler = handlerOf(session);
      if (handler != null && shards.test(session.shard())) {
        matching.add(handler);
      }
    }
    matching.forEach(action);
    return matching.size();
  }

  /** Does something to each connection, with a session or without. */
  int forEach(Consumer<GatewayHandler> action) {
    List<GatewayHandler> all = List.copyOf(handlers.values());
    all.forEach(action);
    return all.size();
  }

  /** {@return the sequence in the newest session of the shard} */
  long dispatch(ShardId shard, String type, ByteBuffer d) {
    long sequence = 0;
    for (ServerSession session : List.copyOf(sessions)) {
      if (session.shard().equals(shard) && !session.ended()) {
        sequence = session.dispatch(type, d);
      }
    }
    if (sequence == 0) {
      throw new IllegalStateException("shard: " + shard + " (expected: one with a session)");
    }
    return sequence;
  }

  /** {@return how many sessions it was given to} */
  int dispatchToGuild(long guildId, String type, List<ByteBuffer> forms) {
    int given = 0;
    for (ServerSession session : List.copyOf(sessions)) {
      int count = session.shard().count();
      if (session.shard().id() == ShardPlan.shardOf(guildId, count) && !session.ended()) {
        session.dispatch(type, forms.get(given++ % forms.size()).duplicate());
      }
    }
    return given;
  }

  /** {@return what became of an event in each session that has the guild} */
  List<Delivery> deliver(long guildId, String type, ByteBuffer d) {
    List<Delivery> deliveries = new ArrayList<>();
    for (ServerSession session : List.copyOf(sessions)) {
      ShardId shard = session.shard();
      if (shard.id() == ShardPlan.shardOf(guildId, shard.count()) && !session.ended()) {
        long before = session.sequence();
        long sequence = session.dispatch(type, d);
        deliveries.add(
            new Delivery(shard, session.id(), session.intents(), sequence, sequence != before));
      }
    }
    return List.copyOf(deliveries);
  }

  /** {@return how many sessions were forgotten} */
  int forgetSessions(Predicate<ShardId> shards) {
    List<ServerSession> forgotten =
        sessions.stream().filter(session -> shards.test(session.shard())).toList();
    for (ServerSession session : forgotten) {
      GatewayHandler handler = handlerOf(session);
      if (handler != null) {
        handler.connection().transportLost(); // else it would be told that its session is invalid
        handler.kill();
      }
      session.invalidate();
    }
    return forgotten.size();
  }

  void startTraffic(Traffic what) {
    if (traffic != null) {
      throw new IllegalStateException("traffic: already started (expected: stopped)");
    }
    TrafficGenerator generator =
        TrafficGenerator.create(
            what.mix(),
            guildsPerShard,
            what.largeEventEvery(),
            what.seed(),
            server.config().applicationId());
    traffic = new TrafficRunner(what, generator, sessions, this::isSent, NanoClock.system(), loop);
    traffic.start();
  }

  void stopTraffic() {
    if (traffic != null) {
      traffic.stop();
      traffic = null;
    }
  }

  /**
   * Prepares a flood once the sockets of all attached sessions took everything.
   *
   * @param prepared is completed with it
   */
  void prepareFlood(
      Predicate<ShardId> shards, Flood what, CompletableFuture<PreparedFlood> prepared) {
    CompletableFuture<@Nullable Void> sent = new CompletableFuture<>();
    sent.whenComplete(
        (nothing, failure) -> {
          if (failure != null) {
            prepared.completeExceptionally(failure);
          } else {
            new FloodPreparation(loop, what, guildsPerShard, prepared).begin(this, shards);
          }
        });
    whenSent(sent);
  }

  /** Completes a future once the sockets of all attached sessions took everything. */
  void whenSent(CompletableFuture<@Nullable Void> sent) {
    waitingForSent.add(sent);
    checkSent();
  }

  /** Looks whether those who wait for everything to be sent can go on. */
  void checkSent() {
    if (waitingForSent.isEmpty()) {
      return;
    }
    for (ServerSession session : sessions) {
      if (session.connection() != null && !isSent(session)) {
        return;
      }
    }
    List<CompletableFuture<@Nullable Void>> sent = List.copyOf(waitingForSent);
    waitingForSent.clear();
    sent.forEach(future -> future.complete(null));
  }

  /**
   * Gives a session that took everything so far its next GUILD_CREATEs, as Discord does after
   * READY.
   *
   * @return whether there were any
   */
  boolean announceMore(GatewayServerConnection connection) {
    ServerSession session = connection.session();
    Announcement announcement = session == null ? null : announcements.get(session);
    if (session == null || announcement == null || connection.isWithheld()) {
      return false;
    }
    long[] guilds = announcement.guilds;
    int end = Math.min(announcement.next + ANNOUNCED_AT_ONCE, guilds.length);
    if (end == guilds.length) {
      announcements.remove(session);
    }
    while (announcement.next < end) {
      String type = announcer.guildCreate(guilds[announcement.next++]);
      session.dispatch(type, announcer.data());
    }
    return true;
  }

  LocalGatewayStats stats() {
    return new LocalGatewayStats(
        handlers.size(),
        server.sessions().size(),
        dials.getOrDefault(LocalGateway.Endpoint.BASE, 0L),
        dials.getOrDefault(LocalGateway.Endpoint.RESUME, 0L),
        identifies,
        identifiesRejected,
        resumes,
        resumesRejected,
        eventsDispatched,
        eventBytes,
        messagesSent,
        bytesSent,
        traffic == null ? 0 : traffic.owed());
  }

  /** Ends traffic and transports; nothing is accepted any more. */
  void close() {
    closed = true;
    stopTraffic();
    forEach(GatewayHandler::kill);
    faults.endAll();
    IllegalStateException cause = new IllegalStateException("local gateway: closed");
    waitingForSent.forEach(future -> future.completeExceptionally(cause));
    waitingForSent.clear();
  }

  boolean isClosed() {
    return closed;
  }

  private boolean isSent(ServerSession session) {
    GatewayHandler handler = handlerOf(session);
    return handler != null
        && handler.isIdle()
        && !handler.connection().isWithheld()
        && !announcements.containsKey(session);
  }

  private @Nullable GatewayHandler handlerOf(ServerSession session) {
    GatewayServerConnection connection = session.connection();
    return connection == null ? null : handlers.get(connection);
  }

  /** Drains at the end of the loop's turn, so that the events of one turn share a flush. */
  private void scheduleDrain(GatewayHandler handler) {
    withOutput.add(handler);
    if (!drainScheduled) {
      drainScheduled = true;
      loop.execute(this::drainAll);
    }
  }

  private void drainAll() {
    drainScheduled = false;
    for (int i = withOutput.size(); i > 0; i--) {
      withOutput.remove().drain();
    }
  }

  /** Ends sessions that nobody resumes in time even if nobody uses the gateway. */
  private void scheduleExpiry() {
    long remainingNanos = server.nextTimeoutNanos();
    if (!expiryScheduled && !closed && remainingNanos != Long.MAX_VALUE) {
      expiryScheduled = true;
      loop.schedule(this::expire, remainingNanos, TimeUnit.NANOSECONDS);
    }
  }

  private void expire() {
    expiryScheduled = false;
    server.onTimeout();
    scheduleExpiry();
  }

  /** What the server role tells: kept, counted and passed on. */
  private final class Events implements GatewayServerListener {

    @Override
    public void outputPending(GatewayServerConnection connection) {
      GatewayHandler handler = handlers.get(connection);
      if (handler != null) {
        handler.outputPending();
        if (!handler.isFlooded()) { // which is drained when the flood is over
          scheduleDrain(handler);
        }
      }
    }

    @Override
    public void connected(GatewayServerConnection connection) {
      if (accepting != null) {
        faults.connected(accepting, connection);
      }
      listener.connected(connection);
    }

    @Override
    public void disconnected(GatewayServerConnection connection, int code) {
      listener.disconnected(connection, code);
      scheduleExpiry();
    }

    @Override
    public void readyQueued(ServerSession session, ByteBuffer d) {
      listener.readyQueued(session, d);
    }

    @Override
    public void identified(ServerSession session) {
      identifies++;
      sessions.add(session);
      if (announceGuilds) {
        announcements.put(
            session, new Announcement(server.config().guilds().apply(session.shard())));
      }
      listener.identified(session);
      begun(session);
    }

    @Override
    public void identifyRejected(GatewayServerConnection connection, ShardId shard) {
      identifiesRejected++;
      listener.identifyRejected(connection, shard);
    }

    @Override
    public void budgetExhausted(GatewayServerConnection connection, ShardId shard) {
      identifiesRejected++;
      listener.budgetExhausted(connection, shard);
    }

    @Override
    public void resumed(ServerSession session, long fromSequence) {
      resumes++;
      listener.resumed(session, fromSequence);
      begun(session);
    }

    private void begun(ServerSession session) {
      GatewayHandler handler = handlerOf(session);
      if (handler != null) {
        faults.sessionBegun(handler.link(), session);
      }
    }

    @Override
    public void heartbeat(GatewayServerConnection connection) {
      GatewayHandler handler = handlers.get(connection);
      if (handler != null) {
        faults.heartbeat(handler.link(), connection);
      }
      listener.heartbeat(connection);
    }

    @Override
    public void resumeRejected(GatewayServerConnection connection, String sessionId) {
      resumesRejected++;
      listener.resumeRejected(connection, sessionId);
    }

    @Override
    public void received(ServerSession session, Opcode opcode, JsonNode d) {
      listener.received(session, opcode, d);
    }

    @Override
    public void ignored(ServerSession session, Opcode opcode, JsonNode d) {
      listener.ignored(session, opcode, d);
    }

    @Override
    public void rateLimited(ServerSession session, Opcode opcode, JsonNode d) {
      listener.rateLimited(session, opcode, d);
    }

    @Override
    public void dispatched(ServerSession session, long sequence, String type, ByteBuffer d) {
      eventsDispatched++;
      eventBytes += d.remaining();
      listener.dispatched(session, sequence, type, d);
    }

    @Override
    public void sessionEnded(ServerSession session, ServerSession.EndReason reason) {
      sessions.remove(session);
      announcements.remove(session);
      listener.sessionEnded(session, reason);
    }
  }
}
