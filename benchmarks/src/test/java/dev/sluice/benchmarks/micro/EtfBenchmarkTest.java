package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import net.dv8tion.jda.api.utils.data.DataObject;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EtfBenchmarkTest {

  @ParameterizedTest
  @ValueSource(strings = {"MESSAGE_CREATE", Messages.MIXED})
  void everyBodyReadsTheSameEvent(String event) throws IOException {
    for (int i = 0; i < 3; i++) {
      long sequence = Messages.FIRST_SEQUENCE + i;
      JsonNode data = skipped(event, i).recvAndTree();
      DataObject jda = skipped(event, i).jda();

      assertThat(jda.getLong("s")).isEqualTo(sequence);
      assertThat(jda.getObject("d").keys()).hasSize(data.size());
      assertThat(skipped(event, i).recv()).isEqualTo(sequence);
      assertThat(skipped(event, i).recvJson()).isEqualTo(sequence);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"MESSAGE_CREATE", Messages.MIXED})
  void sequencesRiseRoundAfterRound(String event) throws IOException {
    EtfBenchmark benchmark = skipped(event, 0);

    for (int i = 0; i < 12 * MessageRing.MANY; i++) {
      assertThat(benchmark.recv()).isEqualTo(Messages.FIRST_SEQUENCE + i);
      assertThat(benchmark.recvJson()).isEqualTo(Messages.FIRST_SEQUENCE + i);
    }
  }

  private static EtfBenchmark skipped(String event, int messages) throws IOException {
    EtfBenchmark benchmark = new EtfBenchmark();
    benchmark.event = event;
    benchmark.setUp();
    for (int i = 0; i < messages; i++) {
      benchmark.copy();
      benchmark.recvJson();
    }
    return benchmark;
  }
}
