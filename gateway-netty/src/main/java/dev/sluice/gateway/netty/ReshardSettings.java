package dev.sluice.gateway.netty;

import java.time.Duration;

/**
 * How a bot is resharded. Immutable.
 *
 * @param window for how long one generation waits for the other's copy of an event, and for how
 *     long at least both deliver a guild before it is cut over; longer than the two ever lie apart
 * @param maxEvents how many events may wait for their copies, some 100 bytes each and the event
 *     itself for those that are held; beyond, events may come twice
 * @param loadTimeout for how long a new shard waits for the next GUILD_CREATE of those that its
 *     READY named
 * @param timeout for how long all may take beyond the pace of the identifies; then the new shards
 *     are stopped and the old ones go on
 */
public record ReshardSettings(
    Duration window, int maxEvents, Duration loadTimeout, Duration timeout) {

  private static final Duration MAX_DURATION = Duration.ofDays(1);

  /** 5 s of window, a million events, 15 s to the next GUILD_CREATE, 30 min in all. */
  public static final ReshardSettings DEFAULT =
      new ReshardSettings(
          Duration.ofSeconds(5), 1_000_000, Duration.ofSeconds(15), Duration.ofMinutes(30));

  /**
   * Checks the ranges.
   *
   * @param window for how long one generation waits for the other's copy of an event, and for how
   *     long at least both deliver a guild before it is cut over; longer than the two ever lie
   *     apart
   * @param maxEvents how many events may wait for their copies, some 100 bytes each and the event
   *     itself for those that are held; beyond, events may come twice
   * @param loadTimeout for how long a new shard waits for the next GUILD_CREATE of those that its
   *     READY named
   * @param timeout for how long all may take beyond the pace of the identifies; then the new shards
   *     are stopped and the old ones go on
   * @throws IllegalArgumentException if one is not positive, or a time longer than a day
   */
  public ReshardSettings {
    positive("window", window);
    positive("loadTimeout", loadTimeout);
    positive("timeout", timeout);
    if (maxEvents < 1) {
      throw new IllegalArgumentException("maxEvents: " + maxEvents + " (expected: >= 1)");
    }
  }

  /**
   * {@return the same with another window}
   *
   * @param window positive, at most a day
   */
  public ReshardSettings withWindow(Duration window) {
    return new ReshardSettings(window, maxEvents, loadTimeout, timeout);
  }

  /**
   * {@return the same with another bound of the events that wait}
   *
   * @param maxEvents at least 1
   */
  public ReshardSettings withMaxEvents(int maxEvents) {
    return new ReshardSettings(window, maxEvents, loadTimeout, timeout);
  }

  /**
   * {@return the same with another wait for GUILD_CREATEs}
   *
   * @param loadTimeout positive, at most a day
   */
  public ReshardSettings withLoadTimeout(Duration loadTimeout) {
    return new ReshardSettings(window, maxEvents, loadTimeout, timeout);
  }

  /**
   * {@return the same with another time-out}
   *
   * @param timeout positive, at most a day
   */
  public ReshardSettings withTimeout(Duration timeout) {
    return new ReshardSettings(window, maxEvents, loadTimeout, timeout);
  }

  private static void positive(String name, Duration value) {
    if (value.isNegative() || value.isZero() || value.compareTo(MAX_DURATION) > 0) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: above 0, at most " + MAX_DURATION + ')');
    }
  }
}
