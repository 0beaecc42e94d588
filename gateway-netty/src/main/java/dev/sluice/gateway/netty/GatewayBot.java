package dev.sluice.gateway.netty;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;

/**
 * What GET /gateway/bot answers.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway#get-gateway-bot">Get Gateway
 *     Bot</a>
 */
record GatewayBot(
    URI url, int shards, int total, int remaining, Duration resetAfter, int maxConcurrency) {

  private static final JsonMapper MAPPER = new JsonMapper();

  /** Reads the answer's body; what is missing or out of range is named. */
  static GatewayBot parse(byte[] body) throws IOException {
    JsonNode root;
    try {
      root = MAPPER.readTree(body);
    } catch (IOException e) {
      throw new IOException("body is not JSON: " + e.getClass().getSimpleName(), e);
    }
    String url = root.path("url").asText("");
    if (!url.startsWith("wss://") && !url.startsWith("ws://")) {
      throw new IOException("url: \"" + url + "\" (expected: wss://host)");
    }
    JsonNode limit = root.path("session_start_limit");
    try {
      return new GatewayBot(
          URI.create(url),
          atLeast("shards", root.path("shards"), 1),
          atLeast("session_start_limit.total", limit.path("total"), 0),
          atLeast("session_start_limit.remaining", limit.path("remaining"), 0),
          Duration.ofMillis(
              atLeast("session_start_limit.reset_after", limit.path("reset_after"), 0)),
          atLeast("session_start_limit.max_concurrency", limit.path("max_concurrency"), 1));
    } catch (IllegalArgumentException e) {
      throw new IOException("url: \"" + url + "\" (expected: wss://host)", e);
    }
  }

  private static int atLeast(String name, JsonNode value, int min) throws IOException {
    if (!value.canConvertToInt() || value.asInt() < min) {
      throw new IOException(name + ": " + value + " (expected: a number >= " + min + ')');
    }
    return value.asInt();
  }
}
