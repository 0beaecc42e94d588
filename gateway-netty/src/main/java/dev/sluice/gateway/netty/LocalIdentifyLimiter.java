package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.IdentifyQueue;
import dev.sluice.gateway.sharding.SessionStartBudget;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Permits for the shards of one manager, from an {@link IdentifyQueue} on one event loop, as long
 * as the {@link SessionStartBudget} has starts left.
 */
final class LocalIdentifyLimiter implements IdentifyLimiter {

  /** Nobody knows how many session starts are left. */
  static final int UNKNOWN = -1;

  private static final Logger log = LoggerFactory.getLogger(LocalIdentifyLimiter.class);
  private static final long MIN_REFUSAL_NANOS = 1_000_000_000L;
  private static final long MAX_REFUSAL_NANOS = 300_000_000_000L; // then the budget is updated

  private final EventExecutor executor;
  private final IdentifyQueue queue;

  /** By shard id. While a bot is being resharded two shards have the same one, and take turns. */
  private final Map<Integer, Queue<CompletableFuture<Permit>>> waiting = new HashMap<>();

  private final @Nullable SessionStartBudget budget;
  private final Runnable onExhausted;
  private @Nullable ScheduledFuture<?> wakeUp;
  private boolean exhausted;
  private volatile int startsLeft = UNKNOWN;

  /**
   * Creates a limiter.
   *
   * @param budget the session starts that are left, or null when nobody knows
   * @param onExhausted is told when none is left, now and again, so that the budget is updated
   */
  LocalIdentifyLimiter(
      EventExecutor executor,
      int maxConcurrency,
      @Nullable SessionStartBudget budget,
      Runnable onExhausted) {
    this.executor = executor;
    this.queue = IdentifyQueue.create(maxConcurrency, NanoClock.system());
    this.budget = budget;
    this.onExhausted = onExhausted;
    publish();
  }

  /** {@return the session starts that are left, or {@link #UNKNOWN}; on any thread} */
  int sessionStartsLeft() {
    return startsLeft;
  }

  private void publish() {
    if (budget != null) {
      startsLeft = budget.remaining();
    }
  }

  /** Takes over what GET /gateway/bot says now, on the executor. */
  void update(GatewayBot gatewayBot, int maxConcurrency) {
    queue.maxConcurrency(maxConcurrency);
    if (budget != null) {
      budget.update(gatewayBot.total(), gatewayBot.remaining(), gatewayBot.resetAfter());
      publish();
    }
    grant();
  }

  @Override
  public CompletionStage<Permit> acquire(int bucket, ShardId shard) {
    CompletableFuture<Permit> permit = new CompletableFuture<>();
    executor.execute(
        () -> {
          waiting.computeIfAbsent(shard.id(), id -> new ArrayDeque<>()).add(permit);
          queue.enqueue(shard.id());
          grant();
        });
    return permit;
  }

  private void grant() {
    while (queue.nextTimeoutNanos() == 0) {
      if (budget != null && !budget.trySpend()) {
        refuse(budget);
        return;
      }
      exhausted = false;
      publish();
      int shardId = queue.poll();
      if (!take(shardId).complete(new LocalPermit(shardId))) {
        release(shardId); // cancelled meanwhile
        again(shardId);
      }
    }
    if (queue.nextTimeoutNanos() != Long.MAX_VALUE) {
      wakeUpAfter(queue.nextTimeoutNanos());
    }
  }

  /**
   * More starts than Discord allows end every session and reset the token: none is spent beyond.
   */
  private void refuse(SessionStartBudget spent) {
    long resetAfterNanos = spent.resetAfterNanos();
    if (!exhausted) {
      exhausted = true;
      log.error(
          "no session start is left: {} shards wait {} s for more; live sessions go on",
          queue.size(),
          TimeUnit.NANOSECONDS.toSeconds(resetAfterNanos));
    }
    onExhausted.run();
    wakeUpAfter(Math.min(MAX_REFUSAL_NANOS, Math.max(MIN_REFUSAL_NANOS, resetAfterNanos)));
  }

  private void release(int shardId) {
    queue.release(shardId);
    if (budget != null) {
      budget.refund();
      publish();
    }
  }

  private void wakeUpAfter(long nanos) {
    if (wakeUp != null) {
      wakeUp.cancel(false); // what is waited for now may come sooner
    }
    wakeUp = executor.schedule(this::grant, nanos, TimeUnit.NANOSECONDS);
  }

  /** Takes the oldest request of a shard id, which the queue holds only as long as there is one. */
  private CompletableFuture<Permit> take(int shardId) {
    Queue<CompletableFuture<Permit>> requests = requireNonNull(waiting.get(shardId));
    CompletableFuture<Permit> oldest = requests.remove();
    if (requests.isEmpty()) {
      waiting.remove(shardId);
    }
    return oldest;
  }

  private void done(int shardId) {
    again(shardId);
    grant();
  }

  /** The queue does not take a shard id whose last permit is still out, so it is told again. */
  private void again(int shardId) {
    if (waiting.containsKey(shardId)) {
      queue.enqueue(shardId);
    }
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
              LocalIdentifyLimiter.this.release(shardId);
              done(shardId);
            });
      }
    }
  }
}
