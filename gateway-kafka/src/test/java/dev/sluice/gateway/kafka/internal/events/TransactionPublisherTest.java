package dev.sluice.gateway.kafka.internal.events;

import static dev.sluice.gateway.kafka.internal.events.SinkRig.FIRST;
import static dev.sluice.gateway.kafka.internal.events.SinkRig.SECOND;
import static dev.sluice.gateway.kafka.internal.events.SinkRig.acknowledged;
import static dev.sluice.gateway.kafka.internal.events.SinkRig.get;
import static dev.sluice.gateway.kafka.internal.events.SinkRig.header;
import static dev.sluice.gateway.kafka.internal.events.SinkRig.session;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.events.ScriptedProducer.Call;
import dev.sluice.gateway.kafka.internal.group.SessionMetadata;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Events and checkpoints in one transaction, whatever becomes of it. */
@Timeout(120) // the test is the thread that would wait for events
final class TransactionPublisherTest {

  private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

  private final SinkRig rig = new SinkRig();
  private TransactionPublisher publisher;
  private KafkaEventSink sink;
  private LocalGateway gateway;
  private ShardManager manager;

  @BeforeEach
  void start() throws Exception {
    publisher =
        new TransactionPublisher(
            settings(), rig.ownership, rig.counters, rig::producer, InstantSource.fixed(NOW));
    sink = new KafkaEventSink(publisher, null, rig.inFlight, rig.counters, SinkRig.SHARDS, true);
    gateway = rig.gateway();
    manager = rig.connect(sink, gateway);
  }

  private static SinkSettings settings() {
    return new SinkSettings(
        SinkRig.EVENTS,
        3,
        true,
        SinkRig.TRANSACTIONAL_ID,
        Duration.ofNanos(1),
        Duration.ofNanos(1),
        Duration.ofSeconds(1));
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  /** Publishes READY of both shards, and forgets how. */
  private void publishReady() {
    publisher.work();
    assertThat(rig.names()).containsExactlyInAnyOrder("0#1", "1#1");
    rig.calls.clear();
  }

  @Test
  void eventsAndCheckpointsAreOneTransactionWhoseOffsetsComeFirst() throws Exception {
    rig.send(gateway, FIRST, "{\"guild_id\":\"77\",\"n\":1}", "{\"n\":2}");
    assertThat(rig.published()).isEmpty();
    assertThat(acknowledged(manager, FIRST)).as("READY needs none").isEqualTo(1);

    publisher.work();

    assertThat(rig.calls)
        .containsExactly("init", "begin", "offsets", "send", "send", "send", "send", "commit");
    assertThat(rig.names()).hasSize(4).containsSubsequence("0#1", "0#2", "0#3").contains("1#1");
    ProducerRecord<byte[], byte[]> record = rig.published().get(rig.names().indexOf("0#2"));
    assertThat(record.topic()).isEqualTo(SinkRig.EVENTS);
    assertThat(record.key()).asString(UTF_8).isEqualTo("77");
    assertThat(record.value()).asString(UTF_8).isEqualTo("{\"guild_id\":\"77\",\"n\":1}");
    assertThat(record.headers().toArray())
        .extracting(header -> header.key() + '=' + new String(header.value(), UTF_8))
        .containsExactly(
            "type=MESSAGE_CREATE",
            "shard=0/2",
            "sequence=2",
            "session=" + EventSource.hash(session(manager, FIRST).sessionId()),
            "epoch=1",
            "generation=3",
            "encoding=json");
    ProducerRecord<byte[], byte[]> withoutGuild = rig.published().get(rig.names().indexOf("0#3"));
    assertThat(withoutGuild.key()).asString(UTF_8).isEqualTo("shard-0");

    assertThat(rig.sequences(FIRST)).containsExactly(3L);
    assertThat(rig.sequences(SECOND)).containsExactly(1L);
    SessionMetadata checkpoint = rig.checkpoints(FIRST).get(0);
    GatewaySession session = session(manager, FIRST);
    assertThat(session.sequence()).isEqualTo(3);
    assertThat(checkpoint.epoch()).isEqualTo(SinkRig.EPOCH);
    assertThat(checkpoint.transactionalId()).isEqualTo(SinkRig.TRANSACTIONAL_ID);
    assertThat(checkpoint.session())
        .usingRecursiveComparison()
        .ignoringFields("lastSeen")
        .isEqualTo(session);
    assertThat(checkpoint.session().lastSeen()).isEqualTo(NOW);
    assertThat(header(record, EventHeaders.SESSION)).doesNotContain(session.sessionId());
    assertThat(rig.counters.publishedEvents.sum()).isEqualTo(4);
    assertThat(rig.counters.transactions.sum()).isEqualTo(1);
    rig.assertNothingIsInFlight(manager);
  }

  @Test
  void whatWasAbortedIsNotAcknowledgedAndPublishedAgain() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}", "{}");
    rig.script.fail(Call.COMMIT, new KafkaException("a broker said no"));

