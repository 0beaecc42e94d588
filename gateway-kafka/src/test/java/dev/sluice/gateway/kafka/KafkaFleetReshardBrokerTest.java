package dev.sluice.gateway.kafka;

import static dev.sluice.gateway.kafka.FleetFixture.TIMEOUT;
import static dev.sluice.gateway.kafka.FleetFixture.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.server.GatewayServerListener;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Three nodes change the number of shards while events come. */
@Tag("broker")
@Timeout(300)
final class KafkaFleetReshardBrokerTest {

  private static final Logger figures = LoggerFactory.getLogger("figures");
  private static final int GUILDS = 24;
  private static final int BEFORE = 8;
  private static final int AFTER = 16;

  private FleetFixture fleet;
  private Admin admin;

  @BeforeEach
  void open() throws Exception {
    admin = Admin.create(FleetFixture.properties("admin"));
    fleet = new FleetFixture(BEFORE, GUILDS, new GatewayServerListener() {});
  }

  @AfterEach
  void close() throws Exception {
    fleet.close();
    admin.close();
  }

  private KafkaFleet node(int number, DeliveryGuarantee guarantee) throws Exception {
    return fleet.node("node-" + number, settings -> settings.guarantee(guarantee));
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
        long[] guilds = fleet.gateway.guilds(ShardId.SINGLE);
        do {
          int number = sent.get();
          long guild = guilds[number % guilds.length];
          byte[] d = ("{\"guild_id\":\"" + guild + "\",\"n\":" + number + "}").getBytes(UTF_8);
          fleet
              .gateway
              .dispatchToGuild(guild, "TEST_EVENT", d)
              .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
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
    Map<Integer, List<String>> read = new TreeMap<>();
    Map<String, Integer> last = new HashMap<>(); // by generation and guild
    fleet.readEvents(
        (d, generation) -> {
          int number = d.path("n").asInt();
          read.computeIfAbsent(number, n -> new ArrayList<>()).add(generation);
          Integer before = last.put(generation + '/' + d.path("guild_id").asText(), number);
          assertThat(before == null || before < number).as("the order of a guild").isTrue();
        },
        () -> read.size() == numbers,
        () -> read.size() + " of " + numbers + " events");
    return read;
  }

  @Test
  void nothingIsLostAndOnlyTheOverlapIsDoubled() throws Exception {
    reshard(DeliveryGuarantee.AT_LEAST_ONCE, false);

    assertThat(fleet.gateway.stats().get(TIMEOUT.toSeconds(), TimeUnit.SECONDS).identifies())
        .isEqualTo(BEFORE + AFTER);
    await(
        "the deletion of the old topic",
        () -> !topics().contains(Topics.shards(fleet.application, 1)));
    assertThat(topics()).contains(Topics.shards(fleet.application, 2));
    KafkaFleet late = node(3, DeliveryGuarantee.AT_LEAST_ONCE);
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
      nodes.add(node(node, guarantee));
    }
    await("all shards", () -> FleetFixture.ready(BEFORE, nodes));
    int sent;
    long startNanos = System.nanoTime();
    try (Traffic traffic = new Traffic()) {
      await("some traffic", () -> traffic.sent.get() > 200);
      CompletableFuture<Void> changed = nodes.get(1).reshard(AFTER).toCompletableFuture();
      assertThatThrownBy(
              () ->
                  KafkaFleet.reshard(fleet.application, FleetFixture.properties("reshard"), BEFORE)
                      .toCompletableFuture()
                      .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS))
          .hasCauseInstanceOf(IllegalArgumentException.class);
      if (oneStops) {
        KafkaFleet stops = nodes.remove(2);
        await("its new shards", () -> fleet.gateway.stats().join().identifies() > BEFORE);
        stops.close();
      }
      changed.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
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

    await("all new shards", () -> FleetFixture.ready(AFTER, nodes));
    assertThat(nodes).allSatisfy(node -> assertThat(node.stats().generation()).isEqualTo(2));
    assertThat(nodes.stream().mapToInt(node -> node.stats().owned()).sum()).isEqualTo(AFTER);
    // A node that stops between an IDENTIFY and its READY leaves a session that nobody knows.
    long unknown =
        fleet.gateway.stats().get(TIMEOUT.toSeconds(), TimeUnit.SECONDS).identifies()
            - BEFORE
            - AFTER;
    await("the end of the old sessions", () -> sessions() <= AFTER + unknown);
  }

  private long sessions() {
    return fleet.gateway.stats().join().sessions();
  }

  private Set<String> topics() {
    return admin.listTopics().names().toCompletionStage().toCompletableFuture().join();
  }
}
