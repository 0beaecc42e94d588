package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.Dispatch;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * The events that an {@link EventSink} has taken and is not done with: the copies, and the bounds
 * that keep them from filling the heap. It is what a sink that publishes to a broker is built on.
 *
 * <pre>{@code
 * public boolean offer(Shard shard, Dispatch dispatch) {
 *   InFlightEvent event = inFlight.take(shard, dispatch);
 *   client.publish(event.data(), confirmed -> event.acknowledge());
 *   return inFlight.readsOn(shard);
 * }
 * }</pre>
 *
 * <p>What is in flight is bounded for each shard, in events and in bytes, and for all shards
 * together in bytes. At a bound the shard stops reading, and the gateway keeps its events
 * meanwhile; heartbeats go on. It reads on by itself at half of the bound. One event is always
 * taken, so a bound is passed by at most the events of one read.
 *
 * <p>Thread-safe. One instance serves all shards of a sink, and a sink can serve several managers.
 */
public final class InFlightEvents {

  private static final int DEFAULT_EVENTS_PER_SHARD = 1024;
  private static final int DEFAULT_BYTES_PER_SHARD = 4 << 20;

  private final int maxEventsPerShard;
  private final int maxBytesPerShard;
  private final long maxBytes;
  private final AtomicLong bytes = new AtomicLong();
  private final LongAdder events = new LongAdder();
  private final Queue<ShardInFlight> waiting = new ConcurrentLinkedQueue<>();

  private InFlightEvents(int maxEventsPerShard, int maxBytesPerShard, long maxBytes) {
    this.maxEventsPerShard = maxEventsPerShard;
    this.maxBytesPerShard = maxBytesPerShard;
    this.maxBytes = maxBytes;
  }

  /**
   * {@return an instance with the bounds that {@link Workers} have too: 1024 events and 4 MiB of a
   * shard, a quarter of the largest heap in all}
   */
  public static InFlightEvents create() {
    return create(
        DEFAULT_EVENTS_PER_SHARD,
        DEFAULT_BYTES_PER_SHARD,
        Math.max(DEFAULT_BYTES_PER_SHARD, Runtime.getRuntime().maxMemory() / 4));
  }

  /**
   * {@return an instance with bounds of the caller's}
   *
   * @param maxEventsPerShard how many events of a shard may be in flight before it stops reading,
   *     at least 1
   * @param maxBytesPerShard how many bytes of {@code d} they may have, at least 1
   * @param maxBytes how many bytes the events of all shards may have before each stops reading at
   *     its next event, at least 1
   * @throws IllegalArgumentException if one of them is below 1
   */
  public static InFlightEvents create(int maxEventsPerShard, int maxBytesPerShard, long maxBytes) {
    check("maxEventsPerShard", maxEventsPerShard);
    check("maxBytesPerShard", maxBytesPerShard);
    check("maxBytes", maxBytes);
    return new InFlightEvents(maxEventsPerShard, maxBytesPerShard, maxBytes);
  }

  private static void check(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
    }
  }

  /**
   * Takes an event in any case: copies it, and {@linkplain Dispatch#defer() defers} it until {@link
   * InFlightEvent#acknowledge()}. On the event loop of the shard, within {@link EventSink#offer}.
   *
   * @param shard the shard that the event came on
   * @param dispatch the event
   * @return the copy
   */
  public InFlightEvent take(Shard shard, Dispatch dispatch) {
    ShardInFlight ofShard = requireNonNull(shard, "shard").inFlight(this);
    InFlightEvent event = new InFlightEvent(ofShard, dispatch);
    dispatch.defer();
    events.increment();
    ofShard.taken(event.data().length, bytes.addAndGet(event.data().length) >= maxBytes);
    return event;
  }

  /**
   * {@return whether a shard may read on, which is what {@link EventSink#offer} returns} After
   * false it is told by this to read on. On the event loop of the shard.
   *
   * @param shard the shard
   */
  public boolean readsOn(Shard shard) {
    return !shard.inFlight(this).isPaused();
  }

  /** {@return how many events are in flight; on any thread} */
  public long events() {
    return Math.max(0, events.sum());
  }

  /** {@return how many bytes of {@code d} are in flight; on any thread} */
  public long bytes() {
    return bytes.get();
  }

  boolean isFull(int eventsOfShard, long bytesOfShard) {
    return eventsOfShard >= maxEventsPerShard || bytesOfShard >= maxBytesPerShard;
  }

  boolean isHalfEmpty(int eventsOfShard, long bytesOfShard) {
    return eventsOfShard <= maxEventsPerShard / 2 && bytesOfShard <= maxBytesPerShard / 2;
  }

  /** Lets a shard know, by {@link ShardInFlight#roomAgain}, when half of the bytes are free. */
  void awaitRoom(ShardInFlight shard) {
    waiting.add(shard);
    tellRoom(bytes.get()); // perhaps they became free meanwhile
  }

  /** Gives back what some events took; on any thread. */
  void giveBack(int ended, long endedBytes) {
    events.add(-ended);
    tellRoom(bytes.addAndGet(-endedBytes));
  }

  private void tellRoom(long left) {
    if (left > maxBytes / 2) {
      return;
    }
    for (ShardInFlight next = waiting.poll(); next != null; next = waiting.poll()) {
      next.tellRoom();
    }
  }
}
