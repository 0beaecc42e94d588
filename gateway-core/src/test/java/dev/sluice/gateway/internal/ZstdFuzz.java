package dev.sluice.gateway.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import dev.sluice.gateway.Payloads;
import dev.sluice.gateway.Streams;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.DataFormatException;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Decompresses zstd streams that are whole, damaged or no streams at all, and compares with what
 * the library's own stream makes of the same bytes at once.
 */
final class ZstdFuzz {

  /*
   * An input is a header of five bytes and a body: flags; how many payloads, or in how many
   * messages a body that is no payload comes; one damage: where, in two bytes, and what.
   */
  private static final int HEADER = 5;
  private static final int IS_PAYLOAD = 1;
  private static final int IS_DIRECT = 2;
  private static final int ENDS_FRAMES = 4;
  private static final int HAS_CHECKSUM = 8;

  private static final int LIMIT = 20_000;

  static Stream<byte[]> seeds() {
    return Stream.of(
            Stream.of("_HELLO", "TYPING_START", "MESSAGE_CREATE")
                .map(Payloads::bytes)
                .flatMap(
                    payload ->
                        Stream.of(
                            input(IS_PAYLOAD, 3, 0, payload),
                            input(IS_PAYLOAD | ENDS_FRAMES | HAS_CHECKSUM, 2, 0, payload),
                            input(IS_PAYLOAD | IS_DIRECT, 2, 0x40, payload))),
            Streams.hex("zstd-stream.hex").stream()
                .filter(message -> message.length < 3_000)
                .map(message -> input(0, 0, 0, message)),
            Stream.of(input(IS_PAYLOAD, 0, 0, new byte[LIMIT + 1])))
        .flatMap(seeds -> seeds);
  }

  private static byte[] input(int flags, int messages, int change, byte[] body) {
    ByteBuffer input = ByteBuffer.allocate(HEADER + body.length);
    input.put((byte) flags).put((byte) messages).putShort((short) 20).put((byte) change);
    return input.put(body).array();
  }

  @MethodSource("seeds")
  @FuzzTest
  void agreesWithTheLibrary(byte[] input) throws IOException {
    if (input.length < HEADER) {
      return;
    }
    int flags = input[0];
    byte[] body = Arrays.copyOfRange(input, HEADER, input.length);
    boolean isPayload = (flags & IS_PAYLOAD) != 0;
    int count = 1 + (input[1] & 7);
    List<byte[]> messages = isPayload ? compress(body, count, flags) : cut(body, count);
    boolean isDamaged = damage(messages, (input[2] & 0xFF) << 8 | input[3] & 0xFF, input[4]);

    InflateBuffer output = new InflateBuffer();
    ByteArrayOutputStream payloads = new ByteArrayOutputStream();
    boolean isWhole = decompress(messages, (flags & IS_DIRECT) != 0, output, payloads);

    assertThat(output.array().length).isLessThanOrEqualTo(LIMIT + 1);
    if (isPayload && !isDamaged) {
      assertThat(isWhole).isEqualTo(body.length <= LIMIT);
      assertThat(payloads.size()).isEqualTo(isWhole ? body.length * count : 0);
    }
    if (isWhole) {
      assertThat(payloads.toByteArray()).isEqualTo(reference(messages));
    }
  }

  private static List<byte[]> compress(byte[] payload, int count, int flags) {
    List<byte[]> messages = new ArrayList<>();
    try (ZstdCompressCtx context = new ZstdCompressCtx().setWindowLog(18)) {
      context.setChecksum((flags & HAS_CHECKSUM) != 0);
      for (int i = 0; i < count; i++) {
        EndDirective end = (flags & ENDS_FRAMES) != 0 ? EndDirective.END : EndDirective.FLUSH;
        messages.add(Streams.zstd(context, payload, end));
      }
    }
    return messages;
  }

  private static List<byte[]> cut(byte[] stream, int count) {
    List<byte[]> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      messages.add(
          Arrays.copyOfRange(stream, stream.length * i / count, stream.length * (i + 1) / count));
    }
    return messages;
  }

  private static boolean damage(List<byte[]> messages, int index, byte change) {
    int at = index;
    for (byte[] message : messages) {
      if (at < message.length) {
        message[at] ^= change;
        return change != 0;
      }
      at -= message.length;
    }
    return false;
  }

  private static boolean decompress(
      List<byte[]> messages, boolean isDirect, InflateBuffer output, ByteArrayOutputStream to) {
    ZstdStream stream = new ZstdStream(LIMIT);
    try {
      for (byte[] message : messages) {
        ByteBuffer buffer = ByteBuffer.wrap(message);
        if (isDirect) {
          buffer = ByteBuffer.allocateDirect(message.length).put(message).flip();
        }
        if (stream.decompress(buffer, output)) {
          to.write(output.array(), 0, output.length());
        }
        assertThat(buffer.hasRemaining()).isFalse();
      }
      return true;
    } catch (DataFormatException e) {
      return false;
    } finally {
      stream.end();
    }
  }

  private static byte[] reference(List<byte[]> messages) throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    messages.forEach(stream::writeBytes);
    try (ZstdInputStreamNoFinalizer in =
        new ZstdInputStreamNoFinalizer(new ByteArrayInputStream(stream.toByteArray()))) {
      return in.setContinuous(true).readAllBytes();
    }
  }
}
