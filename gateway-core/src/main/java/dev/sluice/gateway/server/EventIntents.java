package dev.sluice.gateway.server;

import static dev.sluice.gateway.Intent.AUTO_MODERATION_CONFIGURATION;
import static dev.sluice.gateway.Intent.AUTO_MODERATION_EXECUTION;
import static dev.sluice.gateway.Intent.DIRECT_MESSAGES;
import static dev.sluice.gateway.Intent.DIRECT_MESSAGE_POLLS;
import static dev.sluice.gateway.Intent.DIRECT_MESSAGE_REACTIONS;
import static dev.sluice.gateway.Intent.DIRECT_MESSAGE_TYPING;
import static dev.sluice.gateway.Intent.GUILDS;
import static dev.sluice.gateway.Intent.GUILD_EXPRESSIONS;
import static dev.sluice.gateway.Intent.GUILD_INTEGRATIONS;
import static dev.sluice.gateway.Intent.GUILD_INVITES;
import static dev.sluice.gateway.Intent.GUILD_MEMBERS;
import static dev.sluice.gateway.Intent.GUILD_MESSAGES;
import static dev.sluice.gateway.Intent.GUILD_MESSAGE_POLLS;
import static dev.sluice.gateway.Intent.GUILD_MESSAGE_REACTIONS;
import static dev.sluice.gateway.Intent.GUILD_MESSAGE_TYPING;
import static dev.sluice.gateway.Intent.GUILD_MODERATION;
import static dev.sluice.gateway.Intent.GUILD_PRESENCES;
import static dev.sluice.gateway.Intent.GUILD_SCHEDULED_EVENTS;
import static dev.sluice.gateway.Intent.GUILD_VOICE_STATES;
import static dev.sluice.gateway.Intent.GUILD_WEBHOOKS;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.internal.GuildIds;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Which events a session is sent, by its intents.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway#list-of-intents">List of
 *     intents</a>
 */
final class EventIntents {

  private final String botId;

  EventIntents(long botId) {
    this.botId = Long.toUnsignedString(botId);
  }

  /**
   * {@return whether a session with the intents is sent an event}
   *
   * @param intents the intents of the session
   * @param name the name of the event
   * @param d its data, between position and limit; not consumed
   */
  boolean cover(Intents intents, String name, ByteBuffer d) {
    EventType type = EventType.of(name);
    Intent guilds = inGuilds(type);
    if (guilds == null) {
      return true;
    }
    Intent direct = inDirectMessages(type);
    if (direct == null || GuildIds.find(type, d, d.position(), d.limit()) != 0) {
      return intents.contains(guilds) || reachesTheBotItself(intents, type, d);
    }
    return intents.contains(direct);
  }

