package dev.sluice.benchmarks.results;

import java.util.List;

/**
 * What one run of a harness wrote: only results of one run and one round are compared.
 *
 * @param environment where, when and with what
 * @param results the results, in the order in which they were made
 */
public record Run(Environment environment, List<Measured> results) {

  /** Copies the list. */
  public Run {
    results = List.copyOf(results);
  }

  /**
   * {@return the results of one kind}
   *
   * @param kind the kind
   * @param <R> the kind
   */
  public <R extends Measured> List<R> of(Class<R> kind) {
    return results.stream().filter(kind::isInstance).map(kind::cast).toList();
  }
}
