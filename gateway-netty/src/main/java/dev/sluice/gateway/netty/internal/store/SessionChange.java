package dev.sluice.gateway.netty.internal.store;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What is to be kept of a shard: its newest session, or that it has none. Whoever asked for an
 * older one of the same epoch that was not written yet waits for this one.
 */
public final class SessionChange {

  final ShardId shard;
  final @Nullable GatewaySession session;
  final long epoch;
  private final CompletableFuture<Boolean> outcome;
  private final @Nullable SessionChange stale; // of an older epoch
  private boolean kept;
  private @Nullable Exception failure;

  private SessionChange(
      ShardId shard,
      @Nullable GatewaySession session,
      long epoch,
      CompletableFuture<Boolean> outcome,
      @Nullable SessionChange stale) {
    this.shard = shard;
    this.session = session;
    this.epoch = epoch;
    this.outcome = outcome;
    this.stale = stale;
  }

  /**
   * Joins what is wanted to what waits already.
   *
   * @param waiting what waits, or null
   * @param shard which shard
   * @param session its session, or null to forget it
   * @param epoch the epoch of the assignment
   * @return what waits now: {@code waiting} itself if that is of a newer epoch
   */
  public static SessionChange after(
      @Nullable SessionChange waiting,
      ShardId shard,
      @Nullable GatewaySession session,
      long epoch) {
    if (waiting == null) {
      return new SessionChange(shard, session, epoch, new CompletableFuture<>(), null);
    }
    if (epoch < waiting.epoch) {
      return waiting;
    }
    return epoch == waiting.epoch
        ? new SessionChange(shard, session, epoch, waiting.outcome, waiting.stale)
        : new SessionChange(shard, session, epoch, new CompletableFuture<>(), waiting);
  }

  /** {@return the session, or null when it is to be forgotten} */
  public @Nullable GatewaySession session() {
    return session;
  }

  /** {@return the epoch} */
  public long epoch() {
    return epoch;
  }

  /** {@return completes with whether it was kept} */
  public CompletableFuture<Boolean> outcome() {
    return outcome;
  }

  /** {@return whether it was written; false when it was refused, or failed} */
  public boolean kept() {
    return kept;
  }

  /** {@return why it could not be written, or null} */
  public @Nullable Exception failure() {
    return failure;
  }

  void done(boolean kept) {
    this.kept = kept;
  }

  /**
   * Says that it could not be written.
   *
   * @param failure why
   */
  public void fail(Exception failure) {
    this.failure = failure;
    kept = false;
  }

  /** Tells all who wait for it. */
  public void tell() {
    for (SessionChange old = stale; old != null; old = old.stale) {
      old.outcome.complete(false);
    }
    if (failure == null) {
      outcome.complete(kept);
    } else {
      outcome.completeExceptionally(failure);
    }
  }
}
