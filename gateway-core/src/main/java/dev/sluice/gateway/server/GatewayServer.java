package dev.sluice.gateway.server;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One application as the gateway sees it: its sessions, its identify buckets and its budget of
 * session starts. Without I/O; the driver owns the transports. Not thread-safe; confine it, its
 * sessions and its connections to one thread.
 *
 * <p>The driver {@linkplain #accept accepts} a connection for each transport and feeds it. After
 * each input, and whenever {@link GatewayServerListener#outputPending} tells so, it drains {@link
 * GatewayServerConnection#send}, closes the transport if there is a {@link
 * GatewayServerConnection#closeCode}, and schedules {@link
 * GatewayServerConnection#nextTimeoutNanos}.
 *
 * <p>Rules, where Discord's documentation leaves them open:
 *
 * <ul>
 *   <li>Only an IDENTIFY that starts a session takes the window of its bucket and a session start.
 *       One that comes within the window, or finds no session start left, is answered with
 *       INVALID_SESSION {@code false}; the connection stays open and may identify again. With no
 *       session start left Discord {@linkplain GatewayServerConfig.Builder#tokenResetWhenExhausted
 *       resets the token}.
 *   <li>The period of 24 h starts with its first IDENTIFY, or with the server if that starts with
 *       less than the total.
 *   <li>A RESUME of an attached session closes the older connection with 4000.
 *   <li>RESUMED takes a sequence of its own and is not kept, so later replays have a gap there.
 *   <li>An API version other than 10 is closed with 4012, without HELLO.
 *   <li>The properties of IDENTIFY may be left out, but are strings. More than 100 ids in a request
 *       for members are malformed, 4001. Over 5 presence updates in 20 s are ignored, and so is a
 *       request for the whole list without GUILD_MEMBERS.
 *   <li>A dispatch has its event's data as the application gave it: MESSAGE_CONTENT blanks nothing,
 *       and commands are answered by the {@linkplain GatewayServerListener listener} alone.
 *   <li>Payload compression, {@code compress} of IDENTIFY, goes on when the session is resumed.
 * </ul>
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway">Gateway</a>
 */
public final class GatewayServer {

  static final int API_VERSION = 10;

  private static final String API_VERSION_PARAMETER = Integer.toString(API_VERSION);
  private static final Set<String> DISCONTINUED_VERSIONS = Set.of("1", "2", "3", "4", "5");

  private final GatewayServerConfig config;
  private final GatewayServerListener listener;
  private final NanoClock clock;
  private final RandomGenerator random;
  private final IdentifyGate identifyGate;
  private final MemberRequests memberRequests = new MemberRequests();
  private final EventIntents eventIntents;
  private final ServerScratch scratch;
  private final Map<String, ServerSession> sessions = new LinkedHashMap<>();
  // All sessions have the same lifetime, so the one that was detached first ends first.
  private final Set<ServerSession> detached = new LinkedHashSet<>();
  private final Set<GatewayServerConnection> connections = new LinkedHashSet<>();
  private long sessionsStarted;
  private boolean outage;
  // Null after a reset, until it is replaced.
  private @Nullable String token;

  private GatewayServer(
      GatewayServerConfig config,
      GatewayServerListener listener,
      NanoClock clock,
      RandomGenerator random) {
    this.config = Objects.requireNonNull(config, "config");
    this.listener = Objects.requireNonNull(listener, "listener");
    this.clock = Objects.requireNonNull(clock, "clock");
    this.random = Objects.requireNonNull(random, "random");
    this.eventIntents = new EventIntents(config.applicationId());
    this.token = config.token();
    this.scratch = new ServerScratch(config.compressionLevel());
    this.identifyGate = new IdentifyGate(config, clock.nanoTime());
  }

  /**
   * Creates a server without sessions.
   *
   * @param config how it behaves
   * @param listener is told what happens
   * @param clock the only time that the server knows
   * @param random the source of session ids
   * @return the server
   */
  public static GatewayServer create(
      GatewayServerConfig config,
      GatewayServerListener listener,
      NanoClock clock,
      RandomGenerator random) {
    return new GatewayServer(config, listener, clock, random);
  }

  /** {@return how the server behaves} */
  public GatewayServerConfig config() {
    return config;
  }

  /**
   * Makes the connection of a new transport, once its WebSocket request has arrived.
   *
   * <p>Drain {@link GatewayServerConnection#send} next: HELLO is the first message.
   *
   * @param query the query of the request without the question mark, as in {@code
   *     v=10&encoding=etf&compress=zstd-stream}; null for none. What is left out is served as
   *     version 10, JSON, without transport compression; other parameters are ignored
   * @return the connection; about to close with 4012 if the query asks for another API version
   * @throws IllegalArgumentException if the query asks for an API version that is discontinued, up
   *     to 5, or for an encoding or a compression that is not served; nothing has changed, and the
   *     driver answers HTTP 400
   */
  public GatewayServerConnection accept(@Nullable String query) {
    String parameters = query == null ? "" : query;
    boolean versionServed = isVersionServed(parameters);
    ServerCodec codec = ServerCodec.of(parameters, config, scratch);
    endExpired();
    GatewayServerConnection connection = new GatewayServerConnection(this, codec);
    connections.add(connection);
    listener.connected(connection);
    connection.begin(versionServed);
    return connection;
  }

  /** {@return a snapshot of the sessions that are attached or can be resumed, oldest first} */
  public Collection<ServerSession> sessions() {
    endExpired();
    return List.copyOf(sessions.values());
  }

  /** {@return a snapshot of the open connections, oldest first} */
  public Collection<GatewayServerConnection> connections() {
    return List.copyOf(connections);
  }

  /** {@return the answer to {@code GET /gateway/bot} as of now} */
  public GatewayBot gatewayBot() {
    return identifyGate.gatewayBot(clock.nanoTime());
  }

  /** {@return the bot's user in JSON, as READY and {@code GET /users/@me} tell it} */
  public String userJson() {
    return Payloads.user(config).toString();
  }

  /**
   * Begins an outage: HELLO and heartbeat ACKs go out, but the READY or RESUMED of a session that
   * is started or resumed from now on, and its events, wait for the end of the outage. Sessions
   * that are live go on. Repeated calls are harmless.
   */
  public void beginOutage() {
    outage = true;
  }

  /** Ends the outage, if there is one: what was withheld is sent. */
  public void endOutage() {
    if (outage) {
      outage = false;
      connections().forEach(GatewayServerConnection::greetingReleased);
    }
  }

  /**
   * {@return whether a token is the one that IDENTIFY and RESUME must carry}
   *
   * @param token a bare token
   */
  public boolean isToken(String token) {
    return token.equals(this.token);
  }

  /**
   * Resets the token: every session ends, every connection closes with 4004, and no token is right
   * until it is {@linkplain #replaceToken replaced}.
   *
   * @see <a href="https://discord.com/developers/docs/events/gateway#session-start-limit">Session
   *     start limit</a>
   */
  public void resetToken() {
    token = null;
    for (GatewayServerConnection connection : connections()) {
      connection.close(CloseCode.AUTHENTICATION_FAILED.code(), ServerSession.EndReason.TOKEN_RESET);
    }
    for (ServerSession session : sessions()) {
      session.end(ServerSession.EndReason.TOKEN_RESET);
    }
  }

  /**
   * Sets the token that clients must send from now on. Neither sessions nor connections are
   * touched.
   *
   * @param token the new bare token
   * @throws IllegalArgumentException if it is empty; nothing has changed
   */
  public void replaceToken(String token) {
    if (token.isEmpty()) {
      throw new IllegalArgumentException("token: empty (expected: a bot token)");
    }
    this.token = token;
  }

  /**
   * {@return the nanoseconds until {@link #onTimeout} is due, 0 if it is overdue, {@code
   * Long.MAX_VALUE} for never} It changes when a session loses its connection.
   */
  public long nextTimeoutNanos() {
    Iterator<ServerSession> longestDetached = detached.iterator();
    return longestDetached.hasNext()
        ? Math.max(remainingNanos(longestDetached.next()), 0)
        : Long.MAX_VALUE;
  }

  /**
   * Handles the passing of time: ends the sessions that nobody resumed within their lifetime. They
   * end whenever the server is used too, so a driver calls it only to free their memory in time.
   */
  public void onTimeout() {
    endExpired();
  }

  GatewayServerListener listener() {
    return listener;
  }

  MemberRequests memberRequests() {
    return memberRequests;
  }

  boolean hasOutage() {
    return outage;
  }

  boolean delivers(ServerSession session, String type, ByteBuffer d) {
    return !config.filterByIntents() || eventIntents.cover(session.intents(), type, d);
  }

  long nowNanos() {
    return clock.nanoTime();
  }

  IdentifyGate.Verdict admit(ShardId shard) {
    return identifyGate.admit(shard, clock.nanoTime());
  }

  ServerSession startSession(ShardId shard, Intents intents) {
    endExpired();
    // The count keeps ids apart even if a test's generator always yields the same number.
    String id =
        HexFormat.of().toHexDigits(random.nextLong())
            + HexFormat.of().toHexDigits(random.nextLong() + ++sessionsStarted);
    ServerSession session = new ServerSession(this, id, shard, intents);
    sessions.put(id, session);
    return session;
  }

  @Nullable ServerSession findSession(String id) {
    endExpired();
    return sessions.get(id);
  }

  void connectionClosed(GatewayServerConnection connection, int code) {
    connections.remove(connection);
    listener.disconnected(connection, code);
  }

  void sessionAttached(ServerSession session) {
    detached.remove(session);
  }

  void sessionDetached(ServerSession session) {
    detached.add(session);
  }

  void sessionEnded(ServerSession session, ServerSession.EndReason reason) {
    detached.remove(session);
    sessions.remove(session.id());
    listener.sessionEnded(session, reason);
  }

  void endExpired() {
    // A new iterator each time, for the listener may detach and end sessions.
    for (Iterator<ServerSession> i = detached.iterator(); i.hasNext(); i = detached.iterator()) {
      ServerSession longestDetached = i.next();
      if (remainingNanos(longestDetached) > 0) {
        return;
      }
      longestDetached.end(ServerSession.EndReason.EXPIRED);
    }
  }

  /** Ends the session that was detached first if there are more than are kept. */
  void endSurplus() {
    if (detached.size() > config.maxDetachedSessions()) {
      detached.iterator().next().end(ServerSession.EndReason.EXPIRED);
    }
  }

  private long remainingNanos(ServerSession session) {
    return config.sessionLifetime().toNanos() - (clock.nanoTime() - session.detachedNanos());
  }

  private static boolean isVersionServed(String query) {
    boolean served = true;
    for (String parameter : query.split("&", -1)) {
      if (parameter.equals("v") || parameter.startsWith("v=")) {
        String version = parameter.substring(Math.min(2, parameter.length()));
        if (DISCONTINUED_VERSIONS.contains(version)) {
          throw new IllegalArgumentException(
              "v: " + version + " (expected: " + API_VERSION_PARAMETER + ')');
        }
        served = version.equals(API_VERSION_PARAMETER);
      }
    }
    return served;
  }
}
