package dev.sluice.gateway.kafka.internal.group;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads committed offsets by the admin client. What a transaction leaves open is waited for, a
 * second; after that its producer is taken for dead and fenced, which ends the transaction. So is
 * that of a former owner whose transaction does not end, though no offset waits for it: consumers
 * of committed events do.
 */
public final class AdminCommittedOffsets implements CommittedOffsets {

  private static final Logger log = LoggerFactory.getLogger(AdminCommittedOffsets.class);

  /** A live producer that has committed is done with its markers long before. */
  private static final long UNSTABLE_NANOS = Duration.ofSeconds(1).toNanos();

  /** After that whoever asked is told, and asks again. */
  private static final long GIVE_UP_NANOS = Duration.ofSeconds(10).toNanos();

  private static final long RETRY_MILLIS = 100;

  /** Some hundred times as long as a transaction of a live producer. */
  private static final long STUCK_MILLIS = 3_000;

  private final Admin admin;
  private final String group;
  private final @Nullable String ownTransactionalId;

  /**
   * Makes a reader.
   *
   * @param admin asks the brokers; closed by the caller
   * @param group the group whose offsets are read
   * @param ownTransactionalId of this node's producer, which is never fenced; null if it has none
   */
  public AdminCommittedOffsets(Admin admin, String group, @Nullable String ownTransactionalId) {
    this.admin = admin;
    this.group = group;
    this.ownTransactionalId = ownTransactionalId;
  }

  @Override
  public CompletionStage<Map<TopicPartition, OffsetAndMetadata>> read(
      Collection<TopicPartition> partitions) {
    return new Read(partitions)
        .start()
        .whenComplete(
            (offsets, failure) -> {
              if (offsets != null) {
                Set<String> ids = new HashSet<>();
                offsets.values().forEach(offset -> addTransactionalId(ids, offset));
                others(ids).forEach(this::endIfStuck);
              }
            });
  }

  /** {@return the ids but for that of this node, whose transaction ends by itself} */
  private Set<String> others(Set<String> ids) {
    Set<String> others = new HashSet<>(ids);
    if (ownTransactionalId != null) {
      others.remove(ownTransactionalId);
    }
    return others;
  }

  /** Fences a producer if the transaction that it has open now is open in some seconds still. */
  private void endIfStuck(String id) {
    openSince(id)
        .thenCompose(
            since ->
                since.isEmpty()
                    ? CompletableFuture.<@Nullable Void>completedFuture(null)
                    : CompletableFuture.runAsync(
                            () -> {},
                            CompletableFuture.delayedExecutor(STUCK_MILLIS, TimeUnit.MILLISECONDS))
                        .thenCompose(waited -> openSince(id))
                        .thenCompose(
                            now ->
                                now.equals(since)
                                    ? fence(Set.of(id), "does not end")
                                    : CompletableFuture.completedFuture(null)))
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                log.debug("{}: the transaction of {} cannot be looked at", group, id, failure);
              }
            });
  }

  private CompletableFuture<OptionalLong> openSince(String id) {
    return admin
        .describeTransactions(List.of(id))
        .description(id)
        .toCompletionStage()
        .toCompletableFuture()
        .thenApply(
            transaction ->
                transaction.state() == TransactionState.ONGOING
                    ? transaction.transactionStartTimeMs()
                    : OptionalLong.empty());
  }

  private CompletableFuture<Void> fence(Set<String> ids, String why) {
    log.atWarn()
        .addKeyValue("transactional_ids", ids)
        .log("{}: the transaction of {} {}, they are fenced", group, ids, why);
    return admin.fenceProducers(ids).all().toCompletionStage().toCompletableFuture();
  }

  @SuppressWarnings("NullAway") // Kafka's map has null values, which its type does not say
  private CompletableFuture<Map<TopicPartition, @Nullable OffsetAndMetadata>> list(
      Collection<TopicPartition> partitions, boolean stable) {
    return admin
        .listConsumerGroupOffsets(
            Map.of(group, new ListConsumerGroupOffsetsSpec().topicPartitions(partitions)),
            new ListConsumerGroupOffsetsOptions().requireStable(stable))
        .partitionsToOffsetAndMetadata(group)
        .toCompletionStage()
        .toCompletableFuture();
  }

  /** One call, until all of its partitions are read. Its steps follow one another. */
  private final class Read {

    private final Executor later =
        CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS);
    private final long startNanos = System.nanoTime();
    private final Set<TopicPartition> unread;
    private final Map<TopicPartition, OffsetAndMetadata> read = new HashMap<>();
    private boolean fenced;

    Read(Collection<TopicPartition> partitions) {
      unread = new HashSet<>(partitions);
    }

    CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> start() {
      return list(List.copyOf(unread), true).thenCompose(this::listed);
    }

    /** Partitions with an open transaction are missing; those without an offset have null. */
    private CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> listed(
        Map<TopicPartition, @Nullable OffsetAndMetadata> offsets) {
      offsets.forEach(
          (partition, offset) -> {
            unread.remove(partition);
            if (offset != null) {
              read.put(partition, offset);
            }
          });
      if (unread.isEmpty()) {
        return CompletableFuture.completedFuture(read);
      }
      long elapsedNanos = System.nanoTime() - startNanos;
      if (elapsedNanos > GIVE_UP_NANOS) {
        return CompletableFuture.failedFuture(
            new TimeoutException(
                "offsets of " + unread + " in " + group + ": a transaction is open still"));
      }
      CompletableFuture<Void> before =
          elapsedNanos > UNSTABLE_NANOS && !fenced
              ? fence()
              : CompletableFuture.runAsync(() -> {}, later);
      return before.thenCompose(done -> start());
    }

    /** Ends the transactions of those who wrote the unread partitions last. */
    private CompletableFuture<Void> fence() {
      fenced = true;
      return list(List.copyOf(unread), false)
          .thenCompose(
              offsets -> {
                Set<String> ids = new HashSet<>();
                offsets.values().forEach(offset -> addTransactionalId(ids, offset));
                Set<String> others = others(ids);
                return others.isEmpty()
                    ? CompletableFuture.completedFuture(null)
                    : AdminCommittedOffsets.this.fence(
                        others, "holds " + unread.size() + " shards up");
              });
    }
  }

  private static void addTransactionalId(Set<String> ids, @Nullable OffsetAndMetadata offset) {
    if (offset == null) {
      return;
    }
    try {
      String id = SessionMetadata.decode(offset.metadata()).transactionalId();
      if (id != null) {
        ids.add(id);
      }
    } catch (IllegalArgumentException e) {
      log.warn("what was committed for a shard cannot be read: {}", e.getMessage());
    }
  }
}
