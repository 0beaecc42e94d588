package dev.sluice.gateway.kafka.internal.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the whole fleet is to know: a compacted topic of one partition, of which everyone reads all.
 * The newest value of a key counts. Thread-safe.
 */
public final class FleetLog implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(FleetLog.class);

  private static final Duration MAX_POLL = Duration.ofSeconds(10);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final JsonMapper MAPPER = new JsonMapper();

  /** Follows the log. */
  @FunctionalInterface
  public interface Listener {

    /**
     * Takes a record, on the log's thread, in the log's order.
     *
     * @param key what it is about
     * @param value what is known of it from now on, null for nothing
     */
    void onRecord(String key, @Nullable JsonNode value);
  }

  private final TopicPartition partition;
  private final boolean waits;
  private final Supplier<Consumer<byte[], byte[]>> consumers;
  private final Producer<byte[], byte[]> producer;
  private final ExecutorService sender; // the first send of a producer blocks
  private final CompletableFuture<Void> caughtUp = new CompletableFuture<>();
  private volatile @Nullable Consumer<byte[], byte[]> consumer;
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread thread; // guarded by this

  /**
   * Makes a log that is not read yet.
   *
   * @param topic its topic
   * @param waits whether a start waits for brokers that are away, or a topic that is not there,
   *     instead of failing
   * @param consumers makes the consumer, on the log's thread
   * @param producer appends; closed with the log
   */
  public FleetLog(
      String topic,
      boolean waits,
      Supplier<Consumer<byte[], byte[]>> consumers,
      Producer<byte[], byte[]> producer) {
    this.partition = new TopicPartition(topic, 0);
    this.waits = waits;
    this.consumers = consumers;
    this.producer = producer;
    this.sender =
        Executors.newSingleThreadExecutor(task -> daemon(task, "sluice-" + topic + "-append"));
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Reads the log, from its beginning and for good.
   *
   * @param listener told of every record
   * @return completes, on the log's thread, when all was read that was there at the start;
   *     exceptionally when it cannot be read, or is closed before
   */
  public synchronized CompletionStage<Void> start(Listener listener) {
    Thread started = daemon(() -> run(listener), "sluice-" + partition.topic());
    thread = started;
    started.start();
    return caughtUp;
  }

  /**
   * Appends a record.
   *
   * @param key what it is about
   * @param value what is to be known of it, null for nothing
   * @return completes when the broker has it
   */
  public CompletionStage<Void> append(String key, @Nullable ObjectNode value) {
    CompletableFuture<Void> appended = new CompletableFuture<>();
    byte[] bytes = value == null ? null : value.toString().getBytes(UTF_8);
    ProducerRecord<byte[], byte[]> appending =
        new ProducerRecord<>(partition.topic(), 0, key.getBytes(UTF_8), bytes);
    try {
      sender.execute(
          () -> {
            try {
              producer.send(
                  appending,
                  (metadata, failure) -> {
                    if (failure == null) {
                      appended.complete(null);
                    } else {
                      appended.completeExceptionally(failure);
                    }
                  });
            } catch (RuntimeException e) {
              appended.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      appended.completeExceptionally(new IllegalStateException("closed", e));
    }
    return appended.minimalCompletionStage();
  }

  private void run(Listener listener) {
    try (Consumer<byte[], byte[]> made = consumers.get()) {
      consumer = made;
      made.assign(List.of(partition));
      made.seekToBeginning(List.of(partition));
      Long end = null;
      Class<?> failing = null; // logged once
      while (closing.getCount() > 0) {
        try {
          if (end == null) {
            end = requireNonNull(made.endOffsets(List.of(partition)).get(partition));
          }
          if (made.position(partition) >= end) {
            caughtUp.complete(null);
          }
          ConsumerRecords<byte[], byte[]> read = made.poll(MAX_POLL);
          failing = null;
          for (ConsumerRecord<byte[], byte[]> record : read) {
            tell(listener, record);
          }
        } catch (WakeupException e) {
          log.debug("{} is closed", partition.topic(), e);
        } catch (InterruptException e) {
          throw e;
        } catch (KafkaException e) { // the broker is away, or a permission is missing
          if (!caughtUp.isDone() && !(waits && e instanceof RetriableException)) {
            throw e;
          }
          if (e.getClass() != failing) {
            failing = e.getClass();
            log.warn("{} cannot be read and is tried again: {}", partition.topic(), e.toString());
          }
          pause();
        }
      }
    } catch (Throwable e) {
      if (!caughtUp.completeExceptionally(e)) {
        log.error("{} is not read any more", partition.topic(), e);
      }
    }
    caughtUp.completeExceptionally(new IllegalStateException("closed before it was read"));
  }

  private void pause() {
    try {
      if (closing.await(RETRY.toMillis(), TimeUnit.MILLISECONDS)) {
        log.debug("{} is closed", partition.topic());
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private void tell(Listener listener, ConsumerRecord<byte[], byte[]> record) {
    if (record.key() == null) {
      return; // none of ours
    }
    String key = new String(record.key(), UTF_8);
    try {
      JsonNode value = record.value() == null ? null : MAPPER.readTree(record.value());
      listener.onRecord(key, value);
    } catch (IOException | RuntimeException e) { // what one is about must not stop those behind it
      log.error("{}: the record of {} at {}", partition.topic(), key, record.offset(), e);
    }
  }

  /** Ends both ways, and waits for that unless it is called on the log's thread. */
  @Override
  public void close() {
    Thread running;
    synchronized (this) {
      running = thread;
    }
    closing.countDown();
    Consumer<byte[], byte[]> reading = consumer;
    if (reading != null) {
      reading.wakeup();
    }
    sender.shutdown();
    try {
      if (!sender.awaitTermination(RETRY.toMillis(), TimeUnit.MILLISECONDS)) {
        log.debug("{}: some records were not appended", partition.topic());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    producer.close(RETRY);
    if (running != null && running != Thread.currentThread()) {
      try {
        running.join(MAX_POLL.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
