package dev.sluice.gateway.kafka;

import java.util.concurrent.atomic.LongAdder;

/** What a node did in its fleet since it was made. Thread-safe. */
final class FleetCounters {

  /** Shards that the group gave to this node. */
  final LongAdder assignments = new LongAdder();

  /** Shards that the group took away in good order. */
  final LongAdder revocations = new LongAdder();

  /** Shards that were given up at once, for they may run elsewhere. */
  final LongAdder losses = new LongAdder();

  /** Checkpoints that were written. */
  final LongAdder checkpoints = new LongAdder();

  /** Checkpoints that were refused, for the shard is another node's. */
  final LongAdder fencedCheckpoints = new LongAdder();

  /** Commits that failed in another way and were tried again. */
  final LongAdder commitRetries = new LongAdder();

  /** Commands of other processes that were sent. */
  final LongAdder commandsHandled = new LongAdder();

  /** Commands of other processes that were not: too old, malformed, refused or dropped. */
  final LongAdder commandsDropped = new LongAdder();

  /** Permits to identify that this node got. */
  final LongAdder grants = new LongAdder();

  /** Claims for a permit that came too early, or after another one. */
  final LongAdder voidClaims = new LongAdder();

  /** Events that the broker acknowledged. */
  final LongAdder publishedEvents = new LongAdder();

  /** Bytes of these. */
  final LongAdder publishedBytes = new LongAdder();

  /** Transactions that were aborted, and their events published in another one. */
  final LongAdder abortedTransactions = new LongAdder();

  /** Transactions that were committed. */
  final LongAdder transactions = new LongAdder();

  /** Tries to publish that failed, for the broker was away for instance. */
  final LongAdder publishFailures = new LongAdder();

  /** Events that are too large for the topic, and were left out. */
  final LongAdder rejectedEvents = new LongAdder();

  /** Events that came for a shard that runs elsewhere by now, and were left to its new owner. */
  final LongAdder droppedEvents = new LongAdder();

  /** Events of a generation that is not open yet. */
  final LongAdder gatedEvents = new LongAdder();
}
