package dev.sluice.gateway.simulation;

import java.util.Locale;

/**
 * Runs many seeds, or one, and says how much virtual time that was: {@code mvn -q -Psimulation -pl
 * gateway-core -Dseeds=10000}, or {@code -Dseed=7}.
 */
final class SimulationMain {

  private SimulationMain() {}

  /**
   * Arguments: the first seed and how many of them.
   *
   * @throws IllegalStateException if a seed fails
   */
  public static void main(String[] args) {
    long first = Long.parseLong(args[0]);
    long count = Long.parseLong(args[1]);
    long startNanos = System.nanoTime();
    double shardHours = 0;
    long steps = 0;
    long events = 0;
    long faults = 0;
    int failures = 0;
    for (long seed = first; seed < first + count; seed++) {
      Simulation.Outcome outcome = Simulation.run(seed);
      shardHours += outcome.shardHours();
      steps += outcome.steps();
      events += outcome.events();
      faults += outcome.faults();
      if (outcome.failure() != null) {
        failures++;
        System.out.println(outcome.failure());
      }
    }
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "%d seeds in %.1f s, %d failed: %.0f virtual shard-hours, %.0f a second;"
            + " %d steps, %d events, %d faults%n",
        count,
        seconds,
        failures,
        shardHours,
        shardHours / seconds,
        steps,
        events,
        faults);
    if (failures > 0) {
      System.exit(1);
    }
  }
}
