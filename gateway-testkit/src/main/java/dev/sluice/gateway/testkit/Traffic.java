package dev.sluice.gateway.testkit;

import java.util.Objects;

/**
 * The traffic that a {@link LocalGateway} makes up. Immutable.
 *
 * @param mix which events, and how often each
 * @param seed any number; the same one gives the same events
 * @param eventsPerSecond how many events all sessions together get in a second, or {@link
 *     #UNLIMITED}
 * @param largeEventEvery every how many events one is large, of 0.5 to 1.5 MB; 0 for never
 */
public record Traffic(TrafficMix mix, long seed, int eventsPerSecond, int largeEventEvery) {

  /** As many events as the clients take: each gets more as soon as its socket took the last. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  /**
   * Checks the ranges.
   *
   * @param mix which events, and how often each
   * @param seed any number; the same one gives the same events
   * @param eventsPerSecond how many events all sessions together get in a second, or {@link
   *     #UNLIMITED}
   * @param largeEventEvery every how many events one is large, of 0.5 to 1.5 MB; 0 for never
   * @throws IllegalArgumentException if {@code eventsPerSecond} is below 1 or {@code
   *     largeEventEvery} is negative
   */
  public Traffic {
    Objects.requireNonNull(mix, "mix");
    if (eventsPerSecond < 1) {
      throw new IllegalArgumentException(
          "eventsPerSecond: " + eventsPerSecond + " (expected: >= 1)");
    }
    if (largeEventEvery < 0) {
      throw new IllegalArgumentException(
          "largeEventEvery: " + largeEventEvery + " (expected: >= 0)");
    }
  }

  /**
   * {@return traffic without large events}
   *
   * @param mix which events, and how often each
   * @param seed any number
   * @param eventsPerSecond of all sessions together, at least 1, or {@link #UNLIMITED}
   */
  public static Traffic of(TrafficMix mix, long seed, int eventsPerSecond) {
    return new Traffic(mix, seed, eventsPerSecond, 0);
  }

  /**
   * {@return the same traffic with large events}
   *
   * @param largeEventEvery every how many events one is large, at least 0
   */
  public Traffic withLargeEventEvery(int largeEventEvery) {
    return new Traffic(mix, seed, eventsPerSecond, largeEventEvery);
  }
}
