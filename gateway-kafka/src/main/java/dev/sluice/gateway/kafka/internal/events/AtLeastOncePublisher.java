package dev.sluice.gateway.kafka.internal.events;

import dev.sluice.gateway.kafka.internal.group.ShardOwnership;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * Publishes events one by one, by an idempotent producer that keeps their order and tries each for
 * ever. An event is acknowledged when the broker has it. Events of a shard that was given up are
 * left out, as far as they have not been sent.
 */
final class AtLeastOncePublisher extends EventPublisher {

  /*
   * The producer retries by itself, so an event comes back only if that is of no use: its
   * authorisation was taken away, or the producer broke. Then a new producer sends again, in order,
   * whatever the old one had not brought to the broker.
   *
   * A producer can also be stuck with one partition, whose broker refuses its sequence numbers each
   * time it tries (OUT_OF_ORDER_SEQUENCE_NUMBER, seen after a broker was killed). That shows by
   * events which later ones have overtaken for a long time, and the remedy is the same.
   */

  private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int WATCH_EVENTS = 1024;

  private final long stuckNanos;
  private final ShardOwnership ownership;
  private final LongSupplier nanoTime;
  private final Queue<Exception> failed = new ConcurrentLinkedQueue<>(); // each of an event
  private final Deque<PendingEvent> again = new ArrayDeque<>(); // before all of the queue
  private volatile @Nullable Thread sendingOn; // within the call
  private @Nullable Exception refusal; // of what is being sent, by the call itself
  private long order;

  private final Deque<PendingEvent> sent = new ArrayDeque<>(); // the first one is not over
  private volatile long lastTaken = -1; // the highest order of an event that the broker has
  private @Nullable PendingEvent overtaken;
  private long overtakenAtNanos;

  AtLeastOncePublisher(
      SinkSettings settings,
      ShardOwnership ownership,
      FleetCounters counters,
      Supplier<Producer<byte[], byte[]>> producers,
      LongSupplier nanoTime) {
    super(settings, counters, producers);
    this.stuckNanos = settings.stuckTime().toNanos();
    this.ownership = ownership;
    this.nanoTime = nanoTime;
  }

  @Override
  void prepare(Producer<byte[], byte[]> created) {
    // it is ready
  }

  @Override
  boolean hasOtherWork() {
    return !failed.isEmpty() || !again.isEmpty();
  }

  @Override
  void work() {
    Exception failure = failed.poll();
    if (failure != null) {
      startOver(failure);
      return;
    }
    PendingEvent event = next();
    if (event == null) {
      awaitWork();
      watch();
    } else if (ownership.owns(event.shard(), event.epoch())) {
      send(event);
    } else {
      counters.droppedEvents.increment();
      event.giveUp();
    }
  }

  private @Nullable PendingEvent next() {
    PendingEvent first = again.poll();
    if (first != null) {
      return first;
    }
    if (poll() instanceof PendingEvent event) { // sessions go to the group
      event.order = order++;
      return event;
    }
    return null;
  }

  /** A partition that is stuck is looked for once a second, while anything is under way. */
  @Override
  long maxWaitNanos() {
    return sent.isEmpty() ? Long.MAX_VALUE : WATCH_NANOS;
  }

  private void trim() {
    for (PendingEvent first = sent.peek(); first != null && first.isOver(); first = sent.peek()) {
      sent.remove();
    }
  }

  void watch() {
    trim();
    PendingEvent oldest = sent.peek();
    if (oldest == null || lastTaken < oldest.order) {
      overtaken = null; // nothing is under way, or the broker is away from all of it
      return;
    }
    long now = nanoTime.getAsLong();
    if (!oldest.equals(overtaken)) {
      overtaken = oldest;
      overtakenAtNanos = now;
    } else if (now - overtakenAtNanos >= stuckNanos) {
      startOver(
          new KafkaException(
              "the producer is stuck with "
                  + oldest.event.name()
                  + " of shard "
                  + oldest.shard()
                  + ", which later events overtook "
                  + TimeUnit.NANOSECONDS.toSeconds(now - overtakenAtNanos)
                  + " s ago"));
    }
  }

  private void send(PendingEvent event) {
    sent.add(event);
    sendingOn = Thread.currentThread();
    refusal = null;
    try {
      producer().send(record(event), (metadata, failure) -> onCompletion(event, failure));
    } catch (InterruptException e) {
      throw e;
    } catch (RuntimeException e) { // the producer is broken
      startOver(e);
      return;
    } finally {
      sendingOn = null;
    }
    Exception refused = refusal;
    if (refused != null) { // it was not sent: the producer goes on with what it has
      sent.removeLast();
      again.addFirst(event);
      backOff(refused);
    } else if ((event.order & (WATCH_EVENTS - 1)) == 0) {
      watch();
    } else {
      trim();
    }
  }

  /** On the producer's thread; within the call that sends for what is not sent at all. */
  private void onCompletion(PendingEvent event, @Nullable Exception failure) {
    if (failure == null) {
      counters.publishedEvents.increment();
      counters.publishedBytes.add(event.event.data().length);
      succeeded();
      lastTaken = Math.max(lastTaken, event.order); // one producer's thread at a time
      event.done();
    } else if (isUnpublishable(failure)) {
      reject(event, failure);
      event.done();
    } else if (Thread.currentThread() == sendingOn) {
      refusal = failure;
    } else {
      failed.add(failure);
      wakeUp();
    }
  }

  /** Has a new producer send all that the broker is not known to have. */
  private void startOver(Exception cause) {
    discardProducer();
    failed.clear();
    overtaken = null;
    for (PendingEvent last = sent.pollLast(); last != null; last = sent.pollLast()) {
      if (!last.isOver()) {
        again.addFirst(last);
      }
    }
    backOff(cause);
  }

  @Override
  void giveUpHeld() {
    discardProducer();
    sent.forEach(PendingEvent::giveUp); // but for those that are over
    sent.clear();
    again.forEach(PendingEvent::giveUp);
    again.clear();
  }
}
