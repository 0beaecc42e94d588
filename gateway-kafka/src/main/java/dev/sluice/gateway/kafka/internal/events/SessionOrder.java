package dev.sluice.gateway.kafka.internal.events;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Keeps the sessions of one shard behind the READY or RESUMED that they include, and in the order
 * in which they came. Thread-safe.
 */
final class SessionOrder {

  private CompletableFuture<Void> last = CompletableFuture.completedFuture(null); // guarded by this

  /**
   * Has the sessions that come from now on wait for an event.
   *
   * @param ended completes when the event is where it should be, or is given up
   */
  synchronized void await(CompletableFuture<Void> ended) {
    last = last.isDone() ? ended : last.thenCombine(ended, (before, now) -> null);
  }

  /**
   * Writes a session, at once or when its turn has come.
   *
   * @param write begins to write it; must not throw
   * @return completes as what the write returned
   */
  synchronized CompletionStage<Boolean> write(Supplier<CompletionStage<Boolean>> write) {
    if (last.isDone()) {
      return write.get();
    }
    CompletableFuture<CompletionStage<Boolean>> begun = last.thenApply(ended -> write.get());
    last = begun.thenApply(written -> null); // the next one may begin, not that this is written
    return begun.thenCompose(written -> written);
  }
}
