package dev.sluice.gateway.kafka.internal.events;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.group.ShardOwnership;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes events in transactions that also write how far each of their shards has come: the
 * session, with the sequence of the last event of the transaction. So whoever resumes the session
 * begins where the topic ends. It is the only one that writes these checkpoints.
 */
final class TransactionPublisher extends EventPublisher {

  /*
   * A batch stays until its outcome is known.
   *
   *  - The offsets come first. A membership that is out of date is refused before there is a record,
   *    and while records are in doubt so are the offsets, by which the next owner of a shard sees
   *    that a transaction is open and whose it is.
   *  - What fails before the commit is aborted, or left to be, and published again as far as its
   *    shards are still here.
   *  - A commit that was not answered is asked for again. If that cannot be, because the producer
   *    was fenced meanwhile, the checkpoint says what became of it; what cannot be read is given up
   *    together with its shards, and comes again from the gateway.
   *
   * The membership is taken before the shards are asked for; ShardOwnership says why.
   */

  private static final Logger log = LoggerFactory.getLogger(TransactionPublisher.class);
  private static final int MAX_BATCH_EVENTS = 8192;
  private static final long MAX_BATCH_BYTES = 8 << 20;
  private static final long COMMITTED_SECONDS = 30;

  /** Most of a checkpoint's cost is the shard's, so the more there are the rarer they are. */
  private static final long GATHER_NANOS_OF_A_SHARD = 100_000;

  private static final long MAX_GATHER_NANOS = 100_000_000;

  private final String transactionalId;
  private final ShardOwnership ownership;
  private final InstantSource instantSource;
  private final List<SinkTask> batch = new ArrayList<>();
  private final Map<ShardId, ShardCheckpoint> committed = new HashMap<>();
  private boolean initialized; // the producer
  private @Nullable Content doubtful; // was perhaps committed; is that of the batch
  private int shards; // of the last transaction

  private enum Outcome {
    COMMITTED,
    NOT_COMMITTED,
    UNKNOWN
  }

  /** What a transaction is to write. */
  private record Content(List<PendingEvent> events, Map<ShardId, ShardCheckpoint> checkpoints) {}

  TransactionPublisher(
      SinkSettings settings,
      ShardOwnership ownership,
      FleetCounters counters,
      Supplier<Producer<byte[], byte[]>> producers,
      InstantSource instantSource) {
    super(settings, counters, producers);
    this.transactionalId = settings.transactionalId();
    this.ownership = ownership;
    this.instantSource = instantSource;
  }

  @Override
  void prepare(Producer<byte[], byte[]> created) {
    initialized = false;
  }

  @Override
  boolean hasOtherWork() {
    return !batch.isEmpty() || !initialized;
  }

  /** The more shards write checkpoints, the more time there is between two: up to 0.1 s. */
  @Override
  long gatherNanos(long setNanos) {
    return Math.min(
        Math.max(setNanos, MAX_GATHER_NANOS), setNanos + shards * GATHER_NANOS_OF_A_SHARD);
  }

  @Override
  long maxWaitNanos() {
    return Long.MAX_VALUE;
  }

  @Override
  void work() {
    if (batch.isEmpty()) {
      if (awaitWork()) {
        gather();
      }
      fill();
    }
    Content inDoubt = doubtful;
    if (batch.isEmpty()) {
      initialize();
    } else if (inDoubt == null) {
      publish();
    } else {
      resolve(inDoubt);
    }
  }

  /**
   * Makes the producer ready before there is an event: a former process of the same id may have
   * died within a transaction, and until that is ended nobody can read the sessions of its shards.
   */
  private void initialize() {
    try {
      initializedProducer();
      succeeded();
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException | IllegalStateException e) {
      if (!(e instanceof org.apache.kafka.common.errors.TimeoutException)) {
        discardProducer();
      }
      backOff(e);
    }
  }

  /** {@return the producer, once what a transaction of its id had left open is ended} */
  private Producer<byte[], byte[]> initializedProducer() {
    Producer<byte[], byte[]> producer = producer();
    if (!initialized) {
      producer.initTransactions();
      initialized = true;
    }
    return producer;
  }

