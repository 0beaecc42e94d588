package dev.sluice.benchmarks.micro;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Outgoing;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class HeartbeatBenchmarkTest {

  private static final int TIMES = 500;
  private static final String PAYLOAD = "{\"op\":1,\"d\":100000000}";

  private final HeartbeatBenchmark benchmark = new HeartbeatBenchmark();

  @Test
  void everyBodyWritesTheSameHeartbeat() throws IOException {
    benchmark.setUp();
    JsonMapper mapper = new JsonMapper();
    JsonNode expected = mapper.readTree(PAYLOAD);

    assertThat(mapper.readTree(benchmark.jacksonMap())).isEqualTo(expected);
    assertThat(benchmark.write()).isEqualTo(PAYLOAD.length());
    for (int i = 0; i < TIMES; i++) {
      Outgoing sent = benchmark.send();
      assertThat(sent).isNotNull();
      assertThat(UTF_8.decode(sent.payload()).toString()).isEqualTo(PAYLOAD);
    }
  }
}
