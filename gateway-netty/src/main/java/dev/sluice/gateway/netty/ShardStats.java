package dev.sluice.gateway.netty;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.ShardId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one shard did since it was assigned to this manager. The figures are read one after another
 * while the shard runs, so they may be an instant apart. Immutable.
 *
 * @param shard which shard of how many
 * @param state the state of its connection
 * @param sessions its sessions and transports
 * @param traffic what it received
 * @param heartbeats the latency of its heartbeats
 * @param reading how the application keeps up with it
 * @param disconnects why its last transports ended, at most 8, oldest first
 */
public record ShardStats(
    ShardId shard,
    GatewayState state,
    Sessions sessions,
    Traffic traffic,
    Heartbeats heartbeats,
    Reading reading,
    List<Disconnect> disconnects) {

  /**
   * Copies the list.
   *
   * @param shard which shard of how many
   * @param state the state of its connection
   * @param sessions its sessions and transports
   * @param traffic what it received
   * @param heartbeats the latency of its heartbeats
   * @param reading how the application keeps up with it
   * @param disconnects why its last transports ended, at most 8, oldest first
   */
  public ShardStats {
    disconnects = List.copyOf(disconnects);
  }

  /**
   * The sessions and transports of one shard.
   *
   * @param since when the session that the shard holds was started, to the second, perhaps by an
   *     earlier process; null when it holds none
   * @param identifies sessions started
   * @param resumes sessions resumed
   * @param resumeFailures transports that ended while a session was being resumed
   * @param reconnects transports that ended and were to be replaced, dials that failed included
   */
  public record Sessions(
      @Nullable Instant since,
      long identifies,
      long resumes,
      long resumeFailures,
      long reconnects) {}

  /**
   * What one shard received.
   *
   * @param events dispatches
   * @param eventsByType dispatches by type; empty unless {@link ShardManagerBuilder#shardDetails}
   *     is on, types that never came are absent
   * @param receivedBytes bytes of WebSocket messages, before inflation
   * @param payloadBytes bytes of payloads, after inflation
   */
  public record Traffic(
      long events, Map<EventType, Long> eventsByType, long receivedBytes, long payloadBytes) {

    /**
     * Copies the map.
     *
     * @param events dispatches
     * @param eventsByType dispatches by type; empty unless {@link ShardManagerBuilder#shardDetails}
     *     is on, types that never came are absent
     * @param receivedBytes bytes of WebSocket messages, before inflation
     * @param payloadBytes bytes of payloads, after inflation
     */
    public Traffic {
      eventsByType = Map.copyOf(eventsByType);
    }
  }

  /**
   * Heartbeats of one shard, from the write to the ACK, in whole microseconds at least.
   *
   * @param lastNanos the last latency in nanoseconds, 0 before the first ACK
   * @param meanNanos the mean latency in nanoseconds, 0 before the first ACK
   * @param latency all latencies, accurate to 10 %; none unless {@link
   *     ShardManagerBuilder#shardDetails} is on
   */
  public record Heartbeats(long lastNanos, long meanNanos, LatencyStats latency) {}

  /**
   * How the application keeps up with one shard.
   *
   * @param unhandledEvents events that were received but not acknowledged yet
   * @param paused whether reading is paused now
   * @param pauses how often it was paused
   * @param pausedNanos for how long in all, in nanoseconds, the pause of now included
   */
  public record Reading(long unhandledEvents, boolean paused, long pauses, long pausedNanos) {}

  /**
   * Why a transport ended, or never came up.
   *
   * @param at when
   * @param cause why
   * @param closeCode the number in the gateway's close frame, 0 when there was none
   */
  public record Disconnect(Instant at, Reconnect.Cause cause, int closeCode) {}
}
