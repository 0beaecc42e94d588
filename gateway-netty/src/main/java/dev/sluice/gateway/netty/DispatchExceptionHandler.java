package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;

/**
 * Is told when the handling of an event threw, and decides what becomes of the event. Called where
 * the handler was: on the event loop of the shard, or on a worker. Thread-safe, for shards fail
 * independently.
 */
@FunctionalInterface
public interface DispatchExceptionHandler {

  /**
   * Handles what a {@link DispatchHandler} or an {@link EventSink} threw. The failure is counted
   * already; reporting it is the task of this method. What it throws itself is logged, and the
   * event acknowledged.
   *
   * @param shard the shard that the event came on
   * @param dispatch the event, good until this returns unless it was acknowledged before; {@link
   *     Dispatch#copy()} keeps it
   * @param cause what was thrown, an {@link Error} too
   * @return whether the event counts as handled. After false it is left unacknowledged as if {@link
   *     Dispatch#defer()} had been called: who keeps a copy may still acknowledge it, and otherwise
   *     a restart gets the event and all behind it again. Too many of those pause the shard
   */
  boolean onException(Shard shard, Dispatch dispatch, Throwable cause);
}
