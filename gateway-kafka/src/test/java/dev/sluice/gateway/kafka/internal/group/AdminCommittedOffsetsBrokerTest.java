package dev.sluice.gateway.kafka.internal.group;

import static dev.sluice.gateway.kafka.internal.group.MockGroup.session;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.sluice.gateway.kafka.SharedBroker;
import dev.sluice.gateway.kafka.internal.events.KafkaEventSink;
import dev.sluice.gateway.kafka.internal.events.SinkSettings;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.InFlightEvents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reads past the transactions of dead producers; and the topics are checked. */
@Tag("broker")
@Timeout(300) // less than a transaction may take
final class AdminCommittedOffsetsBrokerTest {

  private static final int SHARDS = MockGroup.SHARDS;

  private final String application = "bot-" + UUID.randomUUID();
  private final String deadId = application + "-dead";
  private Admin admin;
  private Topics topics;
  private String topic;

  @BeforeEach
  void open() throws Exception {
    admin = Admin.create(SharedBroker.properties("admin-test"));
    topics = new Topics(admin, application, (short) 1);
    topic = topics.ensureShards(1, SHARDS);
  }

  @AfterEach
  void close() {
    admin.close();
  }

  private TopicPartition partition(int shard) {
    return new TopicPartition(topic, shard);
  }

  private Producer<byte[], byte[]> producer() throws Exception {
    Map<String, Object> properties =
        new ClientProperties(SharedBroker.properties("dead")).producer("test");
    properties.put("transactional.id", deadId);
    properties.put("transaction.timeout.ms", 900_000);
    Producer<byte[], byte[]> producer = new KafkaProducer<>(properties);
    producer.initTransactions();
    return producer;
  }

  @SuppressWarnings("removal") // there is no other way to make the metadata of no member
  private ConsumerGroupMetadata anyMember() {
    return new ConsumerGroupMetadata(topic, -1, "", Optional.empty());
  }

  private void begin(Producer<byte[], byte[]> producer, int shard, long sequence) {
    String metadata = new SessionMetadata(session(shard, sequence), 1, deadId).encode();
    producer.beginTransaction();
    producer.sendOffsetsToTransaction(
        Map.of(partition(shard), new OffsetAndMetadata(0, metadata)), anyMember());
  }

  private Map<TopicPartition, OffsetAndMetadata> read(String ownId, int... shards)
      throws Exception {
    List<TopicPartition> partitions = new ArrayList<>();
    for (int shard : shards) {
      partitions.add(partition(shard));
    }
    return new AdminCommittedOffsets(admin, topic, ownId)
        .read(partitions)
        .toCompletableFuture()
        .get(120, TimeUnit.SECONDS);
  }

  @Test
  void whatWasNeverCommittedIsMissing() throws Exception {
    assertThat(read("own", 0, 1)).isEmpty();
  }

  @Test
  void theTransactionOfADeadProducerIsEndedAndWhatItHadCommittedIsRead() throws Exception {
    try (Producer<byte[], byte[]> dead = producer()) {
      begin(dead, 0, 5);
      dead.commitTransaction();
      begin(dead, 0, 9); // and nothing more comes of it

      Map<TopicPartition, OffsetAndMetadata> read = read("own", 0, 1);

      assertThat(read).containsOnlyKeys(partition(0));
      assertThat(SessionMetadata.decode(read.get(partition(0)).metadata()).session())
          .isEqualTo(session(0, 5));
      assertThatExceptionOfType(KafkaException.class)
          .isThrownBy(dead::commitTransaction)
          .matches(
              fenced ->
                  fenced instanceof ProducerFencedException
                      || fenced instanceof InvalidProducerEpochException);
    }
  }

  @Test
  void theOwnTransactionIsWaitedFor() throws Exception {
    try (Producer<byte[], byte[]> own = producer()) {
      begin(own, 2, 5);
      own.commitTransaction();
      begin(own, 2, 6);
      CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> read =
          new AdminCommittedOffsets(admin, topic, deadId)
              .read(List.of(partition(2)))
              .toCompletableFuture();
      own.flush();
      own.commitTransaction();

      OffsetAndMetadata committed = read.get(120, TimeUnit.SECONDS).get(partition(2));
      assertThat(SessionMetadata.decode(committed.metadata()).session().sequence()).isEqualTo(6);
    }
  }

