package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Sessions by shard, fenced by the highest epoch that was seen of it. */
final class InMemorySessionStore implements SessionStore {

  private final Map<ShardId, Entry> entries = new ConcurrentHashMap<>();

  private record Entry(@Nullable GatewaySession session, long epoch) {}

  @Override
  public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
    Entry entry = entries.get(shard);
    return CompletableFuture.completedFuture(entry == null ? null : entry.session);
  }

  @Override
  public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
    return replace(session.shard(), new Entry(session, epoch));
  }

  @Override
  public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
    return replace(shard, new Entry(null, epoch));
  }

  @Override
  public boolean isDurable() {
    return false;
  }

  private CompletionStage<Boolean> replace(ShardId shard, Entry entry) {
    Entry kept = entries.merge(shard, entry, (old, next) -> next.epoch >= old.epoch ? next : old);
    return CompletableFuture.completedFuture(kept.epoch == entry.epoch);
  }
}
