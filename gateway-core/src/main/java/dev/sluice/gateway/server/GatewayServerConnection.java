package dev.sluice.gateway.server;

import dev.sluice.gateway.FrameType;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The gateway's end of one transport. Not thread-safe; confine to the server's thread. */
public final class GatewayServerConnection {

  private GatewayServerConnection() {}

  /** Handles one complete WebSocket message. */
  public void recv(FrameType type, ByteBuffer message) {
    throw new UnsupportedOperationException();
  }

  /** Handles a close frame of the client: 1000 and 1001 end the session, any other code keeps it. */
  public void recvCloseCode(int code) {
    throw new UnsupportedOperationException();
  }

  /** Handles the end of the transport without a close frame, or after ours: keeps the session. */
  public void transportLost() {
    throw new UnsupportedOperationException();
  }

  /** {@return the next message to write, or null when there is none} */
  public @Nullable ServerFrame send() {
    throw new UnsupportedOperationException();
  }

  /** {@return the code to close with once {@link #send} yields null, 0 to stay open} */
  public int closeCode() {
    throw new UnsupportedOperationException();
  }

  /** {@return nanoseconds until {@link #onTimeout} is due, {@code Long.MAX_VALUE} for never} */
  public long nextTimeoutNanos() {
    throw new UnsupportedOperationException();
  }

  /** Handles the passing of time. Early, late and repeated calls are harmless. */
  public void onTimeout() {
    throw new UnsupportedOperationException();
  }

  /** {@return the attached session, null before IDENTIFY or RESUME and after the end} */
  public @Nullable ServerSession session() {
    throw new UnsupportedOperationException();
  }

  /** Closes the connection with a code. */
  public void close(int code) {
    throw new UnsupportedOperationException();
  }

  /** Sends RECONNECT, opcode 7. */
  public void reconnect() {
    throw new UnsupportedOperationException();
  }

  /** Sends INVALID_SESSION, opcode 9, and detaches the session; it ends unless resumable. */
  public void invalidSession(boolean resumable) {
    throw new UnsupportedOperationException();
  }

  /** Asks the client for a heartbeat at once, opcode 1. */
  public void requestHeartbeat() {
    throw new UnsupportedOperationException();
  }

  /** Sends any bytes as one payload, compressed like every other. For fault injection. */
  public void sendPayload(ByteBuffer payload) {
    throw new UnsupportedOperationException();
  }

  /** Sends any bytes as one WebSocket message past the compressor. For fault injection. */
  public void sendRaw(FrameType type, ByteBuffer message) {
    throw new UnsupportedOperationException();
  }
}
