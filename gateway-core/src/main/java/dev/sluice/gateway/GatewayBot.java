package dev.sluice.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;

/**
 * What {@code GET /gateway/bot} answers at one moment. Immutable.
 *
 * @param url the base URL of the gateway
 * @param shards the recommended number of shards
 * @param total how many identifies are allowed in a period
 * @param remaining how many are left now
 * @param resetAfter how long until {@code remaining} is {@code total} again, in milliseconds on the
 *     wire
 * @param maxConcurrency how many buckets may identify within 5 s
 * @see <a href="https://discord.com/developers/docs/events/gateway#get-gateway-bot">Get Gateway
 *     Bot</a>
 */
public record GatewayBot(
    URI url, int shards, int total, int remaining, Duration resetAfter, int maxConcurrency) {

  /** Far more than any bot has; a number beyond it is an error that would cost all memory. */
  private static final int MAX_SHARDS = 1 << 17;

  private static final JsonMapper MAPPER = new JsonMapper();

  /**
   * Reads the body of the HTTP response.
   *
   * @param body JSON
   * @return the view of it
   * @throws IOException if it is not JSON, or a field is missing or out of range; the message names
   *     it
   */
  public static GatewayBot parse(byte[] body) throws IOException {
    JsonNode root;
    try {
      root = MAPPER.readTree(body);
    } catch (IOException e) {
      throw new IOException("body is not JSON: " + e.getClass().getSimpleName(), e);
    }
    JsonNode limit = root.path("session_start_limit");
    return new GatewayBot(
        gatewayUrl(root.path("url")),
        Views.intWithin("shards", root.path("shards"), 1, MAX_SHARDS),
        Views.intWithin("session_start_limit.total", limit.path("total"), 1, Integer.MAX_VALUE),
        Views.intWithin(
            "session_start_limit.remaining", limit.path("remaining"), 0, Integer.MAX_VALUE),
        Duration.ofMillis(
            Views.intWithin(
                "session_start_limit.reset_after",
                limit.path("reset_after"),
                0,
                Integer.MAX_VALUE)),
        Views.intWithin(
            "session_start_limit.max_concurrency", limit.path("max_concurrency"), 1, MAX_SHARDS));
  }

  /** {@return the body of the HTTP response, JSON in one line} */
  public String toJson() {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("url", url.toString());
    root.put("shards", shards);
    ObjectNode limit = root.putObject("session_start_limit");
    limit.put("total", total);
    limit.put("remaining", remaining);
    limit.put("reset_after", resetAfter.toMillis());
    limit.put("max_concurrency", maxConcurrency);
    return root.toString();
  }

  private static URI gatewayUrl(JsonNode value) throws IOException {
    try {
      URI url = new URI(value.asText(""));
      if (("wss".equalsIgnoreCase(url.getScheme()) || "ws".equalsIgnoreCase(url.getScheme()))
          && url.getHost() != null) {
        return url;
      }
    } catch (URISyntaxException e) {
      throw new IOException("url: " + Views.shown(value) + " (expected: wss://host)", e);
    }
    throw Views.unexpected("url", value, "wss://host");
  }
}
