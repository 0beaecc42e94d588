package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import io.netty.buffer.ByteBuf;

/**
 * An event on its way through a worker: the copy, and the pooled memory that it is in. The memory
 * goes back once the event is acknowledged, on the event loop that took it.
 *
 * <p>Made anew for each event. A pool of them would let an application that acknowledges twice, or
 * too late, acknowledge an event that is not the one it means.
 */
final class QueuedEvent implements Dispatch.Acknowledger, LoopContext.Task {

  final EventQueue queue;
  final Dispatch dispatch;
  final int length;
  private final ByteBuf memory;

  // What the acknowledgement named, since the copy is past its time then.
  private int sessionEpoch;
  private long sequence;
  private boolean discarded;

  /** Copies an event. The memory is this event's to release from now on, unless this throws. */
  QueuedEvent(EventQueue queue, Dispatch borrowed, ByteBuf memory) {
    this.queue = queue;
    this.memory = memory;
    this.length = borrowed.dataLength();
    this.dispatch = borrowed.copyTo(memory.internalNioBuffer(0, length), this);
  }

  /** Takes the acknowledgement, once, on any thread. */
  @Override
  public void acknowledge(int sessionEpoch, long sequence) {
    this.sessionEpoch = sessionEpoch;
    this.sequence = sequence;
    queue.context.acknowledge(this);
  }

  /** Gives the event up without acknowledging it; instead of handling it, on any thread. */
  void discard() {
    discarded = true;
    dispatch.acknowledge();
  }

  /** Is acknowledged, or given up; on the event loop. */
  @Override
  public void run() {
    memory.release();
    if (!discarded) {
      queue.shard.acknowledged(sessionEpoch, sequence);
    }
    queue.removed(length);
  }

  /** The event loop has ended; on any thread. */
  @Override
  public void refuse() {
    memory.release();
  }
}
