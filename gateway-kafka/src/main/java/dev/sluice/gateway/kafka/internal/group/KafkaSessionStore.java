package dev.sluice.gateway.kafka.internal.group;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.SessionStore;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Sessions as the metadata of committed offsets, which a former owner cannot write. */
public final class KafkaSessionStore implements SessionStore {

  private final ShardGroup group;

  public KafkaSessionStore(ShardGroup group) {
    this.group = group;
  }

  @Override
  public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
    return group.load(shard);
  }

  @Override
  public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
    return group.checkpoint(session.shard(), epoch, session);
  }

  @Override
  public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
    return group.checkpoint(shard, epoch, null);
  }
}
