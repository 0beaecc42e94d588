package dev.sluice.gateway.sharding;

import java.time.Duration;
import java.time.Instant;

/**
 * The session starts that are left, as they can be kept over a restart of the process. Immutable.
 *
 * @param total starts in a period, at least 0
 * @param remaining starts left in this one, at least 0
 * @param resetAt when the period ends, by the wall clock; not after now if none has begun
 */
public record SessionStarts(int total, int remaining, Instant resetAt) {

  /** Discord's day, and by how much the clocks of two machines may differ. */
  private static final Duration LONGEST_PERIOD = Duration.ofDays(1).plusHours(1);

  /**
   * Checks the ranges.
   *
   * @param total starts in a period, at least 0
   * @param remaining starts left in this one, at least 0
   * @param resetAt when the period ends, by the wall clock; not after now if none has begun
   * @throws IllegalArgumentException if a number is negative
   */
  public SessionStarts {
    if (total < 0 || remaining < 0) {
      throw new IllegalArgumentException(
          "session starts: " + remaining + " of " + total + " (expected: none negative)");
    }
  }

  /**
   * Says what is left by this and by an older count, of which the starts between the two are still
   * to be taken: the stricter of both while the period of the older one lasts, this one after it.
   * No period lasts longer than a day: an older count that says so was kept by a clock that was set
   * back since, and is passed over, for otherwise the bot would be held up for as long.
   *
   * @param kept the older count
   * @param spentSince how many starts this one counts and the older one does not; negative if that
   *     many were given back
   * @param now the wall clock
   * @return the stricter count
   */
  public SessionStarts stricter(SessionStarts kept, int spentSince, Instant now) {
    if (!kept.runs(now)) {
      return this;
    }
    int left = Math.max(0, Math.min(remaining, kept.remaining - spentSince));
    return new SessionStarts(
        Math.min(total, kept.total), left, resetAt.isAfter(kept.resetAt) ? resetAt : kept.resetAt);
  }

  /** {@return whether the period has begun and is not over; false if it cannot be one} */
  boolean runs(Instant now) {
    return resetAt.isAfter(now) && !resetAt.isAfter(now.plus(LONGEST_PERIOD));
  }
}
