package dev.sluice.gateway;

import java.time.Instant;
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

  /** The version of this record's form, for those who store it. */
  public static final int FORMAT_VERSION = 1;

  private static final int MAX_SESSION_ID_LENGTH = 512;

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
