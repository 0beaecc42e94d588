package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * One presence on its way to many shards, a few at a time on each event loop: 10,000 shards that
 * write in the same moment would hold up their events, and the gateway's.
 */
final class PresenceUpdate {

  static final int SHARDS_PER_STEP = 10;
  static final long STEP_MILLIS = 10;

  private final UpdatePresence command;
  private final CompletableFuture<CommandOutcomes> outcomes = new CompletableFuture<>();
  private final Map<CommandOutcome, Integer> counts = new EnumMap<>(CommandOutcome.class);
  private final Map<LoopContext, Batch> batches = new HashMap<>();
  private int pending; // guarded by counts, as those are
  private volatile boolean superseded;

  PresenceUpdate(UpdatePresence command, Collection<Shard> shards) {
    this.command = command;
    this.pending = shards.size();
    for (Shard shard : shards) {
      batches.computeIfAbsent(shard.context(), Batch::new).shards.add(shard);
    }
  }

  /** {@return completes when it is known what became of it on every shard} */
  CompletableFuture<CommandOutcomes> outcomes() {
    return outcomes;
  }

  /** Sends it, from any thread. */
  void start() {
    if (batches.isEmpty()) {
      outcomes.complete(new CommandOutcomes(Map.of()));
      return;
    }
    for (Batch batch : batches.values()) {
      if (!batch.context.offer(batch)) {
        batch.refuse();
      }
    }
  }

  /** A newer one is on its way: shards that this one has not reached need not be told twice. */
  void supersede() {
    superseded = true;
  }

  /** The event loop has ended, and its shards with it. */
  void eventLoopEnded(EventExecutor eventLoop) {
    for (Batch batch : batches.values()) {
      if (batch.context.eventLoop.equals(eventLoop)) {
        batch.end(CommandOutcome.REFUSED);
      }
    }
  }

  private void ended(CommandOutcome outcome) {
    CommandOutcomes all;
    synchronized (counts) {
      counts.merge(outcome, 1, Integer::sum);
      if (--pending > 0) {
        return;
      }
      all = new CommandOutcomes(counts);
    }
    outcomes.complete(all);
  }

  /** The shards of one event loop. Confined to it until it has ended. */
  private final class Batch implements LoopContext.Task {

    private final LoopContext context;
    private final Queue<Shard> shards = new ArrayDeque<>();

    Batch(LoopContext context) {
      this.context = context;
    }

    @Override
    public void run() {
      if (superseded) {
        end(CommandOutcome.OVERWRITTEN);
        return;
      }
      for (int i = 0; i < SHARDS_PER_STEP && !shards.isEmpty(); i++) {
        Shard shard = shards.remove();
        shard.queue(new One(shard));
      }
      if (!shards.isEmpty()) {
        try {
          context.eventLoop.schedule(this::run, STEP_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
          refuse(); // it is about to end
        }
      }
    }

    @Override
    public void refuse() {
      end(CommandOutcome.REFUSED);
    }

    private void end(CommandOutcome outcome) {
      while (shards.poll() != null) {
        ended(outcome);
      }
    }
  }

  /** The command for one shard. */
  private final class One extends PendingCommand {

    One(Shard shard) {
      super(shard, PresenceUpdate.this.command);
    }

    @Override
    void ended(End end) {
      PresenceUpdate.this.ended(end.outcome);
    }

    @Override
    void failed(RuntimeException failure) {
      outcomes.completeExceptionally(failure);
      PresenceUpdate.this.ended(CommandOutcome.REFUSED);
    }
  }
}
