package dev.sluice.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.CommandSource;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.IdentifyLimiter;
import dev.sluice.gateway.netty.InFlightEvents;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.ShardAssignment;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.sharding.ShardPlan;
import dev.sluice.gateway.testkit.contract.BalancingAssignmentContract;
import dev.sluice.gateway.testkit.contract.CommandSourceContract;
import dev.sluice.gateway.testkit.contract.EventSinkContract;
import dev.sluice.gateway.testkit.contract.IdentifyLimiterContract;
import dev.sluice.gateway.testkit.contract.SessionStoreContract;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation of the interfaces of a manager has to do, the fleet's does too. */
@Tag("broker")
@Timeout(120)
final class KafkaContractsTest {

  private static final AtomicInteger names = new AtomicInteger();

  private static KafkaBroker broker;
  private static Admin admin;

  @BeforeAll
  static void startBroker(@TempDir Path directory) throws Exception {
    broker = KafkaBroker.start(directory);
    admin = Admin.create(clients().admin("contracts"));
  }

  @AfterAll
  static void stopBroker() throws Exception {
    admin.close();
    broker.close();
  }

  private static ClientProperties clients() {
    return new ClientProperties(Map.of("bootstrap.servers", broker.bootstrapServers()));
  }

  private static String topic(String name, int partitions) throws Exception {
    return topic(new NewTopic(name + '-' + names.incrementAndGet(), partitions, (short) 1));
  }

  private static String topic(NewTopic topic) throws Exception {
    admin.createTopics(List.of(topic)).all().get(30, TimeUnit.SECONDS);
    return topic.name();
  }

  /** The groups of one test, each as if on a node of its own. */
  private static final class Groups {

    private static final Duration SESSION_TIMEOUT = Duration.ofSeconds(6);
    private static final Duration HAND_OVER_TIMEOUT = Duration.ofSeconds(2);

    final String topic;
    private final int shards;
    private final List<ShardGroup> groups = new ArrayList<>();

    Groups(int shards) throws Exception {
      this.topic = topic("shards", shards);
      this.shards = shards;
    }

