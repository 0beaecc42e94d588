package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;

/**
 * Handles the events of the shards. One handler serves them all, from several event loops at a
 * time.
 */
@FunctionalInterface
public interface DispatchHandler {

  /**
   * Handles one event, on the event loop of its shard: what blocks here holds up every shard of the
   * loop, though not their heartbeats for long before the gateway notices.
   *
   * <p>The event counts as handled when this returns, unless {@link Dispatch#defer()} was called.
   * One that throws is counted and logged, and counts as handled too, unless a {@link
   * DispatchExceptionHandler} says otherwise.
   *
   * @param shard the shard that the event came on
   * @param dispatch the event, borrowed until this returns; {@link Dispatch#copy()} keeps it
   * @throws Exception whatever goes wrong; the shard is not harmed
   */
  void onDispatch(Shard shard, Dispatch dispatch) throws Exception;
}
