package dev.sluice.gateway;

/**
 * What a payload is: its {@code op}. All documented opcodes; any other number is {@link #UNKNOWN}
 * and ignored when received.
 *
 * @see <a
 *     href="https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes">Gateway
 *     opcodes</a>
 */
public enum Opcode {
  /** Received: an event; the only payload with a sequence and a name. */
  DISPATCH(0),
  /** Sent at the heartbeat interval; received when the gateway wants one at once. */
  HEARTBEAT(1),
  /** Sent to start a session. */
  IDENTIFY(2),
  /** Sent to change the bot's presence. */
  PRESENCE_UPDATE(3),
  /** Sent to join, move between or leave voice channels. */
  VOICE_STATE_UPDATE(4),
  /** Sent to go on with a session on a new transport. */
  RESUME(6),
  /** Received: reconnect and resume at once. */
  RECONNECT(7),
  /** Sent to ask for members of one guild. */
  REQUEST_GUILD_MEMBERS(8),
  /** Received: the session is invalid; {@code d} says whether it may still be resumed. */
  INVALID_SESSION(9),
  /** Received first on every transport; carries the heartbeat interval. */
  HELLO(10),
  /** Received: the answer to a heartbeat. */
  HEARTBEAT_ACK(11),
  /** Sent to ask for the soundboard sounds of guilds. */
  REQUEST_SOUNDBOARD_SOUNDS(31),
  /** Sent to ask for the ephemeral values of a guild's channels. */
  REQUEST_CHANNEL_INFO(43),
  /** Any number that has no constant here. */
  UNKNOWN(-1);

  private static final Opcode[] BY_CODE = new Opcode[44];

  static {
    for (Opcode opcode : values()) {
      if (opcode != UNKNOWN) {
        BY_CODE[opcode.code] = opcode;
      }
    }
  }

  private final int code;

  Opcode(int code) {
    this.code = code;
  }

  /** {@return the number on the wire, -1 for {@link #UNKNOWN}} */
  public int code() {
    return code;
  }

  /**
   * {@return the opcode of a number, {@link #UNKNOWN} for one without a constant}
   *
   * @param code the number on the wire, any value
   */
  public static Opcode of(int code) {
    Opcode opcode = code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    return opcode == null ? UNKNOWN : opcode;
  }
}
