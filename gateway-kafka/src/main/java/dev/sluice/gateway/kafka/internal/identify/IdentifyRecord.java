package dev.sluice.gateway.kafka.internal.identify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A record of the identify log: what a node says to all. Its time is the one that the broker gives
 * it. Immutable; on the wire one line of JSON, so that an operator can read along.
 */
sealed interface IdentifyRecord {

  /**
   * Asks for the right to IDENTIFY. Its place in the log decides whether it has it.
   *
   * @param node who asks, another one in every life of a process
   * @param number the claims of the node, counted
   * @param shard the shard that is to identify
   * @param count of how many
   */
  record Claim(String node, long number, int shard, int count) implements IdentifyRecord {}

  /**
   * Says that the IDENTIFY of a claim was written.
   *
   * @param node who claimed
   * @param number the number of the claim
   * @param shard its shard
   */
  record Sent(String node, long number, int shard) implements IdentifyRecord {}

  /**
   * Says that READY came after it.
   *
   * @param node who claimed
   * @param number the number of the claim
   * @param shard its shard
   */
  record Answered(String node, long number, int shard) implements IdentifyRecord {}

  /**
   * Says that a claim was not used and will not be.
   *
   * @param node who claimed
   * @param number the number of the claim
   * @param shard its shard
   */
  record Released(String node, long number, int shard) implements IdentifyRecord {}

  /**
   * What GET /gateway/bot said: {@code session_start_limit}.
   *
   * @param total session starts in a period, 0 if nobody asked, so that they are not counted
   * @param remaining how many were left
   * @param resetAfterMillis until they are all there again
   * @param maxConcurrency how many buckets there are, at least 1
   * @param askedAtMillis when it was asked at the earliest, by the clock of the broker, or 0 if the
   *     node cannot tell
   * @param askedEpoch the epoch of the leader whose clock that is
   */
  record Limit(
      int total,
      int remaining,
      long resetAfterMillis,
      int maxConcurrency,
      long askedAtMillis,
      int askedEpoch)
      implements IdentifyRecord {}

  /** The longest period of session starts that is believed; Discord's is a day. */
  long MAX_RESET_AFTER_MILLIS = Duration.ofDays(366).toMillis();

  /** {@return the value of the Kafka record} */
  default byte[] encode() {
    ObjectNode json = Json.MAPPER.createObjectNode();
    if (this instanceof Claim claim) {
      Json.put(json, "claim", claim.node, claim.number, claim.shard).put("count", claim.count);
    } else if (this instanceof Sent sent) {
      Json.put(json, "sent", sent.node, sent.number, sent.shard);
    } else if (this instanceof Answered answered) {
      Json.put(json, "answered", answered.node, answered.number, answered.shard);
    } else if (this instanceof Released released) {
      Json.put(json, "released", released.node, released.number, released.shard);
    } else if (this instanceof Limit limit) {
      json.put("type", "limit");
      json.put("total", limit.total);
      json.put("remaining", limit.remaining);
      json.put("reset_after", limit.resetAfterMillis);
      json.put("max_concurrency", limit.maxConcurrency);
      json.put("asked_at", limit.askedAtMillis);
      json.put("asked_epoch", limit.askedEpoch);
    }
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads the value of a Kafka record.
   *
   * @param value the value, null for one that has none
   * @return the record, or null if it is none that this version knows
   */
  static @Nullable IdentifyRecord decode(byte @Nullable [] value) {
    if (value == null) {
      return null;
    }
    JsonNode json;
    try {
      json = Json.MAPPER.readTree(value);
    } catch (IOException e) {
      return null; // whoever wrote it, no node of the fleet did
    }
    String node = json.path("node").asText("");
    long number = json.path("number").asLong(-1);
    int shard = json.path("shard").asInt(-1);
    String type = json.path("type").asText("");
    if (type.equals("limit")) {
      Limit limit =
          new Limit(
              json.path("total").asInt(-1),
              json.path("remaining").asInt(-1),
              json.path("reset_after").asLong(-1),
              json.path("max_concurrency").asInt(-1),
              json.path("asked_at").asLong(-1),
              json.path("asked_epoch").asInt(-1));
      return Json.isValid(limit) ? limit : null;
    }
    if (node.isEmpty() || number < 0 || shard < 0) {
      return null;
    }
    return switch (type) {
      case "claim" -> new Claim(node, number, shard, json.path("count").asInt(0));
      case "sent" -> new Sent(node, number, shard);
      case "answered" -> new Answered(node, number, shard);
      case "released" -> new Released(node, number, shard);
      default -> null;
    };
  }

  /** The parts of the codec that an interface would have to publish. */
  final class Json {

    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int MAX_CONCURRENCY = 1 << 17; // as GET /gateway/bot is read

    private Json() {}

    private static ObjectNode put(
        ObjectNode json, String type, String node, long number, int shard) {
      return json.put("type", type).put("node", node).put("number", number).put("shard", shard);
    }

    private static boolean isValid(Limit limit) {
      return limit.total >= 0
          && limit.remaining >= 0
          && limit.resetAfterMillis >= 0
          && limit.resetAfterMillis <= MAX_RESET_AFTER_MILLIS
          && limit.maxConcurrency >= 1
          && limit.maxConcurrency <= MAX_CONCURRENCY
          && limit.askedAtMillis >= 0;
    }
  }
}
