package dev.sluice.gateway.server;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One session of a shard, as the gateway keeps it. It outlives its connections: while none is
 * attached events are kept to be replayed. Not thread-safe; confine to the server's thread.
 *
 * <p>Each event is kept once, in a ring that is bounded by events and bytes. An attached connection
 * takes its events from there, so a client that does not read costs no second copy; when the ring
 * drops an event that the attached client has not taken, the connection closes with 4000 and the
 * session ends. A session that nobody resumed in time ends when its server is next used.
 */
public final class ServerSession {

  /** Why a session ended. */
  public enum EndReason {
    /** The client closed its transport with 1000 or 1001. */
    CLIENT_CLOSED,
    /** The server closed the transport with a code after which clients start a new session. */
    SERVER_CLOSED,
    /** {@link #invalidate} or {@link GatewayServerConnection#invalidSession} was called. */
    INVALIDATED,
    /**
     * No connection resumed it within the lifetime of the configuration, or there were too many
     * sessions without a connection.
     */
    EXPIRED,
    /** The token was reset. */
    TOKEN_RESET,
    /** An event was dropped from the replay ring before the attached client took it. */
    OVERRUN
  }

  /** The sequence of READY, which is never replayed. */
  static final long READY_SEQUENCE = 1;

  private final GatewayServer server;
  private final String id;
  private final ShardId shard;
  private final Intents intents;
  private final ReplayRing ring;
  private long sequence = READY_SEQUENCE;
  private @Nullable GatewayServerConnection connection;
  private long detachedNanos;
  private boolean ended;
  private boolean compressesPayloads;

  ServerSession(GatewayServer server, String id, ShardId shard, Intents intents) {
    this.server = server;
    this.id = id;
    this.shard = shard;
    this.intents = intents;
    GatewayServerConfig config = server.config();
    this.ring = new ReplayRing(config.replayCapacity(), config.replayMaxBytes(), READY_SEQUENCE);
  }

  /** {@return the session id of READY, 32 hexadecimal digits} */
  public String id() {
    return id;
  }

  /** {@return the shard that identified} */
  public ShardId shard() {
    return shard;
  }

  /** {@return the intents of IDENTIFY, which say what events the session gets} */
  public Intents intents() {
    return intents;
  }

  /** {@return the sequence of the newest dispatch; READY has 1} */
  public long sequence() {
    return sequence;
  }

  /** {@return the connection that the session is attached to, or null} */
  public @Nullable GatewayServerConnection connection() {
    return connection;
  }

  /** {@return whether the session has ended and cannot be resumed any more} */
  public boolean ended() {
    return ended;
  }

  /**
   * Gives the session its next event, unless its intents do not cover the event.
   *
   * <p>An attached connection sends it after everything that the client still misses.
   *
   * @param type the name of the event: upper-case letters, digits and underscores
   * @param d one JSON value in UTF-8, between position and limit; copied, its position not moved,
   *     its syntax not checked
   * @return the sequence of the event; if the session has ended or its intents do not cover the
   *     event, the sequence of its last event, and nothing is dispatched
   * @throws IllegalArgumentException if {@code type} has another form or {@code d} is empty;
   *     nothing has changed
   */
  public long dispatch(String type, ByteBuffer d) {
    requireEventName(type);
    if (!d.hasRemaining()) {
      throw new IllegalArgumentException("d: 0 bytes (expected: one JSON value)");
    }
    if (connection == null) {
      server.endExpired();
    }
    if (ended || !server.delivers(this, type, d)) {
      return sequence;
    }
    long dispatched = ++sequence;
    ring.add(dispatched, Payloads.dispatch(type, dispatched, d));
    server.listener().dispatched(this, dispatched, type, d.asReadOnlyBuffer());
    if (connection != null) {
      connection.eventAdded();
    }
    return dispatched;
  }

  /**
   * Ends the session: a later RESUME is answered with INVALID_SESSION. An attached connection sends
   * INVALID_SESSION at once and stays open.
   */
  public void invalidate() {
    if (connection != null) {
      connection.invalidSession(false);
    } else {
      end(EndReason.INVALIDATED);
    }
  }

  /** {@return the session as its shard and id} */
  @Override
  public String toString() {
    return "ServerSession[" + shard + ", " + id + ']';
  }

  /** Notes whether IDENTIFY asked for payload compression. */
  void compressPayloads(boolean compressesPayloads) {
    this.compressesPayloads = compressesPayloads;
  }

  boolean compressesPayloads() {
    return compressesPayloads;
  }

  ReplayRing ring() {
    return ring;
  }

  long detachedNanos() {
    return detachedNanos;
  }

  /** {@return a sequence for a dispatch that is not replayed} */
  long takeSequence() {
    return ++sequence;
  }

  void attach(GatewayServerConnection to) {
    connection = to;
    server.sessionAttached(this);
  }

  void detach(long nowNanos) {
    connection = null;
    detachedNanos = nowNanos;
    server.sessionDetached(this);
  }

  /** Ends the session, which must be detached. */
  void end(EndReason reason) {
    if (ended) {
      return;
    }
    ended = true;
    ring.clear();
    server.sessionEnded(this, reason);
  }

  private static void requireEventName(String type) {
    Objects.requireNonNull(type, "type");
    boolean valid = !type.isEmpty();
    for (int i = 0; i < type.length(); i++) {
      char c = type.charAt(i);
      valid &= (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    }
    if (!valid) {
      throw new IllegalArgumentException(
          "type: " + type + " (expected: upper-case letters, digits and underscores)");
    }
  }
}
