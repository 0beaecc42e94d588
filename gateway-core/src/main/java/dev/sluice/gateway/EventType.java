package dev.sluice.gateway;

import java.util.HashMap;
import java.util.Map;

/**
 * What a dispatch is: its {@code t}. All documented event names; any other name is {@link
 * #UNKNOWN}, which is normal operation, for undocumented events reach bots too.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#receive-events">Receive
 *     events</a>
 */
public enum EventType {
  /** The session has started: its id, resume URL, user and guilds. */
  READY,
  /** The replay after a resume is complete; what follows is new. */
  RESUMED,
  /** A request of this session was refused for its rate. */
  RATE_LIMITED,
  /** The permissions of an application command changed. */
  APPLICATION_COMMAND_PERMISSIONS_UPDATE,
  /** A rule of auto moderation was created. */
  AUTO_MODERATION_RULE_CREATE,
  /** A rule of auto moderation changed. */
  AUTO_MODERATION_RULE_UPDATE,
  /** A rule of auto moderation was deleted. */
  AUTO_MODERATION_RULE_DELETE,
  /** A rule of auto moderation acted. */
  AUTO_MODERATION_ACTION_EXECUTION,
  /** A channel was created. */
  CHANNEL_CREATE,
  /** A channel changed. */
  CHANNEL_UPDATE,
  /** A channel was deleted. */
  CHANNEL_DELETE,
  /** The answer to {@link Opcode#REQUEST_CHANNEL_INFO}. */
  CHANNEL_INFO,
  /** A message was pinned or unpinned. */
  CHANNEL_PINS_UPDATE,
  /** The status line of a voice channel changed. */
  VOICE_CHANNEL_STATUS_UPDATE,
  /** The time since when a voice channel is in use changed. */
  VOICE_CHANNEL_START_TIME_UPDATE,
  /** Somebody sent an effect in the bot's voice channel. */
  VOICE_CHANNEL_EFFECT_SEND,
  /** A thread was created, or the bot was added to a private one. */
  THREAD_CREATE,
  /** A thread changed. */
  THREAD_UPDATE,
  /** A thread was deleted. */
  THREAD_DELETE,
  /** The active threads of channels that the bot can see now. */
  THREAD_LIST_SYNC,
  /** The bot's own membership in a thread changed. */
  THREAD_MEMBER_UPDATE,
  /** Members joined or left a thread. */
  THREAD_MEMBERS_UPDATE,
  /** An entitlement was created. */
  ENTITLEMENT_CREATE,
  /** An entitlement changed. */
  ENTITLEMENT_UPDATE,
  /** An entitlement was deleted. */
  ENTITLEMENT_DELETE,
  /** A subscription was created. */
  SUBSCRIPTION_CREATE,
  /** A subscription changed. */
  SUBSCRIPTION_UPDATE,
  /** A subscription was deleted. */
  SUBSCRIPTION_DELETE,
  /** A guild became available, at start-up, after an outage or by joining it. */
  GUILD_CREATE,
  /** A guild changed. */
  GUILD_UPDATE,
  /** A guild became unavailable, or the bot is no longer in it. */
  GUILD_DELETE,
  /** An entry was added to a guild's audit log. */
  GUILD_AUDIT_LOG_ENTRY_CREATE,
  /** A user was banned from a guild. */
  GUILD_BAN_ADD,
  /** A user was unbanned from a guild. */
  GUILD_BAN_REMOVE,
  /** A guild's emojis changed; carries all of them. */
  GUILD_EMOJIS_UPDATE,
  /** A guild's stickers changed; carries all of them. */
  GUILD_STICKERS_UPDATE,
  /** A guild's integrations changed. */
  GUILD_INTEGRATIONS_UPDATE,
  /** A user joined a guild. */
  GUILD_MEMBER_ADD,
  /** A user left a guild, was kicked or was banned. */
  GUILD_MEMBER_REMOVE,
  /** A member, or the user behind it, changed. */
  GUILD_MEMBER_UPDATE,
  /** A part of the answer to {@link Opcode#REQUEST_GUILD_MEMBERS}. */
  GUILD_MEMBERS_CHUNK,
  /** A role was created. */
  GUILD_ROLE_CREATE,
  /** A role changed. */
  GUILD_ROLE_UPDATE,
  /** A role was deleted. */
  GUILD_ROLE_DELETE,
  /** A scheduled event was created. */
  GUILD_SCHEDULED_EVENT_CREATE,
  /** A scheduled event changed. */
  GUILD_SCHEDULED_EVENT_UPDATE,
  /** A scheduled event was deleted. */
  GUILD_SCHEDULED_EVENT_DELETE,
  /** A user subscribed to a scheduled event. */
  GUILD_SCHEDULED_EVENT_USER_ADD,
  /** A user unsubscribed from a scheduled event. */
  GUILD_SCHEDULED_EVENT_USER_REMOVE,
  /** A soundboard sound was created. */
  GUILD_SOUNDBOARD_SOUND_CREATE,
  /** A soundboard sound changed. */
  GUILD_SOUNDBOARD_SOUND_UPDATE,
  /** A soundboard sound was deleted. */
  GUILD_SOUNDBOARD_SOUND_DELETE,
  /** Several soundboard sounds of a guild changed. */
  GUILD_SOUNDBOARD_SOUNDS_UPDATE,
  /** One guild's answer to {@link Opcode#REQUEST_SOUNDBOARD_SOUNDS}. */
  SOUNDBOARD_SOUNDS,
  /** An integration was created. */
  INTEGRATION_CREATE,
  /** An integration changed. */
  INTEGRATION_UPDATE,
  /** An integration was deleted. */
  INTEGRATION_DELETE,
  /** A user interacted with the application: a command, a component, a modal. */
  INTERACTION_CREATE,
  /** An invite was created. */
  INVITE_CREATE,
  /** An invite was deleted. */
  INVITE_DELETE,
  /** A message was sent. */
  MESSAGE_CREATE,
  /** A message was edited, got a late embed, or changed otherwise. */
  MESSAGE_UPDATE,
  /** A message was deleted. */
  MESSAGE_DELETE,
  /** Several messages were deleted at once. */
  MESSAGE_DELETE_BULK,
  /** A user reacted to a message. */
  MESSAGE_REACTION_ADD,
  /** A user took a reaction back. */
  MESSAGE_REACTION_REMOVE,
  /** All reactions of a message were removed. */
  MESSAGE_REACTION_REMOVE_ALL,
  /** All reactions of a message with one emoji were removed. */
  MESSAGE_REACTION_REMOVE_EMOJI,
  /** A user voted in a poll; one event for each answer. */
  MESSAGE_POLL_VOTE_ADD,
  /** A user took a vote in a poll back. */
  MESSAGE_POLL_VOTE_REMOVE,
  /** A user's presence changed; its field types are not validated by the gateway. */
  PRESENCE_UPDATE,
  /** A stage instance was created. */
  STAGE_INSTANCE_CREATE,
  /** A stage instance changed. */
  STAGE_INSTANCE_UPDATE,
  /** A stage instance was closed. */
  STAGE_INSTANCE_DELETE,
  /** A user started to type. */
  TYPING_START,
  /** The bot's own user changed. */
  USER_UPDATE,
  /** Somebody joined, moved between or left voice channels, or changed their state in one. */
  VOICE_STATE_UPDATE,
  /** The voice server of a guild for the bot's own voice connection. */
  VOICE_SERVER_UPDATE,
  /** A webhook of a channel was created, changed or deleted. */
  WEBHOOKS_UPDATE,
  /** Any name that has no constant here. */
  UNKNOWN;

  private static final Map<String, EventType> BY_NAME = new HashMap<>();

  static {
    for (EventType type : values()) {
      if (type != UNKNOWN) {
        BY_NAME.put(type.name(), type);
      }
    }
  }

  /**
   * {@return the type of an event name, {@link #UNKNOWN} for one without a constant}
   *
   * @param name the name on the wire, any string
   */
  public static EventType of(String name) {
    return BY_NAME.getOrDefault(name, UNKNOWN);
  }
}
