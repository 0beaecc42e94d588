package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatewaySessionTest {

  private static GatewaySession session(String id, long sequence) {
    return new GatewaySession(
        id,
        null,
        sequence,
        0,
        ShardId.SINGLE,
        Scenario.INTENTS,
        10,
        Encoding.JSON,
        Compression.NONE,
        Scenario.NOW,
        Scenario.NOW);
  }

  @Test
  void takesAnyIdThatAResumeCanCarry() {
    assertThat(session("a".repeat(512), 0).sessionId()).hasSize(512);
    assertThat(session("1ab772b0317f15c3ea8b4f5949406602", 0).sequence()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a\n", "\u007f", "é", "\ud800"})
  void refusesAnIdThatNoResumeCanCarry(String id) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session(id, 0))
        .withMessage(
            "session id: of "
                + id.length()
                + " characters (expected: 1..512 printable ASCII characters)");
  }

  @Test
  void refusesWhatIsOutOfRange() {
    assertThatIllegalArgumentException().isThrownBy(() -> session("a".repeat(513), 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session("a", -1))
        .withMessage("sequence: -1 (expected: >= 0)");
  }
}
