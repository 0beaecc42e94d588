package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.IdentifyBreaker;
import dev.sluice.gateway.sharding.IdentifyBreaker.Verdict;
import java.util.Set;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The {@link IdentifyBreaker} of a manager, with what an operator is told of it. Thread-safe. */
final class IdentifyGuard {

  private static final Logger log = LoggerFactory.getLogger(IdentifyGuard.class);
  private static final String FLEET = "identify-breaker";
  private static final String SHARDS = "identify-breaker-shards";

  private final IdentifyBreaker breaker; // guarded by this
  private final IntSupplier fleetLimit;
  private final HealthReasons health;

  /**
   * Wraps a breaker.
   *
   * @param fleetLimit the limit of the fleet as it is now, for fleets grow
   * @param health is told what is blocked
   */
  IdentifyGuard(IdentifyBreaker breaker, IntSupplier fleetLimit, HealthReasons health) {
    this.breaker = breaker;
    this.fleetLimit = fleetLimit;
    this.health = health;
  }

  /** {@return whether a shard may ask for a permit or use the one that it has} */
  synchronized boolean mayIdentify(ShardId shard, boolean first) {
    breaker.fleetLimit(fleetLimit.getAsInt());
    boolean wasBlocked = breaker.isFleetBlocked();
    Set<ShardId> blockedBefore = breaker.blockedShards();
    Verdict verdict = breaker.check(shard, first);
    if (verdict == Verdict.FLEET_BLOCKED && !wasBlocked) {
      String reason =
          "no shard identifies: "
              + breaker.identifiesInTheLastHour()
              + " sessions were started anew within an hour (limit: "
              + breaker.fleetLimit()
              + ')';
      log.error("{}; sessions that live go on; releaseIdentifyBreaker() ends it", reason);
      health.report(FLEET, reason);
    } else if (verdict == Verdict.SHARD_BLOCKED && !blockedBefore.contains(shard)) {
      Logs.of(log.atError(), shard)
          .log(
              "shard {}: identifies no more: {} identifies within {}; releaseIdentifyBreaker() ends"
                  + " it",
              shard,
              breaker.shardLimit(),
              IdentifyBreaker.SHARD_WINDOW);
      health.report(
          SHARDS,
          breaker.blockedShards().size()
              + " shards identify no more, among them "
              + shard
              + ": "
              + breaker.shardLimit()
              + " identifies within "
              + IdentifyBreaker.SHARD_WINDOW);
    }
    return verdict == Verdict.ALLOWED;
  }

  /** An IDENTIFY was written. */
  synchronized void identified(ShardId shard, boolean first) {
    breaker.identified(shard, first);
  }

  /** Lets everybody identify again; the shards that wait are the caller's to tell. */
  synchronized void release() {
    if (breaker.isFleetBlocked() || !breaker.blockedShards().isEmpty()) {
      log.warn("the identify breaker was released by hand");
    }
    breaker.release();
    health.clear(FLEET);
    health.clear(SHARDS);
  }

  synchronized IdentifyBreakerStatus status() {
    return new IdentifyBreakerStatus(
        breaker.isFleetBlocked(),
        breaker.blockedShards(),
        breaker.identifiesInTheLastHour(),
        fleetLimit.getAsInt());
  }
}
