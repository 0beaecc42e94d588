package dev.sluice.gateway.netty;

import dev.sluice.gateway.netty.DialLimiter.Dialer;
import dev.sluice.gateway.sharding.ResumeLane;
import java.util.function.LongSupplier;

/**
 * The {@link ResumeLane} of one event loop, and who is called when a shard's turn has come.
 * Confined to that event loop, so that a resume waits for no other thread and for no identify.
 */
final class ResumeDials {

  private final ResumeLane<Dialer> lane = new ResumeLane<>();
  private final LongSupplier lagNanos;
  private boolean granting;

  /**
   * Creates an empty lane.
   *
   * @param lagNanos says by how much the event loop is late
   */
  ResumeDials(LongSupplier lagNanos) {
    this.lagNanos = lagNanos;
  }

  /**
   * Asks for a slot; the dialer is called at once or when its turn comes.
   *
   * @param downSinceNanos since when the session has had no transport, by {@code System.nanoTime}
   */
  void acquire(long downSinceNanos, Dialer dialer) {
    lane.enqueue(dialer, downSinceNanos);
    grant();
  }

  private void release() {
    lane.done();
    grant();
  }

  private void grant() {
    if (granting) {
      return; // a dial that failed within the call: the loop below goes on
    }
    granting = true;
    try {
      long lag = lagNanos.getAsLong();
      for (Dialer next = lane.poll(lag); next != null; next = lane.poll(lag)) {
        next.dial(this::release);
      }
    } finally {
      granting = false;
    }
  }
}