  private void fill() {
    long bytes = 0;
    while (batch.size() < MAX_BATCH_EVENTS && bytes < MAX_BATCH_BYTES) {
      SinkTask task = poll();
      if (task == null) {
        return;
      }
      batch.add(task);
      if (task instanceof PendingEvent event) {
        bytes += event.event.data().length;
      }
    }
  }

  private void publish() {
    ConsumerGroupMetadata membership = ownership.groupMetadata(); // before the shards
    dropForeign();
    if (batch.isEmpty()) {
      return;
    }
    Content content = content();
    switch (transact(content, membership)) {
      case COMMITTED -> committed(content);
      case NOT_COMMITTED -> doubtful = null; // the batch is published again
      case UNKNOWN -> resolve(content);
    }
  }

  /** Gives up what is of shards that are not here any more. */
  private void dropForeign() {
    for (Iterator<SinkTask> tasks = batch.iterator(); tasks.hasNext(); ) {
      SinkTask task = tasks.next();
      if (!ownership.owns(task.shard(), task.epoch())) {
        tasks.remove();
        drop(task);
      }
    }
  }

  private void drop(SinkTask task) {
    ShardCheckpoint known = committed.get(task.shard());
    if (known != null && known.epoch() == task.epoch()) {
      committed.remove(task.shard());
    }
    if (task instanceof PendingEvent) {
      counters.droppedEvents.increment();
    }
    task.giveUp();
  }

  /** What the batch adds to what is committed, in its order. */
  private Content content() {
    List<PendingEvent> events = new ArrayList<>(batch.size());
    Map<ShardId, ShardCheckpoint> checkpoints = new LinkedHashMap<>();
    for (SinkTask task : batch) {
      ShardCheckpoint before = checkpoints.get(task.shard());
      if (before == null) {
        before = committed.get(task.shard());
      }
      if (before == null || before.epoch() != task.epoch()) {
        before = ShardCheckpoint.none(task.epoch());
      }
      if (task instanceof PendingEvent event) {
        GatewaySession session = event.source.session;
        long sequence = event.event.sequence();
        if (session != null) {
          if (before.hasPublished(session, sequence)) {
            continue; // the gateway repeated it
          }
          checkpoints.put(task.shard(), before.published(session, sequence));
        }
        if (!isUnpublishable(event.failure)) {
          events.add(event);
        }
      } else if (task instanceof SessionWrite write) {
        checkpoints.put(task.shard(), before.stored(write.session()));
      }
    }
    return new Content(events, checkpoints);
  }

  private Outcome transact(Content content, ConsumerGroupMetadata membership) {
    Producer<byte[], byte[]> producer = null;
    boolean begun = false;
    try {
      producer = initializedProducer();
      producer.beginTransaction();
      begun = true;
      if (!content.checkpoints().isEmpty()) {
        producer.sendOffsetsToTransaction(offsets(content), membership);
      }
      for (PendingEvent event : content.events()) {
        event.failure = null;
        producer.send(
            record(event),
            (metadata, failure) -> {
              if (failure != null) {
                event.failure = failure;
              }
            });
        if (event.failure != null) {
          break; // nothing comes of the transaction, and each of the rest may take as long to fail
        }
      }
      producer.flush();
      throwFailure(content);
      doubtful = content; // whatever is thrown
      commit(producer);
      return Outcome.COMMITTED;
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException | IllegalStateException e) {
      boolean aborted = producer != null && begun && abort(producer);
      if (!aborted && begun) {
        discardProducer(); // the coordinator aborts what is open when the next one begins
      } else if (!begun && !(e instanceof org.apache.kafka.common.errors.TimeoutException)) {
        discardProducer();
      }
      if (doubtful != null && !aborted) {
        log.warn("events: the outcome of a transaction is unknown", e);
        return Outcome.UNKNOWN;
      }
      if (begun) {
        counters.abortedTransactions.increment();
      }
      rejectUnpublishable(content);
      backOff(e);
      return Outcome.NOT_COMMITTED;
    }
  }

  /** While nothing was committed the outcome is certain. */
  private static void throwFailure(Content content) {
    for (PendingEvent event : content.events()) {
      Exception failure = event.failure;
      if (failure != null) {
        throw failure instanceof KafkaException known ? known : new KafkaException(failure);
      }
    }
  }

