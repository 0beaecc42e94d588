package dev.sluice.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "0;0",
        "0.0004;0",
        "0.0123;0.012",
        "0.5815;0.582",
        "1;1.00",
        "5.814;5.81",
        "58.14;58.1",
        "999.6;1,000",
        "1234.5;1,230",
        "5396000;5,400,000",
        "-3.456;-3.46",
      })
  void threeDigitsAreShown(double figure, String text) {
    assertThat(Figures.of(figure)).isEqualTo(text);
  }

  @Test
  void aMedianIsFollowedByItsRangeIfThereIsOne() {
    assertThat(Figures.withRange(Spread.of(2, 1, 4))).isEqualTo("2.00 (1.00 to 4.00)");
    assertThat(Figures.withRange(Spread.of(2_000, 1_000, 4_000), 1_000))
        .isEqualTo("2.00 (1.00 to 4.00)");
    assertThat(Figures.withRange(Spread.of(2))).isEqualTo("2.00");
  }
}
