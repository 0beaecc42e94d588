package dev.sluice.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The data of READY, as far as the protocol needs it; the rest of it is the application's to bind.
 *
 * @param version the version of the API, 0 if it does not say
 * @param sessionId the id that RESUME names
 * @param resumeGatewayUrl where to dial to resume, without a query; null if it does not say
 * @param shard the shard and the count that were identified with, or null if it does not say
 * @param userId the bot's user, an unsigned snowflake, 0 if it does not say
 * @param applicationId the bot's application, an unsigned snowflake, 0 if it does not say
 * @param guildIds the guilds of the shard, unsigned snowflakes; a GUILD_CREATE of each follows, or
 *     a GUILD_DELETE that says it is unavailable
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#ready">Ready</a>
 */
public record Ready(
    int version,
    String sessionId,
    @Nullable String resumeGatewayUrl,
    @Nullable ShardId shard,
    long userId,
    long applicationId,
    List<Long> guildIds) {

  /**
   * Copies the list.
   *
   * @param version the version of the API, 0 if it does not say
   * @param sessionId the id that RESUME names
   * @param resumeGatewayUrl where to dial to resume, without a query; null if it does not say
   * @param shard the shard and the count that were identified with, or null if it does not say
   * @param userId the bot's user, an unsigned snowflake, 0 if it does not say
   * @param applicationId the bot's application, an unsigned snowflake, 0 if it does not say
   * @param guildIds the guilds of the shard, unsigned snowflakes; a GUILD_CREATE of each follows,
   *     or a GUILD_DELETE that says it is unavailable
   */
  public Ready {
    guildIds = List.copyOf(guildIds);
  }

  /**
   * Reads the event.
   *
   * @param data its {@code d}
   * @return the view of it
   * @throws IOException if {@code session_id} is not of 1 to 512 printable ASCII characters
   */
  public static Ready of(JsonNode data) throws IOException {
    String sessionId = data.path("session_id").textValue();
    if (sessionId == null || !GatewaySession.isSessionId(sessionId)) {
      // Its content stays out of the message: who has it may resume the session.
      throw new IOException("session_id of READY: none that RESUME could carry");
    }
    List<Long> guildIds = new ArrayList<>(data.path("guilds").size());
    for (JsonNode guild : data.path("guilds")) {
      long id = Views.id(guild.path("id"));
      if (id != 0) {
        guildIds.add(id);
      }
    }
    return new Ready(
        data.path("v").asInt(0),
        sessionId,
        data.path("resume_gateway_url").textValue(),
        shardOf(data.path("shard")),
        Views.id(data.path("user").path("id")),
        Views.id(data.path("application").path("id")),
        guildIds);
  }

  private static @Nullable ShardId shardOf(JsonNode shard) {
    int id = shard.path(0).asInt(-1);
    int count = shard.path(1).asInt(-1);
    return id >= 0 && id < count ? new ShardId(id, count) : null;
  }
}
