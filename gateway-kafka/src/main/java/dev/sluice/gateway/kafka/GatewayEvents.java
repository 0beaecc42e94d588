package dev.sluice.gateway.kafka;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker's side of a fleet: reads the events out of what a consumer polls, and leaves out those
 * that it has read before. One for each consumer.
 *
 * <pre>{@code
 * try (var consumer = new KafkaConsumer<byte[], byte[]>(GatewayEvents.consumerProperties(properties))) {
 *   consumer.subscribe(List.of("my-bot.events"));
 *   GatewayEvents events = GatewayEvents.create();
 *   while (running) {
 *     for (GatewayEvent event : events.of(consumer.poll(Duration.ofSeconds(1)))) {
 *       handle(event);
 *     }
 *     consumer.commitSync();
 *   }
 * }
 * }</pre>
 *
 * <p>A fleet that publishes at least once repeats events after a node was lost: those of its
 * sessions behind the last checkpoint, each in its partition again and in order. An event is known
 * by its session and sequence. Of each session the last 64 sequences of a partition are kept; what
 * comes with a lower one than these counts as read before, for events of a session are in order
 * within a partition but for repetitions. With exactly once there is nothing to leave out.
 *
 * <p>What is known is of this process and of the partitions' way through it. It forgets a partition
 * when the consumer goes back in it, to read some records again, so that these come again; and a
 * worker that takes a partition over knows nothing of what the one before has read.
 *
 * <p>Not thread-safe; confine it to the thread of its consumer.
 */
public final class GatewayEvents {

  private static final Logger log = LoggerFactory.getLogger(GatewayEvents.class);

  /** Sessions of a partition that are remembered, those that were heard of last. */
  private static final int MAX_SESSIONS = 16_384;

  private final Map<TopicPartition, Partition> partitions = new HashMap<>();
  private long duplicates;
  private long foreign;

  /** What was read of one partition. */
  private static final class Partition extends LinkedHashMap<String, SeenSequences> {

    private static final long serialVersionUID = 1L;

    private long lastOffset = -1;

    Partition() {
      super(16, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, SeenSequences> eldest) {
      return size() > MAX_SESSIONS;
    }

    /** Returns whether an event of a record comes for the first time. */
    boolean add(GatewayEvent event, long offset) {
      if (offset <= lastOffset) {
        clear(); // the consumer went back: it is to have them again
      }
      lastOffset = offset;
      return computeIfAbsent(event.session(), session -> new SeenSequences()).add(event.sequence());
    }
  }

  private GatewayEvents() {}

  /** {@return an instance that has read nothing yet} */
  public static GatewayEvents create() {
    return new GatewayEvents();
  }

  /**
   * {@return properties for a consumer of events} Keys and values stay bytes, records of
   * transactions that were aborted or are not committed yet are not read, and a group without
   * committed offsets begins with the oldest event. For the last, and for all else, the
   * application's properties win.
   *
   * @param properties the application's: {@code bootstrap.servers}, {@code group.id} and so on
   */
  public static Map<String, Object> consumerProperties(Map<String, ?> properties) {
    Map<String, Object> all = new HashMap<>();
    all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    all.putAll(properties);
    all.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, IsolationLevel.READ_COMMITTED.toString());
    return all;
  }

  /**
   * {@return the events of some records that were not read before, in their order} Records of
   * others than the fleet are left out and counted.
   *
   * @param records what a poll returned
   */
  public List<GatewayEvent> of(ConsumerRecords<byte[], byte[]> records) {
    List<GatewayEvent> events = new ArrayList<>(records.count());
    for (ConsumerRecord<byte[], byte[]> record : records) {
      GatewayEvent event = of(record);
      if (event != null) {
        events.add(event);
      }
    }
    return events;
  }

  /**
   * {@return the event of a record, null if it was read before or the record is of others than the
   * fleet}
   *
   * @param record the next record of its partition
   */
  public @Nullable GatewayEvent of(ConsumerRecord<byte[], byte[]> record) {
    GatewayEvent event;
    try {
      event = GatewayEvent.of(record);
    } catch (IllegalArgumentException e) {
      if (foreign++ == 0) {
        log.warn(
            "record {} of {}-{} is no event, and is left out as others like it: {}",
            record.offset(),
            record.topic(),
            record.partition(),
            e.getMessage());
      }
      return null;
    }
    Partition partition =
        partitions.computeIfAbsent(
            new TopicPartition(record.topic(), record.partition()), key -> new Partition());
    if (partition.add(event, record.offset())) {
      return event;
    }
    duplicates++;
    return null;
  }

  /**
   * Forgets partitions that another consumer has now: call it when they are revoked or lost, lest
   * they take memory.
   *
   * @param revoked the partitions
   */
  public void forget(Collection<TopicPartition> revoked) {
    partitions.keySet().removeAll(revoked);
  }

  /** {@return how many events were left out, for they had been read before} */
  public long duplicates() {
    return duplicates;
  }

  /** {@return how many records were left out, for they are no events} */
  public long foreignRecords() {
    return foreign;
  }
}
