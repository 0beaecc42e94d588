package dev.sluice.gateway.kafka;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
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
   */

  private final ShardOwnership ownership;
  private final Queue<PendingEvent> failed = new ConcurrentLinkedQueue<>();
  private final Deque<PendingEvent> again = new ArrayDeque<>(); // before all of the queue
  private volatile @Nullable Thread sendingOn; // within the call
  private @Nullable Exception refusal; // of what is being sent, by the call itself
  private long order;

  AtLeastOncePublisher(
      SinkSettings settings,
      ShardOwnership ownership,
      FleetCounters counters,
      Supplier<Producer<byte[], byte[]>> producers) {
    super(settings, counters, producers);
    this.ownership = ownership;
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
    if (!failed.isEmpty()) {
      startOver();
      return;
    }
    PendingEvent event = next();
    if (event == null) {
      awaitWork();
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

  private void send(PendingEvent event) {
    sendingOn = Thread.currentThread();
    refusal = null;
    try {
      producer().send(record(event), (metadata, failure) -> onCompletion(event, failure));
    } catch (InterruptException e) {
      again.addFirst(event);
      throw e;
    } catch (KafkaException | IllegalStateException e) { // the producer is broken
      again.addFirst(event);
      failed(e);
      return;
    } finally {
      sendingOn = null;
    }
    Exception refused = refusal;
    if (refused != null) { // it was not sent: the producer goes on with what it has
      again.addFirst(event);
      backOff(refused);
    }
  }

  /** On the producer's thread; within the call that sends for what is not sent at all. */
  private void onCompletion(PendingEvent event, @Nullable Exception failure) {
    if (failure == null) {
      counters.publishedEvents.increment();
      counters.publishedBytes.add(event.event.data().length);
      succeeded();
      event.done();
    } else if (isUnpublishable(failure)) {
      reject(event, failure);
      event.done();
    } else if (Thread.currentThread() == sendingOn) {
      refusal = failure;
    } else {
      event.failure = failure;
      failed.add(event);
      wakeUp();
    }
  }

  /** Sends what failed, and what was behind it, by a new producer. */
  private void startOver() {
    PendingEvent first = failed.peek();
    failed(
        first == null || first.failure == null
            ? new KafkaException("the producer failed")
            : first.failure);
  }

  private void failed(Exception cause) {
    discardProducer();
    List<PendingEvent> all = new ArrayList<>(again);
    again.clear();
    for (PendingEvent event = failed.poll(); event != null; event = failed.poll()) {
      all.add(event);
    }
    all.sort(Comparator.comparingLong(event -> event.order));
    again.addAll(all);
    backOff(cause);
  }

  @Override
  void giveUpHeld() {
    discardProducer();
    again.forEach(PendingEvent::giveUp);
    again.clear();
    for (PendingEvent event = failed.poll(); event != null; event = failed.poll()) {
      event.giveUp();
    }
  }
}
