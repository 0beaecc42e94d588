package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The part of {@link InFlightEvents} that one shard has: counts its events, pauses it at a bound,
 * brings acknowledgements back to the event loop and lets it read on. Confined to the event loop,
 * but for {@link #size}, {@link #ended} and {@link #tellRoom}.
 */
final class ShardInFlight implements LoopContext.Task {

  final InFlightEvents owner;
  final Shard shard;

  /** Of another sink that the shard's events go to as well. */
  final @Nullable ShardInFlight next;

  private final AtomicInteger size = new AtomicInteger(); // written by the event loop alone
  private final RoomAgain roomAgain = new RoomAgain();
  private long bytes;
  private boolean paused;
  private boolean awaitsRoom;

  /**
   * What ended and was not counted yet, the last first. Whoever adds the first of them wakes the
   * event loop up, for all that come before it looks.
   */
  private final AtomicReference<@Nullable InFlightEvent> lastEnded = new AtomicReference<>();

  private final class RoomAgain implements LoopContext.Task {

    @Override
    public void run() {
      awaitsRoom = false;
      readOn();
    }

    @Override
    public void refuse() {
      // there is nobody to read on
    }
  }

  ShardInFlight(InFlightEvents owner, Shard shard, @Nullable ShardInFlight next) {
    this.owner = owner;
    this.shard = shard;
    this.next = next;
  }

  /** {@return how many events are in flight; on any thread} */
  int size() {
    return size.getOpaque();
  }

  void taken(int length, boolean ownerFull) {
    size.setOpaque(size.getPlain() + 1);
    bytes += length;
    if (ownerFull && !awaitsRoom) {
      awaitsRoom = true;
      owner.awaitRoom(this);
    }
    paused |= awaitsRoom || owner.isFull(size.getPlain(), bytes);
  }

  boolean isPaused() {
    return paused;
  }

  /** An event was acknowledged or given up, on any thread; once for each. */
  void ended(InFlightEvent event) {
    InFlightEvent before;
    do {
      before = lastEnded.get();
      event.next = before;
    } while (!lastEnded.compareAndSet(before, event));
    if (before == null) {
      shard.context().acknowledge(this);
    }
  }

  /** There is room for the events of all shards again; on any thread. */
  void tellRoom() {
    shard.context().acknowledge(roomAgain);
  }

  /** Counts what ended. */
  @Override
  public void run() {
    int count = 0;
    long endedBytes = 0;
    for (InFlightEvent event = takeEnded(); event != null; event = event.next) {
      count++;
      endedBytes += event.data().length;
      if (!event.givenUp) {
        shard.acknowledged(event.sessionEpoch(), event.sequence());
      }
    }
    size.setOpaque(size.getPlain() - count);
    bytes -= endedBytes;
    owner.giveBack(count, endedBytes);
    readOn();
    shard.tellIfDrained();
  }

  /** The event loop has ended; on any thread. Others still count on the room. */
  @Override
  public void refuse() {
    int count = 0;
    long endedBytes = 0;
    for (InFlightEvent event = takeEnded(); event != null; event = event.next) {
      count++;
      endedBytes += event.data().length;
    }
    owner.giveBack(count, endedBytes);
  }

  /** Takes what ended, in the order in which it did: the order of the acknowledgements' ring. */
  private InFlightEvent takeEnded() {
    InFlightEvent event = lastEnded.getAndSet(null);
    InFlightEvent later = null;
    while (event != null) {
      InFlightEvent earlier = event.next;
      event.next = later;
      later = event;
      event = earlier;
    }
    return requireNonNull(later, "later"); // this was called because there is one
  }

  private void readOn() {
    if (paused && !awaitsRoom && owner.isHalfEmpty(size.getPlain(), bytes)) {
      paused = false;
      shard.readOn();
    }
  }
}
