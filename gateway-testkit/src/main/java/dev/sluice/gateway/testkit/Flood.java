package dev.sluice.gateway.testkit;

import java.util.Objects;

/**
 * Made-up events that a {@link LocalGateway} prepares for its connections, to send them faster than
 * it could make them. Immutable.
 *
 * @param mix which events, and how often each
 * @param seed any number; the same one gives the same events to the same shards
 * @param eventsPerShard how many events each connection gets
 * @param largeEventEvery every how many events one is large, of 0.5 to 1.5 MB; 0 for never
 */
public record Flood(TrafficMix mix, long seed, int eventsPerShard, int largeEventEvery) {

  /**
   * Checks the ranges.
   *
   * @param mix which events, and how often each
   * @param seed any number; the same one gives the same events to the same shards
   * @param eventsPerShard how many events each connection gets
   * @param largeEventEvery every how many events one is large, of 0.5 to 1.5 MB; 0 for never
   * @throws IllegalArgumentException if {@code eventsPerShard} is below 1 or {@code
   *     largeEventEvery} is negative
   */
  public Flood {
    Objects.requireNonNull(mix, "mix");
    if (eventsPerShard < 1) {
      throw new IllegalArgumentException("eventsPerShard: " + eventsPerShard + " (expected: >= 1)");
    }
    if (largeEventEvery < 0) {
      throw new IllegalArgumentException(
          "largeEventEvery: " + largeEventEvery + " (expected: >= 0)");
    }
  }

  /**
   * {@return a flood without large events}
   *
   * @param mix which events, and how often each
   * @param seed any number
   * @param eventsPerShard how many events each connection gets, at least 1
   */
  public static Flood of(TrafficMix mix, long seed, int eventsPerShard) {
    return new Flood(mix, seed, eventsPerShard, 0);
  }

  /**
   * {@return the same flood with large events}
   *
   * @param largeEventEvery every how many events one is large, at least 0
   */
  public Flood withLargeEventEvery(int largeEventEvery) {
    return new Flood(mix, seed, eventsPerShard, largeEventEvery);
  }
}
