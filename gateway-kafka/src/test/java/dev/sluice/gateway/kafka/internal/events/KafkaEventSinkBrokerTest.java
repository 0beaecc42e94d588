package dev.sluice.gateway.kafka.internal.events;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.kafka.DeliveryGuarantee;
import dev.sluice.gateway.kafka.GatewayEvent;
import dev.sluice.gateway.kafka.GatewayEvents;
import dev.sluice.gateway.kafka.internal.group.Checkpoints;
import dev.sluice.gateway.kafka.internal.group.SessionMetadata;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.InFlightEvents;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import dev.sluice.gateway.testkit.contract.EventSinkContract;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A sink and a broker, which is frozen and killed. */
@Tag("broker")
@Timeout(120)
final class KafkaEventSinkBrokerTest {

  private static final int SHARDS = 2;
  private static final int PARTITIONS = 4;
  private static final long TIMEOUT_SECONDS = 60;
  private static final AtomicInteger topics = new AtomicInteger();

  private static KafkaBroker broker;

  @BeforeAll
  static void startBroker(@TempDir Path directory) throws Exception {
    broker = KafkaBroker.start(directory);
    try (Admin admin = Admin.create(properties())) {
      admin.createTopics(List.of(new NewTopic(FakeOwnership.TOPIC, SHARDS, (short) 1))).all().get();
    }
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  private static Map<String, Object> properties() {
    return Map.of("bootstrap.servers", broker.bootstrapServers());
  }

  /** Sinks that lead to one topic, and who reads that. */
  private static final class Lane implements AutoCloseable {

    final BlockingQueue<GatewayEvent> arrived = new LinkedBlockingQueue<>();
    final FleetCounters counters = new FleetCounters();
    private final String topic = "events-" + topics.incrementAndGet();
    private final DeliveryGuarantee guarantee;
    private final List<KafkaEventSink> sinks = new ArrayList<>();
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Thread reader;
    private volatile boolean closed;

    Lane(DeliveryGuarantee guarantee, int partitionCount) throws Exception {
      this.guarantee = guarantee;
      NewTopic events =
          new NewTopic(topic, partitionCount, (short) 1)
              .configs(Map.of("max.message.bytes", Integer.toString(SinkSettings.MAX_EVENT_BYTES)));
      try (Admin admin = Admin.create(properties())) {
        admin.createTopics(List.of(events)).all().get();
      }
      consumer = new KafkaConsumer<>(GatewayEvents.consumerProperties(properties()));
      List<TopicPartition> partitions = new ArrayList<>();
      for (int i = 0; i < partitionCount; i++) {
        partitions.add(new TopicPartition(topic, i));
      }
      consumer.assign(partitions);
      reader = new Thread(this::read, "reader of " + topic);
      reader.start();
    }

    /** Every record, those that are repeated too. */
    private void read() {
      try {
        while (!closed) {
          for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
            arrived.add(GatewayEvent.of(record));
          }
        }
      } catch (WakeupException e) {
        assertThat(closed).isTrue();
      } finally {
        consumer.close();
      }
    }

    KafkaEventSink sink() {
      KafkaEventSink sink =
          KafkaEventSink.start(
              SinkSettings.of(
                  topic,
                  1,
                  guarantee == DeliveryGuarantee.EXACTLY_ONCE,
                  topic + '-' + sinks.size()),
              properties(),
              SHARDS,
              true,
              new FakeOwnership().own(SHARDS, SinkRig.EPOCH),
              new NoCheckpoints(),
              InFlightEvents.create(256, 1 << 20, 4 << 20),
              counters);
      sinks.add(sink);
      return sink;
    }

    @Override
    public void close() {
      sinks.forEach(KafkaEventSink::close);
      closed = true;
      consumer.wakeup();
    }
  }

  /** Who keeps sessions when the sink does not. */
  private static final class NoCheckpoints implements Checkpoints {

    @Override
    public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
      return CompletableFuture.completedStage(true);
    }

