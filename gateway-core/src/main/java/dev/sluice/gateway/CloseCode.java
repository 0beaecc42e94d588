package dev.sluice.gateway;

/**
 * Why a transport was closed, and what becomes of the session. The gateway's own codes and the
 * plain WebSocket codes that were seen from it; any other number is {@link #UNKNOWN} and resumed.
 *
 * <p>What each code does to the session where Discord's table only says "reconnect": as long as a
 * session is held RESUME is tried, for a refused RESUME costs a round trip and a needless IDENTIFY
 * costs quota.
 *
 * @see <a
 *     href="https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes">Gateway
 *     close event codes</a>
 */
public enum CloseCode {
  /** Closed normally. From the gateway it does not prove that the session is dead. */
  NORMAL(1000, Outcome.RESUME),
  /** Routine moves of the gateway and of the proxy before it. */
  GOING_AWAY(1001, Outcome.RESUME),
  /** A close frame without a code. */
  NO_STATUS(1005, Outcome.RESUME),
  /** No close frame: connection reset, end of stream or another I/O error. */
  ABNORMAL(1006, Outcome.RESUME),
  /** A message was larger than the receiver takes. */
  MESSAGE_TOO_BIG(1009, Outcome.RESUME),
  /** The server met an unexpected condition. */
  INTERNAL_ERROR(1011, Outcome.RESUME),
  /** The server restarts. */
  SERVICE_RESTART(1012, Outcome.RESUME),
  /** The server is overloaded. */
  TRY_AGAIN_LATER(1013, Outcome.RESUME),
  /** Unknown error on the side of the gateway. */
  UNKNOWN_ERROR(4000, Outcome.RESUME),
  /** An invalid opcode, or a payload that is invalid for its opcode, was sent. */
  UNKNOWN_OPCODE(4001, Outcome.RESUME),
  /** The gateway could not decode a payload, or it was over 4096 bytes. */
  DECODE_ERROR(4002, Outcome.RESUME),
  /** A payload was sent before IDENTIFY, or the session was invalidated. */
  NOT_AUTHENTICATED(4003, Outcome.NEW_SESSION),
  /** The token is wrong. */
  AUTHENTICATION_FAILED(4004, Outcome.FATAL),
  /** IDENTIFY was sent twice. */
  ALREADY_AUTHENTICATED(4005, Outcome.RESUME),
  /** The session is not valid any more; removed from Discord's table, still honoured. */
  SESSION_NO_LONGER_VALID(4006, Outcome.NEW_SESSION),
  /** The sequence of RESUME was invalid. */
  INVALID_SEQUENCE(4007, Outcome.NEW_SESSION),
  /** More than 120 payloads were sent within 60 s. */
  RATE_LIMITED(4008, Outcome.RESUME),
  /** The session timed out. */
  SESSION_TIMED_OUT(4009, Outcome.NEW_SESSION),
  /** The shard array of IDENTIFY was invalid. */
  INVALID_SHARD(4010, Outcome.FATAL),
  /** The session would have handled more than 2500 guilds. */
  SHARDING_REQUIRED(4011, Outcome.FATAL),
  /** The API version is invalid. */
  INVALID_API_VERSION(4012, Outcome.FATAL),
  /** An intent's bit is invalid. */
  INVALID_INTENTS(4013, Outcome.FATAL),
  /** A privileged intent is not enabled for the bot or not approved. */
  DISALLOWED_INTENTS(4014, Outcome.FATAL),
  /** Any number that has no constant here. */
  UNKNOWN(-1, Outcome.RESUME);

  /** The code that we close with when the session is to be resumed. */
  public static final int CLOSE_TO_RESUME = 4900;

  /** The code that we close with when the session is to end; the bot goes offline at once. */
  public static final int CLOSE_FOR_GOOD = 1000;

  /** What becomes of the session. */
  public enum Outcome {
    /** Reconnect; the session is kept and RESUME tried. */
    RESUME,
    /** Reconnect; the session is dropped and a new one started by IDENTIFY on the base URL. */
    NEW_SESSION,
    /** Do not reconnect: the configuration is wrong, an operator is needed. */
    FATAL
  }

  private final int code;
  private final Outcome outcome;

  CloseCode(int code, Outcome outcome) {
    this.code = code;
    this.outcome = outcome;
  }

  /** {@return the number on the wire, -1 for {@link #UNKNOWN}} */
  public int code() {
    return code;
  }

  /** {@return what becomes of the session after this code} */
  public Outcome outcome() {
    return outcome;
  }

  /**
   * {@return the constant of a number, {@link #UNKNOWN} for one without a constant}
   *
   * @param code the number on the wire, any value
   */
  public static CloseCode of(int code) {
    for (CloseCode closeCode : VALUES) {
      if (closeCode.code == code) {
        return closeCode;
      }
    }
    return UNKNOWN;
  }

  private static final CloseCode[] VALUES = values();
}
