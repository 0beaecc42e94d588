package dev.sluice.gateway;

/** A clock that stands still until it is told to go on. It starts shortly before it wraps. */
public final class ManualClock implements NanoClock {

  private long nowNanos = Long.MAX_VALUE - 20_000_000_000L;
  private long reads;

  @Override
  public long nanoTime() {
    reads++;
    return nowNanos;
  }

  public void advanceNanos(long nanos) {
    nowNanos += nanos;
  }

  public void advanceMillis(long millis) {
    advanceNanos(millis * 1_000_000);
  }

  /** Returns how often the time was asked for. */
  public long reads() {
    return reads;
  }
}
