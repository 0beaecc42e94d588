package dev.sluice.gateway.kafka.internal.group;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.ShardAssignment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** A group of one member whose coordinator is the test, on the thread and the clock of the test. */
final class MockGroup implements ShardAssignment.Listener {

  static final String TOPIC = "bot.shards.1";
  static final int SHARDS = 4;
  static final Duration SESSION_TIMEOUT = Duration.ofSeconds(10);
  static final Duration HAND_OVER_TIMEOUT = Duration.ofMillis(300);
  static final Duration MAX_COMMAND_AGE = Duration.ofMinutes(5);

  final FleetCounters counters = new FleetCounters();
  final Coordinator consumer = new Coordinator();
  final List<String> told = new ArrayList<>();
  final Map<ShardId, Long> epochs = new HashMap<>();
  final ShardGroup group;
  long nanos;
  long nanosPerLook; // by which the clock goes on each time that it is read; else it stands still
  long wallMillis = 1_000_000;
  long responses;
  boolean offsetsReadable = true;
  CompletionStage<Void> beforeRead = CompletableFuture.completedStage(null);
  CompletionStage<Void> revoked = CompletableFuture.completedStage(null);
  Runnable onRevoked = () -> {};

  MockGroup() {
    this(false);
  }

  MockGroup(boolean stopsOnBrokerLoss) {
    group =
        new ShardGroup(
            new GroupSettings(
                TOPIC,
                SHARDS,
                SESSION_TIMEOUT,
                HAND_OVER_TIMEOUT,
                MAX_COMMAND_AGE,
                stopsOnBrokerLoss),
            () -> consumer,
            any -> responses,
            this::read,
            counters,
            () -> nanos += nanosPerLook,
            () -> wallMillis);
  }

  /** Joins the group, which has not assigned anything yet. */
  MockGroup open() {
    group.open(this);
    return this;
  }

  private CompletionStage<Map<TopicPartition, OffsetAndMetadata>> read(
      Collection<TopicPartition> partitions) {
    if (!offsetsReadable) {
      return CompletableFuture.failedStage(new IllegalStateException("away"));
    }
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (TopicPartition partition : partitions) {
      OffsetAndMetadata offset = consumer.committed.get(partition);
      if (offset != null) {
        offsets.put(partition, offset);
      }
    }
    return beforeRead.thenApply(nothing -> offsets);
  }

  /** What a consumer of a group does, as the test says. */
  static final class Coordinator extends MockConsumer<byte[], byte[]> {

    final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
    final List<Runnable> pendingCommits = new ArrayList<>();
    int generation = 1;
    int commits;
    boolean holdsCommits;
    @Nullable KafkaException commitFailure;
    boolean failsOnce; // the next commit alone
    @Nullable CloseOptions closeOptions;

    Coordinator() {
      super("earliest");
      Map<TopicPartition, Long> beginnings = new HashMap<>();
      IntStream.range(0, SHARDS)
          .forEach(shard -> beginnings.put(new TopicPartition(TOPIC, shard), 0L));
      updateBeginningOffsets(beginnings);
    }

    @Override
    public synchronized void commitAsync(
        Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
      Runnable commit =
          () -> {
            KafkaException failure = nextFailure();
            if (failure == null) {
              committed.putAll(offsets);
              commits++;
            }
            callback.onComplete(offsets, failure);
          };
      if (holdsCommits) {
        pendingCommits.add(commit);
      } else {
        commit.run();
      }
    }

    @Override
    public synchronized void commitSync(
        Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
      KafkaException failure = nextFailure();
      if (failure != null) {
        throw failure;
      }
      committed.putAll(offsets);
      commits++;
    }

    private @Nullable KafkaException nextFailure() {
      KafkaException failure = commitFailure;
      if (failsOnce) {
        commitFailure = null;
      }
      return failure;
    }

    @Override
    @SuppressWarnings("removal") // there is no other way to make one
    public ConsumerGroupMetadata groupMetadata() {
      return new ConsumerGroupMetadata(TOPIC, generation, "member", Optional.empty());
    }

    @Override
    public void close(CloseOptions options) {
      closeOptions = options;
      super.close(options);
    }

    void completeCommits() {
      List<Runnable> pending = List.copyOf(pendingCommits);
      pendingCommits.clear();
      pending.forEach(Runnable::run);
    }
  }

  static TopicPartition partition(int shard) {
    return new TopicPartition(TOPIC, shard);
  }

  static ShardId shard(int shard) {
    return new ShardId(shard, SHARDS);
  }

  static GatewaySession session(int shard, long sequence) {
    return new GatewaySession(
        "session-" + shard,
        "wss://resume.test",
        sequence,
        1,
        shard(shard),
        Intents.of(),
        10,
        Encoding.JSON,
        Compression.NONE,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  /** Rebalances, so that these shards are here, and lets the group do what follows. */
  void rebalance(int... shards) {
    consumer.generation++;
    consumer.rebalance(IntStream.of(shards).mapToObj(MockGroup::partition).toList());
    rounds();
  }

  /** The coordinator has taken this node for dead. */
  void lose(int... shards) {
    consumer.losePartitions(IntStream.of(shards).mapToObj(MockGroup::partition).toList());
    rounds();
  }

  /** A few polls: a wake-up that came in between ends one of them. */
  void rounds() {
    for (int i = 0; i < 4; i++) {
      group.round();
    }
  }

  void advance(Duration time) {
    nanos += time.toNanos();
    rounds();
  }

  long epoch(int shard) {
    return epochs.get(shard(shard));
  }

  CompletableFuture<Boolean> store(GatewaySession session) {
    CompletableFuture<Boolean> stored =
        group
            .checkpoint(session.shard(), epochs.get(session.shard()), session)
            .toCompletableFuture();
    rounds();
    return stored;
  }

  SessionMetadata committed(int shard) {
    return SessionMetadata.decode(consumer.committed.get(partition(shard)).metadata());
  }

  @Override
  public void assigned(ShardId shard, long epoch) {
    told.add("assigned " + shard.id());
    epochs.put(shard, epoch);
  }

  @Override
  public CompletionStage<Void> revoked(ShardId shard, Duration deadline) {
    told.add("revoked " + shard.id());
    onRevoked.run();
    return revoked;
  }

  @Override
  public void lost(ShardId shard) {
    told.add("lost " + shard.id());
  }
}
