package dev.sluice.gateway.kafka;

import java.time.Duration;

/**
 * What a node did in its fleet since it was made, and what it has now. Immutable.
 *
 * @param generation the present generation of shards, 0 before the start
 * @param shards how many shards the fleet has in it
 * @param owned how many of them run here
 * @param assignments shards that the group gave to this node
 * @param revocations shards that it took away in good order
 * @param losses shards that were given up at once, for they may run elsewhere
 * @param checkpoints sessions that were committed by the group
 * @param fencedCheckpoints sessions that were refused, for the shard is another node's
 * @param commitRetries commits that failed and were tried again
 * @param checkpointLag for how long the oldest session waits to be committed
 * @param commandsHandled commands of other processes that were sent
 * @param commandsDropped commands of other processes that were not: too old, malformed, refused
 * @param grants permits to identify that this node got
 * @param voidClaims claims for such a permit that lost against another one
 * @param publishedEvents events that a broker acknowledged
 * @param publishedBytes bytes of these
 * @param abortedTransactions transactions whose events were published again in another one
 */
public record KafkaFleetStats(
    int generation,
    int shards,
    int owned,
    long assignments,
    long revocations,
    long losses,
    long checkpoints,
    long fencedCheckpoints,
    long commitRetries,
    Duration checkpointLag,
    long commandsHandled,
    long commandsDropped,
    long grants,
    long voidClaims,
    long publishedEvents,
    long publishedBytes,
    long abortedTransactions) {

  static KafkaFleetStats of(
      FleetCounters counters, int generation, int shards, int owned, long checkpointLagNanos) {
    return new KafkaFleetStats(
        generation,
        shards,
        owned,
        counters.assignments.sum(),
        counters.revocations.sum(),
        counters.losses.sum(),
        counters.checkpoints.sum(),
        counters.fencedCheckpoints.sum(),
        counters.commitRetries.sum(),
        Duration.ofNanos(checkpointLagNanos),
        counters.commandsHandled.sum(),
        counters.commandsDropped.sum(),
        counters.grants.sum(),
        counters.voidClaims.sum(),
        counters.publishedEvents.sum(),
        counters.publishedBytes.sum(),
        counters.abortedTransactions.sum());
  }
}
