package dev.sluice.gateway.kafka.internal.events;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A session that is to be written in the order of its shard's events.
 *
 * @param shard the shard
 * @param epoch the epoch of the assignment that it came under
 * @param session the session, null to write that there is none
 * @param written completes with whether it was written
 */
record SessionWrite(
    ShardId shard, long epoch, @Nullable GatewaySession session, CompletableFuture<Boolean> written)
    implements SinkTask {

  @Override
  public void done() {
    written.complete(true);
  }

  @Override
  public void giveUp() {
    written.complete(false);
  }
}
