package dev.sluice.gateway.netty;

import dev.sluice.gateway.StopMode;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One change of the shard count: starts the new generation beside the old one, cuts guild by guild
 * over, and stops the old one; or stops the new one when anything goes wrong before that. Confined
 * to the event loop that it is given, but for what says otherwise.
 */
final class Resharding {

  private static final Logger log = LoggerFactory.getLogger(Resharding.class);
  private static final int TICKS_A_WINDOW = 50;
  private static final int SETTLE_WINDOWS = 3;
  private static final long MIN_TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long MAX_TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private enum Phase {
    /** The new shards start, guilds are cut over. */
    CUTTING_OVER,
    /** The old shards read no more and finish what they have. */
    RETIRING,
    /** What waits for copies is let go. */
    SETTLING,
    DONE
  }

  private final EventExecutor executor;
  private final ReshardSettings settings;
  private final ReshardGate gate;
  private final int oldCount;
  private final int newCount;
  private final Collection<Shard> oldShards;
  private final List<Shard> newShards;
  private final BiConsumer<Collection<Shard>, Boolean> remove; // true when the new ones take over
  private final Function<Collection<Shard>, CompletionStage<Void>> drain;
  private final long startNanos = System.nanoTime();
  private final long deadlineNanos;
  private final CompletableFuture<ReshardResult> result = new CompletableFuture<>();

  private Phase phase = Phase.CUTTING_OVER;
  private @Nullable String failure;
  private @Nullable ScheduledFuture<?> ticks;
  private long settlingSinceNanos;
  private volatile boolean stopped; // the shards that had to go have gone

  /**
   * Takes what it needs; {@link #start} starts it.
   *
   * @param identifySpan how long the identifies of the new shards take at the pace of the gateway
   * @param drain stops the reading of shards; completes when what they have is handled, or after a
   *     while
   * @param remove is told when shards are to be forgotten, and whether the new ones took over
   */
  Resharding(
      EventExecutor executor,
      ReshardSettings settings,
      ReshardGate gate,
      int oldCount,
      int newCount,
      Collection<Shard> oldShards,
      List<Shard> newShards,
      Duration identifySpan,
      Function<Collection<Shard>, CompletionStage<Void>> drain,
      BiConsumer<Collection<Shard>, Boolean> remove) {
    this.executor = executor;
    this.settings = settings;
    this.gate = gate;
    this.oldCount = oldCount;
    this.newCount = newCount;
    this.oldShards = List.copyOf(oldShards);
    this.newShards = newShards;
    this.deadlineNanos = startNanos + identifySpan.plus(settings.timeout()).toNanos();
    this.drain = drain;
    this.remove = remove;
  }

  /** {@return the gate that the events of both generations go through; on any thread} */
  ReshardGate gate() {
    return gate;
  }

  /** {@return completes at the end; on any thread} */
  CompletableFuture<ReshardResult> result() {
    return result;
  }

  void start() {
    log.info("reshards from {} to {} shards", oldCount, newCount);
    newShards.forEach(shard -> shard.start(null));
    long tickNanos =
        Math.min(
            MAX_TICK_NANOS, Math.max(MIN_TICK_NANOS, settings.window().toNanos() / TICKS_A_WINDOW));
    ticks = executor.scheduleWithFixedDelay(this::tick, tickNanos, tickNanos, TimeUnit.NANOSECONDS);
  }

  /**
   * Ends at once, because all shards are stopped or handed over; from any thread. New shards that
   * did not take over yet are stopped.
   */
  void abort(String reason) {
    try {
      executor.execute(
          () -> {
            if (phase == Phase.CUTTING_OVER) {
              fail(reason);
            }
            end(failure == null ? reason : failure);
          });
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(new ReshardException(reason)); // with its event loop
    }
  }

  /** The event loops end, and with them the ticks; from any thread, at the end of a stop. */
  void ended(String reason) {
    result.completeExceptionally(new ReshardException(reason));
  }

  private void tick() {
    try {
      for (Shard shard : oldShards) {
        if (gate.isBehind(shard)) {
          shard.execute(() -> gate.handled(shard));
        }
      }
      gate.tick(settings.loadTimeout().toNanos());
      switch (phase) {
        case CUTTING_OVER -> cutOver();
        case SETTLING -> settle();
        case RETIRING, DONE -> {
          // the drain goes on by itself
        }
      }
    } catch (RuntimeException e) {
      log.error("resharding from {} to {} shards failed", oldCount, newCount, e);
      if (phase == Phase.CUTTING_OVER) {
        fail(e.toString());
      }
    }
  }

  private void cutOver() {
    for (Shard shard : newShards) {
      if (shard.state().isTerminal()) {
        fail("shard " + shard.id() + " ended in " + shard.state());
        return;
      }
    }
    if (System.nanoTime() - deadlineNanos >= 0) {
      fail(
          "not done in time: "
              + gate.shardsNotReady()
              + " of "
              + newCount
              + " shards are not ready, "
              + gate.remainingGuilds()
              + " guilds not cut over");
    } else if (gate.isCutOver()) {
      log.info("all guilds are cut over to {} shards: the {} old ones go", newCount, oldCount);
      phase = Phase.RETIRING;
      remove.accept(List.of(), true);
      gate.retireOld(); // what it brings from now on the new ones bring as well
      drain.apply(oldShards).whenComplete((done, failed) -> executor.execute(this::retired));
    }
  }

  private void retired() {
    if (phase == Phase.RETIRING) {
      stop(oldShards);
    }
  }

  private void fail(String reason) {
    failure = reason;
    log.error(
        "resharding to {} shards failed, the {} old ones go on: {}", newCount, oldCount, reason);
    gate.abandonNew();
    stop(newShards);
  }

  private void stop(Collection<Shard> shards) {
    phase = Phase.SETTLING;
    settlingSinceNanos = System.nanoTime();
    CompletableFuture.allOf(
            shards.stream()
                .map(shard -> shard.stop(StopMode.GOODBYE).toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new))
        .whenComplete((done, failed) -> stopped = true);
    remove.accept(shards, false);
  }

  private void settle() {
    boolean settled =
        gate.isSettled()
            || System.nanoTime() - settlingSinceNanos
                >= SETTLE_WINDOWS * settings.window().toNanos();
    if (!stopped || !settled) {
      return;
    }
    if (failure != null) {
      end(failure);
      return;
    }
    ReshardResult done =
        new ReshardResult(
            oldCount,
            newCount,
            Duration.ofNanos(System.nanoTime() - startNanos),
            gate.matched(),
            gate.undecided(),
            gate.forcedCuts());
    log.info("resharded: {}", done);
    result.complete(done);
    end("done");
  }

  /** Ticks no more; whoever waits is told, unless that has happened. */
  private void end(String reason) {
    phase = Phase.DONE;
    if (ticks != null) {
      ticks.cancel(false);
    }
    result.completeExceptionally(new ReshardException(reason));
  }
}
