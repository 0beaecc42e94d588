package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SinkBenchmarkTest {

  @Test
  void everyBodyTakesTheSameBytes() throws Exception {
    SinkBenchmark benchmark = new SinkBenchmark();
    benchmark.setUp();
    long bytes = benchmark.inline();

    assertThat(bytes).isGreaterThan(100L * PipelineBenchmark.EVENTS);
    for (int i = 0; i < 2; i++) {
      assertThat(benchmark.inFlightEvents()).isEqualTo(bytes);
      assertThat(benchmark.copyAnEvent()).isEqualTo(bytes);
    }
    benchmark.tearDown();
  }
}
