package dev.sluice.benchmarks.load;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts the events of each shard. The events of one shard come from one thread at a time, in
 * order; every thread may read.
 */
public final class EventCounter {

  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);
  private static final int STRIDE = 16; // two cache lines, for prefetchers take pairs

  private final long[] slots;
  private final int shards;

  /**
   * Makes a counter that stands at 0.
   *
   * @param shards how many shards there are, from 0
   */
  public EventCounter(int shards) {
    this.shards = shards;
    this.slots = new long[(shards + 1) * STRIDE];
  }

  /**
   * Counts one event.
   *
   * @param shard the id of its shard
   * @param sequence its sequence
   */
  public void received(int shard, long sequence) {
    int slot = (shard + 1) * STRIDE;
    SLOT.setRelease(slots, slot + 1, sequence);
    SLOT.setRelease(slots, slot, slots[slot] + 1);
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
    return (long) SLOT.getAcquire(slots, (shard + 1) * STRIDE);
  }

  /**
   * {@return the sequence of the last event of a shard, 0 before the first}
   *
   * @param shard the id of the shard
   */
  public long lastSequence(int shard) {
    return (long) SLOT.getAcquire(slots, (shard + 1) * STRIDE + 1);
  }
}
