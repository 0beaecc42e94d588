package dev.sluice.gateway.testkit;

import dev.sluice.gateway.ShardId;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Events that wait, encoded, compressed and framed, to be sent at once: from {@link
 * LocalGateway#prepareFlood}. It is sent once. Thread-safe.
 *
 * <p>Each of its connections sends nothing else until its part of the flood is sent, for the
 * streams of compression have one order: heartbeat ACKs, other events and the close wait that long.
 * Sequences are those of the sessions, and a client that loses its connection finds the events by
 * resuming, as far as the replay ring reaches. Faults of the network strike it, faults that damage
 * messages do not.
 *
 * <p>The sockets set the pace: what they do not take waits in the memory that was prepared.
 */
public final class PreparedFlood implements AutoCloseable {

  /**
   * What one shard gets. Immutable.
   *
   * @param shard the shard
   * @param events how many events
   * @param firstSequence the sequence of the first
   * @param lastSequence the sequence of the last
   */
  public record Share(ShardId shard, int events, long firstSequence, long lastSequence) {}

  private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  /** The event loop's timer has steps of a millisecond, so it ends waits this much early. */
  private static final long TIMER_STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** A thread that sleeps for a shorter time may well sleep for that long. */
  private static final long SLEEP_STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(120);

  private final EventLoop loop;
  private final List<FloodLane> lanes;
  private final List<Share> shares;
  private final long events;
  private final long bytes;
  private final CompletableFuture<FloodReport> sent = new CompletableFuture<>();

  // Confined to the event loop, as are the lanes.
  private boolean started;
  private boolean closed;
  private long startNanos;
  private long eventsPerSecond;
  private long due;
  private long maxLateNanos;
  private long sumLateNanos;
  private int lanesUnderWay;

  PreparedFlood(EventLoop loop, List<FloodLane> lanes) {
    this.loop = loop;
    this.lanes = lanes;
    this.shares =
        lanes.stream()
            .map(
                lane ->
                    new Share(
                        lane.shard(), lane.events(), lane.firstSequence(), lane.lastSequence()))
            .toList();
    this.events = lanes.stream().mapToLong(FloodLane::events).sum();
    this.bytes = lanes.stream().mapToLong(FloodLane::bytes).sum();
    this.lanesUnderWay = lanes.size();
  }

  /** {@return what each shard gets, by shard} */
  public List<Share> shares() {
    return shares;
  }

  /** {@return how many events it has} */
  public long events() {
    return events;
  }

  /** {@return how many bytes its frames have, as the connections compress them} */
  public long bytes() {
    return bytes;
  }

  /**
   * Sends everything, in writes of up to 64 KiB, as fast as the sockets take it.
   *
   * @return done when they have taken the last byte; fails with IllegalStateException if it was
   *     started before, was closed, or lost a connection
   */
  public CompletableFuture<FloodReport> start() {
    return begin(
        () -> {
          startNanos = System.nanoTime();
          for (FloodLane lane : lanes) {
            lane.allDue();
            lane.handler().drain();
          }
        });
  }

  /**
   * Sends one event a write, at a fixed rate over all shards in turn, whether or not the clients
   * keep up: event i of the flood is due at {@code startNanos + i / eventsPerSecond}, and the n-th
   * event of the k-th of m shards is number {@code n * m + k}. The event loop runs without pause if
   * the rate demands it.
   *
   * @param eventsPerSecond the rate, at least 1
   * @param startNanos when the first event is due, by {@link System#nanoTime}
   * @return done when the sockets have taken the last byte; fails with IllegalStateException if it
   *     was started before, was closed, or lost a connection
   * @throws IllegalArgumentException if the rate is below 1
   */
  public CompletableFuture<FloodReport> startPaced(int eventsPerSecond, long startNanos) {
    if (eventsPerSecond < 1) {
      throw new IllegalArgumentException(
          "eventsPerSecond: " + eventsPerSecond + " (expected: >= 1)");
    }
    return begin(
        () -> {
          this.eventsPerSecond = eventsPerSecond;
          this.startNanos = startNanos;
          pace();
        });
  }

  /**
   * Gives up what was not sent, and frees its memory: the connections that miss events are cut, for
   * nothing else could follow. Harmless once everything is sent. May be called again.
   */
  @Override
  public void close() {
    try {
      loop.execute(
          () -> {
            closed = true;
            for (FloodLane lane : lanes) {
              lane.handler().giveUp(lane);
            }
          });
    } catch (RejectedExecutionException e) {
      sent.completeExceptionally(new IllegalStateException("local gateway: closed", e));
    }
  }

  /** Takes note that the socket took the last byte of a lane. */
  void laneSent() {
    if (--lanesUnderWay == 0) {
      long writes = lanes.stream().mapToLong(FloodLane::writes).sum();
      sent.complete(
          new FloodReport(
              events,
              bytes,
              writes,
              startNanos,
              System.nanoTime(),
              maxLateNanos,
              sumLateNanos / events));
    }
  }

  /** Takes note that the connection of a lane ended before everything was sent. */
  void laneLost(FloodLane lane) {
    sent.completeExceptionally(lane.lost());
  }

  private CompletableFuture<FloodReport> begin(Runnable sending) {
    CompletableFuture<FloodReport> result = new CompletableFuture<>();
    try {
      loop.execute(
          () -> {
            if (started || closed) {
              result.completeExceptionally(
                  new IllegalStateException(
                      "flood: " + (closed ? "closed" : "started") + " (expected: prepared)"));
              return;
            }
            started = true;
            sent.whenComplete((report, failure) -> tell(result, report, failure));
            sending.run();
          });
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(new IllegalStateException("local gateway: closed", e));
    }
    return result;
  }

  private static void tell(
      CompletableFuture<FloodReport> result,
      @Nullable FloodReport report,
      @Nullable Throwable failure) {
    if (report != null) {
      result.complete(report);
    } else if (failure != null) {
      result.completeExceptionally(failure);
    }
  }

  private void pace() {
    if (closed || sent.isDone()) {
      return;
    }
    long nowNanos = System.nanoTime();
    while (due < events && nowNanos - dueNanos(due) >= 0) {
      long lateNanos = nowNanos - dueNanos(due);
      maxLateNanos = Math.max(maxLateNanos, lateNanos);
      sumLateNanos += lateNanos;
      FloodLane lane = lanes.get((int) (due++ % lanes.size()));
      lane.oneMoreDue();
      lane.handler().drain();
      nowNanos = System.nanoTime();
    }
    if (due < events) {
      waitFor(dueNanos(due) - nowNanos);
    }
  }

  private void waitFor(long remainingNanos) {
    long delayNanos = remainingNanos - TIMER_STEP_NANOS;
    if (delayNanos <= 0) {
      if (remainingNanos > SLEEP_STEP_NANOS) {
        LockSupport.parkNanos(remainingNanos - SLEEP_STEP_NANOS);
      }
      // Scheduled, not executed: an event loop would go on with tasks for long before it reads. So
      // short a delay does not sleep.
      delayNanos = 1;
    }
    loop.schedule(this::pace, delayNanos, TimeUnit.NANOSECONDS);
  }

  private long dueNanos(long event) {
    return startNanos
        + event / eventsPerSecond * NANOS_PER_SECOND
        + event % eventsPerSecond * NANOS_PER_SECOND / eventsPerSecond;
  }
}
