package dev.sluice.gateway.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sluice.gateway.Payloads;
import dev.sluice.gateway.StreamDeflater;
import dev.sluice.gateway.Streams;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Inflates streams that are whole, damaged or no streams at all, cut into messages anywhere, and
 * compares with what the JDK makes of the same bytes at once.
 */
final class InflateFuzz {

  /*
   * An input is a header of seven bytes and a body: flags; the length of the messages; how many
   * payloads; how often the body occurs in each; one damage: where, in two bytes, and what.
   */
  private static final int HEADER = 7;
  private static final int IS_PAYLOAD = 1; // or else the body is what comes in
  private static final int IS_DIRECT = 2;
  private static final int IS_LARGE = 4;

  private static final PayloadInflater ONE = new PayloadInflater();

  private static final int SMALL_LIMIT = 20_000;
  private static final int LARGE_LIMIT = 1_100_000;
  private static final int RATIO_FREE_BYTES = 1 << 20;

  static Stream<byte[]> seeds() {
    return Stream.of(
            Stream.of("_HELLO", "_HEARTBEAT_ACK", "TYPING_START", "GUILD_DELETE", "MESSAGE_CREATE")
                .filter(name -> Payloads.names().contains(name))
                .map(Payloads::bytes)
                .flatMap(
                    payload ->
                        Stream.of(
                            input("01000300000000", payload),
                            input("81140300000000", payload),
                            input("93ff0200000000", payload),
                            input("010703ff002a10", payload))),
            Stream.of(6, 0, 9)
                .map(level -> new StreamDeflater(level).deflate(Payloads.bytes("TYPING_START")))
                .map(stream -> input("00110000000000", stream)),
            Stream.of("_HELLO", "TYPING_START")
                .map(name -> input("00ff0000000000", Streams.deflate(Payloads.bytes(name)))),
            Stream.of(
                input("9700ff00000000", new byte[100]),
                input("9000ff00000000", new byte[100]),
                input("04ff0000000000", new StreamDeflater().deflate(new byte[1_060_000])),
                input("00030000000000", HexFormat.of().parseHex("789c0000000000ffff00"))))
        .flatMap(seeds -> seeds);
  }

  private static byte[] input(String header, byte[] body) {
    ByteArrayOutputStream input = new ByteArrayOutputStream();
    input.writeBytes(HexFormat.of().parseHex(header));
    input.writeBytes(body);
    return input.toByteArray();
  }

  @MethodSource("seeds")
  @FuzzTest
  void agreesWithTheJdk(byte[] input) {
    if (input.length < HEADER) {
      return;
    }
    int flags = input[0] & 0xFF;
    byte[] body = Arrays.copyOfRange(input, HEADER, input.length);
    byte[] payload = repeat(body, 1 + (input[3] & 0xFF));
    List<byte[]> parts =
        (flags & IS_PAYLOAD) == 0
            ? List.of(body)
            : deflate(payload, 1 + (input[2] & 3), flags >>> 4);
    boolean isDamaged = damage(parts, (input[4] & 0xFF) << 8 | input[5] & 0xFF, input[6]);

    Run run = new Run((flags & IS_LARGE) == 0 ? SMALL_LIMIT : LARGE_LIMIT);
    run.feed(parts, 1 + (input[1] & 0xFF), (flags & IS_DIRECT) != 0);

    if ((flags & IS_PAYLOAD) == 0) {
      compareOne(body);
    }
    boolean fits = payload.length > 0 && payload.length <= SMALL_LIMIT;
    if ((flags & IS_PAYLOAD) != 0 && !isDamaged && fits) {
      assertThat(run.failure).isNull();
      assertThat(run.pending).isEmpty();
      assertThat(run.payloads.size()).isEqualTo(payload.length * parts.size());
    }
  }

  /** Takes the body for one whole payload, as payload compression has it. */
  private static void compareOne(byte[] body) {
    InflateBuffer output = new InflateBuffer();
    Inflater jdk = new Inflater();
    byte[] expected = new byte[SMALL_LIMIT + 1];
    int length = -1;
    boolean isWhole;
    try {
      jdk.setInput(body);
      length = jdk.inflate(expected);
      isWhole = jdk.finished() && jdk.getRemaining() == 0 && length <= SMALL_LIMIT;
    } catch (DataFormatException e) {
      isWhole = false;
    } finally {
      jdk.end();
    }
    try {
      ONE.inflate(ByteBuffer.wrap(body), output, SMALL_LIMIT);
      assertThat(isWhole).isTrue();
      assertThat(Arrays.copyOf(output.array(), output.length()))
          .isEqualTo(Arrays.copyOf(expected, length));
    } catch (DataFormatException e) {
      assertThat(isWhole).as("%s", e.getMessage()).isFalse();
    }
  }

