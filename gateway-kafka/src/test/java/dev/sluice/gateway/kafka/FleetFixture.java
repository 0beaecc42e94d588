package dev.sluice.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.testkit.LocalGateway;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A fleet of nodes in this process, with a gateway of its own and the broker of all tests. */
final class FleetFixture {

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final int PARTITIONS = 4;
  static final Duration TIMEOUT = Duration.ofMinutes(2);

  // Nothing waits for it, and no node is to be taken for dead because the machine is slow.
  private static final Duration SESSION_TIMEOUT = Duration.ofSeconds(20);

  final String application = "bot-" + UUID.randomUUID();
  final LocalGateway gateway;
  private final int shards;
  private final List<AutoCloseable> opened = new ArrayList<>();

  /**
   * Starts a gateway that lets shards identify as fast as they like.
   *
   * @param shards of the first generation
   * @param guilds that the gateway has
   * @param listener told of what it sees
   */
  FleetFixture(int shards, int guilds, GatewayServerListener listener) {
    this.shards = shards;
    gateway =
        LocalGateway.builder()
            .guilds(guilds)
            .guildCreates(false)
            .listener(listener)
            .server(server -> server.maxConcurrency(16).identifyWindow(Duration.ofMillis(1)))
            .start();
    opened.add(gateway);
  }

  /** Ends what was started, the newest first. */
  void close() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  /** {@return the properties of a client of the broker} */
  static Map<String, Object> properties(String client) throws IOException, InterruptedException {
    return SharedBroker.properties(client);
  }

  /** Starts a node, which ends with this. */
  KafkaFleet node(String name, UnaryOperator<KafkaFleetBuilder> settings) throws Exception {
    KafkaFleet fleet =
        settings
            .apply(
                KafkaFleet.builder(application, properties(name))
                    .shards(shards)
                    .events(Topics.events(application), PARTITIONS)
                    .sessionTimeout(SESSION_TIMEOUT))
            .build();
    opened.add(fleet);
    fleet
        .start(
            () ->
                ShardManager.builder(gateway.token(), Intents.all())
                    .apiUri(gateway.apiUri())
                    .eventLoopThreads(1)
                    .checkpointInterval(Duration.ofMillis(100)))
        .toCompletableFuture()
        .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    return fleet;
  }

  /** Looks until something is so. */
  static void await(String what, BooleanSupplier condition) throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    long startNanos = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - startNanos).as(what).isLessThan(TIMEOUT.toNanos());
      assertThat(never.await(20, TimeUnit.MILLISECONDS)).isFalse();
    }
  }

  /** {@return whether all shards of the generation that has as many are READY, each on one node} */
  static boolean ready(int shards, Collection<KafkaFleet> nodes) {
    Set<ShardId> ready = new HashSet<>();
    int count = 0;
    for (KafkaFleet node : nodes) {
      ShardManager manager = node.manager();
      for (Shard shard : manager == null ? List.<Shard>of() : manager.shards()) {
        if (shard.state() == GatewayState.READY && shard.id().count() == shards) {
          ready.add(shard.id());
          count++;
        }
      }
    }
    return ready.size() == shards && count == shards;
  }

  /** {@return how many shards run on a node} */
  static int owned(KafkaFleet node) {
    return node.stats().owned();
  }

  /** Takes the test events that the fleet published. */
  @FunctionalInterface
  interface Reader {

    /** Takes one, in the order of its partition. */
    void read(JsonNode d, String generation);
  }

  /**
   * Reads the topic of events from its beginning.
   *
   * @param reader takes the events that are committed
   * @param isAll whether all were read
   * @param soFar what was read, for when it does not come to an end
   */
  void readEvents(Reader reader, BooleanSupplier isAll, Supplier<String> soFar) throws Exception {
    Map<String, Object> properties = new HashMap<>(properties("reader"));
    properties.put("isolation.level", "read_committed");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (int partition = 0; partition < PARTITIONS; partition++) {
        partitions.add(new TopicPartition(Topics.events(application), partition));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long startNanos = System.nanoTime();
      while (!isAll.getAsBoolean()) {
        assertThat(System.nanoTime() - startNanos).as(soFar.get()).isLessThan(TIMEOUT.toNanos());
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          if (header(record, "type").equals("TEST_EVENT")) {
            reader.read(MAPPER.readTree(record.value()), header(record, "generation"));
          }
        }
      }
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }
}
