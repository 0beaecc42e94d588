package dev.sluice.examples.fleet;

import dev.sluice.gateway.kafka.GatewayEvent;
import dev.sluice.gateway.kafka.GatewayEvents;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLongArray;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Reads the topic of the events, on a thread of its own, as a worker would. */
final class Topic implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(100);

  private final String name;
  private final Map<String, Object> properties;
  private final Ledger ledger;
  private final AtomicLongArray epochs;
  private final AtomicLongArray firstMillis; // of the first event of that epoch
  private final AtomicLongArray lastMillis;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread thread = new Thread(this::read, "worker");

  /**
   * Starts to read.
   *
   * @param name the topic, which is there
   */
  Topic(String name, String bootstrapServers, int shards, Ledger ledger) {
    this.name = name;
    this.properties =
        GatewayEvents.consumerProperties(Map.of("bootstrap.servers", bootstrapServers));
    this.ledger = ledger;
    this.epochs = new AtomicLongArray(shards);
    this.firstMillis = new AtomicLongArray(shards);
    this.lastMillis = new AtomicLongArray(shards);
    thread.setDaemon(true);
    thread.start();
  }

  /** {@return the number of the assignment under which a shard published last} */
  long epoch(int shard) {
    return epochs.get(shard);
  }

  /** {@return when the shard published the first event of that assignment} */
  long firstMillis(int shard) {
    return firstMillis.get(shard);
  }

  /** {@return when the shard published its last event, 0 if none} */
  long lastMillis(int shard) {
    return lastMillis.get(shard);
  }

  private void read() {
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties)) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(name).stream()
              .map(partition -> new TopicPartition(name, partition.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (ended.getCount() > 0) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          add(GatewayEvent.of(record));
        }
      }
    }
  }

  private void add(GatewayEvent event) {
    int shard = event.shard().id();
    long atMillis = event.record().timestamp();
    if (event.epoch() > epochs.get(shard)) {
      firstMillis.set(shard, atMillis);
      epochs.set(shard, event.epoch());
    }
    lastMillis.accumulateAndGet(shard, atMillis, Math::max);
    ledger.published(event);
  }

  @Override
  public void close() {
    ended.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
