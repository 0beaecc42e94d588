package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.IdentifyQueue;
import dev.sluice.gateway.sharding.SessionStartBudget;
import dev.sluice.gateway.sharding.SessionStarts;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.time.InstantSource;
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

  private static final Logger log = LoggerFactory.getLogger(LocalIdentifyLimiter.class);
  private static final long STORE_TIMEOUT_SECONDS = 5;
  private static final long MIN_REFUSAL_NANOS = 1_000_000_000L;
  private static final long MAX_REFUSAL_NANOS = 300_000_000_000L; // then the budget is updated

  private final EventExecutor executor;
  private final IdentifyQueue queue;

  /** By shard id. While a bot is being resharded two shards have the same one, and take turns. */
  private final Map<Integer, Queue<CompletableFuture<Permit>>> waiting = new HashMap<>();

  private final @Nullable SessionStartBudget budget;
  private final SessionStore store;
  private final InstantSource wallClock = InstantSource.system();
  private final Runnable onExhausted;
  private final LogLimit failureLog = new LogLimit(NanoClock.system());
  private volatile int maxConcurrency; // which the queue takes over once no permit is out
  private int permitsOut;
  private long netSpent;
  private boolean askedStore;
  private boolean knowsStore; // what it says is in the budget
  private @Nullable ScheduledFuture<?> wakeUp;
  private boolean exhausted;
  private volatile @Nullable SessionStarts starts; // null when nobody knows

  /** Creates a limiter whose count ends with the process. */
  LocalIdentifyLimiter(
      EventExecutor executor,
      int maxConcurrency,
      @Nullable SessionStartBudget budget,
      Runnable onExhausted) {
    this(executor, maxConcurrency, budget, SessionStore.inMemory(), onExhausted);
  }

  /**
   * Creates a limiter.
   *
   * @param budget the session starts that are left, or null when nobody knows
   * @param store keeps their count
   * @param onExhausted is told when none is left, now and again, so that the budget is updated
   */
  LocalIdentifyLimiter(
      EventExecutor executor,
      int maxConcurrency,
      @Nullable SessionStartBudget budget,
      SessionStore store,
      Runnable onExhausted) {
    this.executor = executor;
    this.store = store;
    this.queue = IdentifyQueue.create(maxConcurrency, NanoClock.system());
    this.maxConcurrency = maxConcurrency;
    this.budget = budget;
    this.onExhausted = onExhausted;
    publish();
  }

  @Override
  public @Nullable SessionStarts sessionStarts() {
    return starts;
  }

  @Override
  public int maxConcurrency() {
    return maxConcurrency;
  }

  private void publish() {
    if (budget != null) {
      starts = budget.starts(wallClock.instant());
    }
  }

  @Override
  public void update(GatewayBot gatewayBot, int maxConcurrency, Duration age) {
    if (executor.inEventLoop()) {
      update(gatewayBot, maxConcurrency); // who asked because of it finds it done
    } else {
      executor.execute(() -> update(gatewayBot, maxConcurrency));
    }
  }

  private void update(GatewayBot gatewayBot, int maxConcurrency) {
    this.maxConcurrency = maxConcurrency;
    if (budget != null) {
      // The gateway does not know yet of the permits that are out; to spend theirs a second time
      // would be a start too many.
      int left = Math.max(0, gatewayBot.remaining() - permitsOut);
      budget.update(gatewayBot.total(), left, gatewayBot.resetAfter());
    }
    keepStarts(0, this::grant);
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
    if (!knowsStore) {
      askStore();
      return;
    }
    if (queue.maxConcurrency() != maxConcurrency) {
      if (permitsOut > 0) {
        return; // the queue takes no other concurrency; the end of the last permit leads here again
      }
      queue.maxConcurrency(maxConcurrency);
    }
    while (queue.nextTimeoutNanos() == 0) {
      if (budget != null && !budget.trySpend()) {
        refuse(budget);
        return;
      }
      exhausted = false;
      publish();
      int shardId = queue.poll();
      permitsOut++;
      CompletableFuture<Permit> request = take(shardId);
      keepStarts(1, () -> give(request, shardId));
    }
    if (queue.nextTimeoutNanos() != Long.MAX_VALUE) {
      wakeUpAfter(queue.nextTimeoutNanos());
    }
  }

  private void give(CompletableFuture<Permit> request, int shardId) {
    if (!request.complete(new LocalPermit(shardId))) {
      release(shardId); // cancelled meanwhile
      again(shardId);
      executor.execute(this::grant);
    }
  }

  private void askStore() {
    if (!askedStore) {
      askedStore = true;
      keepStarts(
          0,
          () -> {
            knowsStore = true;
            grant();
          });
    }
  }

  /**
   * Has the store keep the count before anything depends on it, so that no crash forgets a start.
   *
   * @param spent the change since the last call
   * @param then what waits for it; run whether or not it was kept
   */
  private void keepStarts(int spent, Runnable then) {
    if (budget == null) {
      then.run();
      return;
    }
    netSpent += spent;
    long netSpentThen = netSpent;
    SessionStarts known = budget.starts(wallClock.instant());
    CompletableFuture<SessionStarts> kept;
    try {
      kept = store.keepStarts(known, spent).toCompletableFuture();
    } catch (RuntimeException e) {
      kept = CompletableFuture.failedFuture(e);
    }
    if (kept.isDone()) {
      kept.whenComplete(
          (left, failure) -> onKept(budget, known, netSpentThen, left, failure, then));
      return;
    }
    kept.copy() // the time-out is ours, not the store's
        .orTimeout(STORE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .whenComplete(
            (left, failure) ->
                executor.execute(() -> onKept(budget, known, netSpentThen, left, failure, then)));
  }

  private void onKept(
      SessionStartBudget budget,
      SessionStarts known,
      long netSpentThen,
      @Nullable SessionStarts left,
      @Nullable Throwable failure,
      Runnable then) {
    if (left == null) {
      long lines = failureLog.pass();
      if (lines > 0) {
        log.warn(
            "the count of session starts was not kept: {}; {} like it in the last minute",
            failure == null ? "no answer" : Causes.describe(failure),
            lines - 1);
      }
    } else if (!left.equals(known)) {
      int spentSince = (int) (netSpent - netSpentThen); // which the answer does not count yet
      budget.restrict(
          new SessionStarts(
              left.total(), Math.max(0, left.remaining() - spentSince), left.resetAt()),
          wallClock.instant());
    }
    publish();
    then.run();
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
    permitsOut--;
    queue.release(shardId);
    if (budget != null) {
      budget.refund();
      keepStarts(-1, () -> {});
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
              permitsOut--;
              queue.sent(shardId);
              done(shardId);
            });
      }
    }

    @Override
    public void answered() {
      executor.execute(
          () -> {
            queue.answered(shardId);
            grant();
          });
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
