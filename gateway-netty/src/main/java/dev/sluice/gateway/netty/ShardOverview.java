package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.ShardId;

/**
 * One shard at a glance. The figures are read one after another while the shard runs, so they may
 * be an instant apart. Immutable.
 *
 * @param shard which shard of how many
 * @param state the state of its connection
 * @param events dispatches received since it was assigned to this manager
 * @param lastHeartbeatLatencyNanos the last latency in nanoseconds, 0 before the first ACK
 * @param unhandledEvents events that were received but not acknowledged yet
 * @param paused whether reading is paused now
 * @param sessionSinceSeconds when the session that it holds was started, in seconds of the epoch; 0
 *     when it holds none
 * @param reconnects transports that ended and were to be replaced, dials that failed included
 * @see Shard#stats()
 */
public record ShardOverview(
    ShardId shard,
    GatewayState state,
    long events,
    long lastHeartbeatLatencyNanos,
    int unhandledEvents,
    boolean paused,
    long sessionSinceSeconds,
    int reconnects) {}
