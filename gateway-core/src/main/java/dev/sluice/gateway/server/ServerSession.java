package dev.sluice.gateway.server;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One session of a shard, as the gateway keeps it. It outlives its connections: while none is
 * attached events are kept to be replayed. Not thread-safe; confine to the server's thread.
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
    /** No connection resumed it within the lifetime of the configuration. */
    EXPIRED,
    /** An event was dropped from the replay ring before the attached client took it. */
    OVERRUN
  }

  private ServerSession() {}

  /** {@return the session id of READY, 32 hexadecimal digits} */
  public String id() {
    throw new UnsupportedOperationException();
  }

  /** {@return the shard that identified} */
  public ShardId shard() {
    throw new UnsupportedOperationException();
  }

  /** {@return the intents of IDENTIFY; the server does not filter by them} */
  public Intents intents() {
    throw new UnsupportedOperationException();
  }

  /** {@return the sequence of the newest dispatch; READY has 1} */
  public long sequence() {
    throw new UnsupportedOperationException();
  }

  /** {@return the connection that the session is attached to, or null} */
  public @Nullable GatewayServerConnection connection() {
    throw new UnsupportedOperationException();
  }

  /** {@return whether the session has ended and cannot be resumed any more} */
  public boolean ended() {
    throw new UnsupportedOperationException();
  }

  /**
   * Gives the session its next event.
   *
   * @param type the name of the event: upper-case letters, digits and underscores
   * @param d one JSON value in UTF-8, between position and limit; copied, its position not moved,
   *     its syntax not checked
   * @return the sequence of the event; of the newest one before if the session has ended, when
   *     nothing is dispatched
   * @throws IllegalArgumentException if {@code type} has another form or {@code d} is empty; nothing
   *     has changed
   */
  public long dispatch(String type, ByteBuffer d) {
    throw new UnsupportedOperationException();
  }

  /**
   * Ends the session: a later RESUME is answered with INVALID_SESSION. An attached connection gets
   * INVALID_SESSION at once and stays open.
   */
  public void invalidate() {
    throw new UnsupportedOperationException();
  }
}
