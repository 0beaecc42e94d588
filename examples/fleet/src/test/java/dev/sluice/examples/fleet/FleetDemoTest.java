package dev.sluice.examples.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class FleetDemoTest {

  @Test
  @Tag("fleet")
  void nothingIsLostAndNothingComesTwice() throws Exception {
    assertThat(FleetDemo.run("--shards=6", "--rate=300", "--seconds=3", "--exactly-once")).isZero();
  }

  @Test
  void aWrongOptionEndsItBeforeItStarts() throws Exception {
    assertThat(FleetDemo.run("--shards=2")).isEqualTo(2);
  }

  @Test
  void optionsAreChecked() {
    assertThat(Options.parse()).isEqualTo(new Options(12, 1_000, 8, false));
    assertThat(Options.parse("--shards=6", "", "--exactly-once"))
        .isEqualTo(new Options(6, 1_000, 8, true));
    assertThatThrownBy(() -> Options.parse("--shards=2"))
        .hasMessage("--shards: 2 (expected: 3..60)");
    assertThatThrownBy(() -> Options.parse("--speed=2"))
        .hasMessageStartingWith("[--speed] (expected: options: --shards=12 ");
  }
}
