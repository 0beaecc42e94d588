package dev.sluice.examples;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * As much of a WebSocket client as a gateway needs, on a blocking socket: masked frames out,
 * messages in; pings and closes are answered. Confined to one thread.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc6455">RFC 6455</a>
 */
final class BlockingWebSocket implements AutoCloseable {

  private static final int MASKED = 0x80;
  private static final int MAX_SHORT_LENGTH = 125;
  private static final int NO_STATUS = 1005;
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A whole message or a control frame. */
  record Message(int opcode, ByteBuffer payload) {

    /** {@return the code of a close frame, 1005 if it has none} */
    int closeCode() {
      return payload.remaining() < 2 ? NO_STATUS : Short.toUnsignedInt(payload.getShort(0));
    }
  }

  private final Socket socket;
  private final WebSocketFrames frames;
  private boolean closeSent;

  /** Goes on with a socket that {@link WebSocketDial} has upgraded. */
  BlockingWebSocket(Socket socket, WebSocketFrames frames) {
    this.socket = socket;
    this.frames = frames;
  }

  /** Writes one message or control frame. */
  void send(int opcode, ByteBuffer payload) throws IOException {
    int length = payload.remaining();
    byte[] mask = random(4);
    ByteBuffer frame = ByteBuffer.allocate(length + 8);
    frame.put((byte) (WebSocketFrames.FINAL | opcode));
    if (length <= MAX_SHORT_LENGTH) {
      frame.put((byte) (MASKED | length));
    } else { // a gateway takes no more than 4096 bytes
      frame.put((byte) (MASKED | 126)).putShort((short) length);
    }
    frame.put(mask);
    for (int i = 0; i < length; i++) {
      frame.put((byte) (payload.get() ^ mask[i % 4]));
    }
    socket.getOutputStream().write(frame.array(), 0, frame.position());
  }

  /** Writes a close frame, unless that was done. */
  void sendClose(int code) throws IOException {
    if (!closeSent) {
      closeSent = true;
      send(WebSocketFrames.CLOSE, ByteBuffer.allocate(2).putShort(0, (short) code));
    }
  }

  /** {@return the next message or close frame, or null if none was whole in time} */
  @Nullable Message receive(long timeoutNanos) throws IOException {
    Message message = frames.next();
    if (message == null) {
      socket.setSoTimeout(millis(timeoutNanos));
      try {
        frames.read();
      } catch (SocketTimeoutException e) {
        return null;
      }
      message = frames.next();
    }
    if (message == null || message.opcode() == WebSocketFrames.PONG) {
      return null;
    }
    if (message.opcode() == WebSocketFrames.PING) {
      send(WebSocketFrames.PONG, message.payload());
      return null;
    }
    if (message.opcode() == WebSocketFrames.CLOSE) {
      sendClose(message.closeCode() == NO_STATUS ? 1000 : message.closeCode());
    }
    return message;
  }

  /** Writes a close frame, unless the code is 0, and closes the socket; never throws. */
  void close(int closeCode) {
    try (this) {
      if (closeCode != 0) {
        sendClose(closeCode);
      }
    } catch (IOException e) {
      System.err.println("the old transport did not close in order: " + e.getMessage());
    }
  }

  /** Closes the socket. */
  @Override
  public void close() throws IOException {
    socket.close();
  }

  static byte[] random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  /** {@return a time-out for a socket} */
  static int millis(long nanos) {
    long millis = TimeUnit.NANOSECONDS.toMillis(nanos) + 1; // 0 would mean for ever
    return (int) Math.min(millis, Integer.MAX_VALUE);
  }
}
