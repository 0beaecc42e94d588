package dev.sluice.gateway.testkit.contract;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Waits for what other threads do, never longer than a test should take. */
final class Waits {

  static final long TIMEOUT_SECONDS = 60;

  private Waits() {}

  static <T extends @Nullable Object> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Waits for a condition on what a monitor guards, the caller's; whoever changes that notifies.
   *
   * @param what is missing when the time is over
   */
  static void await(Object monitor, BooleanSupplier condition, Supplier<String> what)
      throws InterruptedException {
    await(monitor, TIMEOUT_SECONDS, condition, what);
  }

  @SuppressWarnings("WaitNotInLoop") // it is, by another name
  static void await(
      Object monitor, long timeoutSeconds, BooleanSupplier condition, Supplier<String> what)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
    while (!condition.getAsBoolean()) {
      long remaining = deadline - System.nanoTime();
      if (remaining <= 0) {
        throw new AssertionError(what.get() + " (expected within " + timeoutSeconds + " s)");
      }
      TimeUnit.NANOSECONDS.timedWait(monitor, remaining);
    }
  }
}
