package dev.sluice.gateway.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sluice.gateway.StreamDeflater;
import dev.sluice.gateway.Streams;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZlibStreamTest {

  private static final int MAX_BYTES = 1 << 20;

  private final InflateBuffer output = new InflateBuffer();
  private final ZlibStream stream = new ZlibStream(MAX_BYTES);

  static Stream<Named<Function<byte[], ByteBuffer>>> buffers() {
    return Stream.of(
        Named.of("heap", ByteBuffer::wrap),
        Named.of(
            "heap slice",
            bytes -> {
              byte[] larger = new byte[bytes.length + 20];
              System.arraycopy(bytes, 0, larger, 7, bytes.length);
              return ByteBuffer.wrap(larger, 5, bytes.length + 4)
                  .slice()
                  .position(2)
                  .limit(bytes.length + 2);
            }),
        Named.of("read-only", bytes -> ByteBuffer.wrap(bytes).asReadOnlyBuffer()),
        Named.of("direct", bytes -> ByteBuffer.allocateDirect(bytes.length).put(bytes).flip()));
  }

  @ParameterizedTest
  @MethodSource("buffers")
  void inflatesOneMessageAfterAnother(Function<byte[], ByteBuffer> buffer) throws Exception {
    List<String> payloads = new ArrayList<>();
    for (byte[] message : Streams.hex("zlib-stream.hex")) {
      ByteBuffer input = buffer.apply(message);
      assertThat(stream.decompress(input, output)).isTrue();
      assertThat(input.hasRemaining()).isFalse();
      payloads.add(payload());
    }

    assertThat(payloads).isEqualTo(Streams.expected());
  }

  @Test
  void inflatesAMessageThatCameInParts() throws Exception {
    assertThat(inflateAll(Streams.hex("zlib-stream.split.hex"))).isEqualTo(Streams.expected());
  }

  @Test
  void inflatesByteByByte() throws Exception {
    List<byte[]> bytes = new ArrayList<>();
    for (byte[] message : Streams.hex("zlib-stream.hex")) {
      for (byte b : message) {
        bytes.add(new byte[] {b});
      }
    }

    assertThat(inflateAll(bytes)).isEqualTo(Streams.expected());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void inflatesWhereverAMessageIsSplit(long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    List<byte[]> parts = new ArrayList<>();
    for (byte[] message : Streams.hex("zlib-stream.hex")) {
      int at = 0;
      while (at < message.length) {
        int end = Math.min(message.length, at + random.nextInt(0, 200));
        parts.add(Arrays.copyOfRange(message, at, end));
        at = end;
      }
    }

    assertThat(inflateAll(parts)).isEqualTo(Streams.expected());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 16_383, 16_384, 16_385, 32_768, 100_000, MAX_BYTES - 1, MAX_BYTES})
  void inflatesPayloadsOfAnySize(int size) throws Exception {
    StreamDeflater deflater = new StreamDeflater();
    for (int i = 0; i < 2; i++) {
      byte[] payload = text(size, i);
      assertThat(stream.decompress(ByteBuffer.wrap(deflater.deflate(payload)), output)).isTrue();
      assertThat(output.length()).isEqualTo(size);
      assertThat(Arrays.copyOf(output.array(), size)).isEqualTo(payload);
    }
  }

  @Test
  void refusesAPayloadOverTheLimit() {
    byte[] message = new StreamDeflater().deflate(text(MAX_BYTES + 1, 0));

    assertThatExceptionOfType(DataFormatException.class)
        .isThrownBy(() -> stream.decompress(ByteBuffer.wrap(message), output))
        .withMessageContaining(String.valueOf(MAX_BYTES));
    assertThat(output.array().length).isLessThan(2 * MAX_BYTES);
  }

  @Test
  void refusesAPayloadThatGoesOverTheLimitPartByPart() {
    byte[] message = new StreamDeflater().deflate(text(MAX_BYTES + 1, 0));

    assertThatExceptionOfType(DataFormatException.class)
        .isThrownBy(
            () -> {
              for (byte[] part : cut(message, 1_000)) {
                assertThat(stream.decompress(ByteBuffer.wrap(part), output)).isFalse();
              }
            });
  }

  @Test
  void refusesAPayloadThatExpandsTooFar() {
    ZlibStream generous = new ZlibStream(64 << 20);
    byte[] message = new StreamDeflater().deflate(new byte[2 << 20]);

    assertThatExceptionOfType(DataFormatException.class)
        .isThrownBy(() -> generous.decompress(ByteBuffer.wrap(message), output))
        .withMessageContaining("expected: at most 250 for one");
    generous.end();
  }

  @Test
  void aSmallPayloadMayExpandAsFarAsItLikes() throws Exception {
    byte[] message = new StreamDeflater().deflate(new byte[1 << 20]);

    assertThat(stream.decompress(ByteBuffer.wrap(message), output)).isTrue();
    assertThat(output.length()).isEqualTo(1 << 20);
  }

  @Test
  void aFlushWithinAMessageDoesNotEndIt() throws Exception {
    StreamDeflater deflater = new StreamDeflater();
    byte[] first = deflater.deflate("{\"a\":");
    byte[] second = deflater.deflate("1}");
    assertThat(first).endsWith(0, 0, 0xFF, 0xFF);

    assertThat(stream.decompress(ByteBuffer.wrap(concat(first, second)), output)).isTrue();
    assertThat(payload()).isEqualTo("{\"a\":1}");
  }

  @Test
  void theBytesOfAFlushWithinStoredDataDoNotEndAPayload() throws Exception {
    byte[] payload = "before....after".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(new byte[] {0, 0, -1, -1}, 0, payload, 6, 4);
    byte[] message = new StreamDeflater(Deflater.NO_COMPRESSION).deflate(payload);
    int inner = indexOfFlush(message);
    assertThat(inner).isPositive().isLessThan(message.length - 4);

    assertThat(stream.decompress(ByteBuffer.wrap(message), output)).isTrue();
    assertThat(Arrays.copyOf(output.array(), output.length())).isEqualTo(payload);

    for (int cut = inner + 5; cut < message.length; cut++) {
      ZlibStream parts = new ZlibStream(MAX_BYTES);
      assertThat(parts.decompress(ByteBuffer.wrap(message, 0, cut), output)).isFalse();
      assertThat(parts.decompress(ByteBuffer.wrap(message, cut, message.length - cut), output))
          .isTrue();
      assertThat(Arrays.copyOf(output.array(), output.length())).isEqualTo(payload);
      parts.end();
    }
  }

  @Test
  void aFlushWithoutPayloadIsNoPayload() throws Exception {
    StreamDeflater deflater = new StreamDeflater();
    stream.decompress(ByteBuffer.wrap(deflater.deflate("{}")), output);

    assertThat(stream.decompress(ByteBuffer.wrap(new byte[] {0, 0, 0, -1, -1}), output)).isFalse();
    assertThat(stream.decompress(ByteBuffer.wrap(deflater.deflate("[]")), output)).isTrue();
    assertThat(payload()).isEqualTo("[]");
  }

  @Test
  void refusesWhatIsNoZlib() {
    assertThatExceptionOfType(DataFormatException.class)
        .isThrownBy(() -> stream.decompress(ByteBuffer.wrap(new byte[] {'{', '}'}), output));
  }

  @Test
  void refusesAStreamThatEnds() {
    Deflater deflater = new Deflater();
    deflater.setInput(new byte[] {'{', '}'});
    deflater.finish();
    byte[] message = new byte[64];
    int length = deflater.deflate(message);
    deflater.end();

    assertThatExceptionOfType(DataFormatException.class)
        .isThrownBy(() -> stream.decompress(ByteBuffer.wrap(message, 0, length), output))
        .withMessageContaining("ended");
  }

  @Test
  void refusesAStreamThatWantsADictionary() {
    Deflater deflater = new Deflater();
    deflater.setDictionary(new byte[] {'{', '}'});
    deflater.setInput(new byte[] {'{', '}'});
    byte[] message = new byte[64];
    int length = deflater.deflate(message, 0, 64, Deflater.SYNC_FLUSH);
    deflater.end();

    assertThatExceptionOfType(DataFormatException.class)
        .isThrownBy(() -> stream.decompress(ByteBuffer.wrap(message, 0, length), output))
        .withMessageContaining("dictionary");
  }

  @Test
  void streamsOfOneBufferDoNotMixTheirParts() throws Exception {
    ZlibStream other = new ZlibStream(MAX_BYTES);
    byte[] one = new StreamDeflater().deflate("{\"one\":1}");
    byte[] two = new StreamDeflater().deflate("{\"two\":2}");

    assertThat(stream.decompress(ByteBuffer.wrap(one, 0, 8), output)).isFalse();
    assertThat(other.decompress(ByteBuffer.wrap(two, 0, 9), output)).isFalse();
    assertThat(stream.decompress(ByteBuffer.wrap(one, 8, one.length - 8), output)).isTrue();
    assertThat(payload()).isEqualTo("{\"one\":1}");
    assertThat(other.decompress(ByteBuffer.wrap(two, 9, two.length - 9), output)).isTrue();
    assertThat(payload()).isEqualTo("{\"two\":2}");
    other.end();
  }

  @Test
  void isOfNoUseOnceReleased() {
    stream.end();

    // Which exception it is depends on the JDK.
    assertThatExceptionOfType(RuntimeException.class)
        .isThrownBy(() -> stream.decompress(ByteBuffer.wrap(new byte[] {1}), output))
        .withMessage("Inflater has been closed");
  }

  @Test
  void theBufferGrowsForAFloodAndShrinksAfterIt() throws Exception {
    StreamDeflater deflater = new StreamDeflater();
    int small = output.array().length;
    stream.decompress(ByteBuffer.wrap(deflater.deflate(text(300_000, 1))), output);
    int grown = output.array().length;
    assertThat(grown).isGreaterThanOrEqualTo(300_000);
    assertThat(output.view().array()).isSameAs(output.array());

    byte[] event = new byte[100];
    Arrays.fill(event, (byte) 'x');
    for (int i = 0; i < 1_100; i++) {
      stream.decompress(ByteBuffer.wrap(deflater.deflate(event)), output);
    }
    assertThat(output.array().length).isEqualTo(grown); // the flood is in the first review
    for (int i = 0; i < 10_000; i++) {
      stream.decompress(ByteBuffer.wrap(deflater.deflate(event)), output);
    }

    assertThat(output.array().length).isEqualTo(small);
    assertThat(output.view().array()).isSameAs(output.array());
    assertThat(payload()).hasSize(100);
  }

  @Test
  void anUnfinishedPayloadMayOutgrowTheBufferThatItComesBackTo() throws Exception {
    byte[] text = text(100_000, 1);
    byte[] message = new StreamDeflater().deflate(text);
    int half = message.length / 2;
    assertThat(stream.decompress(ByteBuffer.wrap(message, 0, half), output)).isFalse();

    InflateBuffer fresh = new InflateBuffer();
    assertThat(stream.decompress(ByteBuffer.wrap(message, half, message.length - half), fresh))
        .isTrue();

    assertThat(Arrays.copyOf(fresh.array(), fresh.length())).isEqualTo(text);
  }

  @Test
  void aLargePayloadThatIsHardlyCompressedIsNoBomb() throws Exception {
    byte[] text = text(2_000_000, 1);
    ZlibStream large = new ZlibStream(text.length);

    assertThat(large.decompress(ByteBuffer.wrap(new StreamDeflater().deflate(text)), output))
        .isTrue();
    assertThat(output.length()).isEqualTo(text.length);
    large.end();
  }

  @Test
  void theBufferKeepsTheSizeThatTheTrafficNeeds() throws Exception {
    StreamDeflater deflater = new StreamDeflater();
    for (int i = 0; i < 3_000; i++) {
      int size = i % 500 == 0 ? 40_000 : 100;
      stream.decompress(ByteBuffer.wrap(deflater.deflate(text(size, i))), output);
    }

    assertThat(output.array().length).isEqualTo(65_536);
  }

  private List<String> inflateAll(List<byte[]> messages) throws DataFormatException {
    List<String> payloads = new ArrayList<>();
    for (byte[] message : messages) {
      if (stream.decompress(ByteBuffer.wrap(message), output)) {
        payloads.add(payload());
      }
    }
    return payloads;
  }

  private String payload() {
    return new String(output.array(), 0, output.length(), StandardCharsets.UTF_8);
  }

  private static byte[] text(int size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] text = new byte[size];
    for (int i = 0; i < size; i++) {
      text[i] = (byte) ('a' + random.nextInt(26));
    }
    return text;
  }

  private static List<byte[]> cut(byte[] message, int size) {
    List<byte[]> parts = new ArrayList<>();
    for (int at = 0; at < message.length; at += size) {
      parts.add(Arrays.copyOfRange(message, at, Math.min(message.length, at + size)));
    }
    return parts;
  }

  private static byte[] concat(byte[] first, byte[] second) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(first);
    out.writeBytes(second);
    return out.toByteArray();
  }

  private static int indexOfFlush(byte[] message) {
    for (int i = 0; i + 4 <= message.length; i++) {
      if (message[i] == 0 && message[i + 1] == 0 && message[i + 2] == -1 && message[i + 3] == -1) {
        return i;
      }
    }
    return -1;
  }
}
