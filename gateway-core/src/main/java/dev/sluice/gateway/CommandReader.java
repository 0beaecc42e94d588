package dev.sluice.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.GatewayCommand.Raw;
import dev.sluice.gateway.GatewayCommand.RequestChannelInfo;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.RequestSoundboardSounds;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads commands from the payloads that the gateway would be sent. One whose fields are all known
 * gets its type, for limits of its own depend on that; any other stays as it is.
 */
final class CommandReader {

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private static final Set<String> PRESENCE = Set.of("since", "activities", "status", "afk");
  private static final Set<String> ACTIVITY = Set.of("name", "type", "state", "url");
  private static final Set<String> VOICE_STATE =
      Set.of("guild_id", "channel_id", "self_mute", "self_deaf");
  private static final Set<String> GUILD_MEMBERS =
      Set.of("guild_id", "query", "limit", "presences", "user_ids", "nonce");
  private static final Set<String> SOUNDBOARD_SOUNDS = Set.of("guild_ids");
  private static final Set<String> CHANNEL_INFO = Set.of("guild_id", "fields");

  private CommandReader() {}

  static GatewayCommand read(String json) {
    JsonNode payload;
    try {
      payload = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "command: no JSON at line "
              + e.getLocation().getLineNr()
              + ", column "
              + e.getLocation().getColumnNr());
    }
    try {
      int code = Views.intWithin("op", payload.path("op"), 0, Integer.MAX_VALUE);
      JsonNode data = payload.path("d");
      if (data.isMissingNode()) {
        throw Views.unexpected("d", data, "the data of the command");
      }
      GatewayCommand typed = typed(Opcode.of(code), data);
      return typed == null ? new Raw(code, data) : typed;
    } catch (IOException e) {
      throw new IllegalArgumentException("command: " + e.getMessage(), e);
    }
  }

  private static @Nullable GatewayCommand typed(Opcode opcode, JsonNode data) throws IOException {
    return switch (opcode) {
      case PRESENCE_UPDATE ->
          knows(PRESENCE, data) && knowsActivities(data.path("activities"))
              ? new UpdatePresence(presence(data))
              : null;
      case VOICE_STATE_UPDATE ->
          knows(VOICE_STATE, data)
              ? new UpdateVoiceState(
                  Views.id(data.path("guild_id")),
                  data.path("channel_id").isNull() ? null : Views.id(data.path("channel_id")),
                  data.path("self_mute").asBoolean(),
                  data.path("self_deaf").asBoolean())
              : null;
      case REQUEST_GUILD_MEMBERS -> knows(GUILD_MEMBERS, data) ? guildMembers(data) : null;
      case REQUEST_SOUNDBOARD_SOUNDS ->
          knows(SOUNDBOARD_SOUNDS, data)
              ? new RequestSoundboardSounds(ids(data.path("guild_ids")))
              : null;
      case REQUEST_CHANNEL_INFO ->
          knows(CHANNEL_INFO, data)
              ? new RequestChannelInfo(
                  Views.id(data.path("guild_id")), texts("fields", data.path("fields")))
              : null;
      case DISPATCH,
          HEARTBEAT,
          IDENTIFY,
          RESUME,
          RECONNECT,
          INVALID_SESSION,
          HELLO,
          HEARTBEAT_ACK,
          UNKNOWN ->
          null;
    };
  }

  private static Presence presence(JsonNode data) throws IOException {
    JsonNode since = data.path("since");
    List<Activity> activities = new ArrayList<>();
    for (JsonNode activity : data.path("activities")) {
      activities.add(
          new Activity(
              text("name", activity.path("name")),
              activityType(activity.path("type")),
              activity.path("state").textValue(),
              activity.path("url").textValue()));
    }
    return new Presence(
        since.isIntegralNumber() ? Instant.ofEpochMilli(since.longValue()) : null,
        activities,
        status(data.path("status")),
        data.path("afk").asBoolean());
  }

  private static Activity.Type activityType(JsonNode code) throws IOException {
    for (Activity.Type type : Activity.Type.values()) {
      if (code.isIntegralNumber() && code.intValue() == type.code()) {
        return type;
      }
    }
    throw Views.unexpected("activity type", code, "the number of one");
  }

  private static Presence.Status status(JsonNode value) throws IOException {
    for (Presence.Status status : Presence.Status.values()) {
      if (status.value().equals(value.textValue())) {
        return status;
      }
    }
    throw Views.unexpected("status", value, "one such as online");
  }

  private static RequestGuildMembers guildMembers(JsonNode data) throws IOException {
    JsonNode users = data.path("user_ids");
    JsonNode limit = data.path("limit");
    return new RequestGuildMembers(
        Views.id(data.path("guild_id")),
        data.path("query").textValue(),
        limit.isMissingNode() ? 0 : Views.intWithin("limit", limit, 0, Integer.MAX_VALUE),
        data.path("presences").asBoolean(),
        users.isMissingNode() || users.isNull() ? List.of() : ids(users),
        data.path("nonce").textValue());
  }

  /** One id or an array of them: Discord takes both. */
  private static List<Long> ids(JsonNode value) {
    if (!value.isArray()) {
      return List.of(Views.id(value));
    }
    List<Long> ids = new ArrayList<>(value.size());
    value.forEach(id -> ids.add(Views.id(id)));
    return ids;
  }

  private static List<String> texts(String name, JsonNode values) throws IOException {
    List<String> texts = new ArrayList<>(values.size());
    for (JsonNode value : values) {
      texts.add(text(name, value));
    }
    return texts;
  }

  private static String text(String name, JsonNode value) throws IOException {
    if (!value.isTextual()) {
      throw Views.unexpected(name, value, "text");
    }
    return value.textValue();
  }

  private static boolean knowsActivities(JsonNode activities) {
    for (JsonNode activity : activities) {
      if (!knows(ACTIVITY, activity)) {
        return false;
      }
    }
    return true;
  }

  private static boolean knows(Set<String> fields, JsonNode data) {
    for (Iterator<String> names = data.fieldNames(); names.hasNext(); ) {
      if (!fields.contains(names.next())) {
        return false;
      }
    }
    return true;
  }
}
