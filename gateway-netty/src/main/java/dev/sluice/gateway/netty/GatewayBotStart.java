package dev.sluice.gateway.netty;

import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks GET /gateway/bot for a manager that starts, for as long as what fails may pass: a bot that
 * is started in an outage comes up by itself when that ends. The waits grow up to a minute, of
 * which a random part is taken, so that the bots of the world do not end the API's recovery.
 */
final class GatewayBotStart {

  private static final Logger log = LoggerFactory.getLogger(GatewayBotStart.class);

  private static final long MIN_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  static final long MAX_DELAY_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int ATTEMPTS_LOGGED_AT_FIRST = 3;
  private static final int ATTEMPTS_A_LINE = 20; // some ten minutes

  private final EventExecutor executor;
  private final Supplier<CompletableFuture<GatewayBotAnswer>> ask;
  private final long firstDelayNanos;
  private final RandomGenerator random;
  private final BiConsumer<GatewayApiException, Duration> onFailure;
  private final CompletableFuture<GatewayBotAnswer> result = new CompletableFuture<>();
  private volatile @Nullable Future<?> pending; // an attempt or the wait for the next
  private int attempts; // one at a time

  /**
   * Creates it.
   *
   * @param executor runs the attempts
   * @param ask asks once
   * @param firstDelayNanos what the first wait is at most; it doubles with each
   * @param onFailure is told of each attempt that failed and of the wait for the next
   */
  GatewayBotStart(
      EventExecutor executor,
      Supplier<CompletableFuture<GatewayBotAnswer>> ask,
      long firstDelayNanos,
      RandomGenerator random,
      BiConsumer<GatewayApiException, Duration> onFailure) {
    this.executor = executor;
    this.ask = ask;
    this.firstDelayNanos = Math.max(MIN_DELAY_NANOS, firstDelayNanos);
    this.random = random;
    this.onFailure = onFailure;
  }

  /**
   * Starts to ask; to be called once.
   *
   * @return completes with the answer, or with what asking again does not help against. Cancelling
   *     it ends the asking
   */
  CompletableFuture<GatewayBotAnswer> ask() {
    result.whenComplete((answer, failure) -> cancel(pending));
    attempt();
    return result;
  }

  private void attempt() {
    CompletableFuture<GatewayBotAnswer> answer = ask.get();
    await(answer);
    answer.whenComplete(this::answered);
  }

  private void await(Future<?> next) {
    pending = next;
    if (result.isDone()) { // cancelled meanwhile
      cancel(next);
    }
  }

  private static void cancel(@Nullable Future<?> pending) {
    if (pending != null) {
      pending.cancel(false);
    }
  }

  private void answered(@Nullable GatewayBotAnswer answer, @Nullable Throwable failure) {
    if (failure == null) {
      result.complete(answer);
      return;
    }
    if (!(failure instanceof GatewayApiException api) || !api.isTransient()) {
      result.completeExceptionally(failure);
      return;
    }
    attempts++;
    long delayNanos = delayNanos(api);
    tell(api, Duration.ofNanos(delayNanos));
    try {
      await(executor.schedule(this::attempt, delayNanos, TimeUnit.NANOSECONDS));
    } catch (RejectedExecutionException e) { // the event loop has ended
      result.completeExceptionally(e);
    }
  }

  private long delayNanos(GatewayApiException failure) {
    int doublings = Math.min(attempts - 1, Long.numberOfLeadingZeros(firstDelayNanos) - 1);
    long most = Math.min(MAX_DELAY_NANOS, firstDelayNanos << doublings);
    return Math.max(failure.retryAfterNanos(), (long) (random.nextDouble() * most));
  }

  private void tell(GatewayApiException failure, Duration delay) {
    if (attempts <= ATTEMPTS_LOGGED_AT_FIRST || attempts % ATTEMPTS_A_LINE == 0) {
      log.atWarn()
          .addKeyValue("attempts", attempts)
          .addKeyValue("delay_ms", delay.toMillis())
          .log("cannot start yet: {}; asks again", failure.getMessage());
    }
    try {
      onFailure.accept(failure, delay);
    } catch (RuntimeException e) {
      log.error("the shard listener failed", e);
    }
  }
}
