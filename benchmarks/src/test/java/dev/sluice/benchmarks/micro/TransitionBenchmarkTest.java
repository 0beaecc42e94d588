package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayState;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TransitionBenchmarkTest {

  private static final int TIMES = 50;

  private final TransitionBenchmark benchmark = new TransitionBenchmark();

  @BeforeEach
  void setUp() {
    benchmark.setUp();
  }

  @Test
  void newSessionsFollowOneAnother() {
    for (int i = 0; i < TIMES; i++) {
      assertThat(benchmark.newSession()).isEqualTo(GatewayState.READY);
      assertThat(benchmark.sessionEpoch()).isEqualTo(i + 2);
    }
  }

  @Test
  void theSessionIsResumedAgainAndAgain() {
    for (int i = 0; i < TIMES; i++) {
      assertThat(benchmark.resume()).isEqualTo(GatewayState.READY);
      assertThat(benchmark.sessionEpoch()).isEqualTo(1);
    }
  }

  @Test
  void eachHeartbeatIsAcknowledged() {
    for (int i = 1; i < TIMES; i++) {
      assertThat(benchmark.heartbeat()).isEqualTo(i);
    }
  }

  @Test
  void baselinesReadTheSameMessages() throws IOException {
    assertThat(benchmark.jacksonTreesOfNewSession()).isEqualTo(2 * 4);
    assertThat(benchmark.jacksonTreesOfResume()).isEqualTo(3 * 4);
  }
}
