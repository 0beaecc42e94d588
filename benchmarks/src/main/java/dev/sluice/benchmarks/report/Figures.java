package dev.sluice.benchmarks.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Figures as text, with three significant digits: no round of ours is good for a fourth. */
final class Figures {

  private static final MathContext THREE_DIGITS = new MathContext(3, RoundingMode.HALF_UP);
  private static final double NOTHING = 0.0005;

  private Figures() {}

  /**
   * {@return a figure as text}
   *
   * @param figure the figure
   */
  static String of(double figure) {
    if (Math.abs(figure) < NOTHING) {
      return "0";
    }
    BigDecimal rounded = new BigDecimal(figure).round(THREE_DIGITS);
    int digitsBeforePoint = rounded.precision() - rounded.scale();
    int decimals = Math.max(0, Math.min(3, 3 - digitsBeforePoint));
    return String.format(Locale.ROOT, "%,." + decimals + "f", rounded);
  }

  /**
   * {@return a number of things as text}
   *
   * @param number the number
   */
  static String whole(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /**
   * {@return a median and its range as text}
   *
   * @param spread the median and its range
   */
  static String withRange(Spread spread) {
    return spread.rounds() == 1
        ? of(spread.median())
        : of(spread.median()) + " (" + of(spread.min()) + " to " + of(spread.max()) + ')';
  }

  /**
   * {@return a median and its range as text, in another unit}
   *
   * @param spread the median and its range
   * @param unit how many of the old unit are one of the new
   */
  static String withRange(Spread spread, double unit) {
    return withRange(
        new Spread(
            spread.rounds(),
            spread.median() / unit,
            spread.min() / unit,
            spread.max() / unit,
            spread.low() / unit,
            spread.high() / unit));
  }
}
