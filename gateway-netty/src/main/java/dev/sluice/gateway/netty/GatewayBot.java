package dev.sluice.gateway.netty;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;

/**
 * What GET /gateway/bot answers.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway#get-gateway-bot">Get Gateway
 *     Bot</a>
 */
record GatewayBot(
    URI url, int shards, int total, int remaining, Duration resetAfter, int maxConcurrency) {

  /** Far more than any bot has; a number beyond it is an error that would cost all memory. */
  private static final int MAX_SHARDS = 1 << 17;

  private static final int MAX_SHOWN = 100;
  private static final JsonMapper MAPPER = new JsonMapper();

  /** Reads the answer's body; what is missing or out of range is named. */
  static GatewayBot parse(byte[] body) throws IOException {
    JsonNode root;
    try {
      root = MAPPER.readTree(body);
    } catch (IOException e) {
      throw new IOException("body is not JSON: " + e.getClass().getSimpleName(), e);
    }
    JsonNode limit = root.path("session_start_limit");
    return new GatewayBot(
        gatewayUrl(root.path("url")),
        within("shards", root.path("shards"), 1, MAX_SHARDS),
        within("session_start_limit.total", limit.path("total"), 1, Integer.MAX_VALUE),
        within("session_start_limit.remaining", limit.path("remaining"), 0, Integer.MAX_VALUE),
        Duration.ofMillis(
            within(
                "session_start_limit.reset_after",
                limit.path("reset_after"),
                0,
                Integer.MAX_VALUE)),
        within(
            "session_start_limit.max_concurrency", limit.path("max_concurrency"), 1, MAX_SHARDS));
  }

  private static URI gatewayUrl(JsonNode value) throws IOException {
    try {
      URI url = new URI(value.asText(""));
      if (("wss".equalsIgnoreCase(url.getScheme()) || "ws".equalsIgnoreCase(url.getScheme()))
          && url.getHost() != null) {
        return url;
      }
    } catch (URISyntaxException e) {
      throw new IOException("url: " + shown(value) + " (expected: wss://host)", e);
    }
    throw new IOException("url: " + shown(value) + " (expected: wss://host)");
  }

  private static int within(String name, JsonNode value, int min, int max) throws IOException {
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.asInt() < min
        || value.asInt() > max) {
      throw new IOException(
          name + ": " + shown(value) + " (expected: a whole number in " + min + ".." + max + ')');
    }
    return value.asInt();
  }

  private static String shown(JsonNode value) {
    if (value.isMissingNode()) {
      return "missing";
    }
    String text = value.toString();
    return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
  }
}
