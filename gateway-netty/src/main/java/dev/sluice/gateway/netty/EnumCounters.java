package dev.sluice.gateway.netty;

import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/** One counter for each constant of an enum. Any thread reads. */
@SuppressWarnings("EnumOrdinal") // a map would box, and its lookup is the cost of the event
final class EnumCounters<E extends Enum<E>> {

  private final E[] constants;
  private final AtomicLongArray counts;

  EnumCounters(Class<E> type) {
    this.constants = type.getEnumConstants();
    this.counts = new AtomicLongArray(constants.length);
  }

  /** Adds; on one thread only, which is why nothing has to be atomic about it. */
  void add(E constant, long amount) {
    int index = constant.ordinal();
    counts.setOpaque(index, counts.getPlain(index) + amount);
  }

  /** Adds, on any thread; not to counters that {@link #add} writes. */
  void addFromAnyThread(E constant, long amount) {
    counts.getAndAdd(constant.ordinal(), amount);
  }

  long get(E constant) {
    return counts.getOpaque(constant.ordinal());
  }

  long sum() {
    long sum = 0;
    for (int i = 0; i < constants.length; i++) {
      sum += counts.getOpaque(i);
    }
    return sum;
  }

  /** Adds what was counted to a map, without the constants that never were. */
  void addTo(Map<E, Long> sums) {
    for (int i = 0; i < constants.length; i++) {
      long count = counts.getOpaque(i);
      if (count != 0) {
        sums.merge(constants[i], count, Long::sum);
      }
    }
  }
}
