package dev.sluice.gateway.kafka.internal.identify;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Answered;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Claim;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Limit;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Released;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Sent;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.IdentifyLimiter.Permit;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The limiter's thread, on mocks of Kafka's clients: what is appended is read back at once. */
@Timeout(120)
final class KafkaIdentifyLimiterTest {

  private static final TopicPartition LOG = new TopicPartition("bot.identify", 0);
  private static final long START = 1_700_000_000_000L;

  private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
  private final BlockingQueue<IdentifyRecord> appended = new LinkedBlockingQueue<>();
  private final AtomicBoolean fails = new AtomicBoolean();
  private final AtomicBoolean holds = new AtomicBoolean(); // what is sent is not there yet
  private final BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
  private final AtomicLong skewNanos = new AtomicLong();
  private final AtomicLong offsets = new AtomicLong();
  private final FleetCounters counters = new FleetCounters();
  private final long startNanos = System.nanoTime();

  /** Gives what is sent to the consumer. */
  private final class LoopBack extends MockProducer<byte[], byte[]> {
    LoopBack() {
      super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> record, Callback callback) {
      if (fails.get()) {
        callback.onCompletion(null, new TimeoutException("no broker"));
        appended.add(IdentifyRecord.decode(record.value()));
        return CompletableFuture.failedFuture(new TimeoutException("no broker"));
      }
      Future<RecordMetadata> sent = super.send(record, callback);
      held.add(() -> there(brokerMillis(), record.value()));
      if (!holds.get()) {
        held.remove().run();
      }
      appended.add(IdentifyRecord.decode(record.value()));
      return sent;
    }
  }

  private final KafkaIdentifyLimiter limiter =
      new KafkaIdentifyLimiter(
          LOG.topic(),
          () -> consumer,
          LoopBack::new,
          counters,
          () -> System.nanoTime() + skewNanos.get());

  private long brokerMillis() {
    long passed = System.nanoTime() + skewNanos.get() - startNanos;
    return START + 60_000 + TimeUnit.NANOSECONDS.toMillis(passed);
  }

  private void there(long timestampMillis, byte[] value) {
    ConsumerRecord<byte[], byte[]> record =
        new ConsumerRecord<>(
            LOG.topic(),
            LOG.partition(),
            offsets.getAndIncrement(),
            timestampMillis,
            TimestampType.LOG_APPEND_TIME,
            -1,
            value.length,
            null,
            value,
            new RecordHeaders(),
            Optional.of(1));
    consumer.schedulePollTask(() -> consumer.addRecord(record));
  }

  private IdentifyRecord next() throws InterruptedException {
    IdentifyRecord record = appended.poll(60, TimeUnit.SECONDS);
    assertThat(record).as("what is appended").isNotNull();
    return record;
  }

  /** Opens the limiter on a log whose buckets are all open. */
  @BeforeEach
  void open() throws InterruptedException {
    consumer.updateBeginningOffsets(Map.of(LOG, 0L));
    consumer.updateEndOffsets(Map.of(LOG, 1L));
    there(START, new Limit(1_000, 900, 3_600_000, 2, START, 1).encode());
    limiter.open();
    limiter.start(() -> {});
    announce();
    assertThat(next())
        .isInstanceOfSatisfying(
            Limit.class,
            limit -> {
              assertThat(limit.remaining()).isEqualTo(900);
              assertThat(limit.askedAtMillis()).isZero(); // no clock was seen yet
            });
  }

  private void announce() {
    limiter.update(
        new GatewayBot(URI.create("wss://a.test"), 8, 1_000, 900, Duration.ofHours(1), 2),
        2,
        Duration.ofMillis(50));
  }

  @AfterEach
  void close() {
    limiter.close();
  }

  private CompletableFuture<Permit> acquire(int shard) {
    return limiter.acquire(shard % 2, new ShardId(shard, 8)).toCompletableFuture();
  }

  @Test
  void aClaimThatIsReadBackIsAPermit() throws Exception {
    CompletableFuture<Permit> acquired = acquire(3);
    CompletableFuture<Long> expiryNanos = acquired.thenApply(Permit::expiryNanos);
    assertThat(next()).isInstanceOf(Claim.class);
    Permit permit = acquired.get(60, TimeUnit.SECONDS);

    assertThat(expiryNanos.join()).isPositive().isLessThan(TimeUnit.SECONDS.toNanos(2));
    permit.sent();
    permit.release(); // too late
    permit.answered();

    assertThat(next()).isInstanceOf(Sent.class);
    assertThat(next())
        .isInstanceOfSatisfying(Answered.class, told -> assertThat(told.shard()).isEqualTo(3));
    assertThat(counters.grants.sum()).isEqualTo(1);
    assertThat(limiter.maxConcurrency()).isEqualTo(2);
    assertThat(limiter.sessionStarts().total()).isEqualTo(1_000);
  }

