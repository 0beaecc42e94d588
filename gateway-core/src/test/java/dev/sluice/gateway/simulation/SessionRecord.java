package dev.sluice.gateway.simulation;

import dev.sluice.gateway.server.ServerSession;
import java.util.BitSet;

/** What the server gave a session, and what the application has handled of it. */
final class SessionRecord {

  final int number;
  final SimulatedShard shard;
  final ServerSession session;
  final BitSet dispatched = new BitSet();
  final BitSet handled = new BitSet();
  final BitSet poison = new BitSet();
  int checkedThrough; // everything up to here was dispatched, and is handled
  boolean tainted;

  SessionRecord(int number, SimulatedShard shard, ServerSession session) {
    this.number = number;
    this.shard = shard;
    this.session = session;
  }

  /** The next event after a sequence, -1 for none. */
  int next(long sequence) {
    return dispatched.nextSetBit((int) sequence + 1);
  }

  /** The first event up to a sequence that is not handled, -1 for none. */
  int unhandled(long through) {
    int first = checkedThrough;
    while (true) {
      int next = dispatched.nextSetBit(first + 1);
      if (next < 0 || next > through) {
        checkedThrough = first;
        return -1;
      }
      if (!handled.get(next) && !poison.get(next)) {
        checkedThrough = first;
        return next;
      }
      first = next;
    }
  }
}
