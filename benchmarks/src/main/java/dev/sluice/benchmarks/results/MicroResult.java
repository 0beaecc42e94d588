package dev.sluice.benchmarks.results;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one JMH benchmark with one set of parameters showed in one round, which is one fork.
 *
 * @param round the round, from 1; what has the same round ran one after another
 * @param benchmark the class and the method, as {@code RecvBenchmark.recv}
 * @param params the parameters of JMH, by name
 * @param mode the mode of JMH, as {@code avgt}
 * @param unit the unit of the score, as {@code ns/op}
 * @param score the score
 * @param allocatedBytesPerOp what the profiler {@code gc} says of allocation, in bytes an operation
 */
public record MicroResult(
    int round,
    String benchmark,
    Map<String, String> params,
    String mode,
    String unit,
    double score,
    double allocatedBytesPerOp)
    implements Measured {

  /** Checks that the figures can be. */
  public MicroResult {
    Require.atLeast("round", round, 1);
    Require.text("benchmark", benchmark);
    Require.text("mode", mode);
    Require.text("unit", unit);
    Require.notNegative("score", score);
    Require.notNegative("allocatedBytesPerOp", allocatedBytesPerOp);
    params = Collections.unmodifiableSortedMap(new TreeMap<>(params));
  }
}
