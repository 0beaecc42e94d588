package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.benchmarks.micro.EnvelopeBenchmark.Keys;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EnvelopeBenchmarkTest {

  @ParameterizedTest
  @EnumSource(Keys.class)
  void findsTheSequenceInAnyOrderOfKeys(Keys keys) {
    EnvelopeBenchmark benchmark = new EnvelopeBenchmark();
    benchmark.keys = keys;
    benchmark.setUp();

    assertThat(benchmark.scan()).isEqualTo(Messages.FIRST_SEQUENCE);
    assertThat(benchmark.scan()).isEqualTo(Messages.FIRST_SEQUENCE + 1);
    assertThat(benchmark.copy()).isEqualTo((byte) '}');
  }
}
