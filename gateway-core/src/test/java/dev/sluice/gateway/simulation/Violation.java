package dev.sluice.gateway.simulation;

/** An invariant that did not hold. */
final class Violation extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final Invariant invariant;
  private final int shard;

  Violation(Invariant invariant, int shard, String message) {
    super(message);
    this.invariant = invariant;
    this.shard = shard;
  }

  Invariant invariant() {
    return invariant;
  }

  int shard() {
    return shard;
  }
}
