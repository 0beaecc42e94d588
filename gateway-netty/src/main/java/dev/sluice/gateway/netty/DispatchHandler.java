package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;

/**
 * Handles the events of the shards. One handler serves them all, from several event loops or
 * {@linkplain Workers workers} at a time.
 */
@FunctionalInterface
public interface DispatchHandler {

  /**
   * Handles one event, on the event loop of its shard or on a worker. What blocks on an event loop
   * holds up every shard of it, and in the end their heartbeats; a worker is there to be blocked.
   *
   * <p>The event counts as handled when this returns, unless {@link Dispatch#defer()} was called.
   * One that throws is counted and logged, and counts as handled too, unless a {@link
   * DispatchExceptionHandler} says otherwise.
   *
   * @param shard the shard that the event came on
   * @param dispatch the event. On the event loop it is borrowed until this returns; on a worker it
   *     is good until it is acknowledged. {@link Dispatch#copy()} keeps it
   * @throws Exception whatever goes wrong; the shard is not harmed
   */
  void onDispatch(Shard shard, Dispatch dispatch) throws Exception;
}
