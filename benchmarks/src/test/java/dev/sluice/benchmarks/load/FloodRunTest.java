package dev.sluice.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import org.junit.jupiter.api.Test;

final class FloodRunTest {

  private static final GatewayProcess.Prepared PREPARED =
      new GatewayProcess.Prepared(20, 9_000, List.of(15L, 17L));

  @Test
  void everyShardHasEveryEvent() {
    assertThatCode(() -> check(List.of(10L, 10L), List.of(15L, 17L))).doesNotThrowAnyException();
    assertThatIllegalStateException()
        .isThrownBy(() -> check(List.of(10L, 9L), List.of(15L, 17L)))
        .withMessage("shard 1: 9 events (expected: 10)");
    assertThatIllegalStateException()
        .isThrownBy(() -> check(List.of(11L, 9L), List.of(15L, 17L)))
        .withMessage("shard 0: 11 events (expected: 10)");
  }

  @Test
  void theLastSequencesAreThoseOfTheGateway() {
    assertThatIllegalStateException()
        .isThrownBy(() -> check(List.of(10L, 10L), List.of(15L, 16L)))
        .withMessage("last sequences: [15, 16] (expected: [15, 17])");
    assertThatCode(() -> check(List.of(10L, 10L), null)).doesNotThrowAnyException();
  }

  private static void check(List<Long> received, List<Long> lastSequences) {
    FloodRun.check(
        2,
        10,
        PREPARED,
        new ClientProcess.Measured(received, lastSequences, 0, 0, 0, 0, 0, 1, -1, -1));
  }
}
