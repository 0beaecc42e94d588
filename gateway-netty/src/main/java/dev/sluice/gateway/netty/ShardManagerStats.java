package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewayState;
import java.util.Map;

/**
 * What a manager's shards did since its start. The figures of several event loops are read one
 * after another, so they may be an instant apart. Immutable.
 *
 * @param shards how many shards are in each state; states without a shard are absent
 * @param events dispatches received
 * @param receivedBytes bytes of WebSocket messages received, before inflation
 * @param payloadBytes bytes of payloads, after inflation
 * @param reconnects transports that ended and are to be replaced
 * @param resumes sessions resumed
 * @param identifies sessions started
 * @param handlerFailures events whose handling threw
 * @param heartbeatLatency latencies of heartbeats
 */
public record ShardManagerStats(
    Map<GatewayState, Integer> shards,
    long events,
    long receivedBytes,
    long payloadBytes,
    long reconnects,
    long resumes,
    long identifies,
    long handlerFailures,
    LatencyStats heartbeatLatency) {

  /**
   * Copies the map.
   *
   * @param shards how many shards are in each state; states without a shard are absent
   * @param events dispatches received
   * @param receivedBytes bytes of WebSocket messages received, before inflation
   * @param payloadBytes bytes of payloads, after inflation
   * @param reconnects transports that ended and are to be replaced
   * @param resumes sessions resumed
   * @param identifies sessions started
   * @param handlerFailures events whose handling threw
   * @param heartbeatLatency latencies of heartbeats
   */
  public ShardManagerStats {
    shards = Map.copyOf(shards);
  }

  /**
   * {@return how many shards are in a state}
   *
   * @param state the state
   */
  public int shards(GatewayState state) {
    return shards.getOrDefault(state, 0);
  }
}
