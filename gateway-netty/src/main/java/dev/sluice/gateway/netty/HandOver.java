package dev.sluice.gateway.netty;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Gives shards up one after another, some at a time, until none is left or {@link #takeRest} takes
 * those whose turn has not come. Thread-safe.
 */
final class HandOver {

  private final Queue<Shard> left;
  private final AtomicInteger remaining;
  private final AtomicInteger lanes;
  private final Function<Shard, CompletionStage<Void>> giveUp;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  private volatile int taken;

  /**
   * Takes what it needs; {@link #start} starts it.
   *
   * @param shards what is given up, in this order
   * @param atATime how many are on their way at a time, at least 1
   * @param giveUp gives a shard up; does not throw, and what it returns completes in any case
   */
  HandOver(Collection<Shard> shards, int atATime, Function<Shard, CompletionStage<Void>> giveUp) {
    this.left = new ConcurrentLinkedQueue<>(shards);
    this.remaining = new AtomicInteger(shards.size());
    this.lanes = new AtomicInteger(Math.max(1, Math.min(atATime, shards.size())));
    this.giveUp = giveUp;
  }

  void start() {
    for (int i = lanes.get(); i > 0; i--) {
      go();
    }
  }

  /** {@return completes when no shard is left; exceptionally if some were taken away} */
  CompletableFuture<Void> done() {
    return done;
  }

  /** {@return how many shards are not given up yet} */
  int remaining() {
    return remaining.get();
  }

  /** {@return the shards whose turn has not come, which are the caller's now} */
  List<Shard> takeRest() {
    List<Shard> rest = new ArrayList<>();
    for (Shard shard = left.poll(); shard != null; shard = left.poll()) {
      rest.add(shard);
      taken = rest.size(); // before a lane can find that nothing is left
    }
    return rest;
  }

  /** Gives up what is left of the shards, each after the one before. */
  private void go() {
    for (Shard shard = left.poll(); shard != null; shard = left.poll()) {
      CompletableFuture<Void> gone = giveUp.apply(shard).toCompletableFuture();
      if (!gone.isDone()) { // a loop otherwise: event loops that have ended give all up at once
        gone.whenComplete(this::gone);
        return;
      }
      remaining.decrementAndGet();
    }
    if (lanes.decrementAndGet() == 0) {
      end();
    }
  }

  private void gone(@Nullable Void nothing, @Nullable Throwable failure) {
    remaining.decrementAndGet();
    go();
  }

  private void end() {
    if (taken == 0) {
      done.complete(null);
    } else {
      done.completeExceptionally(
          new IllegalStateException("stopped before " + taken + " shards were handed over"));
    }
  }
}
