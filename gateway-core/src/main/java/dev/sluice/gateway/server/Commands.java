package dev.sluice.gateway.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Opcode;

/** What the data of a client's commands must look like. */
final class Commands {

  private Commands() {}

  /** {@return whether the mandatory fields of a command are there and have the right types} */
  static boolean isWellFormed(Opcode command, JsonNode d) {
    return switch (command) {
      case PRESENCE_UPDATE ->
          (d.path("since").isNull() || d.path("since").isIntegralNumber())
              && d.path("activities").isArray()
              && d.path("status").isTextual()
              && d.path("afk").isBoolean();
      case VOICE_STATE_UPDATE ->
          isId(d.path("guild_id"))
              && (d.path("channel_id").isNull() || isId(d.path("channel_id")))
              && d.path("self_mute").isBoolean()
              && d.path("self_deaf").isBoolean();
      case REQUEST_GUILD_MEMBERS ->
          isId(d.path("guild_id"))
              && ((d.path("query").isTextual() && d.path("limit").isIntegralNumber())
                  || d.path("user_ids").isArray()
                  || isId(d.path("user_ids")));
      case REQUEST_SOUNDBOARD_SOUNDS -> d.path("guild_ids").isArray();
      case REQUEST_CHANNEL_INFO -> isId(d.path("guild_id")) && d.path("fields").isArray();
      default ->
          throw new IllegalArgumentException("opcode: " + command + " (expected: a command)");
    };
  }

  private static boolean isId(JsonNode node) {
    return node.isTextual() || node.isIntegralNumber();
  }
}
