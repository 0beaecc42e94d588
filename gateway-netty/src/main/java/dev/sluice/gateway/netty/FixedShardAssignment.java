package dev.sluice.gateway.netty;

import dev.sluice.gateway.sharding.ShardPlan;

/** All shards of a plan, in their order, once. */
final class FixedShardAssignment implements ShardAssignment {

  private static final long EPOCH = 1;

  private final ShardPlan plan;

  FixedShardAssignment(ShardPlan plan) {
    this.plan = plan;
  }

  @Override
  public void start(Listener listener) {
    plan.shards().forEach(shard -> listener.assigned(shard, EPOCH));
  }

  @Override
  public void stop() {
    // Nothing was taken that another process could wait for.
  }
}
