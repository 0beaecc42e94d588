package dev.sluice.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpreadTest {

  @Test
  void theMedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle() {
    assertThat(Spread.of(3, 1, 2).median()).isEqualTo(2);
    assertThat(Spread.of(4, 1, 3, 2).median()).isEqualTo(2.5);
  }

  @Test
  void theRangeIsFromTheSmallestToTheLargest() {
    Spread spread = Spread.of(5, 9, 1, 7, 3, 8, 2);
    assertThat(spread.min()).isEqualTo(1);
    assertThat(spread.max()).isEqualTo(9);
    assertThat(spread.rounds()).isEqualTo(7);
  }

  /** The ranks of the tables of the sign test, for 95 %. */
  @ParameterizedTest
  @CsvSource({"1, 0", "5, 0", "6, 1", "7, 1", "8, 1", "9, 2", "11, 2", "12, 3", "15, 4", "20, 6"})
  void theIntervalIsTheNarrowestThatHoldsTheMedianWith95Percent(int rounds, int rank) {
    assertThat(Spread.rank(rounds)).isEqualTo(rank);
  }

  @Test
  void theIntervalOfSevenRoundsIsTheirRangeAndThatOfNineLeavesOneOutAtEachEnd() {
    Spread seven = Spread.of(1, 2, 3, 4, 5, 6, 7);
    assertThat(seven.low()).isEqualTo(1);
    assertThat(seven.high()).isEqualTo(7);
    Spread nine = Spread.of(9, 8, 7, 6, 5, 4, 3, 2, 1);
    assertThat(nine.low()).isEqualTo(2);
    assertThat(nine.high()).isEqualTo(8);
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 9, 12, 15})
  void theIntervalHoldsTheTrueMedianAsOftenAsItSays(int rounds) {
    Random random = new Random(rounds);
    int trials = 20_000;
    int held = 0;
    for (int trial = 0; trial < trials; trial++) {
      // skewed, as times are: the median of exp(normal) is 1
      double[] values = random.doubles(rounds).toArray();
      for (int i = 0; i < rounds; i++) {
        values[i] = Math.exp(random.nextGaussian());
      }
      Spread spread = Spread.of(values);
      held += spread.low() <= 1 && 1 <= spread.high() ? 1 : 0;
    }
    assertThat(held / (double) trials).isGreaterThan(0.945);
  }

  @Test
  void noValueHasNoSpread() {
    assertThatIllegalArgumentException()
        .isThrownBy(Spread::of)
        .withMessage("values: 0 (expected: >= 1)");
  }
}
