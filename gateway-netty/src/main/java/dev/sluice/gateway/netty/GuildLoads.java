package dev.sluice.gateway.netty;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * The loading of guilds across the shards of a manager: how many shards may be between IDENTIFY and
 * their last GUILD_CREATE at a time, and when all of them have been there. Thread-safe.
 *
 * <p>The turn is asked for once a shard has its identify permit, which it gives back if it has to
 * wait: others of its bucket are not held up, and no window is lost.
 */
final class GuildLoads {

  final long timeoutNanos;
  private final int maxLoading;
  private final Queue<Runnable> waiting = new ArrayDeque<>(); // guarded by this
  private int loading; // guarded by this
  private int shardsMissing; // guarded by this
  private final CompletableFuture<Void> allLoaded = new CompletableFuture<>();

  /**
   * Creates the state of a manager that has no shards yet.
   *
   * @param timeoutNanos after so long without a guild a shard waits for no more
   * @param maxLoading how many shards may load at a time
   */
  GuildLoads(long timeoutNanos, int maxLoading) {
    this.timeoutNanos = timeoutNanos;
    this.maxLoading = maxLoading;
  }

  /**
   * Asks for a turn.
   *
   * @param whenTurnComes is called once, on any thread, if it was not given now
   * @return whether it was
   */
  synchronized boolean tryBegin(Runnable whenTurnComes) {
    if (loading < maxLoading) {
      loading++;
      return true;
    }
    waiting.add(whenTurnComes);
    return false;
  }

  /** Gives a turn back; the next that waits has it then. */
  void end() {
    Runnable next;
    synchronized (this) {
      next = waiting.poll();
      if (next == null) {
        loading--;
      }
    }
    if (next != null) {
      next.run();
    }
  }

  /** Sets how many shards there are at the start; with none there is nothing to wait for. */
  void start(int shards) {
    synchronized (this) {
      shardsMissing = shards;
    }
    if (shards == 0) {
      allLoaded.complete(null);
    }
  }

  /** A shard has its guilds for the first time. */
  void shardLoaded() {
    boolean last;
    synchronized (this) {
      last = --shardsMissing == 0;
    }
    if (last) {
      allLoaded.complete(null);
    }
  }

  /** A shard will not have them. */
  void shardEnded(Throwable cause) {
    allLoaded.completeExceptionally(cause);
  }

  /** {@return completes when every shard of the start has its guilds} */
  CompletableFuture<Void> allLoaded() {
    return allLoaded;
  }
}
