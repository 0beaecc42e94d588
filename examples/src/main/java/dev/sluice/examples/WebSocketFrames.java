package dev.sluice.examples;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The reading half of a {@link BlockingWebSocket}: bytes to frames, fragments to messages. A read
 * that times out loses nothing, however little of a frame it brought. Confined to one thread.
 */
final class WebSocketFrames {

  static final int CONTINUATION = 0;
  static final int TEXT = 1;
  static final int BINARY = 2;
  static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;

  static final int FINAL = 0x80;
  private static final int OPCODE = 0x0f;
  private static final int LENGTH_16 = 126;
  private static final int LENGTH_64 = 127;
  private static final int MAX_FRAME_BYTES = 64 << 20;

  private final InputStream stream;
  private byte[] bytes = new byte[1 << 14];
  private int start; // of what was read and not taken
  private int end;
  private final ByteArrayOutputStream fragments = new ByteArrayOutputStream();
  private int fragmentsOpcode = CONTINUATION;

  WebSocketFrames(InputStream stream) {
    this.stream = stream;
  }

  /** Waits for bytes, and reads what is there. */
  void read() throws IOException {
    if (end == bytes.length) {
      int length = end - start;
      byte[] room = length > bytes.length / 2 ? new byte[bytes.length * 2] : bytes;
      System.arraycopy(bytes, start, room, 0, length);
      bytes = room;
      start = 0;
      end = length;
    }
    int read = stream.read(bytes, end, bytes.length - end);
    if (read < 0) {
      throw new EOFException("the peer ended the stream");
    }
    end += read;
  }

  /** {@return the head of an HTTP response, which comes before the first frame} */
  String readHead() throws IOException {
    for (int headEnd = -1; ; read()) {
      String read = new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
      headEnd = read.indexOf("\r\n\r\n");
      if (headEnd >= 0) {
        start += headEnd + 4; // the first frame may have come along
        return read.substring(0, headEnd);
      }
    }
  }

  /** {@return the next message or control frame of what was read, null if there is no whole one} */
  BlockingWebSocket.@Nullable Message next() throws IOException {
    while (true) {
      int frameStart = start;
      ByteBuffer payload = nextPayload();
      if (payload == null) {
        return null;
      }
      boolean last = (bytes[frameStart] & FINAL) != 0;
      int opcode = bytes[frameStart] & OPCODE;
      if (opcode >= CLOSE || (last && opcode != CONTINUATION)) {
        return new BlockingWebSocket.Message(opcode, payload);
      }
      if (opcode != CONTINUATION) {
        fragmentsOpcode = opcode;
      }
      fragments.write(payload.array());
      if (last) {
        ByteBuffer whole = ByteBuffer.wrap(fragments.toByteArray());
        fragments.reset();
        return new BlockingWebSocket.Message(fragmentsOpcode, whole);
      }
    }
  }

  /** {@return the payload of the next frame, in an array of its own, or null if it is not whole} */
  private @Nullable ByteBuffer nextPayload() throws IOException {
    int available = end - start;
    if (available < 2) {
      return null;
    }
    int shortLength = bytes[start + 1];
    int header = shortLength == LENGTH_16 ? 4 : shortLength == LENGTH_64 ? 10 : 2;
    if (available < header) {
      return null;
    }
    ByteBuffer frame = ByteBuffer.wrap(bytes, start + 2, available - 2);
    long length =
        switch (shortLength) {
          case LENGTH_16 -> Short.toUnsignedInt(frame.getShort());
          case LENGTH_64 -> frame.getLong();
          default -> shortLength; // negative if masked, which no server may do
        };
    if (length < 0 || length > MAX_FRAME_BYTES) {
      throw new IOException("frame: " + length + " bytes (expected: 0.." + MAX_FRAME_BYTES + ')');
    }
    if (frame.remaining() < length) {
      return null;
    }
    byte[] payload = new byte[(int) length];
    frame.get(payload);
    start = frame.position();
    return ByteBuffer.wrap(payload);
  }
}
