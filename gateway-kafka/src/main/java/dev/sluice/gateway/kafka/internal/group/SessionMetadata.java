package dev.sluice.gateway.kafka.internal.group;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.sluice.gateway.GatewaySession;
import org.jspecify.annotations.Nullable;

/**
 * What the committed offset of a shard carries as metadata. Immutable.
 *
 * @param session the session to resume, null when there is none
 * @param epoch the epoch of the assignment that wrote it
 * @param transactionalId of the producer whose transaction wrote it, null when none did
 */
public record SessionMetadata(
    @Nullable GatewaySession session, long epoch, @Nullable String transactionalId) {

  /** What a shard has that never was committed. */
  static final SessionMetadata NONE = new SessionMetadata(null, 0, null);

  /** What brokers take by default, their {@code offset.metadata.max.bytes}. */
  static final int MAX_BYTES = 4096;

  private static final int FORMAT_VERSION = 1;
  private static final JsonMapper MAPPER = new JsonMapper();

  /**
   * {@return the metadata as JSON in one line} A resume gateway URL that is too long is left out,
   * for the gateway's own serves as well.
   *
   * @throws IllegalArgumentException if it is over 4096 bytes; never shows the session id
   */
  public String encode() {
    String encoded = encode(session);
    if (session != null && session.resumeGatewayUrl() != null && bytes(encoded) > MAX_BYTES) {
      encoded = encode(withoutResumeGatewayUrl(session));
    }
    int bytes = bytes(encoded);
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "session metadata: "
              + bytes
              + " bytes (expected: <= "
              + MAX_BYTES
              + ", offset.metadata.max.bytes of a broker)");
    }
    return encoded;
  }

  private static int bytes(String encoded) {
    return encoded.getBytes(UTF_8).length;
  }

  private static GatewaySession withoutResumeGatewayUrl(GatewaySession session) {
    return new GatewaySession(
        session.sessionId(),
        null,
        session.sequence(),
        session.applicationId(),
        session.shard(),
        session.intents(),
        session.apiVersion(),
        session.encoding(),
        session.compression(),
        session.firstSeen(),
        session.lastSeen());
  }

  private String encode(@Nullable GatewaySession session) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("version", FORMAT_VERSION);
    json.put("epoch", epoch);
    if (transactionalId != null) {
      json.put("transactional_id", transactionalId);
    }
    if (session != null) {
      json.putRawValue("session", new RawValue(session.toJson()));
    }
    return json.toString();
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @param encoded the metadata; empty for an offset that was committed without any
   * @return the metadata
   * @throws IllegalArgumentException if it is something else; never shows the content
   */
  public static SessionMetadata decode(String encoded) {
    if (encoded.isEmpty()) {
      return NONE;
    }
    JsonNode json;
    try {
      json = MAPPER.readTree(encoded);
    } catch (JsonProcessingException e) {
      // The cause would quote the content.
      throw new IllegalArgumentException(
          "session metadata: no JSON at column " + e.getLocation().getColumnNr());
    }
    int version = json.path("version").asInt();
    if (version != FORMAT_VERSION) {
      throw new IllegalArgumentException(
          "session metadata: version " + version + " (expected: " + FORMAT_VERSION + ')');
    }
    JsonNode session = json.get("session");
    return new SessionMetadata(
        session == null ? null : GatewaySession.fromJson(session.toString()),
        json.path("epoch").asLong(),
        json.path("transactional_id").textValue());
  }
}
