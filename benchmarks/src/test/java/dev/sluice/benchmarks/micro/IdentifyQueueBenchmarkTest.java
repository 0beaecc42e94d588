package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentifyQueueBenchmarkTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 64})
  void everyShardGetsItsPermit(int maxConcurrency) {
    IdentifyQueueBenchmark benchmark = new IdentifyQueueBenchmark();
    benchmark.maxConcurrency = maxConcurrency;
    int shards = IdentifyQueueBenchmark.SHARDS;

    assertThat(benchmark.identifyQueue()).isEqualTo(shards * (shards - 1L) / 2);
    assertThat(benchmark.plainQueues()).isEqualTo(shards * (shards - 1L) / 2);
  }
}
