package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WorkersBenchmarkTest {

  @Test
  void everyBodyHandlesTheSameBytes() throws Exception {
    WorkersBenchmark benchmark = new WorkersBenchmark();
    benchmark.setUp();
    long bytes = benchmark.inline();

    assertThat(bytes).isGreaterThan(100L * PipelineBenchmark.EVENTS);
    for (int i = 0; i < 2; i++) {
      assertThat(benchmark.workers()).isEqualTo(bytes);
      assertThat(benchmark.taskPerEvent()).isEqualTo(bytes);
      assertThat(benchmark.concurrentQueue()).isEqualTo(bytes);
    }
    benchmark.tearDown();
  }
}
