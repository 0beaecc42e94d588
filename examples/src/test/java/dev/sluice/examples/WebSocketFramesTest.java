package dev.sluice.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WebSocketFramesTest {

  private static final int LAST = 0x80;

  @ParameterizedTest(name = "{0} bytes at a time")
  @ValueSource(ints = {1, 3, 1 << 20})
  void framesOfAnySizeComeWhole(int portion) throws Exception {
    byte[] medium = filled(300);
    byte[] large = filled(100_000);

    List<BlockingWebSocket.Message> messages =
        readAll(
            portion,
            frame(LAST | WebSocketFrames.TEXT),
            frame(LAST | WebSocketFrames.TEXT, filled(125)),
            frame(LAST | WebSocketFrames.BINARY, medium),
            frame(LAST | WebSocketFrames.BINARY, large));

    assertThat(messages)
        .containsExactly(
            new BlockingWebSocket.Message(WebSocketFrames.TEXT, ByteBuffer.allocate(0)),
            new BlockingWebSocket.Message(WebSocketFrames.TEXT, ByteBuffer.wrap(filled(125))),
            new BlockingWebSocket.Message(WebSocketFrames.BINARY, ByteBuffer.wrap(medium)),
            new BlockingWebSocket.Message(WebSocketFrames.BINARY, ByteBuffer.wrap(large)));
  }

  @ParameterizedTest(name = "{0} bytes at a time")
  @ValueSource(ints = {1, 1 << 20})
  void fragmentsAreJoinedAroundControlFrames(int portion) throws Exception {
    List<BlockingWebSocket.Message> messages =
        readAll(
            portion,
            frame(WebSocketFrames.BINARY, filled(2)),
            frame(LAST | WebSocketFrames.PING, filled(1)),
            frame(WebSocketFrames.CONTINUATION),
            frame(LAST | WebSocketFrames.CONTINUATION, filled(1)),
            frame(LAST | WebSocketFrames.TEXT, filled(1)));

    assertThat(messages)
        .containsExactly(
            new BlockingWebSocket.Message(WebSocketFrames.PING, ByteBuffer.wrap(filled(1))),
            new BlockingWebSocket.Message(
                WebSocketFrames.BINARY, ByteBuffer.wrap(new byte[] {0, 1, 0})),
            new BlockingWebSocket.Message(WebSocketFrames.TEXT, ByteBuffer.wrap(filled(1))));
  }

  @Test
  void aCloseFrameTellsItsCode() throws Exception {
    List<BlockingWebSocket.Message> messages =
        readAll(
            99,
            frame(LAST | WebSocketFrames.CLOSE, (byte) 0x0f, (byte) 0xa0),
            frame(LAST | WebSocketFrames.CLOSE));

    assertThat(messages)
        .extracting(BlockingWebSocket.Message::closeCode)
        .containsExactly(4000, 1005);
  }

  @Test
  void aMaskedFrameIsRefused() {
    assertThatThrownBy(() -> readAll(99, new byte[] {(byte) 0x81, (byte) 0x81, 0, 0, 0, 0, 0}))
        .isInstanceOf(IOException.class)
        .hasMessage("frame: -127 bytes (expected: 0..67108864)");
  }

  @Test
  void theFirstFrameMayComeWithTheHead() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[] {'a', '\r', '\n', '\r', '\n'});
    bytes.writeBytes(frame(LAST | WebSocketFrames.TEXT, filled(1)));
    WebSocketFrames frames = new WebSocketFrames(new ByteArrayInputStream(bytes.toByteArray()));

    assertThat(frames.readHead()).isEqualTo("a");
    assertThat(frames.next())
        .isEqualTo(new BlockingWebSocket.Message(WebSocketFrames.TEXT, ByteBuffer.wrap(filled(1))));
    assertThatThrownBy(frames::read).isInstanceOf(EOFException.class);
  }

  private static List<BlockingWebSocket.Message> readAll(int portion, byte[]... sent)
      throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Arrays.stream(sent).forEach(all::writeBytes);
    InputStream slow =
        new ByteArrayInputStream(all.toByteArray()) {
          @Override
          public synchronized int read(byte[] into, int offset, int length) {
            return super.read(into, offset, Math.min(length, portion));
          }
        };
    WebSocketFrames frames = new WebSocketFrames(slow);
    List<BlockingWebSocket.Message> messages = new ArrayList<>();
    while (slow.available() > 0) {
      frames.read();
      for (var message = frames.next(); message != null; message = frames.next()) {
        messages.add(message);
      }
    }
    return messages;
  }

  private static byte[] frame(int first, byte... payload) {
    ByteBuffer frame = ByteBuffer.allocate(payload.length + 10).put((byte) first);
    if (payload.length <= 125) {
      frame.put((byte) payload.length);
    } else if (payload.length < 1 << 16) {
      frame.put((byte) 126).putShort((short) payload.length);
    } else {
      frame.put((byte) 127).putLong(payload.length);
    }
    frame.put(payload);
    return Arrays.copyOf(frame.array(), frame.position());
  }

  private static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) i;
    }
    return bytes;
  }
}
