package dev.sluice.gateway.micrometer;

import dev.sluice.gateway.netty.LatencyStats;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerStats;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The figures of a manager, read at most once a second however many meters ask, and those of one to
 * two minutes ago. Thread-safe.
 */
final class Snapshots {

  static final long MAX_AGE_NANOS = 1_000_000_000L;
  static final long WINDOW_NANOS = 60_000_000_000L;

  private final ShardManager manager;
  private final LongSupplier nanoTime;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  private ShardManagerStats latest; // guarded by this, like all that follows
  private long latestAtNanos;
  private @Nullable ShardManagerStats base; // what the last minutes are measured from
  private ShardManagerStats nextBase;
  private long nextBaseAtNanos;

  Snapshots(ShardManager manager, LongSupplier nanoTime) {
    this.manager = manager;
    this.nanoTime = nanoTime;
    this.latest = manager.stats();
    this.latestAtNanos = nanoTime.getAsLong();
    this.nextBase = latest;
    this.nextBaseAtNanos = latestAtNanos;
  }

  /** Has something run in the thread that finds the figures old, after they were read anew. */
  void onRefresh(Runnable listener) {
    listeners.add(listener);
  }

  void removeListener(Runnable listener) {
    listeners.remove(listener);
  }

  ShardManagerStats now() {
    ShardManagerStats stats;
    synchronized (this) {
      if (nanoTime.getAsLong() - latestAtNanos < MAX_AGE_NANOS) {
        return latest;
      }
      stats = refresh();
    }
    listeners.forEach(Runnable::run);
    return stats;
  }

  private ShardManagerStats refresh() {
    latest = manager.stats();
    latestAtNanos = nanoTime.getAsLong();
    if (latestAtNanos - nextBaseAtNanos >= WINDOW_NANOS) {
      base = nextBase;
      nextBase = latest;
      nextBaseAtNanos = latestAtNanos;
    }
    return latest;
  }

  /** {@return the latencies of the last one to two minutes, or of as long as somebody asked} */
  LatencyStats recent(Function<ShardManagerStats, LatencyStats> latency) {
    LatencyStats all = latency.apply(now());
    ShardManagerStats before;
    synchronized (this) {
      before = base;
    }
    return before == null ? all : all.minus(latency.apply(before));
  }
}
