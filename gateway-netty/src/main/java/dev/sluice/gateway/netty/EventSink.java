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
   * {@link Dispatch#copy()}, calls {@link Dispatch#defer()}, and acknowledges by {@link
   * Shard#acknowledge} when it is done. It always takes the event that it is offered.
   *
   * @param shard the shard that the event came on
   * @param dispatch the event, borrowed until this returns
   * @return whether the shard should go on reading; after false it reads again once {@link
   *     Shard#resumeReading()} is called
   * @throws Exception whatever goes wrong; it is logged and counted, and the shard goes on
   */
  boolean offer(Shard shard, Dispatch dispatch) throws Exception;
}
