package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs each body once and checks its answer: a benchmark of something else would be worth nothing.
 */
class RecvBenchmarkTest {

  @ParameterizedTest
  @ValueSource(strings = {"TYPING_START", "MESSAGE_CREATE", "GUILD_CREATE"})
  void everyBodyReadsTheSameEvent(String event) throws Exception {
    RecvBenchmark benchmark = new RecvBenchmark();
    benchmark.event = event;
    benchmark.setUp();

    assertThat(benchmark.copy()).isEqualTo((byte) '}');
    assertThat(benchmark.recv()).isEqualTo(2);
    assertThat(benchmark.jacksonStreamingToData()).isEqualTo(2);
    assertThat(benchmark.jacksonTree().path("t").asText()).isEqualTo(event);
    String idKey = event.equals("GUILD_CREATE") ? "id" : "guild_id";
    assertThat(benchmark.recvAndGuildId())
        .isEqualTo(benchmark.jacksonTree().path("d").path(idKey).asLong());
  }
}
