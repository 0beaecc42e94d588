package dev.sluice.benchmarks.report;

import java.util.Arrays;

/**
 * The median of some rounds, their range, and an interval that holds the true median with at least
 * 95 % whatever the distribution: from the k-th smallest to the k-th largest value, with the
 * largest k that has this coverage.
 *
 * @param rounds how many values there are
 * @param median the median
 * @param min the smallest value
 * @param max the largest value
 * @param low the lower end of the interval, negative infinity if there are too few rounds for one
 * @param high the upper end of the interval, positive infinity if there are too few rounds for one
 */
record Spread(int rounds, double median, double min, double max, double low, double high) {

  private static final double COVERAGE = 0.95;

  /**
   * {@return the spread of values}
   *
   * @param values the values, at least one
   */
  static Spread of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("values: 0 (expected: >= 1)");
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int count = sorted.length;
    double median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    int rank = rank(count);
    return new Spread(
        count,
        median,
        sorted[0],
        sorted[count - 1],
        rank == 0 ? Double.NEGATIVE_INFINITY : sorted[rank - 1],
        rank == 0 ? Double.POSITIVE_INFINITY : sorted[count - rank]);
  }

  /**
   * {@return the largest k for which the k-th smallest and the k-th largest of so many values hold
   * the true median between them with 95 %, 0 if there is none}
   *
   * <p>The number of values below the median is binomial with 1/2. So what is outside is twice the
   * chance of fewer than k heads.
   *
   * @param count how many values there are
   */
  static int rank(int count) {
    double exactly = Math.pow(0.5, count); // the chance of k heads
    double fewer = 0; // the chance of fewer than k heads
    int rank = 0;
    while (rank < (count + 1) / 2) {
      fewer += exactly;
      if (1 - 2 * fewer < COVERAGE) {
        return rank;
      }
      exactly = exactly * (count - rank) / (rank + 1);
      rank++;
    }
    return rank;
  }
}
