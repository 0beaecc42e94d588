package dev.sluice.gateway.netty;

import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.IdentifyQueue;
import io.netty.util.concurrent.EventExecutor;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Permits for the shards of one manager, from an {@link IdentifyQueue} on one event loop. */
final class LocalIdentifyLimiter implements IdentifyLimiter {

  private final EventExecutor executor;
  private final IdentifyQueue queue;
  private final Map<Integer, CompletableFuture<Permit>> waiting = new HashMap<>();
  private boolean wakeUpScheduled;

  LocalIdentifyLimiter(EventExecutor executor, int maxConcurrency) {
    this.executor = executor;
    this.queue = IdentifyQueue.create(maxConcurrency, NanoClock.system());
  }

  @Override
  public CompletionStage<Permit> acquire(int bucket, ShardId shard) {
    CompletableFuture<Permit> permit = new CompletableFuture<>();
    executor.execute(
        () -> {
          waiting.put(shard.id(), permit);
          queue.enqueue(shard.id());
          grant();
        });
    return permit;
  }

  private void grant() {
    for (int shardId = queue.poll(); shardId >= 0; shardId = queue.poll()) {
      CompletableFuture<Permit> permit = waiting.remove(shardId);
      if (permit == null || !permit.complete(new LocalPermit(shardId))) {
        queue.release(shardId); // cancelled meanwhile
      }
    }
    long waitNanos = queue.nextTimeoutNanos();
    if (!wakeUpScheduled && waitNanos != Long.MAX_VALUE) {
      wakeUpScheduled = true;
      executor.schedule(this::wakeUp, waitNanos, TimeUnit.NANOSECONDS);
    }
  }

  /** The queue does not take a shard whose last permit is still out, so it is told again. */
  private void done(int shardId) {
    if (waiting.containsKey(shardId)) {
      queue.enqueue(shardId);
    }
    grant();
  }

  private void wakeUp() {
    wakeUpScheduled = false;
    grant();
  }

  private final class LocalPermit implements Permit {

    private final int shardId;
    private final AtomicBoolean done = new AtomicBoolean();

    LocalPermit(int shardId) {
      this.shardId = shardId;
    }

    @Override
    public void sent() {
      if (done.compareAndSet(false, true)) {
        executor.execute(
            () -> {
              queue.sent(shardId);
              done(shardId);
            });
      }
    }

    @Override
    public void release() {
      if (done.compareAndSet(false, true)) {
        executor.execute(
            () -> {
              queue.release(shardId);
              done(shardId);
            });
      }
    }
  }
}
