package dev.sluice.examples.guide;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.SessionStore;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** Keeps sessions in a table, for which a map stands here. */
final class TableSessionStore implements SessionStore {

  /** A row: the session as JSON, null once it was removed, and who wrote it last. */
  record Row(@Nullable String json, long epoch) {}

  private final ConcurrentMap<ShardId, Row> table = new ConcurrentHashMap<>();

  @Override
  public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
    Row row = table.get(shard);
    String json = row == null ? null : row.json();
    return CompletableFuture.completedStage(json == null ? null : GatewaySession.fromJson(json));
  }

  @Override
  public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
    return write(session.shard(), new Row(session.toJson(), epoch));
  }

  @Override
  public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
    return write(shard, new Row(null, epoch));
  }

  /** In SQL: {@code UPDATE ... WHERE shard = ? AND epoch <= ?}. */
  private CompletionStage<Boolean> write(ShardId shard, Row row) {
    Row kept = table.merge(shard, row, (old, now) -> old.epoch() <= now.epoch() ? now : old);
    return CompletableFuture.completedStage(kept == row);
  }
}
