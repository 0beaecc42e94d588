package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import java.util.Set;

/**
 * Whether identifies are stopped because there were too many; see {@link
 * dev.sluice.gateway.sharding.IdentifyBreaker}. Immutable.
 *
 * @param fleetBlocked whether no shard may identify until {@link
 *     ShardManager#releaseIdentifyBreaker()}
 * @param blockedShards the shards that may not by themselves, until the same
 * @param identifiesInTheLastHour how many identifies beside the first of each shard there were
 * @param fleetLimit how many of them block the fleet
 */
public record IdentifyBreakerStatus(
    boolean fleetBlocked, Set<ShardId> blockedShards, int identifiesInTheLastHour, int fleetLimit) {

  /**
   * Copies the set.
   *
   * @param fleetBlocked whether no shard may identify until {@link
   *     ShardManager#releaseIdentifyBreaker()}
   * @param blockedShards the shards that may not by themselves, until the same
   * @param identifiesInTheLastHour how many identifies beside the first of each shard there were
   * @param fleetLimit how many of them block the fleet
   */
  public IdentifyBreakerStatus {
    blockedShards = Set.copyOf(blockedShards);
  }
}