    publisher.work();
    assertThat(rig.calls).containsExactly("begin", "offsets", "send", "send", "commit", "abort");
    assertThat(acknowledged(manager, FIRST)).isEqualTo(1);
    assertThat(rig.counters.abortedTransactions.sum()).isEqualTo(1);

    publisher.work();
    assertThat(rig.names())
        .filteredOn(name -> name.startsWith("0"))
        .containsExactly("0#1", "0#2", "0#3");
    assertThat(acknowledged(manager, FIRST)).isEqualTo(3);
    assertThat(rig.sequences(FIRST)).containsExactly(1L, 3L);
  }

  @Test
  void aMembershipThatIsOutOfDateIsRefusedBeforeThereIsARecord() throws Exception {
    publishReady();
    rig.ownership.generation(4);
    rig.send(gateway, FIRST, "{}");
    rig.script.fail(Call.OFFSETS, new CommitFailedException("generation 4"));

    publisher.work();
    assertThat(rig.calls).containsExactly("begin", "offsets", "abort");

    rig.ownership.generation(5);
    publisher.work();
    assertThat(rig.producers.get(0).membership.generationId()).isEqualTo(5);
    assertThat(rig.names()).contains("0#2");
  }

  @Test
  void theEventsOfALostShardAreDroppedAndTheOthersPublished() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}", "{}");
    rig.send(gateway, SECOND, "{}");
    CompletableFuture<Boolean> stored =
        sink.store(session(manager, FIRST), SinkRig.EPOCH).toCompletableFuture();
    rig.script.fail(Call.OFFSETS, new CommitFailedException("another generation"));
    publisher.work();
    assertThat(stored).isNotDone();

    rig.ownership.disown(FIRST);
    publisher.work();

    assertThat(rig.names()).containsExactlyInAnyOrder("0#1", "1#1", "1#2");
    assertThat(rig.sequences(FIRST)).containsExactly(1L);
    assertThat(rig.sequences(SECOND)).containsExactly(1L, 2L);
    assertThat(get(stored)).isFalse();
    assertThat(acknowledged(manager, FIRST)).isEqualTo(1);
    assertThat(rig.counters.droppedEvents.sum()).isEqualTo(2);
    rig.assertNothingIsInFlight(manager);
  }

  @Test
  void aShardThatComesBackUnderAnotherEpochDoesNotBringItsOldEvents() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    rig.ownership.own(SinkRig.SHARDS, SinkRig.EPOCH + 1);

    publisher.work();
    assertThat(rig.calls).isEmpty();
    assertThat(rig.counters.droppedEvents.sum()).isEqualTo(1);
  }

  @Test
  void aShardThatIsGivenUpWhileItsTransactionBeginsIsNotWritten() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    rig.send(gateway, SECOND, "{}");
    rig.script.before(Call.BEGIN, () -> rig.ownership.disown(FIRST));

    publisher.work();
    assertThat(rig.calls).containsExactly("begin", "abort");
    publisher.work();

    assertThat(rig.names()).contains("1#2").doesNotContain("0#2");
    assertThat(rig.sequences(FIRST)).containsExactly(1L);
    assertThat(rig.producers).hasSize(1);
  }

  @Test
  void whatAFormerProcessLeftOpenIsEndedBeforeThereIsAnEvent() throws Exception {
    List<String> calls = new ArrayList<>();
    rig.script.fail(Call.INIT, new TimeoutException("broker away"), new KafkaException("denied"));
    TransactionPublisher other =
        new TransactionPublisher(
            settings(),
            rig.ownership,
            rig.counters,
            () -> new ScriptedProducer(true, rig.script, calls),
            InstantSource.fixed(NOW));

    other.work();
    other.work();
    assertThat(other.hasWork()).isTrue();
    other.work();

    assertThat(calls).containsExactly("init", "init", "init");
    assertThat(other.hasWork()).isFalse();
  }

  @Test
  void theRestOfATransactionIsNotTriedOnceASendFailed() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}", "{}", "{}");
    rig.script.fail(Call.SEND, new TimeoutException("bot.events is not in the metadata"));

    publisher.work();
    assertThat(rig.calls).containsExactly("begin", "offsets", "send", "abort");
    publisher.work();
    assertThat(rig.names()).containsSubsequence("0#2", "0#3", "0#4");
  }

  @Test
  void aCommitThatIsNotAnsweredIsAskedForAgainAndNothingSentTwice() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    rig.script.fail(Call.COMMIT, new TimeoutException("no answer"), new TimeoutException("none"));

    publisher.work();

    assertThat(rig.calls).containsExactly("begin", "offsets", "send", "commit", "commit", "commit");
    assertThat(rig.names()).containsOnlyOnce("0#2");
    assertThat(acknowledged(manager, FIRST)).isEqualTo(2);
  }

  @Test
  void anAbortThatIsNotAnsweredIsAskedForAgain() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    rig.script
        .fail(Call.OFFSETS, new TimeoutException("broker away"))
        .fail(Call.ABORT, new TimeoutException("broker away"));

    publisher.work();
    publisher.work();

    assertThat(rig.calls)
        .containsExactly(
            "begin", "offsets", "abort", "abort", "begin", "offsets", "send", "commit");
  }

  @Test
  void aFencedProducerIsReplacedAndNothingLost() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    rig.script.fail(Call.BEGIN, new ProducerFencedException("by the next owner of some shard"));

    publisher.work();
    publisher.work();

    assertThat(rig.producers).hasSize(2);
    assertThat(rig.producers.get(0).closed()).isTrue();
    assertThat(rig.names()).containsOnlyOnce("0#2");
    assertThat(rig.ownership.lost).isEmpty();
  }

  @Test
  void aProducerThatIsFencedBeforeTheCommitHasCommittedNothing() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    rig.script
        .fail(Call.FLUSH, new KafkaException("epoch"))
        .fail(Call.ABORT, new ProducerFencedException("timed out"));

    publisher.work();
    publisher.work();

    assertThat(rig.producers).hasSize(2);
    assertThat(rig.calls)
        .containsExactly(
            "begin", "offsets", "send", "abort", "init", "begin", "offsets", "send", "commit");
    assertThat(rig.names()).containsOnlyOnce("0#2");
  }

  /** The commit may have been done: only what is committed tells. */
  private void doubt() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    rig.script
        .fail(Call.COMMIT, new TimeoutException("no answer"), new ProducerFencedException("?"))
        .fail(Call.ABORT, new ProducerFencedException("?"));
  }

  private GatewaySession sessionAt(ShardId shard, long sequence) throws Exception {
    String metadata =
        ShardCheckpoint.none(SinkRig.EPOCH)
            .published(session(manager, shard), sequence)
            .metadata("other", NOW);
    return requireNonNull(SessionMetadata.decode(metadata).session());
  }

  @Test
  void aTransactionInDoubtThatWasCommittedIsNotRepeated() throws Exception {
    doubt();
    rig.ownership.committed.put(FIRST, sessionAt(FIRST, 2));

    publisher.work();

    assertThat(rig.calls)
        .as("the new producer waits for the end of the transaction before it is looked at")
        .containsExactly("begin", "offsets", "send", "commit", "commit", "abort", "init");
    assertThat(acknowledged(manager, FIRST)).isEqualTo(2);
    rig.assertNothingIsInFlight(manager);
  }

  @Test
  void aTransactionInDoubtThatWasNotCommittedIsRepeated() throws Exception {
    doubt();
    rig.ownership.committed.put(FIRST, sessionAt(FIRST, 1));

    publisher.work();
    assertThat(acknowledged(manager, FIRST)).isEqualTo(1);

    publisher.work();
    assertThat(rig.names()).containsOnlyOnce("0#2");
    assertThat(acknowledged(manager, FIRST)).isEqualTo(2);
  }

  @Test
  void aTransactionWhoseCommitFailedUnexpectedlyIsInDoubtToo() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    rig.script.fail(Call.COMMIT, new IllegalArgumentException("a bug in a client"));
    rig.ownership.committed.put(FIRST, sessionAt(FIRST, 2));

    assertThatIllegalArgumentException().isThrownBy(publisher::work);
    publisher.work();

    assertThat(rig.calls).containsExactly("begin", "offsets", "send", "commit", "init");
    assertThat(acknowledged(manager, FIRST)).isEqualTo(2);
  }

  @Test
  void theShardsOfATransactionWhoseOutcomeCannotBeReadAreGivenUp() throws Exception {
    doubt();
    rig.ownership.unreadable = new IllegalStateException("not assigned");

    publisher.work();

    assertThat(rig.ownership.lost).containsExactly(FIRST);
    assertThat(rig.names()).doesNotContain("0#2");
    assertThat(acknowledged(manager, FIRST)).isEqualTo(1);
    rig.assertNothingIsInFlight(manager);
  }

  @Test
  void aSessionIsWrittenBehindTheEventsAndNeverGoesBack() throws Exception {
    GatewaySession ready = session(manager, FIRST);
    publishReady();
    rig.send(gateway, FIRST, "{}", "{}");

    CompletableFuture<Boolean> stored = sink.store(ready, SinkRig.EPOCH).toCompletableFuture();
    assertThat(stored).isNotDone();
    publisher.work();
    assertThat(get(stored)).isTrue();
    assertThat(rig.sequences(FIRST)).containsExactly(1L, 3L);

    stored = sink.store(ready, SinkRig.EPOCH).toCompletableFuture();
    publisher.work();
    assertThat(get(stored)).isTrue();
    assertThat(rig.sequences(FIRST))
        .as("written anew, for the commands")
        .containsExactly(1L, 3L, 3L);
  }

  @Test
  void aSessionThatIsAheadForItsLastEventsWereNotPublishedIsWritten() throws Exception {
    publishReady();
    sink.store(sessionAt(FIRST, 9), SinkRig.EPOCH);

    publisher.work();

    assertThat(rig.calls).containsExactly("begin", "offsets", "commit");
    assertThat(rig.sequences(FIRST)).containsExactly(1L, 9L);
  }

  @Test
  void aSessionThatEndedIsWrittenAsNone() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    CompletableFuture<Boolean> removed = sink.remove(FIRST, SinkRig.EPOCH).toCompletableFuture();

    publisher.work();

    assertThat(get(removed)).isTrue();
    assertThat(rig.names()).contains("0#2");
    assertThat(rig.sequences(FIRST)).containsExactly(1L, -1L);
  }

  @Test
  void anEventThatTheGatewayRepeatsIsPublishedOnce() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    publisher.work();
    byte[] repeated = "{\"op\":0,\"s\":2,\"t\":\"MESSAGE_CREATE\",\"d\":{}}".getBytes(UTF_8);
    get(gateway.sendPayload(FIRST, repeated));
    rig.awaitOffered(1);
    rig.send(gateway, FIRST, "{}");

    publisher.work();
    assertThat(rig.names()).containsOnlyOnce("0#2").contains("0#3");
    assertThat(acknowledged(manager, FIRST)).isEqualTo(3);
  }

  @Test
  void anEventThatNoBrokerTakesIsLeftOut() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{\"n\":1}", "{\"n\":2}");
    rig.script.fail(Call.SEND, new RecordTooLargeException("2 bytes too many"));

    publisher.work();
    publisher.work();

    assertThat(rig.calls)
        .containsExactly("begin", "offsets", "send", "abort", "begin", "offsets", "send", "commit");
    assertThat(rig.names()).contains("0#3").doesNotContain("0#2");
    assertThat(rig.counters.rejectedEvents.sum()).isEqualTo(1);
    assertThat(rig.sequences(FIRST)).containsExactly(1L, 3L);
    assertThat(acknowledged(manager, FIRST)).isEqualTo(3);
  }

  @Test
  void theMoreShardsWriteCheckpointsTheRarerTheyAre() {
    assertThat(publisher.gatherNanos(10_000_000)).isEqualTo(10_000_000);
    publisher.work();
    assertThat(publisher.gatherNanos(10_000_000)).isEqualTo(10_200_000);
    assertThat(publisher.gatherNanos(99_900_000)).isEqualTo(100_000_000);
    assertThat(publisher.gatherNanos(200_000_000)).isEqualTo(200_000_000);
  }

  @Test
  void aClosedGateLetsSessionsPassButNoEvents() throws Exception {
    publishReady();
    KafkaEventSink closed =
        new KafkaEventSink(publisher, null, rig.inFlight, rig.counters, SinkRig.SHARDS, false);
    LocalGateway other = rig.gateway();
    ShardManager beside = rig.connect(closed, other);
    rig.send(other, FIRST, "{}");
    assertThat(acknowledged(beside, FIRST)).isEqualTo(2);
    assertThat(rig.counters.gatedEvents.sum()).isEqualTo(3);
    closed.store(session(beside, FIRST), SinkRig.EPOCH);

    closed.open();
    rig.send(other, FIRST, "{}");
    publisher.work();
    assertThat(rig.names()).containsExactlyInAnyOrder("0#1", "1#1", "0#3");
    assertThat(rig.sequences(FIRST)).containsExactly(1L, 3L);
  }

  @Test
  void whatWaitsAtTheEndIsGivenUp() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    CompletableFuture<Boolean> stored =
        sink.store(session(manager, FIRST), SinkRig.EPOCH).toCompletableFuture();
    sink.stopped();
    publisher.run();
    CompletableFuture<Boolean> late =
        sink.store(session(manager, FIRST), SinkRig.EPOCH).toCompletableFuture();

    assertThat(get(stored)).isFalse();
    assertThat(get(late)).isFalse();
    assertThat(acknowledged(manager, FIRST)).isEqualTo(1);
    rig.assertNothingIsInFlight(manager);
    assertThat(rig.producers.get(0).closed()).isTrue();
  }

  /**
   * Random failures, shards that are lost at random: what is in the topic of each shard is always
   * all up to its checkpoint, once and in order.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theTopicIsWhereTheCheckpointIs(long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 60; round++) {
      ShardId shard = random.nextBoolean() ? FIRST : SECOND;
      rig.send(
          gateway, shard, Collections.nCopies(random.nextInt(1, 4), "{}").toArray(String[]::new));
      if (random.nextInt(3) == 0) {
        sink.store(session(manager, shard), SinkRig.EPOCH);
      }
      if (random.nextInt(2) == 0) {
        Call call = Call.values()[random.nextInt(Call.values().length)];
        rig.script.fail(call, failure(random));
      }
      if (random.nextInt(60) == 0) {
        rig.ownership.disown(shard);
      }
      for (int step = random.nextInt(3); step > 0; step--) {
        step(random);
        assertTopicIsWhereTheCheckpointsAre();
      }
    }
  }

  private static RuntimeException failure(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> new TimeoutException("no answer");
      case 1 -> new ProducerFencedException("fenced");
      case 2 -> new CommitFailedException("another generation");
      default -> new KafkaException("some failure");
    };
  }

  private void step(SplittableRandom random) throws Exception {
    for (ShardId shard : List.of(FIRST, SECOND)) {
      List<SessionMetadata> known = rig.checkpoints(shard);
      if (!known.isEmpty()) {
        rig.ownership.committed.put(shard, known.get(known.size() - 1).session());
      }
    }
    rig.ownership.unreadable = random.nextInt(20) == 0 ? new KafkaException("unreadable") : null;
    if (publisher.hasWork()) {
      publisher.work();
    }
  }

  private void assertTopicIsWhereTheCheckpointsAre() {
    Map<String, List<Long>> published = new HashMap<>();
    for (ProducerRecord<byte[], byte[]> record : rig.published()) {
      published
          .computeIfAbsent(header(record, EventHeaders.SHARD), key -> new ArrayList<>())
          .add(Long.parseLong(header(record, EventHeaders.SEQUENCE)));
    }
    for (ShardId shard : List.of(FIRST, SECOND)) {
      List<Long> sequences = published.getOrDefault(shard.toString(), List.of());
      for (int i = 0; i < sequences.size(); i++) {
        assertThat(sequences.get(i)).as("shard %s: %s", shard, sequences).isEqualTo(i + 1);
      }
      List<Long> checkpoints = rig.sequences(shard);
      if (!sequences.isEmpty()) {
        assertThat(checkpoints.get(checkpoints.size() - 1)).isEqualTo(sequences.size());
      }
    }
  }
}
