package dev.sluice.gateway.netty;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Since when shards of one event loop have wanted to identify. Confined to that event loop, but for
 * {@link #shards} and {@link #size}.
 */
final class IdentifyWaits {

  private final LatencyRecorder waits;
  private final Map<Shard, Long> wantedAtNanos = new ConcurrentHashMap<>();
  private volatile int size;

  IdentifyWaits(LatencyRecorder waits) {
    this.waits = waits;
  }

  /** A shard is going to dial without a session; it may have wanted to before. */
  void wanted(Shard shard, long nowNanos) {
    wantedAtNanos.putIfAbsent(shard, nowNanos);
    size = wantedAtNanos.size();
  }

  /** IDENTIFY was written. */
  void identified(Shard shard, long nowNanos) {
    Long since = wantedAtNanos.remove(shard);
    size = wantedAtNanos.size();
    if (since != null) {
      waits.record(nowNanos - since);
    }
  }

  /** A shard has ended. */
  void ended(Shard shard) {
    if (wantedAtNanos.remove(shard) != null) {
      size = wantedAtNanos.size();
    }
  }

  /** {@return those that wait, a live view; on any thread} */
  Set<Shard> shards() {
    return wantedAtNanos.keySet();
  }

  /** {@return how many wait, on any thread} */
  int size() {
    return size;
  }
}
