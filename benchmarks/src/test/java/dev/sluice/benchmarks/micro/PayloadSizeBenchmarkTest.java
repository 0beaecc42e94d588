package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PayloadSizeBenchmarkTest {

  @ParameterizedTest
  @ValueSource(ints = {4096, 32_768, 262_144, 2_097_152})
  void everyBodyReadsAMessageOfTheSize(int bytes) throws IOException {
    PayloadSizeBenchmark benchmark = new PayloadSizeBenchmark();
    benchmark.bytes = bytes;
    benchmark.setUp();

    for (int i = 0; i < 2 * MessageRing.FEW; i++) {
      assertThat(benchmark.recv()).isEqualTo(Messages.FIRST_SEQUENCE + i);
    }
    assertThat(new JsonMapper().writeValueAsBytes(benchmark.jacksonTree())).hasSize(bytes);
    assertThat(benchmark.copy()).isEqualTo((byte) '}');
  }
}
