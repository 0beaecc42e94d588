package dev.sluice.gateway.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import java.nio.ByteBuffer;

/**
 * What happens at a {@link GatewayServer}, told on the server's thread as it happens.
 *
 * <p>Every method may call back into the server, its sessions and its connections. What a method
 * throws propagates to whoever called the server.
 */
public interface GatewayServerListener {

  /**
   * Is told that a connection that {@link GatewayServerConnection#send} had drained has something
   * to send, or is to be closed. The driver drains it, asks for its close code and schedules its
   * timeout anew, from here or a little later; it is told once, until it has drained the
   * connection.
   *
   * <p>This is how it learns of what did not come from its own input: an event that the application
   * dispatched, a connection that another one replaced. It is told of the answers to its input too,
   * but not of the HELLO that {@link GatewayServer#accept} queues.
   *
   * @param connection the connection
   */
  default void outputPending(GatewayServerConnection connection) {}

  /**
   * Is told of a new transport, before anything is queued for it: what is sent from here precedes
   * HELLO.
   *
   * @param connection its connection
   */
  default void connected(GatewayServerConnection connection) {}

  /**
   * Is told once that a connection has ended: the server decided to close it, the client closed it,
   * or it was lost. Its session is detached by then.
   *
   * @param connection the connection
   * @param code the close code of whichever side closed first, 1006 when the transport was lost
   */
  default void disconnected(GatewayServerConnection connection, int code) {}

  /**
   * Is told of a heartbeat, before its ACK is queued: {@link
   * GatewayServerConnection#acknowledgeHeartbeats} decides on that one too.
   *
   * @param connection the connection that it came from, with a session or without
   */
  default void heartbeat(GatewayServerConnection connection) {}

  /**
   * Is told of the READY of a new session, before {@link #identified}.
   *
   * @param session the session, attached to its connection
   * @param d the data of READY, a read-only view that is valid until this method returns
   */
  default void readyQueued(ServerSession session, ByteBuffer d) {}

  /**
   * Is told of a new session. READY is queued; events dispatched from here follow it.
   *
   * @param session the session, attached to its connection
   */
  default void identified(ServerSession session) {}

  /**
   * Is told that an IDENTIFY was answered with INVALID_SESSION, for its bucket had admitted another
   * one within the identify window.
   *
   * @param connection the connection, still open
   * @param shard the shard that asked
   */
  default void identifyRejected(GatewayServerConnection connection, ShardId shard) {}

  /**
   * Is told that an IDENTIFY was answered with INVALID_SESSION, for no session start was left. Or
   * else, if it is so configured, the token was reset.
   *
   * @param connection the connection, still open unless the token was reset
   * @param shard the shard that asked
   */
  default void budgetExhausted(GatewayServerConnection connection, ShardId shard) {}

  /**
   * Is told that a session goes on with a new connection. The replay is queued; events dispatched
   * from here follow it.
   *
   * @param session the session, attached to its new connection
   * @param fromSequence the last sequence that the client has received
   */
  default void resumed(ServerSession session, long fromSequence) {}

  /**
   * Is told that a RESUME was answered with INVALID_SESSION, or closed with 4009 if it is so
   * configured: the session is unknown, or events that the client misses are no longer kept.
   *
   * @param connection the connection, still open unless it was closed with 4009
   * @param sessionId the session that was asked for
   */
  default void resumeRejected(GatewayServerConnection connection, String sessionId) {}

  /**
   * Is told of a payload that an identified client sent: a heartbeat, or a command, which the
   * server accepts and leaves to the listener to answer.
   *
   * <p>A request for members is told as Discord honours it: without a {@code nonce} that is
   * invalid, {@code presences} false without the intent, and a {@code limit} of up to 100 for a
   * prefix. {@link MemberChunks} answers it.
   *
   * @param session the session of the sender
   * @param opcode what was sent: opcode 1, 3, 4, 8, 31 or 43
   * @param d its data, an object for every command, a number or null for a heartbeat
   */
  default void received(ServerSession session, Opcode opcode, JsonNode d) {}

  /**
   * Is told of a well-formed command that the server ignores, and {@link #received} is not: a
   * presence update over 5 in 20 s, or a request for the whole member list without the
   * GUILD_MEMBERS intent.
   *
   * @param session the session of the sender
   * @param opcode opcode 3 or 8
   * @param d its data, an object
   */
  default void ignored(ServerSession session, Opcode opcode, JsonNode d) {}

  /**
   * Is told of a request that the server answered with RATE_LIMITED, and {@link #received} is not:
   * a request for the whole member list of a guild of which it was requested, by any session,
   * within the last 30 s.
   *
   * @param session the session of the sender
   * @param opcode opcode 8
   * @param d its data, an object
   * @see <a href="https://discord.com/developers/docs/events/gateway-events#rate-limited">Rate
   *     limited</a>
   */
  default void rateLimited(ServerSession session, Opcode opcode, JsonNode d) {}

  /**
   * Is told of an event that {@link ServerSession#dispatch} took.
   *
   * @param session the session
   * @param sequence the number of the event
   * @param type its name
   * @param d its data, a read-only view that is valid until this method returns
   */
  default void dispatched(ServerSession session, long sequence, String type, ByteBuffer d) {}

  /**
   * Is told once that a session has ended and cannot be resumed any more.
   *
   * @param session the session, attached to no connection
   * @param reason why it ended
   */
  default void sessionEnded(ServerSession session, ServerSession.EndReason reason) {}
}
