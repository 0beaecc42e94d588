package dev.sluice.gateway;

import java.util.random.RandomGenerator;

/** Chance that is told what comes out: every draw is the same share of its range. */
final class ScriptedRandom implements RandomGenerator {

  private double share;

  ScriptedRandom(double share) {
    this.share = share;
  }

  void share(double share) {
    this.share = share;
  }

  @Override
  public double nextDouble() {
    return share;
  }

  @Override
  public long nextLong(long bound) {
    return Math.min(bound - 1, (long) (share * bound));
  }

  @Override
  public long nextLong() {
    throw new UnsupportedOperationException("only shares of a range are scripted");
  }
}
