package dev.sluice.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/**
 * All that another process needs to RESUME a session; never the token. Immutable.
 *
 * @param sessionId from READY
 * @param resumeGatewayUrl from READY, without a query; null when it was missing or proved dead
 * @param sequence the acknowledged sequence: every dispatch up to it was handled, so a RESUME from
 *     it repeats what was not
 * @param applicationId the bot's application, 0 when READY did not say
 * @param shard the shard and the count that the session was identified with
 * @param intents the intents that the session was identified with
 * @param apiVersion the version of the gateway API
 * @param encoding the encoding of the session's transports
 * @param compression the compression of the session's transports
 * @param firstSeen when READY came
 * @param lastSeen when its transport was last known to be up
 */
public record GatewaySession(
    String sessionId,
    @Nullable String resumeGatewayUrl,
    long sequence,
    long applicationId,
    ShardId shard,
    Intents intents,
    int apiVersion,
    Encoding encoding,
    Compression compression,
    Instant firstSeen,
    Instant lastSeen) {

  /** The version of the form that {@link #toJson} writes. */
  public static final int FORMAT_VERSION = 1;

  private static final int MAX_SESSION_ID_LENGTH = 512;
  private static final JsonMapper MAPPER = new JsonMapper();

  /**
   * Checks the ranges.
   *
   * @param sessionId from READY
   * @param resumeGatewayUrl from READY, without a query; null when it was missing or proved dead
   * @param sequence the acknowledged sequence: every dispatch up to it was handled, so a RESUME
   *     from it repeats what was not
   * @param applicationId the bot's application, 0 when READY did not say
   * @param shard the shard and the count that the session was identified with
   * @param intents the intents that the session was identified with
   * @param apiVersion the version of the gateway API
   * @param encoding the encoding of the session's transports
   * @param compression the compression of the session's transports
   * @param firstSeen when READY came
   * @param lastSeen when its transport was last known to be up
   * @throws IllegalArgumentException if the session id is not of 1 to 512 printable ASCII
   *     characters, or the sequence negative
   */
  public GatewaySession {
    if (!isSessionId(sessionId)) {
      throw new IllegalArgumentException(
          "session id: of "
              + sessionId.length()
              + " characters (expected: 1.."
              + MAX_SESSION_ID_LENGTH
              + " printable ASCII characters)");
    }
    if (sequence < 0) {
      throw new IllegalArgumentException("sequence: " + sequence + " (expected: >= 0)");
    }
  }

  /**
   * {@return the session as JSON in one line, with the version of its form} It lets whoever has it
   * and the token resume the session, so store it where only the bot can read.
   */
  public String toJson() {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("version", FORMAT_VERSION);
    json.put("session_id", sessionId);
    json.put("resume_gateway_url", resumeGatewayUrl);
    json.put("sequence", sequence);
    json.put("application_id", Long.toUnsignedString(applicationId));
    json.putArray("shard").add(shard.id()).add(shard.count());
    json.put("intents", intents.value());
    json.put("api_version", apiVersion);
    json.put("encoding", encoding.name());
    json.put("compression", compression.name());
    json.put("first_seen", firstSeen.toString());
    json.put("last_seen", lastSeen.toString());
    return json.toString();
  }

  /**
   * Reads what {@link #toJson} wrote. Fields that it does not know are passed over.
   *
   * @param json the session as JSON
   * @return the session
   * @throws IllegalArgumentException if it is not JSON, has another version, or a field is missing
   *     or out of range; the message names the field, and never shows the session id
   */
  public static GatewaySession fromJson(String json) {
    JsonNode root;
    try {
      root = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      // The cause would quote the content.
      throw new IllegalArgumentException(
          "stored session: no JSON at line "
              + e.getLocation().getLineNr()
              + ", column "
              + e.getLocation().getColumnNr());
    }
    try {
      // First of all, for another version may have other fields.
      Views.intWithin("version", root.path("version"), FORMAT_VERSION, FORMAT_VERSION);
      JsonNode sequence = root.path("sequence");
      if (!sequence.isIntegralNumber() || !sequence.canConvertToLong()) {
        throw Views.unexpected("sequence", sequence, "a whole number from 0");
      }
      JsonNode shard = root.path("shard");
      return new GatewaySession(
          text(root, "session_id"),
          root.path("resume_gateway_url").textValue(),
          sequence.longValue(),
          Views.id(root.path("application_id")),
          new ShardId(
              Views.intWithin("shard id", shard.path(0), 0, Integer.MAX_VALUE),
              Views.intWithin("shard count", shard.path(1), 1, Integer.MAX_VALUE)),
          new Intents(
              Views.intWithin(
                  "intents", root.path("intents"), Integer.MIN_VALUE, Integer.MAX_VALUE)),
          Views.intWithin("api_version", root.path("api_version"), 1, Integer.MAX_VALUE),
          constant(Encoding.class, root, "encoding"),
          constant(Compression.class, root, "compression"),
          instant(root, "first_seen"),
          instant(root, "last_seen"));
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException("stored session: " + e.getMessage(), e);
    }
  }

  private static String text(JsonNode root, String field) throws IOException {
    JsonNode value = root.path(field);
    if (!value.isTextual()) {
      throw new IOException(field + ": " + value.getNodeType() + " (expected: text)");
    }
    return value.textValue();
  }

  private static <E extends Enum<E>> E constant(Class<E> type, JsonNode root, String field)
      throws IOException {
    String name = text(root, field);
    try {
      return Enum.valueOf(type, name);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          field + ": " + name + " (expected: one of " + EnumSet.allOf(type) + ')', e);
    }
  }

  private static Instant instant(JsonNode root, String field) throws IOException {
    String text = text(root, field);
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new IOException(field + ": " + text + " (expected: an ISO-8601 instant)", e);
    }
  }

  /**
   * Says why this session cannot be resumed with a configuration. A RESUME would silently keep the
   * old intents, so any difference calls for a fresh IDENTIFY.
   *
   * @param config the configuration of the connection
   * @param shard its shard
   * @return the first difference, or null when there is none
   */
  public @Nullable String mismatch(GatewayConfig config, ShardId shard) {
    if (!this.shard.equals(shard)) {
      return "shard: " + this.shard + " (expected: " + shard + ')';
    }
    if (!intents.equals(config.intents())) {
      return "intents: " + intents.value() + " (expected: " + config.intents().value() + ')';
    }
    if (apiVersion != GatewayConfig.API_VERSION) {
      return "API version: " + apiVersion + " (expected: " + GatewayConfig.API_VERSION + ')';
    }
    if (encoding != config.encoding()) {
      return "encoding: " + encoding + " (expected: " + config.encoding() + ')';
    }
    if (compression != config.compression()) {
      return "compression: " + compression + " (expected: " + config.compression() + ')';
    }
    return null;
  }

  /** Whether a RESUME can carry it: Discord's are 32 hexadecimal digits, longer ones may come. */
  static boolean isSessionId(String id) {
    return !id.isEmpty()
        && id.length() <= MAX_SESSION_ID_LENGTH
        && id.chars().allMatch(c -> c > ' ' && c <= '~');
  }
}
