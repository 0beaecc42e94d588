package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.junit.jupiter.params.provider.Arguments;

/** The sample streams, and streams made of other payloads. */
public final class Streams {

  private Streams() {}

  /** {@return every encoding with every compression that goes with it} */
  public static Stream<Arguments> transports() {
    return Stream.of(Encoding.values())
        .flatMap(
            encoding ->
                Stream.of(Compression.values())
                    .filter(c -> c != Compression.PAYLOAD || encoding == Encoding.JSON)
                    .map(compression -> Arguments.of(encoding, compression)));
  }

  /** {@return the payloads that the sample streams carry, in JSON} */
  public static List<String> expected() {
    return lines("expected.jsonl");
  }

  /** {@return the messages of a sample stream} */
  public static List<byte[]> hex(String name) {
    return lines(name).stream().map(HexFormat.of()::parseHex).toList();
  }

  /** {@return the lines of a sample stream} */
  public static List<String> lines(String name) {
    try (InputStream in =
        Objects.requireNonNull(Streams.class.getResourceAsStream("/streams/" + name))) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return one complete zlib stream} */
  public static byte[] deflate(byte[] payload) {
    Deflater deflater = new Deflater();
    try {
      deflater.setInput(payload);
      deflater.finish();
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      byte[] chunk = new byte[8192];
      while (!deflater.finished()) {
        out.write(chunk, 0, deflater.deflate(chunk));
      }
      return out.toByteArray();
    } finally {
      deflater.end();
    }
  }

  /** {@return the next message of a zstd stream, whose frame stays open or ends with it} */
  public static byte[] zstd(ZstdCompressCtx context, byte[] payload, EndDirective atEnd) {
    ByteBuffer in = ByteBuffer.wrap(payload);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteBuffer chunk = ByteBuffer.allocate(8192);
    boolean isDone;
    do {
      isDone = context.compressByteBufferStream(chunk, in, atEnd);
      out.write(chunk.array(), 0, chunk.position());
      chunk.clear();
    } while (!isDone);
    return out.toByteArray();
  }
}
