package dev.sluice.gateway.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * What becomes of well-formed requests for guild members.
 *
 * @see <a
 *     href="https://discord.com/developers/docs/events/gateway-events#request-guild-members">Request
 *     guild members</a>
 */
final class MemberRequests {

  enum Verdict {
    /** To be answered. */
    ADMITTED,
    /** For the whole list, without the intent that it needs. */
    IGNORED,
    /** For the whole list, too soon after another one of the guild. */
    RATE_LIMITED
  }

  private static final Duration WINDOW = Duration.ofSeconds(30);
  private static final int MAX_NONCE_BYTES = 32;
  private static final int MAX_FOUND = 100;

  private final KeyedWindows guilds = new KeyedWindows(WINDOW.toNanos());

  /** Makes a request what is honoured of it. */
  static void normalize(ObjectNode request, Intents intents) {
    JsonNode nonce = request.path("nonce");
    if (!nonce.isTextual()
        || nonce.textValue().getBytes(StandardCharsets.UTF_8).length > MAX_NONCE_BYTES) {
      request.remove("nonce");
    }
    if (request.has("presences") && !intents.contains(Intent.GUILD_PRESENCES)) {
      request.put("presences", false);
    }
    long limit = request.path("limit").longValue();
    if (!request.path("query").asText().isEmpty() && (limit == 0 || limit > MAX_FOUND)) {
      request.put("limit", MAX_FOUND);
    }
  }

  Verdict admit(JsonNode request, Intents intents, long nowNanos) {
    if (!isForWholeList(request)) {
      return Verdict.ADMITTED;
    }
    if (!intents.contains(Intent.GUILD_MEMBERS)) {
      return Verdict.IGNORED;
    }
    long guild = guildOf(request);
    if (guilds.remainingNanos(guild, nowNanos) > 0) {
      return Verdict.RATE_LIMITED;
    }
    guilds.start(guild, nowNanos);
    return Verdict.ADMITTED;
  }

  /** {@return the data of RATE_LIMITED for a request that was refused} */
  ByteBuffer rateLimited(JsonNode request, long nowNanos) {
    long remainingNanos = guilds.remainingNanos(guildOf(request), nowNanos);
    long remainingMillis = (remainingNanos + 999_999) / 1_000_000; // nobody is to come too early
    ObjectNode d = JsonNodeFactory.instance.objectNode();
    d.put("retry_after", remainingMillis / 1000.0);
    d.put("opcode", 8);
    ObjectNode meta = d.putObject("meta");
    if (request.has("nonce")) {
      meta.set("nonce", request.get("nonce"));
    }
    meta.put("guild_id", request.path("guild_id").asText());
    return ByteBuffer.wrap(d.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static boolean isForWholeList(JsonNode request) {
    JsonNode query = request.path("query");
    return query.isTextual()
        && query.textValue().isEmpty()
        && request.path("limit").longValue() == 0;
  }

  private static long guildOf(JsonNode request) {
    return Long.parseUnsignedLong(request.path("guild_id").asText());
  }
}
