package dev.sluice.gateway.console;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.ShardId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The last changes of state of each shard. Written on the event loops, each shard by its own; read
 * on any thread. A quarter of a kilobyte for each shard.
 */
final class Transitions {

  /** How many are remembered of each shard. */
  static final int KEPT = 16;

  private static final GatewayState[] STATES = GatewayState.values();
  private static final int STATE_BITS = 4;
  private static final int STATE_MASK = (1 << STATE_BITS) - 1;

  private final Map<ShardId, Ring> rings = new ConcurrentHashMap<>();

  /** One change. */
  record Transition(long atMillis, GatewayState from, GatewayState to) {}

  /** The changes of one shard, each packed so that it is read whole. */
  private static final class Ring {

    private final AtomicLongArray packed = new AtomicLongArray(KEPT);
    private volatile int count;

    void add(long packedChange) {
      int next = count;
      packed.setRelease(next % KEPT, packedChange);
      count = next + 1; // its event loop alone writes
    }

    List<Transition> list() {
      int end = count;
      List<Transition> list = new ArrayList<>(KEPT);
      for (int i = Math.max(0, end - KEPT); i < end; i++) {
        list.add(unpack(packed.getAcquire(i % KEPT)));
      }
      return list;
    }
  }

  @SuppressWarnings("EnumOrdinal") // never leaves the process
  void add(ShardId shard, long atMillis, GatewayState from, GatewayState to) {
    rings
        .computeIfAbsent(shard, id -> new Ring())
        .add(atMillis << (2 * STATE_BITS) | (long) from.ordinal() << STATE_BITS | to.ordinal());
  }

  private static Transition unpack(long packed) {
    return new Transition(
        packed >>> (2 * STATE_BITS),
        STATES[(int) (packed >>> STATE_BITS) & STATE_MASK],
        STATES[(int) packed & STATE_MASK]);
  }

  /** {@return the last ones of a shard, oldest first} */
  List<Transition> of(ShardId shard) {
    Ring ring = rings.get(shard);
    return ring == null ? List.of() : ring.list();
  }

  /** Forgets the shards that are gone. */
  void retain(Set<ShardId> shards) {
    rings.keySet().retainAll(shards);
  }
}
