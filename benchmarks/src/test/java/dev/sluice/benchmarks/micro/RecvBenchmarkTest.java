package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs each body and checks its answer: a benchmark of something else would be worth nothing. */
class RecvBenchmarkTest {

  private static final long FIRST = Messages.FIRST_SEQUENCE;

  @ParameterizedTest
  @ValueSource(strings = {"TYPING_START", "MESSAGE_CREATE", Messages.MIXED})
  void everyBodyReadsTheSameEvent(String event) throws IOException {
    JsonNode tree = made(event).jacksonTree();

    assertThat(tree.path("s").asLong()).isEqualTo(FIRST);
    assertThat(tree.path("t").asText()).matches(event.equals(Messages.MIXED) ? "[A-Z_]+" : event);
    assertThat(made(event).copy()).isEqualTo((byte) '}');
    assertThat(made(event).copyArray()).isEqualTo((byte) '}');
    assertThat(made(event).recv()).isEqualTo(FIRST);
    assertThat(made(event).recvAndGuildId()).isEqualTo(tree.path("d").path("guild_id").asLong());
    assertThat(made(event).jacksonStreamingToData())
        .isEqualTo(FIRST + tree.path("t").asText().length());
    assertThat(made(event).jacksonMap())
        .containsEntry("s", (int) FIRST)
        .containsEntry("t", tree.path("t").asText());
    assertThat(made(event).jda().getLong("s")).isEqualTo(FIRST);
    assertThat(made(event).discord4j().getSequence()).isEqualTo((int) FIRST);
  }

  @ParameterizedTest
  @CsvSource({"MESSAGE_CREATE, 10", "MESSAGE_CREATE, 100", "MIXED, 100"})
  void sequencesRiseRoundAfterRound(String event, int messages) {
    RecvBenchmark benchmark = new RecvBenchmark();
    benchmark.event = event;
    benchmark.messages = messages;
    benchmark.setUp();

    for (int i = 0; i < 12 * MessageRing.MANY; i++) {
      assertThat(benchmark.recv()).isEqualTo(FIRST + i);
    }
  }

  private static RecvBenchmark made(String event) {
    RecvBenchmark benchmark = new RecvBenchmark();
    benchmark.event = event;
    benchmark.setUp();
    return benchmark;
  }
}
