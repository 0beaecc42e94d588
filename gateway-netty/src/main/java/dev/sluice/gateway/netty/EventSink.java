package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;

/**
 * Where the events of the shards go. The default calls a {@link DispatchHandler}; others may queue
 * or publish them. Thread-safe: shards of several event loops offer at a time, each its own events
 * in their order.
 */
@FunctionalInterface
public interface EventSink {

  /**
   * Takes one event, on the event loop of its shard. A sink that goes on with it elsewhere takes a
   * {@link Dispatch#copy()}, calls {@link Dispatch#defer()} on what it was offered, and {@link
   * Dispatch#acknowledge()} on the copy when it is done. It always takes the event that it is
   * offered, even during a pause that it asked for.
   *
   * @param shard the shard that the event came on
   * @param dispatch the event, borrowed until this returns, or a copy of one that was kept back
   * @return whether the shard should go on reading; after false it reads again once {@link
   *     Shard#resumeReading()} is called
   * @throws Exception whatever goes wrong; it is counted and goes to the {@link
   *     DispatchExceptionHandler}, and the shard reads on
   */
  boolean offer(Shard shard, Dispatch dispatch) throws Exception;

  /** The manager has stopped and offers nothing any more. Called once, on any thread. */
  default void stopped() {}
}
