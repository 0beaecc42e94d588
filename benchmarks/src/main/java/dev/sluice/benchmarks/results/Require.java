package dev.sluice.benchmarks.results;

/** Checks of what is written to a results file: a figure that cannot be is refused, not kept. */
final class Require {

  private Require() {}

  static void text(String name, String value) {
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: some text)");
    }
  }

  static void atLeast(String name, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= " + least + ')');
    }
  }

  static void notNegative(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) { // NaN is refused too
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= 0 and finite)");
    }
  }
}
