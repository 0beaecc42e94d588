package dev.sluice.gateway.kafka.internal.events;

import dev.sluice.gateway.ShardId;

/** What waits for the thread of a sink: an event, or a session that the core wants kept. */
sealed interface SinkTask permits PendingEvent, SessionWrite {

  /** {@return the shard that it is of} */
  ShardId shard();

  /** {@return the epoch of the assignment that it came under} */
  long epoch();

  /** It is where it should be. */
  void done();

  /** It is not, and will not be by this node under this epoch. */
  void giveUp();
}
