package dev.sluice.benchmarks.report;

import dev.sluice.benchmarks.results.FloodResult;
import dev.sluice.benchmarks.results.Measured;
import dev.sluice.benchmarks.results.Run;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * One figure of one thing, by the run, the round and the rate that it comes from. Two of them are
 * compared only where these are the same: what the machine did meanwhile then hit both.
 */
final class Samples {

  /** Where a value comes from. */
  private record Source(int run, int round, long ratePerSecond) {}

  private final NavigableMap<Source, Double> values =
      new TreeMap<>(
          Comparator.comparingInt(Source::run)
              .thenComparingInt(Source::round)
              .thenComparingLong(Source::ratePerSecond));

  private Samples() {}

  /**
   * {@return the values of the results that fit}
   *
   * @param runs the runs
   * @param kind the kind of result
   * @param which tells which results fit: one of each round at most
   * @param value the figure
   * @param <R> the kind of result
   */
  static <R extends Measured> Samples of(
      List<Run> runs, Class<R> kind, Predicate<R> which, ToDoubleFunction<R> value) {
    Samples samples = new Samples();
    for (int run = 0; run < runs.size(); run++) {
      for (R result : runs.get(run).of(kind)) {
        if (which.test(result)) {
          long rate = result instanceof FloodResult flood ? flood.ratePerSecond() : 0;
          Source source = new Source(run, result.round(), rate);
          if (samples.values.put(source, value.applyAsDouble(result)) != null) {
            throw new IllegalArgumentException(
                "result: " + result + " (expected: one of its kind in its round)");
          }
        }
      }
    }
    return samples;
  }

  /**
   * {@return the values of this divided by those of another, round by round; what only one of them
   * has is left out, and of several rates the highest is taken}
   *
   * @param other the other
   */
  Samples over(Samples other) {
    Samples ratios = new Samples();
    for (Source source : values.keySet()) {
      Double divisor = other.values.get(source);
      if (divisor != null) {
        ratios.values.put(source, values.get(source) / divisor);
      }
    }
    return ratios.atHighestRate();
  }

  /** {@return the values of the highest rate alone, so that a delivery at one rate is one thing} */
  Samples atHighestRate() {
    long highestRate = 0;
    for (Source source : values.keySet()) {
      highestRate = Math.max(highestRate, source.ratePerSecond());
    }
    Samples highest = new Samples();
    for (Map.Entry<Source, Double> value : values.entrySet()) {
      if (value.getKey().ratePerSecond() == highestRate) {
        highest.values.put(value.getKey(), value.getValue());
      }
    }
    return highest;
  }

  /**
   * {@return the values of this from where another has some too}
   *
   * @param other the other
   */
  Samples where(Samples other) {
    Samples shared = new Samples();
    shared.values.putAll(values);
    shared.values.keySet().retainAll(other.values.keySet());
    return shared;
  }

  /** {@return how many values there are} */
  int size() {
    return values.size();
  }

  /**
   * {@return the values of this less those of another, round by round; what only one of them has is
   * left out}
   *
   * @param other the other
   */
  Samples minus(Samples other) {
    Samples differences = new Samples();
    for (Source source : values.keySet()) {
      Double subtrahend = other.values.get(source);
      if (subtrahend != null) {
        differences.values.put(source, values.get(source) - subtrahend);
      }
    }
    return differences;
  }

  /**
   * {@return the lesser of the values of this and of another, round by round; what only one of them
   * has is left out}
   *
   * @param other the other
   */
  Samples least(Samples other) {
    Samples least = new Samples();
    for (Source source : values.keySet()) {
      Double value = other.values.get(source);
      if (value != null) {
        least.values.put(source, Math.min(values.get(source), value));
      }
    }
    return least;
  }

  /** {@return whether there is no value} */
  boolean isEmpty() {
    return values.isEmpty();
  }

  /** {@return the median of the values and their range; there is at least one} */
  Spread spread() {
    return Spread.of(values.values().stream().mapToDouble(Double::doubleValue).toArray());
  }
}
