package dev.sluice.gateway.kafka.internal.events;

import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that publishes what the event loops hand over, in that order, and its producer. {@link
 * #offer} and {@link #close} are thread-safe, the rest is confined to the thread.
 *
 * <p>How much waits is bounded by who hands it over. Nothing is ever left out because the broker
 * does not take it now: the thread then stays with what it has and tries again.
 */
abstract class EventPublisher implements Runnable {

  private static final Logger log = LoggerFactory.getLogger(EventPublisher.class);
  private static final int CHUNK = 1024;
  private static final int MAX_KNOWN_TYPES = 1024;
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
  private static final int MAX_BACKOFF_SHIFT = 6;

  final String topic;
  final FleetCounters counters;
  private final Header generation;
  private final long retryNanos;
  private final long gatherNanos;
  private final Supplier<Producer<byte[], byte[]>> producers;
  private final MpscUnboundedArrayQueue<SinkTask> queue = new MpscUnboundedArrayQueue<>(CHUNK);
  private final Map<String, Header> types = new HashMap<>();
  private final Thread thread;

  private volatile boolean waiting; // for the queue
  private volatile boolean closed;
  private volatile boolean ended;

  private @Nullable Producer<byte[], byte[]>
      producer; // null until it is needed, and after failures
  private final AtomicInteger failures = new AtomicInteger(); // in a row

  EventPublisher(
      SinkSettings settings, FleetCounters counters, Supplier<Producer<byte[], byte[]>> producers) {
    this.topic = settings.topic();
    this.counters = counters;
    this.generation = EventHeaders.of(EventHeaders.GENERATION, settings.generation());
    this.retryNanos = settings.retryDelay().toNanos();
    this.gatherNanos = settings.gatherTime().toNanos();
    this.producers = producers;
    this.thread = new Thread(this, "sluice-events-" + settings.generation());
    thread.setDaemon(true);
  }

  final void start() {
    thread.start();
  }

  /** Hands something over, on any thread; what comes after the end is given up. */
  final void offer(SinkTask task) {
    queue.offer(task);
    if (ended) {
      giveUpQueued();
    } else if (waiting) {
      waiting = false;
      LockSupport.unpark(thread);
    }
  }

  /** Ends the wait between two tries, on any thread: something may have changed. */
  final void wakeUp() {
    LockSupport.unpark(thread);
  }

  /** Lets the thread end; on any thread. What it has not published by then it gives up. */
  final void stop() {
    closed = true;
    LockSupport.unpark(thread);
  }

  /** Waits for the end, 10 s at the most; on any thread but that of the publisher. */
  final void close() {
    stop();
    try {
      thread.join(CLOSE_TIMEOUT.toMillis());
      thread.interrupt(); // it may wait for a broker
      thread.join(CLOSE_TIMEOUT.toMillis());
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      log.warn("events: the thread of {} did not end", topic);
    }
  }

  @Override
  public final void run() {
    try {
      while (!closed) {
        step();
      }
    } finally {
      giveUpHeld();
      discardProducer();
      ended = true;
      giveUpQueued();
    }
  }

  private void step() {
    try {
      work();
    } catch (InterruptException e) {
      closed = true; // nobody else interrupts
    } catch (Throwable e) { // an Error would leave the shards paused for ever
      log.error("events: publishing to {} failed unexpectedly", topic, e);
      discardProducer();
      backOff(e);
    }
  }

  /** Publishes some of what waits, after it has waited for something. */
  abstract void work();

  /** Gives up what {@link #work} has taken. */
  abstract void giveUpHeld();

  /** {@return whether there is something to do that is not in the queue} */
  abstract boolean hasOtherWork();

  /** {@return for how long to wait at the most, {@code Long.MAX_VALUE} for ever} */
  abstract long maxWaitNanos();

  /** Brings a new producer to where it can send. */
  abstract void prepare(Producer<byte[], byte[]> created);

  /** {@return whether {@link #work} would find something to do} */
  final boolean hasWork() {
    return !queue.isEmpty() || hasOtherWork();
  }

  final boolean isClosed() {
    return closed;
  }

  /** {@return the next of the queue, null when there is none now} */
  final @Nullable SinkTask poll() {
    return queue.poll();
  }

  /**
   * Waits until there is something to do, the end, or for {@link #maxWaitNanos}. To wake the thread
   * up costs an event loop more than to hand an event over, so some may gather before it has to.
   *
   * @return whether it had to be woken up
   */
  final boolean awaitWork() {
    gather();
    boolean slept = false;
    while (true) {
      waiting = true;
      if (hasWork() || closed) {
        waiting = false;
        return slept;
      }
      if (Thread.currentThread().isInterrupted()) { // which would end each park at once
        throw new InterruptException(new InterruptedException());
      }
      slept = true;
      long nanos = maxWaitNanos();
      if (nanos == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, nanos);
        waiting = false;
        return slept;
      }
    }
  }

  /** Lets events gather for a while. */
  final void gather() {
    if (!closed) {
      LockSupport.parkNanos(this, gatherNanos(gatherNanos));
    }
  }

  /**
   * {@return for how long events gather}
   *
   * @param setNanos the setting
   */
  long gatherNanos(long setNanos) {
    return setNanos;
  }

  /** {@return the producer, a new one if there is none} */
  final Producer<byte[], byte[]> producer() {
    Producer<byte[], byte[]> current = producer;
    if (current == null) {
      Producer<byte[], byte[]> created = producers.get();
      try {
        prepare(created);
      } catch (RuntimeException e) {
        created.close(Duration.ZERO);
        throw e;
      }
      producer = created;
      current = created;
    }
    return current;
  }

  /** Lets go of the producer; all that it was sent has its outcome then. */
  final void discardProducer() {
    Producer<byte[], byte[]> current = producer;
    producer = null;
    if (current != null) {
      try {
        current.close(Duration.ZERO);
      } catch (KafkaException e) {
        log.debug("events: a producer failed when it was closed", e);
      }
    }
  }

  final ProducerRecord<byte[], byte[]> record(PendingEvent event) {
    String name = event.event.name();
    Header type = types.get(name);
    if (type == null) {
      type = EventHeaders.of(EventHeaders.TYPE, name);
      if (types.size() < MAX_KNOWN_TYPES) { // the gateway decides what there is
        types.put(name, type);
      }
    }
    return event.record(topic, generation, type);
  }

  /** {@return whether no broker will ever take an event, whatever is tried} */
  static boolean isUnpublishable(@Nullable Exception failure) {
    return failure instanceof RecordTooLargeException
        || failure instanceof RecordBatchTooLargeException;
  }

  /** Leaves out an event that no broker will ever take. The session must not wait for it. */
  final void reject(PendingEvent event, @Nullable Exception failure) {
    counters.rejectedEvents.increment();
    log.atError()
        .addKeyValue("shard", event.shard())
        .addKeyValue("type", event.event.name())
        .addKeyValue("bytes", event.event.data().length)
        .log(
            "events: {} of shard {} is left out, {} bytes are too large for {}: {}",
            event.event.name(),
            event.shard(),
            event.event.data().length,
            topic,
            failure == null ? "" : failure.getMessage());
  }

  /** The broker did not take something; waits before the next try. */
  final void backOff(Throwable failure) {
    counters.publishFailures.increment();
    int before = failures.getAndIncrement();
    if (before == 0 && failure instanceof CommitFailedException) {
      log.debug("events: the group has another generation, publishes again under it", failure);
    } else if (before == 0) {
      log.atWarn()
          .addKeyValue("topic", topic)
          .log(
              "events: {} takes none now, they wait and shards pause: {}",
              topic,
              describe(failure));
    } else {
      log.debug("events: {} takes none, try {}", topic, before + 1, failure);
    }
    if (!closed) {
      LockSupport.parkNanos(this, retryNanos << Math.min(before, MAX_BACKOFF_SHIFT));
    }
  }

  /** The broker took something; also on the producer's thread. */
  final void succeeded() {
    if (failures.get() > 0) {
      log.info("events: {} takes them, after {} tries that failed", topic, failures.getAndSet(0));
    }
  }

  private static String describe(Throwable failure) {
    String message = failure.getMessage();
    String name = failure.getClass().getSimpleName();
    return message == null ? name : name + ": " + message;
  }

  private synchronized void giveUpQueued() {
    for (SinkTask task = queue.poll(); task != null; task = queue.poll()) {
      task.giveUp();
    }
  }
}
