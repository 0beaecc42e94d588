package dev.sluice.gateway.netty;

import java.util.List;

/**
 * Whether a manager works, in the terms of an orchestrator's probes. Immutable.
 *
 * @param live whether its event loops answer; if not, only a restart of the process helps
 * @param ready whether it was started, not stopped, and enough of its shards are READY
 * @param reasons what is wrong, one line each, at most {@value #MAX_REASONS}; may tell of something
 *     an operator should know when both are true
 */
public record FleetHealth(boolean live, boolean ready, List<String> reasons) {

  /** How many reasons there can be. */
  public static final int MAX_REASONS = 16;

  /**
   * Copies the list.
   *
   * @param live whether its event loops answer
   * @param ready whether it was started, not stopped, and enough of its shards are READY
   * @param reasons what is wrong; those over {@value #MAX_REASONS} are left out
   */
  public FleetHealth {
    reasons = List.copyOf(reasons.subList(0, Math.min(MAX_REASONS, reasons.size())));
  }
}
