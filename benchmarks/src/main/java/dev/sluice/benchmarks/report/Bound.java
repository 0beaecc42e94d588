package dev.sluice.benchmarks.report;

import java.util.Locale;

/**
 * What a figure shall be.
 *
 * @param atLeast whether the figure shall be at least the limit, else at most
 * @param limit the limit
 * @param unit the unit of both, empty for a ratio
 */
record Bound(boolean atLeast, double limit, String unit) {

  /** The rounds that a verdict needs. */
  static final int LEAST_ROUNDS = 7;

  static Bound atLeast(double limit, String unit) {
    return new Bound(true, limit, unit);
  }

  static Bound atMost(double limit, String unit) {
    return new Bound(false, limit, unit);
  }

  /** What the rounds say of a bound. */
  enum Verdict {
    /** The whole interval of the median is on the right side. */
    MET("**met**"),
    /** The whole interval of the median is on the wrong side. */
    NOT_MET("**not met**"),
    /** The interval of the median has the limit within, or there are too few rounds for one. */
    UNDECIDED("undecided"),
    /** There is no round. */
    NOT_MEASURED("not measured");

    private final String text;

    Verdict(String text) {
      this.text = text;
    }

    /** {@return how the tables say it} */
    String text() {
      return text;
    }
  }

  /**
   * {@return what rounds say of this bound}
   *
   * @param samples the rounds
   */
  Verdict verdict(Samples samples) {
    if (samples.isEmpty()) {
      return Verdict.NOT_MEASURED;
    }
    Spread spread = samples.spread();
    if (spread.rounds() < LEAST_ROUNDS) {
      return Verdict.UNDECIDED;
    }
    boolean lowFits = atLeast ? spread.low() >= limit : spread.low() <= limit;
    boolean highFits = atLeast ? spread.high() >= limit : spread.high() <= limit;
    if (lowFits != highFits) {
      return Verdict.UNDECIDED;
    }
    return lowFits ? Verdict.MET : Verdict.NOT_MET;
  }

  /** {@return this as text} */
  String text() {
    String number =
        limit == Math.rint(limit) ? String.format(Locale.ROOT, "%,.0f", limit) : "" + limit;
    return (atLeast ? "≥ " : "≤ ") + number + (unit.isEmpty() ? "" : ' ' + unit);
  }
}
