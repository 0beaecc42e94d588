package dev.sluice.gateway.kafka.internal.events;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.Shard;

/**
 * The application's own sink, for one generation of shards: closed until that one takes over, and
 * not stopped with it, for the next one has the same sink. Thread-safe.
 */
public final class GatedSink implements EventSink {

  private final EventSink sink;
  private final FleetCounters counters;
  private volatile boolean open;

  /**
   * Wraps a sink.
   *
   * @param sink takes the events while it is open
   * @param counters count what is not handed on
   * @param open whether it is from the start
   */
  public GatedSink(EventSink sink, FleetCounters counters, boolean open) {
    this.sink = sink;
    this.counters = counters;
    this.open = open;
  }

  /** Hands the events on from now on. Until then they are acknowledged and go nowhere. */
  public void open() {
    open = true;
  }

  @Override
  public boolean offer(Shard shard, Dispatch dispatch) throws Exception {
    if (!open) {
      counters.gatedEvents.increment();
      return true;
    }
    return sink.offer(shard, dispatch);
  }
}
