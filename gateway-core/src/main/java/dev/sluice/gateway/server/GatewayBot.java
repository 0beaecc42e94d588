package dev.sluice.gateway.server;

/**
 * What {@code GET /gateway/bot} answers at one moment. Immutable.
 *
 * @param url the base URL of the gateway
 * @param shards the recommended number of shards
 * @param total how many identifies are allowed in a period
 * @param remaining how many are left now
 * @param resetAfterMillis milliseconds until {@code remaining} is {@code total} again, 0 while no
 *     period runs
 * @param maxConcurrency how many buckets may identify within one identify window
 * @see <a href="https://discord.com/developers/docs/events/gateway#get-gateway-bot">Get Gateway
 *     Bot</a>
 */
public record GatewayBot(
    String url, int shards, int total, int remaining, long resetAfterMillis, int maxConcurrency) {

  /** {@return the body of the HTTP response, JSON in one line} */
  public String toJson() {
    return "{\"url\":"
        + Payloads.quote(url)
        + ",\"shards\":"
        + shards
        + ",\"session_start_limit\":{\"total\":"
        + total
        + ",\"remaining\":"
        + remaining
        + ",\"reset_after\":"
        + resetAfterMillis
        + ",\"max_concurrency\":"
        + maxConcurrency
        + "}}";
  }
}
