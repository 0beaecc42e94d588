package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Scans messages with every damage of a kind; what {@link EnvelopeFuzz} finds comes on top. */
class EnvelopeDamageTest {

  private final EnvelopeFuzz fuzz = new EnvelopeFuzz();
  private int accepted;
  private int refused;

  @Test
  void agreesWithAParserOnMessagesCutAtAnyByte() {
    for (String message : EnvelopeFuzz.MESSAGES) {
      byte[] bytes = message.getBytes(UTF_8);
      for (int length = 0; length <= bytes.length; length++) {
        check(Arrays.copyOf(bytes, length));
      }
    }
    assertThat(accepted).isGreaterThanOrEqualTo(EnvelopeFuzz.MESSAGES.size());
  }

  @Test
  void agreesWithAParserOnMessagesWithAnyByteChanged() {
    for (String message : EnvelopeFuzz.MESSAGES) {
      byte[] bytes = message.getBytes(UTF_8);
      for (int i = 0; i < bytes.length; i++) {
        byte original = bytes[i];
        for (int value = 0; value < 256; value += value < 128 ? 1 : 8) {
          bytes[i] = (byte) value;
          check(bytes);
        }
        bytes[i] = original;
      }
    }
    assertThat(accepted).isGreaterThan(5_000);
    assertThat(refused).isGreaterThan(5_000);
  }

  private void check(byte[] message) {
    if (fuzz.check(message)) {
      accepted++;
    } else {
      refused++;
    }
  }
}
