package dev.sluice.gateway.kafka.internal.group;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardListener;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Times how long shards take from their assignment to READY or RESUMED on this node. Thread-safe;
 * as a listener of the shards it takes a lock only for those that were assigned and not up yet.
 */
public final class TakeOvers implements ShardListener {

  private static final Logger log = LoggerFactory.getLogger(TakeOvers.class);

  private final String topic;
  private final FleetCounters counters;
  private final LongSupplier nanoTime;

  /** Since when the shards that are not up yet are assigned. */
  private final Map<ShardId, Long> sinceNanos = new ConcurrentHashMap<>();

  private int up; // of those since none was awaited; guarded by this
  private volatile long slowestNanos; // of these; written under the lock

  TakeOvers(String topic, FleetCounters counters, LongSupplier nanoTime) {
    this.topic = topic;
    this.counters = counters;
    this.nanoTime = nanoTime;
  }

  /** The group gave a shard to this node. */
  synchronized void assigned(ShardId shard) {
    if (sinceNanos.isEmpty()) {
      up = 0;
      slowestNanos = 0;
    }
    sinceNanos.putIfAbsent(shard, nanoTime.getAsLong());
  }

  /** A shard went away again, perhaps before it was up. */
  synchronized void gone(ShardId shard) {
    if (sinceNanos.remove(shard) != null) {
      tellIfAllAreUp();
    }
  }

  @Override
  public void onReady(Shard shard) {
    up(shard.id());
  }

  @Override
  public void onResumed(Shard shard, long replayed) {
    up(shard.id());
  }

  void up(ShardId shard) {
    if (sinceNanos.containsKey(shard)) { // each resume of a shard's life comes here
      upForTheFirstTime(shard);
    }
  }

  private synchronized void upForTheFirstTime(ShardId shard) {
    Long since = sinceNanos.remove(shard);
    if (since == null) {
      return;
    }
    long tookNanos = nanoTime.getAsLong() - since;
    counters.takeOvers.increment();
    counters.takeOverNanos.add(tookNanos);
    slowestNanos = Math.max(slowestNanos, tookNanos);
    up++;
    tellIfAllAreUp();
  }

  private void tellIfAllAreUp() {
    if (sinceNanos.isEmpty() && up > 0) {
      long millis = TimeUnit.NANOSECONDS.toMillis(slowestNanos);
      log.atInfo()
          .addKeyValue("up", up)
          .addKeyValue("slowest_ms", millis)
          .log(
              "{}: {} shards that were assigned are up, the slowest after {} ms",
              topic,
              up,
              millis);
    }
  }

  /** {@return how long the slowest shard of the last assignment took so far} */
  public long slowestNanos() {
    return slowestNanos;
  }
}
