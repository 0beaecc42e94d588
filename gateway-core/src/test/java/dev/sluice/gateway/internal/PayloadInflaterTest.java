package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sluice.gateway.StreamDeflater;
import dev.sluice.gateway.Streams;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import java.util.zip.DataFormatException;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PayloadInflaterTest {

  private static final int MAX_BYTES = 1 << 20;

  private final InflateBuffer output = new InflateBuffer();
  private final PayloadInflater inflater = new PayloadInflater();

  @ParameterizedTest
  @MethodSource("dev.sluice.gateway.internal.ZlibStreamTest#buffers")
  void inflatesTheSamples(Function<byte[], ByteBuffer> buffer) throws Exception {
    List<String> lines = Streams.lines("payload-compression.txt");
    int compressed = 0;
    for (int i = 0; i < lines.size(); i++) {
      String content = lines.get(i).substring(2);
      if (lines.get(i).startsWith("B ")) {
        ByteBuffer message = buffer.apply(HexFormat.of().parseHex(content));
        inflater.inflate(message, output, MAX_BYTES);
        content = payload();
        compressed++;
        assertThat(message.hasRemaining()).isFalse();
      }
      assertThat(content).isEqualTo(Streams.expected().get(i));
    }
    assertThat(compressed).isPositive();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16_383, 16_384, 16_385, 300_000, MAX_BYTES})
  void inflatesPayloadsOfAnySize(int size) throws Exception {
    byte[] payload = new byte[size];
    Arrays.fill(payload, (byte) 'x');

    inflater.inflate(ByteBuffer.wrap(Streams.deflate(payload)), output, MAX_BYTES);

    assertThat(Arrays.copyOf(output.array(), output.length())).isEqualTo(payload);
  }

  @Test
  void refusesWhatIsCutAnywhere() throws Exception {
    byte[] message = Streams.deflate(Streams.expected().get(2).getBytes(UTF_8));
    for (int cut = 0; cut < message.length; cut++) {
      assertRefused(ByteBuffer.wrap(message, 0, cut)).withMessageContaining("cut short");
    }

    inflater.inflate(ByteBuffer.wrap(message), output, MAX_BYTES); // a refusal leaves no trace
    assertThat(payload()).isEqualTo(Streams.expected().get(2));
  }

  @Test
  void refusesBytesAfterTheEnd() {
    byte[] message = Streams.deflate(new byte[] {'{', '}'});

    assertRefused(ByteBuffer.wrap(Arrays.copyOf(message, message.length + 3)))
        .withMessageContaining("followed by 3 bytes");
  }

  @Test
  void refusesAStreamThatIsOnlyFlushed() {
    assertRefused(ByteBuffer.wrap(new StreamDeflater().deflate("{}")))
        .withMessageContaining("cut short");
  }

  @Test
  void refusesABomb() {
    assertRefused(ByteBuffer.wrap(Streams.deflate(new byte[MAX_BYTES + 1])))
        .withMessageContaining("over " + MAX_BYTES);
    assertThatExceptionOfType(DataFormatException.class)
        .isThrownBy(
            () ->
                inflater.inflate(
                    ByteBuffer.wrap(Streams.deflate(new byte[4 << 20])), output, 64 << 20))
        .withMessageContaining("expected: at most 250 for one");
  }

  @Test
  void corruptedBytesAreRefusedUnlessTheyMeanNothing() {
    String payload = Streams.expected().get(2);
    byte[] message = Streams.deflate(payload.getBytes(UTF_8));
    int refused = 0;
    for (int i = 0; i < message.length; i++) {
      byte[] flipped = message.clone();
      flipped[i] ^= (byte) (1 << i % Byte.SIZE);
      try {
        inflater.inflate(ByteBuffer.wrap(flipped), output, MAX_BYTES);
        assertThat(payload()).isEqualTo(payload); // a bit that fills the last byte up
      } catch (DataFormatException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThanOrEqualTo(message.length - 1);
  }

  private ThrowableAssertAlternative<DataFormatException> assertRefused(ByteBuffer message) {
    return assertThatExceptionOfType(DataFormatException.class)
        .isThrownBy(() -> inflater.inflate(message, output, MAX_BYTES));
  }

  private String payload() {
    return new String(output.array(), 0, output.length(), UTF_8);
  }
}
