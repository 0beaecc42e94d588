package dev.sluice.gateway;

/**
 * How much may still be sent on this transport: at most 120 payloads within any 60 s, or the
 * gateway closes with 4008. A sliding log of send times; what the protocol itself must send is
 * always allowed, and room for it is kept free of commands.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway#rate-limiting">Rate limiting</a>
 */
final class SendBudget {

  static final int LIMIT = 120;

  /**
   * The gateway measures at arrival, so a second is added for payloads that arrive closer together.
   */
  static final long WINDOW_NANOS = 61_000_000_000L;

  private static final long MINUTE_NANOS = 60_000_000_000L;

  private long[] log = new long[4]; // a ring, oldest first; its length is a power of two
  private int head;
  private int size;
  private int commandLimit = LIMIT;

  /** Starts afresh, as every transport does. */
  void reset() {
    head = 0;
    size = 0;
    commandLimit = LIMIT;
  }

  /**
   * Reserves room for the heartbeats that fall into the window, and for one the gateway asks for.
   */
  void reserve(long heartbeatIntervalNanos) {
    long beats = (MINUTE_NANOS + heartbeatIntervalNanos - 1) / heartbeatIntervalNanos;
    commandLimit = (int) Math.max(1, LIMIT - beats - 1);
  }

  int commandLimit() {
    return commandLimit;
  }

  /** Records that a payload was handed out. */
  void sent(long nowNanos) {
    forget(nowNanos);
    if (size == LIMIT) {
      head = (head + 1) & (log.length - 1);
      size--;
    } else if (size == log.length) {
      grow();
    }
    log[(head + size) & (log.length - 1)] = nowNanos;
    size++;
  }

  /** The time until a command may be sent, 0 if one may be sent now. */
  long nanosUntilCommand(long nowNanos) {
    forget(nowNanos);
    if (size < commandLimit) {
      return 0;
    }
    long blocking = log[(head + size - commandLimit) & (log.length - 1)];
    return blocking + WINDOW_NANOS - nowNanos;
  }

  private void forget(long nowNanos) {
    while (size > 0 && nowNanos - log[head] >= WINDOW_NANOS) {
      head = (head + 1) & (log.length - 1);
      size--;
    }
  }

  private void grow() {
    long[] larger = new long[log.length * 2];
    for (int i = 0; i < size; i++) {
      larger[i] = log[(head + i) & (log.length - 1)];
    }
    log = larger;
    head = 0;
  }
}
