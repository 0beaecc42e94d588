package dev.sluice.gateway.testkit;

import static dev.sluice.gateway.testkit.TestClient.QUERY;
import static dev.sluice.gateway.testkit.TestClient.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.PreparedFlood.Share;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FloodTest {

  private static final ShardId FIRST = new ShardId(0, 2);
  private static final ShardId SECOND = new ShardId(1, 2);
  private static final Predicate<ShardId> ALL = shard -> true;
  private static final int EVENTS = 2_500;
  private static final Flood FLOOD = Flood.of(TrafficMix.NO_PRESENCES, 7, EVENTS);

  private final List<AutoCloseable> resources = new ArrayList<>();
  private final LocalGateway gateway =
      open(LocalGateway.builder().server(server -> server.maxConcurrency(2)).start());

  @AfterEach
  void closeAll() throws Exception {
    for (int i = resources.size() - 1; i >= 0; i--) {
      resources.get(i).close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "&compress=zlib-stream"})
  void everyShardGetsItsEventsInOrder(String compression) throws Exception {
    TestClient first = ready(FIRST, compression);
    TestClient second = ready(SECOND, compression);

    PreparedFlood flood = prepare(FLOOD.withLargeEventEvery(1_000));
    FloodReport report = get(flood.start());

    assertThat(flood.shares()).extracting(Share::shard).containsExactly(FIRST, SECOND);
    takeAll(first, flood.shares().get(0));
    takeAll(second, flood.shares().get(1));
    assertThat(report.events()).isEqualTo(2 * EVENTS).isEqualTo(flood.events());
    assertThat(report.bytes()).isEqualTo(flood.bytes());
    assertThat(report.writes()).isLessThan(EVENTS);
    assertThat(report.endNanos() - report.startNanos()).isPositive();
    assertThatTheGatewayGoesOn(first, FIRST);
    assertThatTheGatewayGoesOn(second, SECOND);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "&compress=zlib-stream"})
  void aPacedFloodIsWrittenEventByEvent(String compression) throws Exception {
    TestClient first = ready(FIRST, compression);
    TestClient second = ready(SECOND, compression);
    PreparedFlood flood = prepare(FLOOD);
    long startNanos = System.nanoTime();

    FloodReport report = get(flood.startPaced(20_000, startNanos));

    takeAll(first, flood.shares().get(0));
    takeAll(second, flood.shares().get(1));
    assertThat(report.writes()).isEqualTo(2 * EVENTS);
    assertThat(report.startNanos()).isEqualTo(startNanos);
    assertThat(report.endNanos() - startNanos).isGreaterThan((2L * EVENTS - 1) * 50_000);
    assertThat(report.maxLateNanos()).isGreaterThanOrEqualTo(report.meanLateNanos());
    assertThatTheGatewayGoesOn(first, FIRST);
  }

  @Test
  void theSameFloodIsTheSameEvents() throws Exception {
    TestClient first = ready(FIRST, "");
    get(prepare(FLOOD).start());
    List<JsonNode> once = take(first, EVENTS);

    get(prepare(FLOOD).start());

    assertThat(take(first, EVENTS)).isEqualTo(once);
  }

  @Test
  void onlyTheShardsThatWereAskedForAreFlooded() throws Exception {
    TestClient first = ready(FIRST, "");
    TestClient second = ready(SECOND, "");

    PreparedFlood flood = open(get(gateway.prepareFlood(SECOND::equals, FLOOD)));
    assertThatTheGatewayGoesOn(first, FIRST);
    get(flood.start());

    takeAll(second, flood.shares().get(0));
    assertThat(first.hasNext()).isFalse();
  }

  @Test
  void aHeartbeatIsAcknowledgedAfterTheFlood() throws Exception {
    TestClient client = ready(FIRST, "&compress=zlib-stream");
    PreparedFlood flood = prepare(FLOOD);

    client.send("{\"op\":1,\"d\":null}");
    get(flood.start());

    takeAll(client, flood.shares().get(0));
    client.expectOp(11);
  }

  @Test
  void aClosedFloodIsFoundByResuming() throws Exception {
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));
    client.identify(gateway.token(), FIRST);
    String sessionId = client.expectDispatch("READY").path("d").path("session_id").asText();
    takeGuilds(client);
    PreparedFlood flood = prepare(FLOOD);

    flood.close();

    assertThat(client.awaitClose()).isEqualTo(TestClient.ABNORMAL);
    TestClient resumed = open(TestClient.dial(gateway.resumeUri(), QUERY));
    resumed.resume(gateway.token(), sessionId, client.sequence());
    takeAll(resumed, flood.shares().get(0));
    assertThatThrownBy(() -> get(flood.start()))
        .hasRootCauseMessage("flood: closed (expected: prepared)");
  }

  @Test
  void aFloodIsSentOnce() throws Exception {
    TestClient client = ready(FIRST, "");
    PreparedFlood flood = prepare(FLOOD);

    CompletableFuture<FloodReport> first = flood.start();
    assertThatThrownBy(() -> get(flood.startPaced(10, System.nanoTime())))
        .hasRootCauseMessage("flood: started (expected: prepared)");

    assertThat(get(first).events()).isEqualTo(EVENTS);
    takeAll(client, flood.shares().get(0));
    flood.close();
    assertThatTheGatewayGoesOn(client, FIRST);
  }

  @Test
  void aConnectionHasOneFloodAtATime() throws Exception {
    TestClient client = ready(FIRST, "");
    PreparedFlood flood = prepare(FLOOD);

    CompletableFuture<PreparedFlood> second = gateway.prepareFlood(ALL, FLOOD);
    assertThat(second).isNotDone();
    get(flood.start());

    get(open(get(second)).start());
    take(client, 2 * EVENTS);
  }

  @Test
  void aLostConnectionFailsTheFlood() throws Exception {
    ready(FIRST, "");
    PreparedFlood flood = prepare(FLOOD);

    get(gateway.killAllConnections());

    assertThatThrownBy(() -> get(flood.start()))
        .hasRootCauseMessage("shard 0/2: its connection ended (expected: to take the flood)");
  }

  @Test
  void aConnectionLostWithWritesUnderWayFailsTheFlood() throws Exception {
    ready(FIRST, "");
    PreparedFlood flood = prepare(Flood.of(TrafficMix.NO_PRESENCES, 7, 10)); // one write
    Duration hour = Duration.ofHours(1);
    gateway.fault(Fault.delay(Fault.Direction.TO_CLIENT, hour, hour)).on(FIRST::equals).start();

    CompletableFuture<FloodReport> report = flood.start();
    get(gateway.killAllConnections());

    assertThatThrownBy(() -> get(report))
        .hasRootCauseMessage("shard 0/2: its connection ended (expected: to take the flood)");
  }

  @Test
  void aClosedGatewayFailsTheFlood() throws Exception {
    ready(FIRST, "");
    PreparedFlood flood = prepare(FLOOD);

    gateway.close();

    assertThatThrownBy(() -> get(flood.start())).hasRootCauseInstanceOf(RuntimeException.class);
    flood.close();
  }

  @Test
  void aFloodNeedsAConnection() {
    assertThatThrownBy(() -> get(gateway.prepareFlood(ALL, FLOOD)))
        .hasRootCauseMessage("connections: 0 (expected: one of such a shard)");
  }

  @Test
  void aFloodNeedsIntents() throws Exception {
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));
    client.expectOp(10);
    client.send(
        """
        {"op":2,"d":{"token":"%s","intents":0,"shard":[0,2],\
        "properties":{"os":"","browser":"","device":""}}}"""
            .formatted(gateway.token()));
    client.expectDispatch("READY");

    Flood members = Flood.of(TrafficMix.ALL_INTENTS, 7, EVENTS);
    assertThatThrownBy(() -> get(gateway.prepareFlood(ALL, members)))
        .rootCause()
        .hasMessageStartingWith("intents: ");
  }

  @Test
  void rejectsValuesOutOfRange() throws Exception {
    ready(FIRST, "");
    PreparedFlood flood = prepare(FLOOD);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Flood.of(TrafficMix.NO_PRESENCES, 1, 0))
        .withMessage("eventsPerShard: 0 (expected: >= 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FLOOD.withLargeEventEvery(-1))
        .withMessage("largeEventEvery: -1 (expected: >= 0)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> flood.startPaced(0, 0))
        .withMessage("eventsPerSecond: 0 (expected: >= 1)");
  }

  private PreparedFlood prepare(Flood flood) throws Exception {
    return open(get(gateway.prepareFlood(ALL, flood)));
  }

  private TestClient ready(ShardId shard, String compression) throws Exception {
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY + compression));
    client.identify(gateway.token(), shard);
    client.expectDispatch("READY");
    takeGuilds(client);
    return client;
  }

  private void takeGuilds(TestClient client) throws InterruptedException {
    for (int i = gateway.guilds(FIRST).length; i > 0; i--) {
      client.expectDispatch("GUILD_CREATE");
    }
  }

  private static void takeAll(TestClient client, Share share) throws InterruptedException {
    assertThat(share.events()).isEqualTo(EVENTS);
    assertThat(share.lastSequence() - share.firstSequence()).isEqualTo(EVENTS - 1);
    for (long sequence = share.firstSequence(); sequence <= share.lastSequence(); sequence++) {
      assertThat(client.expectOp(0).path("s").asLong()).isEqualTo(sequence);
    }
  }

  private static List<JsonNode> take(TestClient client, int events) throws InterruptedException {
    List<JsonNode> taken = new ArrayList<>();
    for (int i = 0; i < events; i++) {
      taken.add(client.expectOp(0).path("d"));
    }
    return taken;
  }

  private void assertThatTheGatewayGoesOn(TestClient client, ShardId shard) throws Exception {
    long sequence = get(gateway.dispatch(shard, "TYPING_START", "{\"n\":1}".getBytes(UTF_8)));
    assertThat(client.expectDispatch("TYPING_START").path("s").asLong()).isEqualTo(sequence);
  }

  private <T extends AutoCloseable> T open(T resource) {
    resources.add(resource);
    return resource;
  }
}