  /** The intent of an event, or of those of its kind that have a {@code guild_id}. */
  private static @Nullable Intent inGuilds(EventType type) {
    return switch (type) {
      case GUILD_CREATE,
          GUILD_UPDATE,
          GUILD_DELETE,
          GUILD_ROLE_CREATE,
          GUILD_ROLE_UPDATE,
          GUILD_ROLE_DELETE,
          CHANNEL_CREATE,
          CHANNEL_UPDATE,
          CHANNEL_DELETE,
          CHANNEL_PINS_UPDATE,
          THREAD_CREATE,
          THREAD_UPDATE,
          THREAD_DELETE,
          THREAD_LIST_SYNC,
          THREAD_MEMBER_UPDATE,
          STAGE_INSTANCE_CREATE,
          STAGE_INSTANCE_UPDATE,
          STAGE_INSTANCE_DELETE,
          VOICE_CHANNEL_STATUS_UPDATE,
          VOICE_CHANNEL_START_TIME_UPDATE ->
          GUILDS;
      case GUILD_MEMBER_ADD, GUILD_MEMBER_UPDATE, GUILD_MEMBER_REMOVE, THREAD_MEMBERS_UPDATE ->
          GUILD_MEMBERS;
      case GUILD_AUDIT_LOG_ENTRY_CREATE, GUILD_BAN_ADD, GUILD_BAN_REMOVE -> GUILD_MODERATION;
      case GUILD_EMOJIS_UPDATE,
          GUILD_STICKERS_UPDATE,
          GUILD_SOUNDBOARD_SOUND_CREATE,
          GUILD_SOUNDBOARD_SOUND_UPDATE,
          GUILD_SOUNDBOARD_SOUND_DELETE,
          GUILD_SOUNDBOARD_SOUNDS_UPDATE ->
          GUILD_EXPRESSIONS;
      case GUILD_INTEGRATIONS_UPDATE, INTEGRATION_CREATE, INTEGRATION_UPDATE, INTEGRATION_DELETE ->
          GUILD_INTEGRATIONS;
      case WEBHOOKS_UPDATE -> GUILD_WEBHOOKS;
      case INVITE_CREATE, INVITE_DELETE -> GUILD_INVITES;
      case VOICE_STATE_UPDATE, VOICE_CHANNEL_EFFECT_SEND -> GUILD_VOICE_STATES;
      case PRESENCE_UPDATE -> GUILD_PRESENCES;
      case MESSAGE_CREATE, MESSAGE_UPDATE, MESSAGE_DELETE, MESSAGE_DELETE_BULK -> GUILD_MESSAGES;
      case MESSAGE_REACTION_ADD,
          MESSAGE_REACTION_REMOVE,
          MESSAGE_REACTION_REMOVE_ALL,
          MESSAGE_REACTION_REMOVE_EMOJI ->
          GUILD_MESSAGE_REACTIONS;
      case TYPING_START -> GUILD_MESSAGE_TYPING;
      case GUILD_SCHEDULED_EVENT_CREATE,
          GUILD_SCHEDULED_EVENT_UPDATE,
          GUILD_SCHEDULED_EVENT_DELETE,
          GUILD_SCHEDULED_EVENT_USER_ADD,
          GUILD_SCHEDULED_EVENT_USER_REMOVE ->
          GUILD_SCHEDULED_EVENTS;
      case AUTO_MODERATION_RULE_CREATE, AUTO_MODERATION_RULE_UPDATE, AUTO_MODERATION_RULE_DELETE ->
          AUTO_MODERATION_CONFIGURATION;
      case AUTO_MODERATION_ACTION_EXECUTION -> AUTO_MODERATION_EXECUTION;
      case MESSAGE_POLL_VOTE_ADD, MESSAGE_POLL_VOTE_REMOVE -> GUILD_MESSAGE_POLLS;
      case READY,
          RESUMED,
          RATE_LIMITED,
          INTERACTION_CREATE,
          APPLICATION_COMMAND_PERMISSIONS_UPDATE,
          USER_UPDATE,
          VOICE_SERVER_UPDATE,
          GUILD_MEMBERS_CHUNK,
          SOUNDBOARD_SOUNDS,
          CHANNEL_INFO,
          ENTITLEMENT_CREATE,
          ENTITLEMENT_UPDATE,
          ENTITLEMENT_DELETE,
          SUBSCRIPTION_CREATE,
          SUBSCRIPTION_UPDATE,
          SUBSCRIPTION_DELETE,
          UNKNOWN ->
          null;
    };
  }

  /** The intent of those events of a kind that have no {@code guild_id}, if it is another. */
  private static @Nullable Intent inDirectMessages(EventType type) {
    return switch (type) {
      case MESSAGE_CREATE, MESSAGE_UPDATE, MESSAGE_DELETE, CHANNEL_PINS_UPDATE -> DIRECT_MESSAGES;
      case MESSAGE_REACTION_ADD,
          MESSAGE_REACTION_REMOVE,
          MESSAGE_REACTION_REMOVE_ALL,
          MESSAGE_REACTION_REMOVE_EMOJI ->
          DIRECT_MESSAGE_REACTIONS;
      case TYPING_START -> DIRECT_MESSAGE_TYPING;
      case MESSAGE_POLL_VOTE_ADD, MESSAGE_POLL_VOTE_REMOVE -> DIRECT_MESSAGE_POLLS;
      default -> null;
    };
  }

  /** Two events about members come without the privileged intent when the bot is the member. */
  private boolean reachesTheBotItself(Intents intents, EventType type, ByteBuffer d) {
    return switch (type) {
      case GUILD_MEMBER_UPDATE -> isBot(Payloads.parseData(d).path("user").path("id"));
      case THREAD_MEMBERS_UPDATE ->
          intents.contains(GUILDS) && isBotAmongThreadMembers(Payloads.parseData(d));
      default -> false;
    };
  }

  private boolean isBotAmongThreadMembers(JsonNode d) {
    for (JsonNode member : d.path("added_members")) {
      if (isBot(member.path("user_id"))) {
        return true;
      }
    }
    for (JsonNode removed : d.path("removed_member_ids")) {
      if (isBot(removed)) {
        return true;
      }
    }
    return false;
  }

  private boolean isBot(JsonNode id) {
    return id.asText().equals(botId);
  }
}
