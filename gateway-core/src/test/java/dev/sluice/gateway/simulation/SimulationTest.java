package dev.sluice.gateway.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.simulation.Simulation.Outcome;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SimulationTest {

  private static final long SEEDS = 200;

  @Test
  void theInvariantsHoldWhateverGoesWrong() {
    double shardHours = 0;
    long events = 0;
    long faults = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      Outcome outcome = Simulation.run(seed);
      assertThat(outcome.failure()).as(outcome.failure()).isNull();
      shardHours += outcome.shardHours();
      events += outcome.events();
      faults += outcome.faults();
    }

    assertThat(shardHours).isGreaterThan(5_000);
    assertThat(events).isGreaterThan(200_000);
    assertThat(faults).isGreaterThan(10_000);
  }

  @Test
  void aSeedDeterminesEveryStep() {
    for (long seed = 1; seed <= 5; seed++) {
      assertThat(Simulation.run(seed)).isEqualTo(Simulation.run(seed));
    }
    assertThat(Simulation.run(1).traceHash()).isNotEqualTo(Simulation.run(2).traceHash());
  }

  @Test
  void anyNumberOfShardsTakesPart() {
    int[] shards = shardsOf(1, SEEDS);

    assertThat(shards).contains(1);
    assertThat(Arrays.stream(shards).max().orElseThrow()).isGreaterThan(1_000);
  }

  private static int[] shardsOf(long first, long last) {
    int[] shards = new int[(int) (last - first + 1)];
    for (int i = 0; i < shards.length; i++) {
      shards[i] = new Settings(first + i).shards;
    }
    return shards;
  }
}
