package dev.sluice.examples.guide;

import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Outgoing;
import dev.sluice.gateway.sharding.IdentifyQueue;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Lets the shards of a driver identify one after another. Confined to the driver's thread. */
final class Permits {

  private final IdentifyQueue queue;
  private final Map<Integer, GatewayConnection> waiting = new HashMap<>();
  private final Set<Integer> granted = new HashSet<>();

  Permits(IdentifyQueue queue) {
    this.queue = queue;
  }

  /** To be called after each input to a connection. */
  void afterInput(GatewayConnection connection) {
    int shard = connection.shard().id();
    if (connection.identifyAbandoned()) { // the transport ended first
      if (granted.remove(shard)) {
        queue.release(shard);
      } else if (waiting.remove(shard) != null) {
        queue.cancel(shard);
      }
    } else if (connection.identifyWanted()) {
      waiting.put(shard, connection);
      queue.enqueue(shard);
    }
  }

  /** To be called after {@link IdentifyQueue#nextTimeoutNanos()}, at the latest. */
  void grant() {
    for (int shard = queue.poll(); shard >= 0; shard = queue.poll()) {
      granted.add(shard);
      waiting.remove(shard).identifyPermitted(); // its next send() yields IDENTIFY
    }
  }

  /** To be called when a payload was written. */
  void written(GatewayConnection connection, Outgoing payload) {
    if (payload.opcode() == Opcode.IDENTIFY && granted.remove(connection.shard().id())) {
      queue.sent(connection.shard().id());
    }
  }
}
