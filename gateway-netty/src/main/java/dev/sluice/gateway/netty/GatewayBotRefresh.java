package dev.sluice.gateway.netty;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks GET /gateway/bot again when what it said at the start seems to be out of date: the gateway's
 * URL no longer works, or no session start is left. However often that is suspected, it is asked
 * once at a time and not more often than the interval says.
 */
final class GatewayBotRefresh {

  private static final Logger log = LoggerFactory.getLogger(GatewayBotRefresh.class);

  private final EventExecutor executor;
  private final long intervalNanos;
  private final Supplier<? extends CompletionStage<GatewayBotAnswer>> ask;
  private final Consumer<GatewayBotAnswer> answered;
  private long askedAtNanos; // confined to the executor, like asking
  private boolean asking;

  /**
   * Creates a refresh.
   *
   * @param intervalNanos from one question to the next, the first one having been asked just now
   * @param answered gets the answers, on the executor
   */
  GatewayBotRefresh(
      EventExecutor executor,
      long intervalNanos,
      Supplier<? extends CompletionStage<GatewayBotAnswer>> ask,
      Consumer<GatewayBotAnswer> answered) {
    this.executor = executor;
    this.intervalNanos = intervalNanos;
    this.ask = ask;
    this.answered = answered;
    this.askedAtNanos = System.nanoTime();
  }

  /** Suspects that the last answer is out of date, from any thread. */
  void request() {
    try {
      executor.execute(this::ask);
    } catch (RejectedExecutionException e) {
      log.debug("the manager has ended", e);
    }
  }

  private void ask() {
    long now = System.nanoTime();
    if (asking || now - askedAtNanos < intervalNanos) {
      return;
    }
    asking = true;
    askedAtNanos = now;
    ask.get()
        .whenCompleteAsync(
            (answer, failure) -> {
              asking = false;
              if (failure == null) {
                answered.accept(answer);
              } else {
                log.warn("{}", Causes.unwrap(failure).getMessage());
              }
            },
            executor);
  }
}
