package dev.sluice.gateway.netty;

import dev.sluice.gateway.NanoClock;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The shards of one event loop that have received more than their stored sessions say was handled.
 * Once an interval each stores what it can; one that caught up is let go of, so that idle shards
 * cost nothing. Confined to the event loop.
 */
final class Checkpoints {

  /** Shards that store before the channels of the loop have their turn. */
  private static final int BATCH = 256;

  final LogLimit failureLog = new LogLimit(NanoClock.system()); // used on any thread

  private final EventLoop eventLoop;
  private List<Shard> behind = new ArrayList<>();
  private List<Shard> storing = new ArrayList<>();
  private int next;
  private boolean scheduled;
  private long intervalNanos;

  Checkpoints(EventLoop eventLoop) {
    this.eventLoop = eventLoop;
  }

  /** Has a shard store its session within an interval, again and again until it has caught up. */
  void add(Shard shard, long intervalNanos) {
    behind.add(shard);
    this.intervalNanos = intervalNanos;
    schedule();
  }

  private void schedule() {
    if (!scheduled) {
      scheduled = true;
      eventLoop.schedule(this::begin, intervalNanos, TimeUnit.NANOSECONDS);
    }
  }

  private void begin() {
    List<Shard> all = behind;
    behind = storing;
    storing = all;
    next = 0;
    store();
  }

  private void store() {
    int end = Math.min(next + BATCH, storing.size());
    for (; next < end; next++) {
      Shard shard = storing.get(next);
      if (shard.storeCheckpoint()) {
        behind.add(shard);
      }
    }
    if (next < storing.size()) {
      eventLoop.execute(this::store);
      return;
    }
    storing.clear();
    scheduled = false;
    if (!behind.isEmpty()) {
      schedule();
    }
  }
}
