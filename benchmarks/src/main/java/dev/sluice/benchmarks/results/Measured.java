package dev.sluice.benchmarks.results;

/** What one client or one benchmark showed in one round of a run. */
public sealed interface Measured extends Result
    permits MicroResult, FloodResult, IdleResult, LatencyResult {

  /** {@return the round, from 1; what has the same round ran one after another} */
  int round();
}
