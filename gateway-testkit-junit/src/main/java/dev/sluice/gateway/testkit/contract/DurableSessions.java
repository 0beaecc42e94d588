package dev.sluice.gateway.testkit.contract;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.SessionStore;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A store that says of itself that it outlives the process, as for one manager after another. */
final class DurableSessions implements SessionStore {

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
