package dev.sluice.gateway.sharding;

import java.time.Instant;

/**
 * The session starts that are left, as they can be kept over a restart of the process. Immutable.
 *
 * @param total starts in a period, at least 0
 * @param remaining starts left in this one, at least 0
 * @param resetAt when the period ends, by the wall clock; not after now if none has begun
 */
public record SessionStarts(int total, int remaining, Instant resetAt) {

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
   *
   * @param kept the older count
   * @param spentSince how many starts this one counts and the older one does not; negative if that
   *     many were given back
   * @param now the wall clock
   * @return the stricter count
   */
  public SessionStarts stricter(SessionStarts kept, int spentSince, Instant now) {
    if (!kept.resetAt.isAfter(now)) {
      return this;
    }
    int left = Math.max(0, Math.min(remaining, kept.remaining - spentSince));
    return new SessionStarts(
        Math.min(total, kept.total), left, resetAt.isAfter(kept.resetAt) ? resetAt : kept.resetAt);
  }
}
