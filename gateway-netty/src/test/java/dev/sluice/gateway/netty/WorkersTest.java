package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class WorkersTest {

  @Test
  void hasDefaultsForEverythingButTheThreads() {
    Workers workers = Workers.threads(3);

    assertThat(workers.threads()).isEqualTo(3);
    assertThat(workers.executor()).isNull();
    assertThat(workers.lanes()).isEqualTo(1);
    assertThat(workers.capacity()).isEqualTo(1024);
    assertThat(workers.lowWatermark()).isEqualTo(512);
    assertThat(workers.maxBytesPerShard()).isEqualTo(4 << 20);
    assertThat(workers.maxBytes()).isGreaterThanOrEqualTo(4 << 20);
  }

  @Test
  void eachSettingLeavesTheOthersAndTheOriginalAsTheyWere() {
    Workers plain = Workers.executor(Runnable::run);
    Workers workers =
        plain.capacity(100).lowWatermark(7).maxBytesPerShard(1).maxBytes(2).orderedByGuild();

    assertThat(workers.executor()).isSameAs(plain.executor());
    assertThat(workers.lanes()).isEqualTo(16);
    assertThat(workers.toString())
        .contains("capacity=100, lowWatermark=7, maxBytesPerShard=1, maxBytes=2", "guild");
    assertThat(plain.capacity()).isEqualTo(1024);
    assertThat(plain.lanes()).isEqualTo(1);
  }

  static Stream<Arguments> badValues() {
    return Stream.of(
        Arguments.of((Runnable) () -> Workers.threads(0), "threads: 0 (expected: >= 1)"),
        Arguments.of(
            (Runnable) () -> Workers.threads(1).capacity(0), "capacity: 0 (expected: >= 1)"),
        Arguments.of(
            (Runnable) () -> Workers.threads(1).lowWatermark(5).capacity(5),
            "capacity: 5 (expected: above the low watermark, 5)"),
        Arguments.of(
            (Runnable) () -> Workers.threads(1).lowWatermark(-1),
            "lowWatermark: -1 (expected: 0..1023)"),
        Arguments.of(
            (Runnable) () -> Workers.threads(1).capacity(5).lowWatermark(5),
            "lowWatermark: 5 (expected: 0..4)"),
        Arguments.of(
            (Runnable) () -> Workers.threads(1).maxBytesPerShard(0),
            "maxBytesPerShard: 0 (expected: >= 1)"),
        Arguments.of(
            (Runnable) () -> Workers.threads(1).maxBytes(0), "maxBytes: 0 (expected: >= 1)"));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("badValues")
  void namesWhatCannotBe(Runnable setting, String message) {
    assertThatIllegalArgumentException().isThrownBy(setting::run).withMessage(message);
  }

  @Test
  void needsAnExecutor() {
    assertThatNullPointerException()
        .isThrownBy(() -> Workers.executor(null))
        .withMessage("executor");
  }
}
