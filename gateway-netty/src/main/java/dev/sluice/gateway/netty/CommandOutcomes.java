package dev.sluice.gateway.netty;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * What became of a command that went to many shards. Immutable.
 *
 * @param counts on how many shards it had which outcome; one that is absent was that of none
 */
public record CommandOutcomes(Map<CommandOutcome, Integer> counts) {

  /**
   * Copies the counts.
   *
   * @param counts on how many shards it had which outcome
   */
  public CommandOutcomes {
    counts = Map.copyOf(counts);
  }

  /**
   * {@return on how many shards it had an outcome}
   *
   * @param outcome the outcome
   */
  public int count(CommandOutcome outcome) {
    return counts.getOrDefault(outcome, 0);
  }

  /** {@return for how many shards it was} */
  public int total() {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** {@return whether it was sent on all of them} */
  public boolean allSent() {
    return Set.of(CommandOutcome.SENT).containsAll(counts.keySet());
  }

  /** {@return the counts in the order of the outcomes} */
  @Override
  public String toString() {
    return counts.isEmpty() ? "{}" : new EnumMap<>(counts).toString();
  }
}
