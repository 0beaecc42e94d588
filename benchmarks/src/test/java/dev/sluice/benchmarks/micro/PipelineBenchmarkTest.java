package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PipelineBenchmarkTest {

  private static final int EVENTS = PipelineBenchmark.EVENTS;

  @ParameterizedTest
  @ValueSource(ints = {1, 50})
  void everyBodyHandlesEachMessage(int messagesPerRead) throws Exception {
    PipelineBenchmark benchmark = new PipelineBenchmark();
    benchmark.messagesPerRead = messagesPerRead;
    benchmark.setUp();

    assertThat(benchmark.decoder()).isEqualTo(EVENTS);
    assertThat(benchmark.decoderAndNettyUtf8()).isEqualTo(2 * EVENTS);
    assertThat(benchmark.decoderAndJacksonTree()).isEqualTo(3 * EVENTS);
    assertThat(benchmark.lastSequence()).isEqualTo(Messages.FIRST_SEQUENCE + Reads.MESSAGES - 1);
    assertThat(benchmark.shard()).isEqualTo(4 * EVENTS);
    assertThat(benchmark.lastSequence()).isEqualTo(Messages.FIRST_SEQUENCE + EVENTS - 1);
    assertThat(benchmark.shard()).isEqualTo(5 * EVENTS);
    assertThat(benchmark.lastSequence()).isEqualTo(Messages.FIRST_SEQUENCE + 2 * EVENTS - 1);
    benchmark.tearDown();
  }
}
