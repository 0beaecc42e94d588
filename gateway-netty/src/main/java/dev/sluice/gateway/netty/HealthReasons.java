package dev.sluice.gateway.netty;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * What an operator should know of a manager whose shards alone do not tell it, such as that no
 * shard identifies any more. Thread-safe.
 */
final class HealthReasons {

  private final Map<String, String> reasons = new ConcurrentSkipListMap<>();

  /**
   * Reports something until it is cleared, instead of what was reported with the key before.
   *
   * @param key who reports; one of few, for what is reported is bounded by them
   * @param reason what is wrong, in a line
   */
  void report(String key, String reason) {
    reasons.put(key, reason);
  }

  void clear(String key) {
    reasons.remove(key);
  }

  List<String> list() {
    return List.copyOf(reasons.values());
  }
}
