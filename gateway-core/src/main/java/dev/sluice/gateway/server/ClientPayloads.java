package dev.sluice.gateway.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Opcode;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What the data of a client's payloads must look like. Keys that are not documented are ignored.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#send-events">Send
 *     events</a>
 */
final class ClientPayloads {

  static final int MAX_USER_IDS = 100;

  private static final int MAX_ACTIVITY_TYPE = 5;
  private static final String MAX_ID = Long.toUnsignedString(-1);
  private static final Set<String> STATUSES =
      Set.of("online", "dnd", "idle", "invisible", "offline");
  private static final List<String> PROPERTIES =
      List.of("os", "browser", "device", "$os", "$browser", "$device");

  private ClientPayloads() {}

  /**
   * {@return whether the mandatory fields are there, and all documented ones have the right types
   * and are in range} The shard and the intents of IDENTIFY are not looked at, for they have close
   * codes of their own, nor is the nonce of a member request, which is ignored if it is invalid.
   */
  static boolean isWellFormed(Opcode opcode, JsonNode d) {
    return switch (opcode) {
      case HEARTBEAT -> d.isNull() || isCount(d);
      case IDENTIFY -> isIdentify(d);
      case PRESENCE_UPDATE -> isPresence(d);
      case VOICE_STATE_UPDATE ->
          isId(d.path("guild_id"))
              && isNullOr(d.path("channel_id"), ClientPayloads::isId)
              && d.path("self_mute").isBoolean()
              && d.path("self_deaf").isBoolean();
      case RESUME ->
          d.path("token").isTextual()
              && d.path("session_id").isTextual()
              && d.path("seq").isIntegralNumber();
      case REQUEST_GUILD_MEMBERS -> isMemberRequest(d);
      case REQUEST_SOUNDBOARD_SOUNDS -> isArray(d.path("guild_ids"), ClientPayloads::isId);
      case REQUEST_CHANNEL_INFO ->
          isId(d.path("guild_id")) && isArray(d.path("fields"), JsonNode::isTextual);
      case DISPATCH, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK, UNKNOWN -> false;
    };
  }

  private static boolean isIdentify(JsonNode d) {
    JsonNode properties = d.path("properties");
    return d.path("token").isTextual()
        && properties.isObject()
        && PROPERTIES.stream()
            .allMatch(name -> isAbsentOr(properties.path(name), JsonNode::isTextual))
        && isAbsentOr(d.path("compress"), JsonNode::isBoolean)
        && isAbsentOr(d.path("large_threshold"), threshold -> isBetween(threshold, 50, 250))
        && isAbsentOr(d.path("presence"), ClientPayloads::isPresence);
  }

  private static boolean isPresence(JsonNode d) {
    return isNullOr(d.path("since"), ClientPayloads::isCount)
        && isArray(d.path("activities"), ClientPayloads::isActivity)
        && d.path("status").isTextual()
        && STATUSES.contains(d.path("status").textValue())
        && d.path("afk").isBoolean();
  }

  private static boolean isActivity(JsonNode activity) {
    return activity.path("name").isTextual()
        && !activity.path("name").textValue().isEmpty()
        && isBetween(activity.path("type"), 0, MAX_ACTIVITY_TYPE)
        && isAbsentOr(activity.path("state"), state -> isNullOr(state, JsonNode::isTextual))
        && isAbsentOr(activity.path("url"), url -> isNullOr(url, JsonNode::isTextual));
  }

  private static boolean isMemberRequest(JsonNode d) {
    JsonNode query = d.path("query");
    JsonNode userIds = d.path("user_ids");
    return isId(d.path("guild_id"))
        && !(query.isMissingNode() && userIds.isMissingNode())
        && isAbsentOr(query, text -> text.isTextual() && isCount(d.path("limit")))
        && isAbsentOr(userIds, ids -> isId(ids) || isArray(ids, ClientPayloads::isId))
        && userIds.size() <= MAX_USER_IDS
        && isAbsentOr(d.path("presences"), JsonNode::isBoolean);
  }

  private static boolean isAbsentOr(JsonNode node, Predicate<JsonNode> valid) {
    return node.isMissingNode() || valid.test(node);
  }

  private static boolean isNullOr(JsonNode node, Predicate<JsonNode> valid) {
    return node.isNull() || valid.test(node);
  }

  private static boolean isArray(JsonNode node, Predicate<JsonNode> valid) {
    if (!node.isArray()) {
      return false;
    }
    for (JsonNode element : node) {
      if (!valid.test(element)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isBetween(JsonNode node, int min, int max) {
    return node.isInt() && node.intValue() >= min && node.intValue() <= max;
  }

  private static boolean isCount(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0;
  }

  /** A snowflake, in quotes as JSON has it or a number as ETF may have it. */
  private static boolean isId(JsonNode node) {
    if (!node.isTextual() && !node.isIntegralNumber()) {
      return false;
    }
    String id = node.asText();
    int digits = id.length();
    return digits > 0
        && digits <= MAX_ID.length()
        && id.chars().allMatch(c -> c >= '0' && c <= '9')
        && (digits < MAX_ID.length() || id.compareTo(MAX_ID) <= 0);
  }
}
