package dev.sluice.gateway;

/**
 * One group of events that a session asks for.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway#list-of-intents">List of
 *     intents</a>
 */
public enum Intent {
  /** Guilds, roles, channels, threads and stages. */
  GUILDS(0, false),
  /** Members joining, changing and leaving. Privileged. */
  GUILD_MEMBERS(1, true),
  /** Audit log entries and bans. */
  GUILD_MODERATION(2, false),
  /** Emojis, stickers and soundboard sounds. */
  GUILD_EXPRESSIONS(3, false),
  /** Integrations. */
  GUILD_INTEGRATIONS(4, false),
  /** Webhooks. */
  GUILD_WEBHOOKS(5, false),
  /** Invites. */
  GUILD_INVITES(6, false),
  /** Voice states and effects. */
  GUILD_VOICE_STATES(7, false),
  /** Presences. Privileged. */
  GUILD_PRESENCES(8, true),
  /** Messages in guilds. */
  GUILD_MESSAGES(9, false),
  /** Reactions in guilds. */
  GUILD_MESSAGE_REACTIONS(10, false),
  /** Typing in guilds. */
  GUILD_MESSAGE_TYPING(11, false),
  /** Direct messages, and ephemeral messages even in guilds. */
  DIRECT_MESSAGES(12, false),
  /** Reactions in direct messages. */
  DIRECT_MESSAGE_REACTIONS(13, false),
  /** Typing in direct messages. */
  DIRECT_MESSAGE_TYPING(14, false),
  /** No event of its own: whether content fields of messages are filled. Privileged. */
  MESSAGE_CONTENT(15, true),
  /** Scheduled events. */
  GUILD_SCHEDULED_EVENTS(16, false),
  /** Rules of auto moderation. */
  AUTO_MODERATION_CONFIGURATION(20, false),
  /** Actions of auto moderation. */
  AUTO_MODERATION_EXECUTION(21, false),
  /** Poll votes in guilds. */
  GUILD_MESSAGE_POLLS(24, false),
  /** Poll votes in direct messages. */
  DIRECT_MESSAGE_POLLS(25, false);

  private final int bit;
  private final boolean privileged;

  Intent(int bit, boolean privileged) {
    this.bit = bit;
    this.privileged = privileged;
  }

  /** {@return the value in the bit set: a single bit} */
  public int value() {
    return 1 << bit;
  }

  /**
   * {@return whether it must be switched on in the developer portal, or the gateway closes with
   * 4014}
   */
  public boolean isPrivileged() {
    return privileged;
  }
}
