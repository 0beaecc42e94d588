package dev.sluice.gateway;

/**
 * One deadline for each {@link TimerKind}; arming again replaces. Times are those of a NanoClock.
 */
@SuppressWarnings("EnumOrdinal") // an index into an array that never leaves this class
final class TimerTable {

  private static final TimerKind[] KINDS = TimerKind.values();

  private final long[] deadlines = new long[KINDS.length];
  private int armed; // a bit for each ordinal

  void arm(TimerKind kind, long deadlineNanos) {
    deadlines[kind.ordinal()] = deadlineNanos;
    armed |= 1 << kind.ordinal();
  }

  /** Arms a timer unless it is armed for an earlier moment. */
  void armEarlier(TimerKind kind, long deadlineNanos) {
    if (!isArmed(kind) || deadlineNanos - deadlines[kind.ordinal()] < 0) {
      arm(kind, deadlineNanos);
    }
  }

  void cancel(TimerKind kind) {
    armed &= ~(1 << kind.ordinal());
  }

  void cancelAll() {
    armed = 0;
  }

  boolean isArmed(TimerKind kind) {
    return (armed & (1 << kind.ordinal())) != 0;
  }

  /** Cancels the timer and returns true if it is due, else changes nothing and returns false. */
  boolean expire(TimerKind kind, long nowNanos) {
    if (isArmed(kind) && deadlines[kind.ordinal()] - nowNanos <= 0) {
      cancel(kind);
      return true;
    }
    return false;
  }

  /**
   * The time to the nearest deadline, 0 if it has passed, {@link Long#MAX_VALUE} if none is armed.
   */
  long remainingNanos(long nowNanos) {
    long remaining = Long.MAX_VALUE;
    for (int bits = armed; bits != 0; bits &= bits - 1) {
      remaining = Math.min(remaining, deadlines[Integer.numberOfTrailingZeros(bits)] - nowNanos);
    }
    return Math.max(0, remaining);
  }
}
