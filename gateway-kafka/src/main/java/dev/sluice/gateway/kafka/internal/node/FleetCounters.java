package dev.sluice.gateway.kafka.internal.node;

import java.util.concurrent.atomic.LongAdder;

/** What a node did in its fleet since it was made. Thread-safe. */
public final class FleetCounters {

  /** Shards that the group gave to this node. */
  public final LongAdder assignments = new LongAdder();

  /** Shards that the group took away in good order. */
  public final LongAdder revocations = new LongAdder();

  /** Shards that were given up at once, for they may run elsewhere. */
  public final LongAdder losses = new LongAdder();

  /** Shards that were READY or RESUMED here after their assignment. */
  public final LongAdder takeOvers = new LongAdder();

  /** How long these took, from the assignment on. */
  public final LongAdder takeOverNanos = new LongAdder();

  /** Checkpoints that were written. */
  public final LongAdder checkpoints = new LongAdder();

  /** Checkpoints that were refused, for the shard is another node's. */
  public final LongAdder fencedCheckpoints = new LongAdder();

  /** Commits that failed in another way and were tried again. */
  public final LongAdder commitRetries = new LongAdder();

  /** Commands of other processes that were sent. */
  public final LongAdder commandsHandled = new LongAdder();

  /** Commands of other processes that were not: too old, malformed, refused or dropped. */
  public final LongAdder commandsDropped = new LongAdder();

  /** Permits to identify that this node got. */
  public final LongAdder grants = new LongAdder();

  /** Claims for a permit that came too early, or after another one. */
  public final LongAdder voidClaims = new LongAdder();

  /** Events that the broker acknowledged. */
  public final LongAdder publishedEvents = new LongAdder();

  /** Bytes of these. */
  public final LongAdder publishedBytes = new LongAdder();

  /** Transactions that were aborted, and their events published in another one. */
  public final LongAdder abortedTransactions = new LongAdder();

  /** Transactions that were committed. */
  public final LongAdder transactions = new LongAdder();

  /** Tries to publish that failed, for the broker was away for instance. */
  public final LongAdder publishFailures = new LongAdder();

  /** Events that are too large for the topic, and were left out. */
  public final LongAdder rejectedEvents = new LongAdder();

  /** Events that came for a shard that runs elsewhere by now, and were left to its new owner. */
  public final LongAdder droppedEvents = new LongAdder();

  /** Events of a generation that is not open yet. */
  public final LongAdder gatedEvents = new LongAdder();
}