    @Override
    public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
      return CompletableFuture.completedStage(true);
    }
  }

  /** What every sink has to do, by a broker that freezes. */
  abstract static class Contract extends EventSinkContract {

    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private final DeliveryGuarantee guarantee;
    private Optional<Lane> lane = Optional.empty();
    private Thread mapper = new Thread();

    Contract(DeliveryGuarantee guarantee) {
      this.guarantee = guarantee;
    }

    @Override
    protected EventSink sink() throws Exception {
      if (lane.isEmpty()) {
        lane = Optional.of(new Lane(guarantee, 1)); // the contract is of one order a shard
        mapper = new Thread(this::map, "arrivals");
        mapper.start();
      }
      return lane.get().sink();
    }

    private void map() {
      try {
        while (true) {
          GatewayEvent event = lane.orElseThrow().arrived.take();
          arrivals.add(
              new Arrival(
                  event.shard(), event.sequence(), event.name(), ByteBuffer.wrap(event.data())));
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // the test is over
      }
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
    protected void close() {
      broker.thaw(); // also if the test failed
      lane.ifPresent(Lane::close);
      mapper.interrupt();
    }
  }

  @Nested
  final class AtLeastOnce extends Contract {
    AtLeastOnce() {
      super(DeliveryGuarantee.AT_LEAST_ONCE);
    }
  }

  @Nested
  final class ExactlyOnce extends Contract {
    ExactlyOnce() {
      super(DeliveryGuarantee.EXACTLY_ONCE);
    }
  }

  /** Counts what the gateway sent. */
  private static final class Sent implements GatewayServerListener {

    final Set<String> events = new HashSet<>();
    private final CountDownLatch some;

    Sent(int some) {
      this.some = new CountDownLatch(some);
    }

    @Override
    public synchronized void dispatched(
        ServerSession session, long sequence, String type, ByteBuffer d) {
      events.add(session.shard().toString() + '#' + sequence);
      some.countDown();
    }

    void await() throws InterruptedException {
      assertThat(some.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** Keeps sessions where the events go, as a fleet does. */
  private record StoreOfSink(KafkaEventSink sink) implements SessionStore {

    @Override
    public CompletionStage<GatewaySession> load(ShardId shard) {
      return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
      return sink.store(session, epoch);
    }

    @Override
    public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
      return sink.remove(shard, epoch);
    }
  }

  @ParameterizedTest
  @EnumSource(DeliveryGuarantee.class)
  void aBrokerThatIsKilledAndComesBackCostsNothing(DeliveryGuarantee guarantee) throws Exception {
    Sent sent = new Sent(2_000);
    try (Lane lane = new Lane(guarantee, PARTITIONS);
        LocalGateway gateway =
            LocalGateway.builder()
                .listener(sent)
                .server(server -> server.shards(SHARDS).maxConcurrency(SHARDS))
                .start()) {
      KafkaEventSink sink = lane.sink();
      try (ShardManager manager =
          ShardManager.builder(gateway.token(), Intents.all())
              .apiUri(gateway.apiUri())
              .shards(SHARDS)
              .sessionStore(new StoreOfSink(sink))
              .eventSink(sink)
              .build()) {
        SinkRig.get(manager.start());
        SinkRig.get(manager.ready());
        SinkRig.get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 7, 1_000)));
        GatewayEvent first = lane.arrived.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        assertThat(first).isNotNull();

        broker.kill();
        sent.await();
        broker.restart();
        SinkRig.get(gateway.stopTraffic());
        SinkRig.get(gateway.whenSent());

        List<String> arrived = new ArrayList<>(List.of(name(first)));
        Set<String> missing = new HashSet<>(sent.events);
        missing.remove(name(first));
        while (!missing.isEmpty()) {
          GatewayEvent event = lane.arrived.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
          assertThat(event).as("%s events are missing", missing.size()).isNotNull();
          missing.remove(name(event));
          arrived.add(name(event));
        }
        SinkRig.get(manager.stop(StopMode.RESTART));
        assertThat(arrived).doesNotHaveDuplicates();
        if (guarantee == DeliveryGuarantee.EXACTLY_ONCE) {
          assertCheckpointsAreOf(arrived);
        }
      }
    }
  }

  private static String name(GatewayEvent event) {
    return event.shard().toString() + '#' + event.sequence();
  }

  private static void assertCheckpointsAreOf(List<String> arrived) throws Exception {
    try (Admin admin = Admin.create(properties())) {
      Map<TopicPartition, OffsetAndMetadata> offsets =
          admin
              .listConsumerGroupOffsets(
                  FakeOwnership.TOPIC, new ListConsumerGroupOffsetsOptions().requireStable(true))
              .partitionsToOffsetAndMetadata()
              .get();
      for (int id = 0; id < SHARDS; id++) {
        String shard = new ShardId(id, SHARDS).toString() + '#';
        long last =
            arrived.stream()
                .filter(name -> name.startsWith(shard))
                .mapToLong(name -> Long.parseLong(name.substring(shard.length())))
                .max()
                .orElseThrow();
        OffsetAndMetadata offset = offsets.get(new TopicPartition(FakeOwnership.TOPIC, id));
        assertThat(SessionMetadata.decode(offset.metadata()).session())
            .extracting(GatewaySession::sequence)
            .isEqualTo(last);
      }
    }
  }
}