  /** Commits, however often that has to be asked for. */
  private void commit(Producer<byte[], byte[]> producer) {
    while (true) {
      try {
        producer.commitTransaction();
        return;
      } catch (org.apache.kafka.common.errors.TimeoutException e) {
        if (isClosed()) {
          throw e;
        }
        backOff(e);
      }
    }
  }

  /** {@return whether the transaction was aborted; if not the producer is of no more use} */
  private boolean abort(Producer<byte[], byte[]> producer) {
    while (true) {
      try {
        producer.abortTransaction();
        return true;
      } catch (org.apache.kafka.common.errors.TimeoutException e) {
        if (isClosed()) {
          return false;
        }
        backOff(e);
      } catch (InterruptException e) {
        throw e;
      } catch (KafkaException | IllegalStateException e) {
        log.debug("events: a transaction cannot be aborted", e);
        return false;
      }
    }
  }

  private Map<TopicPartition, OffsetAndMetadata> offsets(Content content) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    content
        .checkpoints()
        .forEach(
            (shard, checkpoint) ->
                offsets.put(ownership.partitionOf(shard), offset(shard, checkpoint)));
    return offsets;
  }

  private OffsetAndMetadata offset(ShardId shard, ShardCheckpoint checkpoint) {
    OffsetAndMetadata offset =
        ownership.offsetOf(
            shard,
            checkpoint.epoch(),
            checkpoint.metadata(transactionalId, instantSource.instant()));
    if (offset == null) {
      throw new CommitFailedException("shard " + shard + ": not here any more");
    }
    return offset;
  }

  private void rejectUnpublishable(Content content) {
    for (PendingEvent event : content.events()) {
      if (isUnpublishable(event.failure)) {
        reject(event, event.failure);
      }
    }
  }

  private void committed(Content content) {
    doubtful = null;
    committed.putAll(content.checkpoints());
    long bytes = 0;
    for (PendingEvent event : content.events()) {
      bytes += event.event.data().length;
    }
    shards = content.checkpoints().size();
    counters.transactions.increment();
    counters.publishedEvents.add(content.events().size());
    counters.publishedBytes.add(bytes);
    counters.checkpoints.add(content.checkpoints().size());
    succeeded();
    batch.forEach(SinkTask::done);
    batch.clear();
  }

  /**
   * Finds out what became of a transaction that was perhaps committed. It is atomic, so what is
   * committed for one of its shards tells.
   */
  private void resolve(Content content) {
    PendingEvent told = null;
    for (PendingEvent event : content.events()) {
      if (ownership.owns(event.shard(), event.epoch()) && event.source.session != null) {
        told = event;
        break;
      }
    }
    if (told == null || isClosed()) {
      doubtful = null;
      return; // what is of other nodes is dropped, and to store a session again is harmless
    }
    try {
      awaitEndOfTransaction();
      GatewaySession session =
          ownership
              .committed(told.shard())
              .toCompletableFuture()
              .get(COMMITTED_SECONDS, TimeUnit.SECONDS);
      if (requireNonNull(content.checkpoints().get(told.shard())).isReachedBy(session)) {
        log.info("events: the transaction in doubt was committed");
        committed(content);
      } else {
        log.info("events: the transaction in doubt was not committed, it is repeated");
        doubtful = null;
        counters.abortedTransactions.increment();
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    } catch (ExecutionException | TimeoutException | KafkaException e) {
      giveUpShards(e);
    }
  }

  /** A producer of the same id waits until its former transactions are over. */
  private void awaitEndOfTransaction() {
    discardProducer();
    while (true) {
      try {
        initializedProducer();
        return;
      } catch (org.apache.kafka.common.errors.TimeoutException e) {
        if (isClosed()) {
          throw e;
        }
        backOff(e);
      }
    }
  }

  private void giveUpShards(Exception cause) {
    Set<ShardId> shards =
        batch.stream()
            .filter(task -> ownership.owns(task.shard(), task.epoch()))
            .map(SinkTask::shard)
            .collect(Collectors.toSet());
    log.atError()
        .setCause(cause)
        .addKeyValue("shards", shards.size())
        .log("events: cannot tell what was published of {} shards, gives them up", shards.size());
    ownership.lost(shards);
    doubtful = null;
    batch.forEach(this::drop);
    batch.clear();
  }

  @Override
  void giveUpHeld() {
    batch.forEach(SinkTask::giveUp);
    batch.clear();
  }
}
