package dev.sluice.gateway.server;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Windows of equal length, at most one at a time for each key. Keeps those that run only. */
final class KeyedWindows {

  private final long windowNanos;
  // The one that started first ends first.
  private final Map<Long, Long> startNanos = new LinkedHashMap<>();

  KeyedWindows(long windowNanos) {
    this.windowNanos = windowNanos;
  }

  /** {@return the nanoseconds until the window of a key ends, 0 if none runs} */
  long remainingNanos(long key, long nowNanos) {
    Iterator<Long> starts = startNanos.values().iterator();
    while (starts.hasNext() && nowNanos - starts.next() >= windowNanos) {
      starts.remove();
    }
    Long start = startNanos.get(key);
    return start == null ? 0 : windowNanos - (nowNanos - start);
  }

  /** Starts the window of a key for which none runs. */
  void start(long key, long nowNanos) {
    startNanos.put(key, nowNanos);
  }
}
