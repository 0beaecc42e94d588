package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FiguresBenchmarkTest {

  @Test
  void bothBodiesHandleEachEventAndOneCountsTypes() throws Exception {
    FiguresBenchmark benchmark = new FiguresBenchmark();
    benchmark.setUp();
    long before = benchmark.countedByType();

    assertThat(benchmark.withoutDetails()).isEqualTo(PipelineBenchmark.EVENTS);
    assertThat(benchmark.withDetails()).isEqualTo(2 * PipelineBenchmark.EVENTS);
    assertThat(benchmark.countedByType() - before).isEqualTo(PipelineBenchmark.EVENTS);
    benchmark.tearDown();
  }
}
