package dev.sluice.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Three nodes change the number of shards while events come. */
@Tag("broker")
@Timeout(180)
final class KafkaFleetReshardBrokerTest {

  private static final Logger figures = LoggerFactory.getLogger("figures");
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final AtomicInteger applications = new AtomicInteger();
  private static final int PARTITIONS = 4;
  private static final int GUILDS = 24;
  private static final int BEFORE = 8;
  private static final int AFTER = 16;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private String application;
  private LocalGateway gateway;
  private Admin admin;

  @BeforeEach
  void open() throws Exception {
    admin = Admin.create(properties());
    opened.add(admin);
    application = "resharded-" + applications.incrementAndGet();
    gateway =
        LocalGateway.builder()
            .guilds(GUILDS)
            .guildCreates(false)
            .server(server -> server.maxConcurrency(AFTER).identifyWindow(Duration.ofMillis(1)))
            .start();
    opened.add(gateway);
  }

  @AfterEach
  void close() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  private static Map<String, Object> properties() throws Exception {
    return SharedBroker.properties("reshard");
  }

  private KafkaFleet node(DeliveryGuarantee guarantee) throws Exception {
    KafkaFleet fleet =
        KafkaFleet.builder(application, properties())
            .shards(BEFORE)
            .guarantee(guarantee)
            .events(Topics.events(application), PARTITIONS)
            .sessionTimeout(Duration.ofSeconds(6))
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
        .get(60, TimeUnit.SECONDS);
    return fleet;
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    long startNanos = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - startNanos).as(what).isLessThan(TimeUnit.SECONDS.toNanos(60));
      assertThat(never.await(20, TimeUnit.MILLISECONDS)).isFalse();
    }
  }

  private static boolean ready(List<KafkaFleet> nodes, int shards) {
    Set<ShardId> ready = new HashSet<>();
    for (KafkaFleet node : nodes) {
      node.manager().shards().stream()
          .filter(shard -> shard.state() == GatewayState.READY && shard.id().count() == shards)
          .forEach(shard -> ready.add(shard.id()));
    }
    return ready.size() == shards;
  }

  /** Sends events of all guilds, numbered, until it is closed. */
  private final class Traffic implements AutoCloseable {

    final AtomicInteger sent = new AtomicInteger();
    private final CountDownLatch ends = new CountDownLatch(1);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    Traffic() {
      Thread thread = new Thread(this::run, "traffic");
      thread.setDaemon(true);
      thread.start();
    }

    private void run() {
      try {
        long[] guilds = gateway.guilds(ShardId.SINGLE);
        do {
          int number = sent.get();
          long guild = guilds[number % guilds.length];
          byte[] d = ("{\"guild_id\":\"" + guild + "\",\"n\":" + number + "}").getBytes(UTF_8);
          gateway.dispatchToGuild(guild, "TEST_EVENT", d).get(10, TimeUnit.SECONDS);
          sent.incrementAndGet();
        } while (!ends.await(2, TimeUnit.MILLISECONDS));
        ended.complete(null);
      } catch (Exception e) {
        ended.completeExceptionally(e);
      }
    }

    @Override
    public void close() {
      end();
    }

    int end() {
      ends.countDown();
      ended.join();
      return sent.get();
    }
  }

  /** Reads the topic until all numbers are there. {@return the generations that each came from} */
  private Map<Integer, List<String>> readAll(int numbers) throws Exception {
    Map<String, Object> properties = new HashMap<>(properties());
    properties.put("isolation.level", "read_committed");
    Map<Integer, List<String>> read = new TreeMap<>();
    Map<String, Integer> last = new HashMap<>(); // by generation and guild
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (int partition = 0; partition < PARTITIONS; partition++) {
        partitions.add(new TopicPartition(Topics.events(application), partition));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long startNanos = System.nanoTime();
      while (read.size() < numbers) {
        assertThat(System.nanoTime() - startNanos)
            .as("%d of %d events", read.size(), numbers)
            .isLessThan(TimeUnit.SECONDS.toNanos(30));
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          String type = new String(record.headers().lastHeader("type").value(), UTF_8);
          if (type.equals("TEST_EVENT")) {
            String generation =
                new String(record.headers().lastHeader("generation").value(), UTF_8);
            JsonNode d = MAPPER.readTree(record.value());
            int number = d.path("n").asInt();
            read.computeIfAbsent(number, n -> new ArrayList<>()).add(generation);
            Integer before = last.put(generation + '/' + d.path("guild_id").asText(), number);
            assertThat(before == null || before < number).as("the order of a guild").isTrue();
          }
        }
      }
    }
    return read;
  }

  @Test
  void nothingIsLostAndOnlyTheOverlapIsDoubled() throws Exception {
    reshard(DeliveryGuarantee.AT_LEAST_ONCE, false);

    assertThat(gateway.stats().get(10, TimeUnit.SECONDS).identifies()).isEqualTo(BEFORE + AFTER);
    await("the deletion of the old topic", () -> !topics().contains(Topics.shards(application, 1)));
    assertThat(topics()).contains(Topics.shards(application, 2));
    KafkaFleet late = node(DeliveryGuarantee.AT_LEAST_ONCE);
    assertThat(late.stats().shards()).isEqualTo(AFTER);
  }

  @Test
  @Tag("fleet")
  void aNodeMayStopInTheMidst() throws Exception {
    reshard(DeliveryGuarantee.EXACTLY_ONCE, true);
  }

  private void reshard(DeliveryGuarantee guarantee, boolean oneStops) throws Exception {
    List<KafkaFleet> nodes = new ArrayList<>();
    for (int node = 0; node < 3; node++) {
      nodes.add(node(guarantee));
    }
    await("all shards", () -> ready(nodes, BEFORE));
    int sent;
    long startNanos = System.nanoTime();
    try (Traffic traffic = new Traffic()) {
      await("some traffic", () -> traffic.sent.get() > 200);
      CompletableFuture<Void> changed = nodes.get(1).reshard(AFTER).toCompletableFuture();
      assertThatThrownBy(
              () ->
                  KafkaFleet.reshard(application, properties(), BEFORE)
                      .toCompletableFuture()
                      .get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(IllegalArgumentException.class);
      if (oneStops) {
        KafkaFleet stops = nodes.remove(2);
        await("its new shards", () -> gateway.stats().join().identifies() > BEFORE);
        stops.close();
      }
      changed.get(90, TimeUnit.SECONDS);
      figures.info(
          "{}: {} to {} shards in {} ms",
          guarantee,
          BEFORE,
          AFTER,
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos));
      int now = traffic.sent.get();
      await("traffic afterwards", () -> traffic.sent.get() > now + 200);
      sent = traffic.end();
    }

    Map<Integer, List<String>> read = readAll(sent);
    assertThat(read.values()).allSatisfy(from -> assertThat(from).doesNotHaveDuplicates());
    int first = sent;
    int last = -1;
    for (Map.Entry<Integer, List<String>> event : read.entrySet()) {
      if (event.getValue().size() > 1) {
        first = Math.min(first, event.getKey());
        last = event.getKey();
      }
    }
    long doubled = read.values().stream().filter(from -> from.size() > 1).count();
    figures.info(
        "{}: {} events, lost 0, doubled {} (numbers {} to {})",
        guarantee,
        sent,
        doubled,
        first,
        last);
    assertThat(doubled).isPositive();
    assertThat(read.get(0)).containsExactly("1");
    assertThat(read.get(sent - 1)).containsExactly("2");

    await("all new shards", () -> ready(nodes, AFTER));
    assertThat(nodes).allSatisfy(node -> assertThat(node.stats().generation()).isEqualTo(2));
    assertThat(nodes.stream().mapToInt(node -> node.stats().owned()).sum()).isEqualTo(AFTER);
    // A node that stops between an IDENTIFY and its READY leaves a session that nobody knows.
    long unknown = gateway.stats().get(10, TimeUnit.SECONDS).identifies() - BEFORE - AFTER;
    await("the end of the old sessions", () -> sessions() <= AFTER + unknown);
  }

  private long sessions() {
    return gateway.stats().join().sessions();
  }

  private Set<String> topics() {
    return admin.listTopics().names().toCompletionStage().toCompletableFuture().join();
  }
}
