package dev.sluice.app.fleet;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What came out: reads a topic of events from its beginning, on a thread of its own, like a worker
 * that trusts nobody. Thread-safe.
 */
final class Received implements AutoCloseable {

  /** The events of one session, by sequence. */
  static final class Session {

    private int[] times = new int[64];
    private int[] checksums = new int[64];
    private long count;
    private int distinct;

    boolean add(int sequence, int checksum) {
      if (sequence >= times.length) {
        int length = Math.max(sequence + 1, times.length * 2);
        times = Arrays.copyOf(times, length);
        checksums = Arrays.copyOf(checksums, length);
      }
      checksums[sequence] = checksum;
      count++;
      boolean first = ++times[sequence] == 1;
      distinct += first ? 1 : 0;
      return first;
    }

    int end() {
      return times.length;
    }

    int times(int sequence) {
      return sequence < times.length ? times[sequence] : 0;
    }

    int checksum(int sequence) {
      return checksums[sequence];
    }

    long count() {
      return count;
    }
  }

  static final Session NOTHING = new Session();

  private static final Duration POLL = Duration.ofSeconds(1);

  private final Changes changes;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  // All guarded by this.
  private final Map<String, Session> sessions = new HashMap<>();
  private final Map<String, Integer> newest = new HashMap<>();
  private final Map<String, Long> epochs = new HashMap<>();
  private final Map<Integer, NavigableMap<Long, Long>> firstOfEpochs = new HashMap<>();
  private long outOfOrder;
  private long stale;
  private RuntimeException failure;

  Received(String bootstrapServers, String topic, boolean committedOnly, Changes changes) {
    this.changes = changes;
    consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "auto.offset.reset",
                "earliest",
                "isolation.level",
                committedOnly ? "read_committed" : "read_uncommitted"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic).stream()
            .map(partition -> new TopicPartition(topic, partition.partition()))
            .collect(Collectors.toList());
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    Thread thread = new Thread(this::run, "received");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    try (consumer) {
      while (!done.isDone()) {
        for (ConsumerRecord<byte[], byte[]> event : consumer.poll(POLL)) {
          add(event);
        }
        changes.happened();
      }
    } catch (WakeupException e) {
      done.complete(null); // which is how it is told to end
    } catch (RuntimeException e) {
      synchronized (this) {
        failure = e;
      }
      changes.happened();
      done.complete(null);
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> event, String name) {
    Header header = event.headers().lastHeader(name);
    if (header == null) {
      throw new IllegalStateException("no header " + name + ": " + event);
    }
    return new String(header.value(), StandardCharsets.UTF_8);
  }

  private synchronized void add(ConsumerRecord<byte[], byte[]> event) {
    if (Sent.isOfTheTransport(header(event, "type"))) {
      return;
    }
    int sequence = Integer.parseInt(header(event, "sequence"));
    String key = header(event, "session");
    boolean first =
        sessions
            .computeIfAbsent(key, k -> new Session())
            .add(sequence, Sent.checksum(ByteBuffer.wrap(event.value())));
    String lane = key + '/' + event.partition();
    if (first) {
      Integer last = newest.put(lane, sequence);
      if (last != null && last > sequence) {
        outOfOrder++;
      }
    }
    long epoch = Long.parseLong(header(event, "epoch"));
    String shard = header(event, "shard");
    firstOfEpochs
        .computeIfAbsent(
            Integer.parseInt(shard.substring(0, shard.indexOf('/'))), id -> new TreeMap<>())
        .putIfAbsent(epoch, System.nanoTime());
    Long newestEpoch = epochs.merge(lane, epoch, Math::max);
    if (newestEpoch > epoch) {
      stale++;
    }
  }

  /** {@return whether as many different events came of each session, or more} */
  synchronized boolean has(Map<String, Integer> sizes) {
    if (failure != null) {
      throw new IllegalStateException("the topic could not be read", failure);
    }
    return sizes.entrySet().stream()
        .allMatch(
            size -> sessions.getOrDefault(size.getKey(), NOTHING).distinct >= size.getValue());
  }

  /** {@return when the newest owner of a shard was first heard of; null if nobody was} */
  synchronized Long firstOfNewestOwner(int shard) {
    NavigableMap<Long, Long> firsts = firstOfEpochs.get(shard);
    return firsts == null ? null : firsts.lastEntry().getValue();
  }

  /** {@return how many events came after a later one of their session, in the same partition} */
  synchronized long outOfOrder() {
    return outOfOrder;
  }

  /** {@return how many records of an owner came after one of a later owner} */
  synchronized long stale() {
    return stale;
  }

  synchronized Verdict compareWith(Sent sent) {
    return sent.compareWith(sessions);
  }

  @Override
  public void close() {
    consumer.wakeup();
    done.join();
  }
}
