package dev.sluice.gateway;

/**
 * How much may still be sent on this transport: at most 120 payloads within any 60 s, or the
 * gateway closes with 4008. The heartbeats of the timer are always allowed; room for them is kept
 * free of commands, and of the heartbeats that the gateway or the application asks for.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway#rate-limiting">Rate limiting</a>
 */
final class SendBudget extends SlidingLog { // one object less in every shard

  static final int LIMIT = 120;

  /**
   * The gateway measures at arrival, so time is added for payloads that arrive closer together than
   * they were sent.
   */
  static final long WINDOW_NANOS = 61_500_000_000L;

  private static final long MINUTE_NANOS = 60_000_000_000L;

  private int heartbeatLimit = LIMIT;
  private int commandLimit = LIMIT;

  SendBudget() {
    super(LIMIT, WINDOW_NANOS);
  }

  /** Starts afresh, as every transport does. */
  void reset() {
    clear();
    heartbeatLimit = LIMIT;
    commandLimit = LIMIT;
  }

  /**
   * Reserves room for the heartbeats of the timer that fall into the window, and from commands also
   * for one that the gateway asks for.
   */
  void reserve(long heartbeatIntervalNanos) {
    long beats = (MINUTE_NANOS + heartbeatIntervalNanos - 1) / heartbeatIntervalNanos;
    heartbeatLimit = (int) Math.max(1, LIMIT - beats);
    commandLimit = (int) Math.max(1, LIMIT - beats - 1);
  }

  int commandLimit() {
    return commandLimit;
  }

  /** The time until a command may be sent, 0 if one may be sent now. */
  long nanosUntilCommand(long nowNanos) {
    return nanosUntilBelow(commandLimit, nowNanos);
  }

  /** The time until a heartbeat beside those of the timer may be sent, 0 if one may be sent now. */
  long nanosUntilHeartbeat(long nowNanos) {
    return nanosUntilBelow(heartbeatLimit, nowNanos);
  }
}