    ShardGroup add() {
      Map<String, Object> properties = clients().consumer("node-" + groups.size());
      properties.put(ConsumerConfig.GROUP_ID_CONFIG, topic);
      properties.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
      properties.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instanceId(groups.size()));
      properties.put(
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
          CooperativeStickyAssignor.class.getName());
      int sessionMillis = Math.toIntExact(SESSION_TIMEOUT.toMillis());
      properties.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, sessionMillis);
      properties.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, sessionMillis / 60);
      AtomicLong responses = new AtomicLong();
      ShardGroup group =
          new ShardGroup(
              new GroupSettings(
                  topic,
                  shards,
                  SESSION_TIMEOUT,
                  HAND_OVER_TIMEOUT,
                  Duration.ofMinutes(5),
                  BrokerLossPolicy.KEEP_RUNNING),
              () -> new KafkaConsumer<>(properties),
              consumer -> responses.incrementAndGet(),
              new AdminCommittedOffsets(admin, topic, null),
              new FleetCounters(),
              System::nanoTime,
              System::currentTimeMillis);
      group.onClose(GroupMembershipOperation.LEAVE_GROUP);
      groups.add(group);
      return group;
    }

    private static String instanceId(int index) {
      return "node-" + index;
    }

    void remove(ShardAssignment group) throws Exception {
      MemberToRemove member = new MemberToRemove(instanceId(groups.indexOf(group)));
      admin
          .removeMembersFromConsumerGroup(
              topic, new RemoveMembersFromConsumerGroupOptions(List.of(member)))
          .all()
          .get(30, TimeUnit.SECONDS);
    }

    void close() throws Exception {
      for (ShardGroup group : groups) {
        group.stop();
        group.terminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
      }
    }
  }

  /** Stands for a manager that runs what it is given. */
  private static final class Owner implements ShardAssignment.Listener {

    private final Map<ShardId, Long> epochs = new HashMap<>();

    @Override
    public synchronized void assigned(ShardId shard, long epoch) {
      epochs.put(shard, epoch);
      notifyAll();
    }

    @Override
    public CompletionStage<Void> revoked(ShardId shard, Duration deadline) {
      return CompletableFuture.completedStage(null);
    }

    @Override
    public void lost(ShardId shard) {}

    /** Waits for an assignment that is later than one by an epoch. */
    synchronized long await(ShardId shard, long after) throws InterruptedException {
      long epoch = epochs.getOrDefault(shard, 0L);
      while (epoch <= after) {
        wait();
        epoch = epochs.getOrDefault(shard, 0L);
      }
      return epoch;
    }
  }

  @Nested
  final class Assignment extends BalancingAssignmentContract {

    private Groups groups;

    @BeforeEach
    void make() throws Exception {
      groups = new Groups(plan().count());
    }

    @Override
    protected ShardAssignment assignment() {
      return groups.add();
    }

    @Override
    protected void takeForDead(ShardAssignment assignment) throws Exception {
      groups.remove(assignment);
    }

    @Override
    protected void close() throws Exception {
      groups.close();
    }
  }

  @Nested
  final class Sessions extends SessionStoreContract {

    private static final int SHARDS = 4;

    private final Owner owner = new Owner();
    private final Map<ShardId, Long> epochs = new HashMap<>();
    private Groups groups;
    private ShardGroup group;
    private SessionStore store;

    @BeforeEach
    void join() throws Exception {
      groups = new Groups(SHARDS);
      group = groups.add();
      group.start(owner);
      store = new KafkaSessionStore(group);
    }

    @AfterEach
    void leave() throws Exception {
      groups.close();
    }

    @Override
    protected List<ShardId> shards() {
      return ShardPlan.all(SHARDS).shards();
    }

    @Override
    protected long assign(ShardId shard) throws Exception {
      long before = epochs.getOrDefault(shard, 0L);
      if (before > 0) {
        group.lost(List.of(shard)); // and the group gives it anew
      }
      long epoch = owner.await(shard, before);
      epochs.put(shard, epoch);
      return epoch;
    }

    @Override
    protected SessionStore store() {
      return store;
    }

    @Override
    protected boolean durable() {
      return true;
    }
  }

  /** With the same nodes for all tests, which keep a window of silence when they start. */
  @Nested
  @TestInstance(Lifecycle.PER_CLASS)
  final class Identifies extends IdentifyLimiterContract {

    private final List<KafkaIdentifyLimiter> nodes = new ArrayList<>();

    @BeforeAll
    void open() throws Exception {
      String topic =
          topic(
              new NewTopic("identify-" + names.incrementAndGet(), 1, (short) 1)
                  .configs(Map.of("message.timestamp.type", "LogAppendTime")));
      for (int node = 0; node < 2; node++) {
        KafkaIdentifyLimiter limiter =
            KafkaIdentifyLimiter.create(
                Map.of("bootstrap.servers", broker.bootstrapServers()), topic, new FleetCounters());
        nodes.add(limiter);
        limiter.open();
        limiter.start(() -> {});
        limiter.update(
            new GatewayBot(URI.create("wss://a.test"), 16, 1_000, 1_000, Duration.ofHours(1), 2),
            2,
            Duration.ZERO);
      }
    }

    @AfterAll
    void close() {
      nodes.forEach(KafkaIdentifyLimiter::close);
    }

    @Override
    protected List<? extends IdentifyLimiter> limiters() {
      return nodes;
    }
  }

  @Nested
  final class Commands extends CommandSourceContract {

    private final Owner owner = new Owner();
    private Groups groups;
    private CommandSource source;
    private Producer<byte[], byte[]> producer;

    @BeforeEach
    void join() throws Exception {
      groups = new Groups(shards().size());
      ShardGroup group = groups.add();
      group.start(owner);
      source = group.commandSource();
      producer = new KafkaProducer<>(clients().producer("commands"));
    }

    @Override
    protected CommandSource source() {
      return source;
    }

    @Override
    protected void put(ShardId shard, GatewayCommand command) throws Exception {
      byte[] value = command.toJson().getBytes(UTF_8);
      producer
          .send(new ProducerRecord<>(groups.topic, shard.id(), null, value))
          .get(30, TimeUnit.SECONDS);
    }

    @Override
    protected int maxInFlight() {
      return CommandLane.MAX_IN_FLIGHT;
    }

    @Override
    protected void close() throws Exception {
      producer.close();
      groups.close();
    }
  }

  @Nested
  @ParameterizedClass
  @EnumSource(DeliveryGuarantee.class)
  final class Events extends EventSinkContract {

    @Parameter DeliveryGuarantee guarantee;

    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private Groups groups;
    private ShardGroup group;
    private String topic;
    private volatile boolean closed;

    @BeforeEach
    void consume() throws Exception {
      groups = new Groups(2);
      topic =
          topic(
              // A guild's events are in order in its partition, a shard's in the only one.
              new NewTopic("events-" + names.incrementAndGet(), 1, (short) 1)
                  .configs(Map.of("max.message.bytes", "16777216")));
      Thread reader = new Thread(this::read, "reader-of-" + topic);
      reader.start();
      opened.push(
          () -> {
            closed = true;
            reader.join();
          });
    }

    private void read() {
      Map<String, Object> properties = clients().consumer("reader");
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
                    event.shard(),
                    event.sequence(),
                    event.name(),
                    ByteBuffer.wrap(record.value())));
          }
        }
      }
    }

    @Override
    protected EventSink sink() {
      group = groups.add();
      KafkaEventSink sink =
          KafkaEventSink.start(
              SinkSettings.of(topic, 1, guarantee, "tx-" + names.incrementAndGet()),
              Map.of("bootstrap.servers", broker.bootstrapServers()),
              2,
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
}
