package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.benchmarks.micro.CommandBenchmark.Kind;
import dev.sluice.gateway.Outgoing;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CommandBenchmarkTest {

  private static final int TIMES = 500;

  private final JsonMapper mapper = new JsonMapper();

  @ParameterizedTest
  @EnumSource(Kind.class)
  void everyBodyWritesTheSameCommand(Kind command) throws IOException {
    CommandBenchmark benchmark = made(command);
    JsonNode expected = mapper.readTree(benchmark.write());

    assertThat(mapper.readTree(benchmark.jacksonMap())).isEqualTo(expected);
    for (int i = 0; i < TIMES; i++) {
      Outgoing sent = benchmark.queueAndSend();
      assertThat(sent).isNotNull();
      assertThat(tree(sent)).isEqualTo(expected);
    }
  }

  private JsonNode tree(Outgoing sent) throws IOException {
    ByteBuffer payload = sent.payload();
    byte[] bytes = new byte[payload.remaining()];
    payload.get(bytes);
    return mapper.readTree(bytes);
  }

  private static CommandBenchmark made(Kind command) {
    CommandBenchmark benchmark = new CommandBenchmark();
    benchmark.command = command;
    benchmark.setUp();
    return benchmark;
  }
}
