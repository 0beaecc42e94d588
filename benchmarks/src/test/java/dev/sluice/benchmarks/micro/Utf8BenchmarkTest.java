package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class Utf8BenchmarkTest {

  @ParameterizedTest
  @EnumSource
  void everyBodyFindsTheMessageWellFormed(Utf8Benchmark.Script script) {
    Utf8Benchmark benchmark = new Utf8Benchmark();
    benchmark.script = script;
    benchmark.setUp();

    assertThat(script.text().length).isBetween(1024, 1200);
    assertThat(new String(script.text(), StandardCharsets.UTF_8)).doesNotContain("\ufffd");
    assertThat(benchmark.copy()).isEqualTo((byte) ',');
    assertThat(benchmark.check()).isTrue();
    assertThat(benchmark.nettyFrameValidator()).isTrue();
    assertThat(benchmark.nettyIsText()).isTrue();
    assertThat(benchmark.jdkDecoder()).isTrue();
    benchmark.tearDown();
  }
}
