package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * How events are handled on threads other than the event loops: which threads, in which order, and
 * how many events may wait. For {@link ShardManagerBuilder#workers}.
 *
 * <pre>{@code
 * Workers.threads(8)
 * Workers.executor(Executors.newVirtualThreadPerTaskExecutor()).orderedByGuild()
 * }</pre>
 *
 * <p>Each event is copied into pooled memory of the heap and waits for a worker. What waits is
 * bounded for each shard, in events and in bytes, and for all shards together in bytes. At a bound
 * the shard stops reading, and the gateway keeps its events meanwhile; heartbeats go on. It reads
 * on at half of the bound. An event counts until it is acknowledged, so those that a handler has
 * deferred count too.
 *
 * <p>Immutable: each setting returns another instance.
 */
public final class Workers {

  private static final int DEFAULT_CAPACITY = 1024;
  private static final int DEFAULT_BYTES_PER_SHARD = 4 << 20;
  private static final int GUILD_LANES = 16;
  private static final int HALF = -1;

  private final int threads; // 0 with an executor
  private final @Nullable Executor executor;
  private final boolean orderedByGuild;
  private final int capacity;
  private final int lowWatermark;
  private final int maxBytesPerShard;
  private final long maxBytes;

  private Workers(
      int threads,
      @Nullable Executor executor,
      boolean orderedByGuild,
      int capacity,
      int lowWatermark,
      int maxBytesPerShard,
      long maxBytes) {
    this.threads = threads;
    this.executor = executor;
    this.orderedByGuild = orderedByGuild;
    this.capacity = capacity;
    this.lowWatermark = lowWatermark;
    this.maxBytesPerShard = maxBytesPerShard;
    this.maxBytes = maxBytes;
  }

  /**
   * Starts the settings of workers that are threads of the manager's own, named {@code
   * sluice-worker}. They are no daemons, so that an event which was begun is also finished; they
   * end with the manager.
   *
   * @param threads how many, at least 1
   * @return the settings, with the defaults for everything else
   * @throws IllegalArgumentException if it is below 1
   */
  public static Workers threads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: " + threads + " (expected: >= 1)");
    }
    return of(threads, null);
  }

  /**
   * Starts the settings of workers that run on the application's executor, one with virtual threads
   * for instance. It gets a task whenever events wait and no task is on its way to them, not one
   * for each event. The manager does not end it. While it rejects tasks the events wait, and it is
   * asked again ten times a second.
   *
   * @param executor the executor
   * @return the settings, with the defaults for everything else
   */
  public static Workers executor(Executor executor) {
    return of(0, requireNonNull(executor, "executor"));
  }

  private static Workers of(int threads, @Nullable Executor executor) {
    return new Workers(
        threads,
        executor,
        false,
        DEFAULT_CAPACITY,
        HALF,
        DEFAULT_BYTES_PER_SHARD,
        Math.max(DEFAULT_BYTES_PER_SHARD, Runtime.getRuntime().maxMemory() / 4));
  }

  /**
   * Keeps the order of events within a guild only, so that a slow handler holds up some guilds of
   * its shard and not all. The guilds of a shard share 16 lanes by a hash of their ids; events
   * without a guild have one of them in common. Default: the order of the shard.
   *
   * @return the settings with this order
   */
  public Workers orderedByGuild() {
    return new Workers(threads, executor, true, capacity, lowWatermark, maxBytesPerShard, maxBytes);
  }

  /**
   * Sets how many events of a shard may wait or be unacknowledged before it stops reading. Default:
   * 1024.
   *
   * @param capacity at least 1
   * @return the settings with this capacity
   * @throws IllegalArgumentException if it is below 1, or not above the low watermark that was set
   */
  public Workers capacity(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: " + capacity + " (expected: >= 1)");
    }
    if (lowWatermark >= capacity) {
      throw new IllegalArgumentException(
          "capacity: " + capacity + " (expected: above the low watermark, " + lowWatermark + ')');
    }
    return new Workers(
        threads, executor, orderedByGuild, capacity, lowWatermark, maxBytesPerShard, maxBytes);
  }

  /**
   * Sets at how many events a shard that stopped reading reads on. Default: half of the capacity.
   *
   * @param lowWatermark at least 0, below the capacity
   * @return the settings with this low watermark
   * @throws IllegalArgumentException if it is outside that range
   */
  public Workers lowWatermark(int lowWatermark) {
    if (lowWatermark < 0 || lowWatermark >= capacity) {
      throw new IllegalArgumentException(
          "lowWatermark: " + lowWatermark + " (expected: 0.." + (capacity - 1) + ')');
    }
    return new Workers(
        threads, executor, orderedByGuild, capacity, lowWatermark, maxBytesPerShard, maxBytes);
  }

  /**
   * Sets how many bytes the events of a shard may have before it stops reading; one event is always
   * taken. Default: 4 MiB.
   *
   * @param maxBytesPerShard at least 1
   * @return the settings with this bound
   * @throws IllegalArgumentException if it is below 1
   */
  public Workers maxBytesPerShard(int maxBytesPerShard) {
    if (maxBytesPerShard < 1) {
      throw new IllegalArgumentException(
          "maxBytesPerShard: " + maxBytesPerShard + " (expected: >= 1)");
    }
    return new Workers(
        threads, executor, orderedByGuild, capacity, lowWatermark, maxBytesPerShard, maxBytes);
  }

  /**
   * Sets how many bytes the events of all shards may have. Each event loop has an equal part of it;
   * once that is used up, each of its shards stops reading at its next event. Default: a quarter of
   * the largest heap.
   *
   * @param maxBytes at least 1
   * @return the settings with this bound
   * @throws IllegalArgumentException if it is below 1
   */
  public Workers maxBytes(long maxBytes) {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes: " + maxBytes + " (expected: >= 1)");
    }
    return new Workers(
        threads, executor, orderedByGuild, capacity, lowWatermark, maxBytesPerShard, maxBytes);
  }

  int threads() {
    return threads;
  }

  @Nullable Executor executor() {
    return executor;
  }

  /** {@return how many events of a shard may be handled at a time, a power of two} */
  int lanes() {
    return orderedByGuild ? GUILD_LANES : 1;
  }

  int capacity() {
    return capacity;
  }

  int lowWatermark() {
    return lowWatermark == HALF ? capacity / 2 : lowWatermark;
  }

  int maxBytesPerShard() {
    return maxBytesPerShard;
  }

  long maxBytes() {
    return maxBytes;
  }

  /** {@return the settings} */
  @Override
  public String toString() {
    return "Workers["
        + (executor == null ? "threads=" + threads : "executor=" + executor)
        + ", orderedBy="
        + (orderedByGuild ? "guild" : "shard")
        + ", capacity="
        + capacity
        + ", lowWatermark="
        + lowWatermark()
        + ", maxBytesPerShard="
        + maxBytesPerShard
        + ", maxBytes="
        + maxBytes
        + ']';
  }
}