  private static byte[] repeat(byte[] body, int times) {
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    for (int i = 0; i < times && payload.size() <= SMALL_LIMIT; i++) {
      payload.writeBytes(body);
    }
    return payload.toByteArray();
  }

  private static List<byte[]> deflate(byte[] payload, int times, int level) {
    StreamDeflater deflater = new StreamDeflater(Math.min(9, level));
    List<byte[]> parts =
        IntStream.range(0, times).mapToObj(i -> deflater.deflate(payload)).toList();
    deflater.end();
    return parts;
  }

  private static boolean damage(List<byte[]> parts, int index, byte change) {
    int at = index;
    for (byte[] part : parts) {
      if (at < part.length) {
        part[at] ^= change;
        return change != 0;
      }
      at -= part.length;
    }
    return false;
  }

  private static final class Run {

    final int limit;
    final ByteArrayOutputStream payloads = new ByteArrayOutputStream();
    byte[] pending = {};
    @Nullable DataFormatException failure;

    Run(int limit) {
      this.limit = limit;
    }

    void feed(List<byte[]> parts, int messageLength, boolean isDirect) {
      InflateBuffer output = new InflateBuffer();
      ZlibStream zlib = new ZlibStream(limit);
      ByteArrayOutputStream fed = new ByteArrayOutputStream();
      try {
        for (byte[] part : parts) {
          for (int start = 0; start < part.length; start += messageLength) {
            int length = Math.min(messageLength, part.length - start);
            fed.write(part, start, length);
            ByteBuffer message = ByteBuffer.wrap(part, start, length);
            take(zlib.decompress(isDirect ? direct(message) : message, output), output);
          }
        }
      } catch (DataFormatException e) {
        failure = e;
      } finally {
        zlib.end();
      }
      assertThat(output.array().length)
          .isLessThanOrEqualTo(Math.max(InflateBuffer.INITIAL_BYTES, limit + 1));
      compare(fed.toByteArray());
    }

    private void take(boolean isComplete, InflateBuffer output) {
      pending = Arrays.copyOf(output.array(), output.length());
      if (isComplete) {
        payloads.writeBytes(pending);
        pending = new byte[0];
      }
    }

    private void compare(byte[] fed) {
      ByteArrayOutputStream expected = new ByteArrayOutputStream();
      boolean isFollowed = inflate(fed, expected);
      if (failure == null) {
        ByteArrayOutputStream actual = new ByteArrayOutputStream();
        actual.writeBytes(payloads.toByteArray());
        actual.writeBytes(pending);
        assertThat(isFollowed).isTrue();
        assertThat(actual.toByteArray()).isEqualTo(expected.toByteArray());
      } else {
        int owed = expected.size() - payloads.size();
        assertThat(!isFollowed || owed > Math.min(limit, RATIO_FREE_BYTES))
            .as("%s after %s bytes", failure.getMessage(), owed)
            .isTrue();
        // What the JDK made of the bytes just before those that it refused is lost to us.
        int length = Math.min(expected.size(), payloads.size());
        assertThat(Arrays.copyOf(expected.toByteArray(), length))
            .isEqualTo(Arrays.copyOf(payloads.toByteArray(), length));
      }
    }

    /** {@return whether the stream can go on} */
    private static boolean inflate(byte[] stream, ByteArrayOutputStream output) {
      Inflater inflater = new Inflater();
      byte[] chunk = new byte[8192];
      try {
        inflater.setInput(stream);
        while (!inflater.finished() && !inflater.needsDictionary()) {
          int length = inflater.inflate(chunk);
          output.write(chunk, 0, length);
          if (length == 0 && inflater.needsInput()) {
            return true;
          }
        }
        return false;
      } catch (DataFormatException e) {
        return false;
      } finally {
        inflater.end();
      }
    }

    private static ByteBuffer direct(ByteBuffer message) {
      return ByteBuffer.allocateDirect(message.remaining()).put(message).flip();
    }
  }
}