  @Test
  void theTransactionThatAFormerProcessOfTheNodeLeftOpenIsEndedByItsNextOne() throws Exception {
    ShardGroup group = new MockGroup().group;
    SinkSettings settings = SinkSettings.of(application + ".events", 1, true, deadId);
    try (Producer<byte[], byte[]> former = producer()) {
      begin(former, 1, 5);
      former.commitTransaction();
      begin(former, 1, 9); // and nothing more comes of it
      try (KafkaEventSink sink =
          KafkaEventSink.start(
              settings,
              new ClientProperties(SharedBroker.properties("next")).producer("test"),
              SHARDS,
              true,
              group,
              group,
              InFlightEvents.create(),
              new FleetCounters())) {
        OffsetAndMetadata committed = readOnceStable(partition(1));

        assertThat(SessionMetadata.decode(committed.metadata()).session()).isEqualTo(session(1, 5));
        assertThat(sink.events()).as("it was not an event that ended it").isZero();
      }
    }
  }

  /** As its owner reads it: again and again, bounded by the time-out of the test. */
  private OffsetAndMetadata readOnceStable(TopicPartition partition) throws Exception {
    while (true) {
      try {
        return read(deadId, partition.partition()).get(partition);
      } catch (ExecutionException e) {
        assertThat(e).hasRootCauseInstanceOf(TimeoutException.class); // it is open still
      }
    }
  }

  @Test
  void aTransactionThatDoesNotEndIsEndedThoughNoOffsetWaitsForIt() throws Exception {
    topics.ensureEvents(application + ".events", 1);
    try (Producer<byte[], byte[]> dead = producer();
        KafkaConsumer<byte[], byte[]> worker = worker()) {
      begin(dead, 3, 5);
      dead.commitTransaction();
      dead.beginTransaction();
      dead.send(new ProducerRecord<>(application + ".events", new byte[1]));
      dead.flush(); // and nothing more comes of it
      try (Producer<byte[], byte[]> next =
          new KafkaProducer<>(
              new ClientProperties(SharedBroker.properties("next")).producer("test"))) {
        next.send(new ProducerRecord<>(application + ".events", new byte[2]));
      }

      assertThat(read("own", 3)).containsOnlyKeys(partition(3));

      ConsumerRecords<byte[], byte[]> records = ConsumerRecords.empty();
      while (records.isEmpty()) { // bounded by the time-out of the test
        records = worker.poll(Duration.ofMillis(100));
      }
      assertThat(records.iterator().next().value()).hasSize(2);
    }
  }

  private KafkaConsumer<byte[], byte[]> worker() throws Exception {
    Map<String, Object> properties =
        new ClientProperties(SharedBroker.properties("worker")).consumer("test");
    properties.put("isolation.level", "read_committed");
    KafkaConsumer<byte[], byte[]> worker = new KafkaConsumer<>(properties);
    worker.assign(List.of(new TopicPartition(application + ".events", 0)));
    return worker;
  }

  // Topics.

  @Test
  void aTopicIsCreatedOnce() {
    assertThat(topics.ensureShards(1, SHARDS)).isEqualTo(topic);
    assertThat(topics.partitions(topic)).isEqualTo(SHARDS);
    assertThat(topics.ensureIdentify()).isEqualTo(topics.ensureIdentify());
    assertThat(topics.ensureFleet()).isEqualTo(topics.ensureFleet());
    topics.ensureEvents(application + ".events", 3);
    topics.ensureEvents(application + ".events", 5); // more partitions are its owner's business
    assertThat(topics.partitions(application + ".events")).isEqualTo(3);
    topics.delete(topic);
    topics.delete(topic);
    assertThat(topics.partitions(application + ".none")).isZero();
  }

  @Test
  void aTopicThatIsThereIsChecked() throws Exception {
    assertThatIllegalStateException()
        .isThrownBy(() -> topics.ensureShards(1, SHARDS + 1))
        .withMessage(
            "partitions of %s: %s (expected: %s, the shard count of generation 1)",
            topic, SHARDS, SHARDS + 1);
    create(Topics.fleet(application), Map.of());
    assertThatIllegalStateException()
        .isThrownBy(topics::ensureFleet)
        .withMessage("cleanup.policy of %s.fleet: delete (expected: compact)", application);
    create(Topics.identify(application), Map.of());
    assertThatIllegalStateException()
        .isThrownBy(topics::ensureIdentify)
        .withMessage(
            "message.timestamp.type of %s.identify: CreateTime (expected: LogAppendTime)",
            application);
    Topics others = new Topics(admin, application + "-2", (short) 1);
    create(
        Topics.identify(application + "-2"),
        Map.of("message.timestamp.type", "LogAppendTime", "retention.ms", "1000"));
    assertThatIllegalStateException()
        .isThrownBy(others::ensureIdentify)
        .withMessage(
            "retention.ms of %s-2.identify: 1000 (expected: -1 or >= 86400000, the period of the"
                + " session starts)",
            application);
  }

  private void create(String name, Map<String, String> configs) throws Exception {
    admin
        .createTopics(
            List.of(
                new NewTopic(name, Optional.of(1), Optional.empty())
                    .configs(new HashMap<>(configs))))
        .all()
        .get(60, TimeUnit.SECONDS);
  }
}