  @Test
  void aPermitExpires() throws Exception {
    Permit permit = acquire(3).get(60, TimeUnit.SECONDS);

    skewNanos.addAndGet(TimeUnit.SECONDS.toNanos(2));

    assertThat(permit.expiryNanos()).isNotPositive();
    permit.release();
    assertThat(next()).isInstanceOf(Claim.class);
    assertThat(next()).isInstanceOf(Released.class);
  }

  @Test
  void whoWaitsNoMoreGivesItsClaimBack() throws Exception {
    holds.set(true);
    CompletableFuture<Permit> acquired = acquire(3);
    assertThat(next()).isInstanceOf(Claim.class);

    acquired.cancel(false);
    holds.set(false);
    requireNonNull(held.poll(60, TimeUnit.SECONDS)).run();

    assertThat(next())
        .isInstanceOfSatisfying(Released.class, told -> assertThat(told.shard()).isEqualTo(3));
    assertThat(counters.grants.sum()).isZero();
  }

  @Test
  void aClaimThatWasNotAppendedIsMadeAgain() throws Exception {
    fails.set(true);
    CompletableFuture<Permit> acquired = acquire(3);
    assertThat(next()).isInstanceOf(Claim.class);
    fails.set(false);

    while (appended.isEmpty()) {
      skewNanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
      Thread.onSpinWait();
    }
    assertThat(next()).isInstanceOf(Claim.class);
    assertThat(acquired.get(60, TimeUnit.SECONDS)).isNotNull();
  }

  @Test
  void aReadThatFailsIsTriedAgain() throws Exception {
    consumer.schedulePollTask(() -> consumer.setPollException(new KafkaException("no broker")));

    assertThat(acquire(3).get(60, TimeUnit.SECONDS)).isNotNull();
  }

  @Test
  void whatIsNoRecordOfTheLogIsPassedOver() throws Exception {
    there(brokerMillis(), new byte[] {1, 2, 3});

    assertThat(acquire(3).get(60, TimeUnit.SECONDS)).isNotNull();
  }

  @Test
  void aLogThatLostWhatWasNotReadIsReadAnew() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    limiter.start(asked::countDown);
    offsets.set(100);

    CompletableFuture<Permit> acquired = acquire(3);
    assertThat(next()).isInstanceOf(Claim.class); // and what it is worth nobody can say here
    assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(acquired).isNotDone();
    assertThat(limiter.maxConcurrency()).isZero();

    announce();
    assertThat(next()).isInstanceOf(Limit.class);
    while (appended.isEmpty()) { // it is claimed again after a window of silence
      skewNanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
      Thread.onSpinWait();
    }
    assertThat(next()).isInstanceOf(Claim.class);
    assertThat(acquired.get(60, TimeUnit.SECONDS)).isNotNull();
  }

  @Test
  void onlyManagersThatRunAreAsked() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    LimiterShare first = new LimiterShare(limiter);
    LimiterShare second = new LimiterShare(limiter);
    first.start(asked::countDown);
    second.start(
        () -> {
          throw new IllegalStateException("has ended");
        });
    second.close();
    acquire(2).get(60, TimeUnit.SECONDS); // what was appended before has been read by now
    skewNanos.addAndGet(TimeUnit.HOURS.toNanos(2)); // the limit is old

    second.acquire(1, new ShardId(3, 8));

    assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();
    first.close();
  }

  @Test
  void whoWaitsForALimiterThatIsNeverOpenedIsToldSo() {
    KafkaIdentifyLimiter unopened =
        new KafkaIdentifyLimiter(
            LOG.topic(), () -> consumer, LoopBack::new, counters, System::nanoTime);
    CompletableFuture<Permit> waits = unopened.acquire(0, new ShardId(0, 8)).toCompletableFuture();

    unopened.close();

    assertThatThrownBy(waits::get).hasRootCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void whoWaitsIsToldThatTheLimiterWasClosed() throws Exception {
    acquire(3).get(60, TimeUnit.SECONDS);
    CompletableFuture<Permit> waits = acquire(5); // of the same bucket

    limiter.close();

    assertThatThrownBy(waits::get).hasRootCauseInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> acquire(0).get()).hasRootCauseInstanceOf(IllegalStateException.class);
    assertThatIllegalStateException().isThrownBy(limiter::open);
    assertThat(consumer.closed()).isTrue();
  }
}
