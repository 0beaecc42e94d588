package dev.sluice.gateway.kafka;

import dev.sluice.gateway.kafka.internal.fleet.Generation;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a node did in its fleet since it was made, and what it has now. Immutable.
 *
 * @param generation the present generation of shards, 0 before the start
 * @param shards how many shards the fleet has in it
 * @param owned how many of them run here
 * @param brokersAway whether no broker has answered for the session time-out
 * @param assignments shards that the group gave to this node
 * @param revocations shards that it took away in good order
 * @param losses shards that were given up at once, for they may run elsewhere
 * @param takeOvers shards that were READY or RESUMED here after their assignment
 * @param takeOverTime how long all of these took together, each from its assignment on
 * @param slowestTakeOver how long the slowest shard of the last assignment took so far
 * @param checkpoints sessions that were written
 * @param fencedCheckpoints sessions that were refused, for the shard is another node's
 * @param commitRetries commits that failed and were tried again
 * @param checkpointLag for how long the oldest session waits to be written
 * @param commandsHandled commands of other processes that were sent
 * @param commandsDropped commands of other processes that were not: too old, malformed, refused
 * @param grants permits to identify that this node got
 * @param voidClaims claims for such a permit that lost against another one
 * @param publishedEvents events that a broker acknowledged
 * @param publishedBytes bytes of these
 * @param rejectedEvents events that are too large for the topic, and were left out
 * @param droppedEvents events of shards that run elsewhere by now, whose new owner publishes them
 * @param gatedEvents events of a generation that had not taken over yet
 * @param eventsInFlight events that wait for the broker
 * @param bytesInFlight bytes of these
 * @param publishFailures tries to publish that failed, and were repeated
 * @param transactions transactions that were committed
 * @param abortedTransactions transactions whose events were published again in another one
 */
public record KafkaFleetStats(
    int generation,
    int shards,
    int owned,
    boolean brokersAway,
    long assignments,
    long revocations,
    long losses,
    long takeOvers,
    Duration takeOverTime,
    Duration slowestTakeOver,
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
    long rejectedEvents,
    long droppedEvents,
    long gatedEvents,
    long eventsInFlight,
    long bytesInFlight,
    long publishFailures,
    long transactions,
    long abortedTransactions) {

  static KafkaFleetStats of(FleetCounters counters, @Nullable Generation generation) {
    return new KafkaFleetStats(
        generation == null ? 0 : generation.number(),
        generation == null ? 0 : generation.shards(),
        generation == null ? 0 : generation.group().running(),
        generation != null && generation.group().areBrokersAway(),
        counters.assignments.sum(),
        counters.revocations.sum(),
        counters.losses.sum(),
        counters.takeOvers.sum(),
        Duration.ofNanos(counters.takeOverNanos.sum()),
        generation == null
            ? Duration.ZERO
            : Duration.ofNanos(generation.group().takeOvers().slowestNanos()),
        counters.checkpoints.sum(),
        counters.fencedCheckpoints.sum(),
        counters.commitRetries.sum(),
        generation == null
            ? Duration.ZERO
            : Duration.ofNanos(generation.group().checkpointLagNanos()),
        counters.commandsHandled.sum(),
        counters.commandsDropped.sum(),
        counters.grants.sum(),
        counters.voidClaims.sum(),
        counters.publishedEvents.sum(),
        counters.publishedBytes.sum(),
        counters.rejectedEvents.sum(),
        counters.droppedEvents.sum(),
        counters.gatedEvents.sum(),
        generation == null ? 0 : generation.eventsInFlight(),
        generation == null ? 0 : generation.bytesInFlight(),
        counters.publishFailures.sum(),
        counters.transactions.sum(),
        counters.abortedTransactions.sum());
  }
}
