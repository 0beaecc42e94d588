package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.sluice.gateway.Streams;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.zip.DataFormatException;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZstdStreamTest {

  private static final int MAX_BYTES = 1 << 20;

  private final InflateBuffer output = new InflateBuffer();
  private final ZstdStream stream = new ZstdStream(MAX_BYTES);
  private final ZstdCompressCtx gateway = new ZstdCompressCtx().setWindowLog(18);

  @AfterEach
  void end() {
    stream.end();
    gateway.close();
  }

  @ParameterizedTest
  @MethodSource("dev.sluice.gateway.internal.ZlibStreamTest#buffers")
  void decompressesOneMessageAfterAnother(Function<byte[], ByteBuffer> buffer) throws Exception {
    List<String> payloads = new ArrayList<>();
    for (byte[] message : Streams.hex("zstd-stream.hex")) {
      assertThat(stream.decompress(buffer.apply(message), output)).isTrue();
      payloads.add(payload());
    }

    assertThat(payloads).isEqualTo(Streams.expected());
  }

  @ParameterizedTest
  @EnumSource(
      value = EndDirective.class,
      names = {"FLUSH", "END"})
  void theFrameMayStayOpenOrEndWithEachMessage(EndDirective atEnd) throws Exception {
    gateway.setChecksum(true);
    for (int round = 0; round < 20; round++) {
      for (String payload : Streams.expected()) {
        assertThat(stream.decompress(compress(payload.getBytes(UTF_8), atEnd), output)).isTrue();
        assertThat(payload()).isEqualTo(payload);
      }
    }
  }

  @Test
  void aFrameMayEndBetweenMessages() throws Exception {
    byte[] first = Streams.zstd(gateway, bytes("[1]"), EndDirective.FLUSH);
    byte[] end = Streams.zstd(gateway, new byte[0], EndDirective.END);
    byte[] second = Streams.zstd(gateway, bytes("[2]"), EndDirective.FLUSH);

    assertThat(stream.decompress(ByteBuffer.wrap(first), output)).isTrue();
    assertThat(stream.decompress(ByteBuffer.wrap(end), output)).isFalse();
    assertThat(stream.decompress(ByteBuffer.wrap(second), output)).isTrue();
    assertThat(payload()).isEqualTo("[2]");
  }

  @Test
  void aMessageMayBeOfSeveralFramesAndSkipSome() throws Exception {
    byte[] first = Streams.zstd(gateway, bytes("[1,"), EndDirective.END);
    byte[] skipped = HexFormat.of().parseHex("512a4d1803000000ffffff");
    byte[] second = Streams.zstd(gateway, bytes("2]"), EndDirective.END);
    ByteBuffer message =
        ByteBuffer.allocate(first.length + skipped.length + second.length)
            .put(first)
            .put(skipped)
            .put(second)
            .flip();

    assertThat(stream.decompress(message, output)).isTrue();
    assertThat(payload()).isEqualTo("[1,2]");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 16_383, 16_384, 16_385, 131_072, 131_073, MAX_BYTES - 1, MAX_BYTES})
  void decompressesPayloadsOfAnySize(int size) throws Exception {
    for (int i = 0; i < 2; i++) {
      byte[] payload = text(size, i);
      assertThat(stream.decompress(compress(payload, EndDirective.FLUSH), output)).isTrue();
      assertThat(Arrays.copyOf(output.array(), output.length())).isEqualTo(payload);
    }
  }

  @Test
  void refusesAPayloadOverTheLimit() {
    ByteBuffer message = compress(text(MAX_BYTES + 1, 0), EndDirective.FLUSH);

    assertRefused(message).withMessageContaining("over " + MAX_BYTES);
    assertThat(output.array().length).isLessThan(2 * MAX_BYTES);
  }

  @Test
  void refusesAPayloadThatExpandsTooFar() {
    ZstdStream generous = new ZstdStream(64 << 20);
    ByteBuffer message = compress(new byte[8 << 20], EndDirective.FLUSH);

    assertThatExceptionOfType(DataFormatException.class)
        .isThrownBy(() -> generous.decompress(message, output))
        .withMessageContaining("expected: at most 250 for one");
    generous.end();
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 18, 20, 23})
  void takesTheWindowThatTheHeaderAsksFor(int windowLog) throws Exception {
    gateway.setWindowLog(windowLog);
    byte[] far = text(200_000, 5);

    for (int i = 0; i < 60; i++) { // more than the largest window
      assertThat(
              stream.decompress(
                  compress(i % 2 == 0 ? far : text(150_000, i), EndDirective.FLUSH), output))
          .isTrue();
    }
    assertThat(output.length()).isEqualTo(150_000);
  }

  @Test
  void refusesALargerWindowAndSaysSo() {
    gateway.setWindowLog(24);

    assertRefused(compress(bytes("{}"), EndDirective.FLUSH))
        .withMessage("zstd window: 16777216 bytes (expected: <= 8388608)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "28b52ffd00f8", // the largest window there is
        "28b52ffd0069", // 8 MiB and an eighth
        "28b52ffde0ffffffffffffffff", // one segment of 2^64 - 1 bytes
        "28b52ffda001008000" // one segment of 8 MiB and a byte
      })
  void refusesEveryLargerWindow(String header) {
    assertRefused(ByteBuffer.wrap(HexFormat.of().parseHex(header)))
        .withMessageContaining("zstd window: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "7b7d", // JSON
        "789c00000000ffff", // zlib
        "28b52ffd0140ff000000", // a dictionary
        "28b52ffd0040070000", // a reserved type of block
        "28b52ffd0840010000" // a reserved bit
      })
  void refusesWhatIsNoStream(String message) {
    assertRefused(ByteBuffer.wrap(HexFormat.of().parseHex(message)));
  }

  @Test
  void refusesAMessageThatIsCutAnywhere() throws Exception {
    List<byte[]> messages = Streams.hex("zstd-stream.hex");
    for (int m = 0; m < messages.size(); m++) {
      byte[] message = messages.get(m);
      for (int cut = 1; cut < message.length; cut++) {
        if (m == 0 && cut == 6) {
          continue; // the header alone is whole
        }
        ZstdStream follower = following(messages.subList(0, m));
        ByteBuffer start = ByteBuffer.wrap(message, 0, cut);
        assertThatExceptionOfType(DataFormatException.class)
            .as("message %s, %s bytes", m, cut)
            .isThrownBy(() -> follower.decompress(start, output))
            .withMessageContaining("ends within a block");
        follower.end();
      }
    }
  }

  @Test
  void refusesBytesAfterTheLastBlock() {
    byte[] message = Streams.zstd(gateway, bytes("{}"), EndDirective.FLUSH);

    assertRefused(ByteBuffer.wrap(Arrays.copyOf(message, message.length + 1)))
        .withMessageContaining("ends within a block");
  }

  @Test
  void corruptedBytesThrowNothingElse() throws Exception {
    byte[] first = Streams.hex("zstd-stream.hex").get(0);
    byte[] third = Streams.hex("zstd-stream.hex").get(2);
    List<byte[]> before = Streams.hex("zstd-stream.hex").subList(0, 2);
    int refused = 0;
    for (int i = 0; i < first.length; i++) {
      refused += isRefused(new ZstdStream(MAX_BYTES), flipped(first, i, i % 8)) ? 1 : 0;
    }
    for (int i = 0; i < third.length; i++) {
      refused += isRefused(following(before), flipped(third, i, i % 8)) ? 1 : 0;
    }

    assertThat(refused).isPositive(); // there is no checksum that would tell them all
  }

  @Test
  void isOfNoUseOnceReleased() {
    ZstdStream released = new ZstdStream(MAX_BYTES);
    released.end();
    released.end();

    ByteBuffer message = compress(bytes("{}"), EndDirective.FLUSH);
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> released.decompress(message, output));
  }

  @ParameterizedTest
  @ValueSource(ints = {8_191, 8_192, 8_193, 100_000})
  void aMessageWithoutAnArrayIsTakenInParts(int size) throws Exception {
    for (int i = 0; i < 2; i++) {
      byte[] payload = noise(size + i);
      ByteBuffer message = compress(payload, EndDirective.FLUSH).asReadOnlyBuffer();
      assertThat(message.remaining()).isGreaterThan(size); // as noise does not compress
      assertThat(stream.decompress(message, output)).isTrue();
      assertThat(message.hasRemaining()).isFalse();
      assertThat(Arrays.copyOf(output.array(), output.length())).isEqualTo(payload);
    }
  }

  private static byte[] noise(int size) {
    byte[] noise = new byte[size];
    new SplittableRandom(size).nextBytes(noise);
    return noise;
  }

  private boolean isRefused(ZstdStream follower, byte[] message) {
    try {
      follower.decompress(ByteBuffer.wrap(message), output);
      return false;
    } catch (DataFormatException e) {
      return true;
    } finally {
      follower.end();
    }
  }

  private static byte[] flipped(byte[] message, int index, int bit) {
    byte[] flipped = message.clone();
    flipped[index] ^= (byte) (1 << bit);
    return flipped;
  }

  private ZstdStream following(List<byte[]> messages) throws DataFormatException {
    ZstdStream follower = new ZstdStream(MAX_BYTES);
    for (byte[] message : messages) {
      follower.decompress(ByteBuffer.wrap(message), output);
    }
    return follower;
  }

  private ThrowableAssertAlternative<DataFormatException> assertRefused(ByteBuffer message) {
    return assertThatExceptionOfType(DataFormatException.class)
        .isThrownBy(() -> stream.decompress(message, output));
  }

  private ByteBuffer compress(byte[] payload, EndDirective atEnd) {
    return ByteBuffer.wrap(Streams.zstd(gateway, payload, atEnd));
  }

  private String payload() {
    return new String(output.array(), 0, output.length(), UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static byte[] text(int size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] text = new byte[size];
    for (int i = 0; i < size; i++) {
      text[i] = (byte) ('a' + random.nextInt(26));
    }
    return text;
  }
}
