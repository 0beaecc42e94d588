package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A store that says of itself that it outlives the process, so that shards store all along. */
final class DurableStore implements SessionStore {

  private final SessionStore sessions = SessionStore.inMemory();

  @Override
  public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
    return sessions.load(shard);
  }

  @Override
  public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
    return sessions.store(session, epoch);
  }

  @Override
  public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
    return sessions.remove(shard, epoch);
  }
}
