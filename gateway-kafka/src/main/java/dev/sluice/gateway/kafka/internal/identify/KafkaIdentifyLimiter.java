package dev.sluice.gateway.kafka.internal.identify;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.IdentifyLimiter;
import dev.sluice.gateway.sharding.SessionStarts;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Permits to IDENTIFY for all nodes of a fleet, by a log that all of them read and none of them
 * owns: see {@link IdentifyLedger} for what the log decides and {@link IdentifyClaims} for what
 * this node does. This class reads and appends.
 *
 * <p>While the brokers are away nobody gets a permit, and shards that need one wait.
 *
 * <p>Thread-safe; reads and appends on a thread of its own.
 */
public final class KafkaIdentifyLimiter implements IdentifyLimiter, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KafkaIdentifyLimiter.class);

  private static final Duration MAX_POLL = Duration.ofSeconds(1);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
  private static final long RETRY_MILLIS = 1_000;
  private static final int MAX_BLOCK_MILLIS = 1_000;
  private static final int REQUEST_TIMEOUT_MILLIS = 5_000;
  private static final int DELIVERY_TIMEOUT_MILLIS = 10_000;
  private static final int NO_EPOCH = -1;
  private static final long NO_OFFSET = -1;

  private final TopicPartition partition;
  private final Supplier<Consumer<byte[], byte[]>> consumers;
  private final Supplier<Producer<byte[], byte[]>> producers;
  private final NanoClock clock;
  private final IdentifyClaims claims;
  private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
  private final AtomicBoolean polling = new AtomicBoolean();
  private final AtomicBoolean appendsFail = new AtomicBoolean(); // logged once
  private volatile @Nullable Consumer<byte[], byte[]> consumer;
  private volatile boolean closed;
  private @Nullable Thread thread; // guarded by this

  // Confined to the thread.
  private @Nullable Producer<byte[], byte[]> producer;
  private boolean live;
  private long nextOffset = NO_OFFSET;
  private @Nullable Class<?> failing; // logged once

  /**
   * Makes a limiter that {@link #open} starts.
   *
   * @param topic the log, with one partition whose timestamps are the broker's
   * @param consumers makes a consumer, on the limiter's thread
   * @param producers makes a producer, on the limiter's thread
   * @param counters count permits and void claims
   * @param clock the monotonic clock
   */
  KafkaIdentifyLimiter(
      String topic,
      Supplier<Consumer<byte[], byte[]>> consumers,
      Supplier<Producer<byte[], byte[]>> producers,
      FleetCounters counters,
      NanoClock clock) {
    this.partition = new TopicPartition(topic, 0);
    this.consumers = consumers;
    this.producers = producers;
    this.clock = clock;
    this.claims =
        new IdentifyClaims(
            UUID.randomUUID().toString(),
            this::append,
            clock,
            new SplittableRandom(),
            this::execute,
            counters);
  }

  /**
   * Makes a limiter on a cluster.
   *
   * @param client the properties of any client: where the brokers are, security
   * @param topic the log
   * @param counters count permits and void claims
   */
  public static KafkaIdentifyLimiter create(
      Map<String, Object> client, String topic, FleetCounters counters) {
    Map<String, Object> consumer = new HashMap<>(client);
    consumer.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    consumer.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    consumer.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    consumer.remove(ConsumerConfig.GROUP_ID_CONFIG);
    consumer.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
    Map<String, Object> producer = new HashMap<>(client);
    producer.put(ProducerConfig.ACKS_CONFIG, "all");
    producer.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    producer.remove(ProducerConfig.TRANSACTIONAL_ID_CONFIG);
    producer.put(
        ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, ClientProperties.MAX_IN_FLIGHT);
    producer.put(ProducerConfig.LINGER_MS_CONFIG, 0); // a claim waits for nothing
    producer.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MILLIS);
    producer.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_TIMEOUT_MILLIS);
    producer.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_TIMEOUT_MILLIS);
    return new KafkaIdentifyLimiter(
        topic,
        () ->
            new KafkaConsumer<>(consumer, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
        () -> new KafkaProducer<>(producer, new ByteArraySerializer(), new ByteArraySerializer()),
        counters,
        NanoClock.system());
  }

  /**
   * Starts to read the log, from its beginning.
   *
   * @throws IllegalStateException if it was called before, or after {@link #close}
   */
  public synchronized void open() {
    if (thread != null || closed) {
      throw new IllegalStateException("identify limiter: opened (expected: new)");
    }
    Thread starting = new Thread(this::run, "sluice-identify");
    starting.setDaemon(true);
    thread = starting;
    starting.start();
  }

  @Override
  public CompletionStage<Permit> acquire(int bucket, ShardId shard) {
    CompletableFuture<Permit> permit = new CompletableFuture<>();
    execute(() -> claims.add(shard, permit));
    if (closed) {
      permit.completeExceptionally(closed());
    }
    return permit;
  }

  /**
   * {@inheritDoc}
   *
   * @see #ended
   */
  @Override
  public void start(Runnable refresh) {
    execute(() -> claims.addRefresh(refresh));
  }

  /**
   * Says that a manager that was started has ended, so that it is not asked again.
   *
   * @param refresh what it gave to {@link #start}
   */
  void ended(Runnable refresh) {
    execute(() -> claims.removeRefresh(refresh));
  }

  @Override
  public void update(GatewayBot gatewayBot, int maxConcurrency, Duration age) {
    long askedAtNanos = clock.nanoTime() - age.toNanos();
    execute(() -> claims.update(gatewayBot, maxConcurrency, askedAtNanos));
  }

  @Override
  public @Nullable SessionStarts sessionStarts() {
    return claims.starts();
  }

  @Override
  public int maxConcurrency() {
    return claims.maxConcurrency();
  }

  /** {@return 1, for every node has as many transports that wait} */
  @Override
  public int dialsAhead() {
    return 1;
  }

  /** Ends: permits that are waited for fail. Waits for its thread. */
  @Override
  public void close() {
    Thread ending;
    synchronized (this) {
      closed = true;
      ending = thread;
    }
    if (ending == null) {
      runTasks(); // what nobody has run, for it was never opened
      claims.close(closed());
      return;
    }
    execute(() -> {});
    try {
      ending.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static IllegalStateException closed() {
    return new IllegalStateException("identify limiter: closed (expected: open)");
  }

  private void execute(Runnable task) {
    tasks.add(task);
    Consumer<byte[], byte[]> reading = consumer;
    if (polling.get() && reading != null) {
      reading.wakeup();
    }
  }

  private void run() {
    try {
      while (!closed) {
        try {
          turn();
          failing = null;
        } catch (KafkaException e) {
          onFailure(e);
        }
      }
    } catch (InterruptedException | InterruptException e) {
      log.warn("the identify limiter was interrupted: no shard gets a permit here any more");
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("the identify limiter failed: no shard gets a permit here any more", e);
    } finally {
      closed = true;
      end();
    }
  }

  private void turn() {
    runTasks();
    Consumer<byte[], byte[]> reading = consumer == null ? makeConsumer() : requireNonNull(consumer);
    long nextNanos = claims.run();
    Duration atMost = nextNanos < MAX_POLL.toNanos() ? Duration.ofNanos(nextNanos) : MAX_POLL;
    // A poll for less than a millisecond is one for none, and would spin.
    Duration timeout = atMost.toMillis() == 0 && nextNanos > 0 ? Duration.ofMillis(1) : atMost;
    polling.set(true);
    try {
      for (ConsumerRecord<byte[], byte[]> read :
          reading.poll(tasks.isEmpty() ? timeout : Duration.ZERO).records(partition)) {
        read(read);
      }
    } catch (WakeupException e) {
      log.trace("woken up for a task", e);
    } finally {
      polling.set(false);
    }
    if (!live) {
      OptionalLong lag = reading.currentLag(partition);
      if (lag.isPresent() && lag.getAsLong() <= 0) {
        live = true;
        claims.live();
      }
    }
  }

  private void read(ConsumerRecord<byte[], byte[]> read) {
    if (nextOffset != NO_OFFSET && read.offset() != nextOffset) {
      log.warn(
          "{} goes on at {} (expected: at {}); it is read anew, and all buckets keep silence",
          partition,
          read.offset(),
          nextOffset);
      live = false;
      claims.startOver();
    }
    nextOffset = read.offset() + 1;
    claims.read(
        read.timestamp(), read.leaderEpoch().orElse(NO_EPOCH), IdentifyRecord.decode(read.value()));
  }

  private void runTasks() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  private Consumer<byte[], byte[]> makeConsumer() {
    Consumer<byte[], byte[]> made = consumers.get();
    made.assign(List.of(partition));
    made.seekToBeginning(List.of(partition));
    consumer = made;
    return made;
  }

  /** What fails may pass: it is tried again for as long as the limiter is open. */
  private void onFailure(KafkaException failure) throws InterruptedException {
    if (failure instanceof InterruptException interrupted) {
      throw interrupted;
    }
    if (failure.getClass() != failing) {
      failing = failure.getClass();
      log.warn("the identify log cannot be read: {}; tries again", failure.toString());
    }
    Runnable task = tasks.poll(RETRY_MILLIS, TimeUnit.MILLISECONDS);
    if (task != null) {
      task.run();
    }
  }

  private void append(IdentifyRecord record) {
    ProducerRecord<byte[], byte[]> value =
        new ProducerRecord<>(partition.topic(), partition.partition(), null, record.encode());
    try {
      if (producer == null) {
        producer = producers.get();
      }
      producer.send(
          value,
          (metadata, failure) -> {
            if (failure != null) {
              execute(() -> failed(record, failure));
            } else {
              appendsFail.set(false);
            }
          });
    } catch (KafkaException e) {
      failed(record, e);
      closeProducer(); // it may be one that works no more
    }
  }

  private void failed(IdentifyRecord record, Exception failure) {
    log.atLevel(appendsFail.getAndSet(true) ? Level.DEBUG : Level.WARN)
        .log("{} was not appended to the identify log: {}", record, failure.toString());
    claims.failed(record);
  }

  private void end() {
    runTasks(); // what permits say last
    claims.close(closed());
    closeProducer();
    Consumer<byte[], byte[]> reading = consumer;
    if (reading != null) {
      try {
        reading.close(CloseOptions.timeout(CLOSE_TIMEOUT));
      } catch (KafkaException e) {
        log.warn("the reader of the identify log did not close: {}", e.toString());
      }
    }
    runTasks(); // what came too late is told so
    claims.close(closed());
  }

  private void closeProducer() {
    Producer<byte[], byte[]> ending = producer;
    producer = null;
    if (ending != null) {
      try {
        ending.close(CLOSE_TIMEOUT);
      } catch (KafkaException e) {
        log.warn("the writer of the identify log did not close: {}", e.toString());
      }
    }
  }
}
