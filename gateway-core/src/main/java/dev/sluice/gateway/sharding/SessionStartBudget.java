package dev.sluice.gateway.sharding;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.NanoClock;
import java.time.Duration;
import java.time.Instant;

/**
 * How many sessions the bot may still start: {@code session_start_limit}. Spending more than
 * Discord allows ends every session and resets the token, so this is a hard gate, with a reserve
 * that is kept for an operator's need.
 *
 * <p>Not thread-safe; confine to one thread.
 *
 * @see <a
 *     href="https://discord.com/developers/docs/events/gateway#session-start-limit-object">Session
 *     start limit</a>
 */
public final class SessionStartBudget {

  /** Discord's period starts when its first IDENTIFY arrives, some time after it was spent here. */
  static final Duration SLACK = Duration.ofSeconds(5);

  private static final long PERIOD_NANOS = Duration.ofDays(1).plus(SLACK).toNanos();

  private final NanoClock clock;
  private final int reserve;
  private int total;
  private int remaining;
  private boolean periodRuns;
  private boolean periodBegunHere;
  private long resetAtNanos;

  private SessionStartBudget(int reserve, NanoClock clock) {
    this.reserve = reserve;
    this.clock = clock;
  }

  /**
   * Creates a budget that refuses everything until it is told what is left.
   *
   * @param reserve how many starts are never spent, at least 0
   * @param clock the time of the reset
   * @return the budget
   * @throws IllegalArgumentException if the reserve is negative
   */
  public static SessionStartBudget create(int reserve, NanoClock clock) {
    if (reserve < 0) {
      throw new IllegalArgumentException("reserve: " + reserve + " (expected: >= 0)");
    }
    return new SessionStartBudget(reserve, requireNonNull(clock, "clock"));
  }

  /**
   * Takes over what GET /gateway/bot says.
   *
   * @param total starts in a period
   * @param remaining starts left in this one
   * @param resetAfter the time until {@code remaining} is {@code total} again
   * @throws IllegalArgumentException if one of them is negative; nothing has changed
   */
  public void update(int total, int remaining, Duration resetAfter) {
    if (total < 0 || remaining < 0 || resetAfter.isNegative()) {
      throw new IllegalArgumentException(
          "session start limit: "
              + remaining
              + " of "
              + total
              + ", reset after "
              + resetAfter
              + " (expected: none negative)");
    }
    this.total = total;
    this.remaining = remaining;
    periodRuns = true;
    periodBegunHere = false;
    resetAtNanos = clock.nanoTime() + resetAfter.toNanos();
  }

  /**
   * {@return what is left, in a form that outlives the process}
   *
   * @param now the wall clock
   */
  public SessionStarts starts(Instant now) {
    int left = remaining();
    return new SessionStarts(total, left, now.plusNanos(resetAfterNanos()));
  }

  /**
   * Takes over what was kept, by an earlier process or beside this one, where that is stricter than
   * what is known here. A period that is over changes nothing, nor does one of more than a day,
   * which none is: it was kept by a clock that was set back since.
   *
   * @param kept what was kept
   * @param now the wall clock
   */
  public void restrict(SessionStarts kept, Instant now) {
    resetIfDue();
    if (!kept.runs(now)) {
      return;
    }
    remaining = Math.min(remaining, kept.remaining());
    long resetAfterNanos = Duration.between(now, kept.resetAt()).toNanos();
    if (!periodRuns || resetAfterNanos - resetAfterNanos() > SLACK.toNanos()) {
      periodRuns = true;
      periodBegunHere = false;
      resetAtNanos = clock.nanoTime() + resetAfterNanos;
    }
  }

  /** {@return whether a start was spent; false when only the reserve is left} */
  public boolean trySpend() {
    resetIfDue();
    if (remaining <= reserve) {
      return false;
    }
    remaining--;
    if (!periodRuns) {
      periodRuns = true;
      periodBegunHere = true;
      resetAtNanos = clock.nanoTime() + PERIOD_NANOS;
    }
    return true;
  }

  /** Takes back a start that was spent and then not used. */
  public void refund() {
    if (remaining < total) { // else its period is over
      remaining++;
    }
    if (remaining == total && periodBegunHere) {
      periodRuns = false; // nothing began it
    }
  }

  /** {@return the starts left in this period, the reserve among them} */
  public int remaining() {
    resetIfDue();
    return remaining;
  }

  /** {@return the time until the period ends, 0 if it has, or none began} */
  public long resetAfterNanos() {
    return periodRuns ? Math.max(0, resetAtNanos - clock.nanoTime()) : 0;
  }

  private void resetIfDue() {
    if (periodRuns && resetAtNanos - clock.nanoTime() <= 0) {
      remaining = total;
      // The next period begins with its first start. To begin it here would end it too early, and
      // spend in one of Discord's periods what belongs to two.
      periodRuns = false;
    }
  }
}
