package dev.sluice.gateway.testkit;

import dev.sluice.gateway.ShardId;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Fills the lanes of a flood, shard by shard, in small portions. Confined to the event loop. */
final class FloodPreparation {

  private static final int PORTION_EVENTS = 1_000;

  private final EventLoop loop;
  private final Flood flood;
  private final TrafficGenerator generator;
  private final CompletableFuture<PreparedFlood> prepared;
  private final List<FloodLane> lanes = new ArrayList<>();
  private int next;

  FloodPreparation(
      EventLoop loop, Flood flood, int guildsPerShard, CompletableFuture<PreparedFlood> prepared) {
    this.loop = loop;
    this.flood = flood;
    this.prepared = prepared;
    this.generator =
        TrafficGenerator.create(flood.mix(), guildsPerShard, flood.largeEventEvery(), flood.seed());
  }

  void begin(GatewayLoop gateway, Predicate<ShardId> shards) {
    try {
      gateway.forEach(shards, handler -> lanes.add(handler.beginFlood(flood.eventsPerShard())));
      if (lanes.isEmpty()) {
        throw new IllegalStateException("connections: 0 (expected: one of such a shard)");
      }
    } catch (IllegalStateException e) {
      fail(e);
      return;
    }
    // So that the same flood is the same whatever the order in which the shards came.
    lanes.sort(
        Comparator.comparingInt((FloodLane lane) -> lane.shard().count())
            .thenComparingInt(lane -> lane.shard().id()));
    goOn();
  }

  private void goOn() {
    FloodLane lane = lanes.get(next);
    try {
      lane.handler().prepareFlood(lane, generator, PORTION_EVENTS);
    } catch (RuntimeException | OutOfMemoryError e) { // of direct memory, if the flood is too large
      fail(e);
      return;
    }
    if (lane.isPrepared()) {
      next++;
    }
    if (next < lanes.size()) {
      // Scheduled, not executed: an event loop would go on with tasks for long before it reads.
      loop.schedule(this::goOn, 1, TimeUnit.NANOSECONDS);
      return;
    }
    finish();
  }

  private void finish() {
    PreparedFlood whole = new PreparedFlood(loop, lanes);
    for (FloodLane lane : lanes) {
      if (!lane.handler().floodPrepared(lane, whole)) {
        fail(lane.lost());
        return;
      }
    }
    if (!prepared.complete(whole)) {
      whole.close(); // nobody waits for it any more
    }
  }

  private void fail(Throwable cause) {
    try {
      lanes.forEach(lane -> lane.handler().giveUp(lane));
    } finally {
      prepared.completeExceptionally(cause);
    }
  }
}
