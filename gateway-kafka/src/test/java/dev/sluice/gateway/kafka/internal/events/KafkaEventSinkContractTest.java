package dev.sluice.gateway.kafka.internal.events;

import dev.sluice.gateway.kafka.DeliveryGuarantee;
import dev.sluice.gateway.kafka.GatewayEvent;
import dev.sluice.gateway.kafka.internal.group.BrokerGroups;
import dev.sluice.gateway.kafka.internal.group.KafkaSessionStore;
import dev.sluice.gateway.kafka.internal.group.ShardGroup;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.InFlightEvents;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.testkit.contract.EventSinkContract;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What every sink has to do, with both guarantees, on a broker that stalls. */
@Tag("broker")
@Timeout(120)
@ParameterizedClass
@EnumSource(DeliveryGuarantee.class)
final class KafkaEventSinkContractTest extends EventSinkContract {

  private static final int SHARDS = 2;
  private static final AtomicInteger names = new AtomicInteger();

  /** Of its own, for it is frozen. */
  private static KafkaBroker broker;

  @Parameter DeliveryGuarantee guarantee;

  private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private BrokerGroups groups;
  private ShardGroup group;
  private String topic;
  private volatile boolean closed;

  @BeforeAll
  static void startBroker(@TempDir Path directory) throws Exception {
    broker = KafkaBroker.start(directory);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  private static Map<String, Object> properties() {
    return Map.of("bootstrap.servers", broker.bootstrapServers());
  }

  @BeforeEach
  void consume() throws Exception {
    groups = new BrokerGroups(SHARDS, properties());
    topic = "events-" + names.incrementAndGet();
    // A guild's events are in order in its partition, a shard's in the only one.
    NewTopic events = new NewTopic(topic, 1, (short) 1);
    events.configs(Map.of("max.message.bytes", "16777216"));
    groups.admin.createTopics(List.of(events)).all().get(60, TimeUnit.SECONDS);
    Thread reader = new Thread(this::read, "reader-of-" + topic);
    reader.start();
    opened.push(
        () -> {
          closed = true;
          reader.join();
        });
  }

  private void read() {
    Map<String, Object> properties = new ClientProperties(properties()).consumer("reader");
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties)) {
      List<TopicPartition> partitions = List.of(new TopicPartition(topic, 0));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (!closed) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          GatewayEvent event = GatewayEvent.of(record);
          arrivals.add(
              new Arrival(
                  event.shard(), event.sequence(), event.name(), ByteBuffer.wrap(record.value())));
        }
      }
    }
  }

  @Override
  protected EventSink sink() {
    group = groups.member();
    KafkaEventSink sink =
        KafkaEventSink.start(
            SinkSettings.of(
                topic,
                1,
                guarantee == DeliveryGuarantee.EXACTLY_ONCE,
                "tx-" + names.incrementAndGet()),
            properties(),
            SHARDS,
            true,
            group,
            group,
            InFlightEvents.create(),
            new FleetCounters());
    group.checkpoints(sink);
    group.onOwnershipChange(sink::ownershipChanged);
    opened.push(sink::close);
    return sink;
  }

  @Override
  protected void configure(ShardManagerBuilder builder) {
    builder.assignment(group).sessionStore(sessions());
  }

  @Override
  protected SessionStore sessions() {
    return new KafkaSessionStore(group);
  }

  @Override
  protected BlockingQueue<Arrival> arrivals() {
    return arrivals;
  }

  @Override
  protected void stall() {
    broker.freeze();
  }

  @Override
  protected void goOn() {
    broker.thaw();
  }

  @Override
  protected void close() throws Exception {
    groups.close();
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }
}
