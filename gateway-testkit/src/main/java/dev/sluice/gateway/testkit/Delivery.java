package dev.sluice.gateway.testkit;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;

/**
 * What became of an event in one session. Immutable.
 *
 * @param shard the shard of the session
 * @param sessionId the id of the session, which READY told
 * @param intents the intents of the session
 * @param sequence the sequence of the event; if it is not covered, that of the session's last event
 * @param covered whether the intents cover the event; if not, it is not sent
 */
public record Delivery(
    ShardId shard, String sessionId, Intents intents, long sequence, boolean covered) {}
