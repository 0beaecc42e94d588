package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The events of one shard that were handed to workers and are not acknowledged yet: counts them,
 * pauses the shard at a bound and lets it read on. Made at the shard's first event; its lanes at
 * theirs. Confined to the event loop, but for {@link #size}.
 */
final class EventQueue {

  final Shard shard;
  final LoopContext context;
  private final Workers settings;
  private final WorkerGroup<QueuedEvent> workers;
  private final QueueBudget budget;
  private final @Nullable Lane<QueuedEvent>[] lanes;
  private final AtomicInteger size = new AtomicInteger(); // written by the event loop alone
  private long bytes;
  private boolean paused;
  private boolean awaitsBudget;

  @SuppressWarnings({"unchecked", "rawtypes"}) // there are no arrays of generic types
  EventQueue(
      Shard shard,
      LoopContext context,
      Workers settings,
      WorkerGroup<QueuedEvent> workers,
      QueueBudget budget) {
    this.shard = shard;
    this.context = context;
    this.settings = settings;
    this.workers = workers;
    this.budget = budget;
    this.lanes = new Lane[settings.lanes()];
  }

  /** {@return how many events are not acknowledged yet; on any thread} */
  int size() {
    return size.getOpaque();
  }

  /**
   * Takes an event in any case.
   *
   * @return whether the shard may read on; after false this will tell it to
   */
  boolean offer(Dispatch dispatch) {
    ByteBuf memory = ByteBufAllocator.DEFAULT.heapBuffer(dispatch.dataLength());
    QueuedEvent event;
    try {
      event = new QueuedEvent(this, dispatch, memory);
    } catch (Throwable e) {
      memory.release();
      throw e;
    }
    if (dispatch.isDeferred()) {
      event.dispatch.defer(); // to be acknowledged by hand
    } else {
      dispatch.defer();
    }
    size.setOpaque(size.getPlain() + 1);
    bytes += event.length;
    budget.take(event.length);
    Lane<QueuedEvent> lane = laneOf(event.dispatch);
    if (lane.add(event)) {
      workers.schedule(lane);
    }
    if (!awaitsBudget && budget.isExhausted()) {
      awaitsBudget = true;
      budget.await(this);
    }
    paused |= awaitsBudget || isFull();
    return !paused;
  }

  /** An event was acknowledged, or given up. */
  void removed(int length) {
    size.setOpaque(size.getPlain() - 1);
    bytes -= length;
    budget.giveBack(length);
    readOn();
    shard.tellIfDrained();
  }

  void budgetFreed() {
    awaitsBudget = false;
    readOn();
  }

  private boolean isFull() {
    return size.getPlain() >= settings.capacity() || bytes >= settings.maxBytesPerShard();
  }

  private void readOn() {
    if (paused
        && !awaitsBudget
        && size.getPlain() <= settings.lowWatermark()
        && bytes <= settings.maxBytesPerShard() / 2) {
      paused = false;
      shard.readOn();
    }
  }

  private Lane<QueuedEvent> laneOf(Dispatch dispatch) {
    int index = lanes.length == 1 ? 0 : indexOf(dispatch.guildId(), lanes.length);
    Lane<QueuedEvent> lane = lanes[index];
    if (lane == null) {
      lane = new Lane<>();
      lanes[index] = lane;
    }
    return lane;
  }

  /**
   * Spreads guilds. Those of a shard have low bits of their own in common, as the shard is made of
   * them, and the lowest of all snowflakes mean little: the product mixes all into the highest.
   */
  static int indexOf(long guildId, int lanes) {
    return (int) ((guildId * 0x9E3779B97F4A7C15L) >>> (64 - Integer.numberOfTrailingZeros(lanes)));
  }
}
