package dev.sluice.benchmarks.load;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts the events of each shard, and keeps the sequence of the last. The events of one shard come
 * from one thread at a time; every thread may read. What came between the first and the last is
 * counted and not compared.
 */
public final class EventCounter {

  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle ARRIVALS;
  private static final int STRIDE = 16; // two cache lines, for prefetchers take pairs

  static {
    try {
      ARRIVALS =
          MethodHandles.lookup().findVarHandle(EventCounter.class, "arrivals", Arrivals.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** When events came. What a shard writes is read once its count is. */
  private record Arrivals(long[] counts, long[][] nanos) {

    void record(int shard, long count) {
      long event = count - counts[shard];
      if (event < nanos[shard].length) {
        nanos[shard][(int) event] = System.nanoTime();
      }
    }
  }

  private final long[] slots;
  private final int shards;
  private final int stride;

  @SuppressWarnings("unused") // through ARRIVALS
  private Arrivals arrivals;

  /**
   * Makes a counter that stands at 0.
   *
   * @param shards how many shards there are, from 0
   */
  public EventCounter(int shards) {
    this(shards, STRIDE);
  }

  private EventCounter(int shards, int stride) {
    this.shards = shards;
    this.stride = stride;
    this.slots = new long[(shards + 1) * STRIDE];
  }

  /** {@return a counter whose figures mean nothing, for any number of shards that are idle} */
  static EventCounter ofNoEvents() {
    return new EventCounter(1, 0);
  }

  /**
   * Counts one event.
   *
   * @param shard the id of its shard
   * @param sequence its sequence
   */
  public void received(int shard, long sequence) {
    int slot = (shard + 1) * stride;
    long before = slots[slot];
    Arrivals log = (Arrivals) ARRIVALS.getOpaque(this);
    if (log != null) {
      log.record(shard, before);
    }
    SLOT.setRelease(slots, slot + 1, sequence);
    SLOT.setRelease(slots, slot, before + 1);
  }

  /**
   * Sets what is known of a shard whose events are not told one by one.
   *
   * @param shard the id of the shard
   * @param count how many events came
   * @param sequence the sequence of the last
   */
  void set(int shard, long count, long sequence) {
    int slot = (shard + 1) * stride;
    SLOT.setRelease(slots, slot + 1, sequence);
    SLOT.setRelease(slots, slot, count);
  }

  /**
   * Begins to note when each event comes, for a number of events of each shard from here on. No
   * event may come meanwhile.
   *
   * @param eventsPerShard how many
   */
  void recordArrivals(int eventsPerShard) {
    long[] counts = new long[shards];
    for (int shard = 0; shard < shards; shard++) {
      counts[shard] = received(shard);
    }
    ARRIVALS.setOpaque(this, new Arrivals(counts, new long[shards][eventsPerShard]));
  }

  /**
   * {@return when an event came, by {@link System#nanoTime}, once it is counted}
   *
   * @param shard the id of its shard
   * @param event its number in the shard, from 0, since {@link #recordArrivals}
   */
  long arrivalNanos(int shard, int event) {
    return ((Arrivals) ARRIVALS.getOpaque(this)).nanos[shard][event];
  }

  /** {@return how many events came, of all shards} */
  public long received() {
    long sum = 0;
    for (int shard = 0; shard < shards; shard++) {
      sum += received(shard);
    }
    return sum;
  }

  /**
   * {@return how many events of a shard came}
   *
   * @param shard the id of the shard
   */
  public long received(int shard) {
    return (long) SLOT.getAcquire(slots, (shard + 1) * stride);
  }

  /**
   * {@return the sequence of the last event of a shard, 0 before the first}
   *
   * @param shard the id of the shard
   */
  public long lastSequence(int shard) {
    return (long) SLOT.getAcquire(slots, (shard + 1) * stride + 1);
  }
}
