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
   * Is told of a new transport, before it has sent anything.
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
   * Is told that an IDENTIFY was answered with INVALID_SESSION, for no session start was left.
   * Discord would end every session and reset the token; here that is up to the listener.
   *
   * @param connection the connection, still open
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
   * Is told that a RESUME was answered with INVALID_SESSION: the session is unknown, or events that
   * the client misses are no longer kept.
   *
   * @param connection the connection, still open
   * @param sessionId the session that was asked for
   */
  default void resumeRejected(GatewayServerConnection connection, String sessionId) {}

  /**
   * Is told of a payload that an identified client sent: a heartbeat, or a command, which the
   * server accepts and leaves to the listener to answer.
   *
   * @param session the session of the sender
   * @param opcode what was sent: opcode 1, 3, 4, 8, 31 or 43
   * @param d its data, an object for every command, a number or null for a heartbeat
   */
  default void received(ServerSession session, Opcode opcode, JsonNode d) {}

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
