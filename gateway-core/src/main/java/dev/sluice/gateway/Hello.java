package dev.sluice.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/**
 * The data of HELLO, the first payload of a transport.
 *
 * @param heartbeatIntervalMillis how often the gateway wants a heartbeat, 100 ms to an hour
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#hello">Hello</a>
 */
public record Hello(int heartbeatIntervalMillis) {

  /** Intervals outside this range are refused: they can only be a fault. */
  static final int MIN_INTERVAL_MILLIS = 100;

  static final int MAX_INTERVAL_MILLIS = 3_600_000;

  /**
   * Reads the payload.
   *
   * @param data its {@code d}
   * @return the view of it
   * @throws IOException if {@code heartbeat_interval} is missing or out of range
   */
  public static Hello of(JsonNode data) throws IOException {
    return new Hello(
        Views.intWithin(
            "heartbeat_interval",
            data.path("heartbeat_interval"),
            MIN_INTERVAL_MILLIS,
            MAX_INTERVAL_MILLIS));
  }
}
