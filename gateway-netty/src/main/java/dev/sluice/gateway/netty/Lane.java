package dev.sluice.gateway.netty;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jctools.queues.unpadded.SpscUnboundedUnpaddedArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Events that are handled one after another: a queue of one producer, and whether a worker has it,
 * or is to have it. It has one at most, which is why one consumer is all that the queue need allow
 * for. The bound is the producer's to keep.
 *
 * @param <T> what is handled
 */
final class Lane<T> {

  /*
   * Both sides exchange the flag rather than compare and set it: an exchange also writes, so
   * whichever comes second sees all that the other did before. Then either the producer finds the
   * lane free and schedules it, or the worker that gave it up finds the new event.
   */

  private static final int CHUNK = 16; // slots of one array of the queue, which adds them on demand

  private final SpscUnboundedUnpaddedArrayQueue<T> events =
      new SpscUnboundedUnpaddedArrayQueue<>(CHUNK);
  private final AtomicBoolean scheduled = new AtomicBoolean();

  /**
   * Adds an event; on the producer's thread only.
   *
   * @return whether the lane has to be scheduled
   */
  boolean add(T event) {
    events.offer(event);
    return !scheduled.getAndSet(true);
  }

  /** Takes the next event; only by the worker that has the lane. */
  @Nullable T poll() {
    return events.poll();
  }

  /**
   * Gives the lane up; only by the worker that has it, and has found it empty.
   *
   * @return whether events came meanwhile, so that it has to be scheduled again
   */
  boolean release() {
    scheduled.getAndSet(false);
    return !events.isEmpty() && !scheduled.getAndSet(true);
  }
}
