package dev.sluice.gateway.testkit;

import static dev.sluice.gateway.testkit.TestClient.QUERY;
import static dev.sluice.gateway.testkit.TestClient.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.Fault.Direction;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpTimeoutException;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each fault of a {@link LocalGateway} does to a plain client. */
final class FaultTest {

  private static final ShardId SHARD = new ShardId(1, 4);
  private static final ShardId OTHER = new ShardId(2, 4);
  private static final String ZLIB_QUERY = QUERY + "&compress=zlib-stream";
  private static final String HEARTBEAT = "{\"op\":1,\"d\":1}";
  private static final Duration DELAY = Duration.ofMillis(100);

  private final List<AutoCloseable> resources = new ArrayList<>();
  private final Semaphore heartbeats = new Semaphore(0);
  private final Semaphore identifies = new Semaphore(0);
  private final Semaphore disconnects = new Semaphore(0);

  @AfterEach
  void closeAll() throws Exception {
    for (int i = resources.size() - 1; i >= 0; i--) {
      resources.get(i).close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRoundTripDelaysEveryByteOfOldAndNewConnections(boolean tls) throws Exception {
    LocalCertificate certificate = LocalCertificate.valid();
    LocalGateway gateway = start(tls ? builder().tls(certificate) : builder());
    HttpClient http = HttpClient.newBuilder().sslContext(certificate.clientContext()).build();
    TestClient old = open(TestClient.dial(http, gateway.uri(), QUERY));
    old.identify(gateway.token(), SHARD);
    old.expectDispatch("READY");

    ActiveFault fault = gateway.fault(Fault.roundTrip(DELAY)).start();

    assertThat(heartbeatNanos(old)).isGreaterThanOrEqualTo(DELAY.toNanos());
    long startNanos = System.nanoTime();
    TestClient fresh = open(TestClient.dial(http, gateway.uri(), QUERY));
    // TCP, one or two of TLS, and the upgrade.
    assertThat(System.nanoTime() - startNanos)
        .isGreaterThanOrEqualTo(DELAY.multipliedBy(tls ? 3 : 2).toNanos());
    fresh.expectOp(10);
    assertThat(heartbeatNanos(fresh)).isGreaterThanOrEqualTo(DELAY.toNanos());
    assertThat(fault.strikes()).isEqualTo(2);
    fault.close();
    assertThat(heartbeatNanos(old)).isLessThan(TimeUnit.SECONDS.toNanos(10));
  }

  @Test
  void jitterOvertakesNothing() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));

    gateway
        .fault(Fault.delay(Direction.BOTH, Duration.ZERO, Duration.ofMillis(20)))
        .on(SHARD::equals)
        .start();
    for (int i = 0; i < 100; i++) {
      client.send(HEARTBEAT);
      gateway.dispatch(SHARD, "TYPING_START", bytes("{\"n\":" + i + '}'));
    }

    int acks = 0;
    int events = 0;
    while (acks < 100 || events < 100) {
      JsonNode payload = client.next();
      if (payload.path("op").asInt() == 11) {
        acks++;
      } else {
        assertThat(payload.at("/d/n").asInt()).isEqualTo(events++);
      }
    }
  }

  @Test
  void aDelayFromTheClientMakesItArriveLate() throws Exception {
    LocalGateway gateway = start(builder());
    gateway.fault(Fault.delay(Direction.FROM_CLIENT, DELAY, DELAY.multipliedBy(2))).start();
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    long startNanos = System.nanoTime();
    client.identify(gateway.token(), SHARD);
    await(identifies);

    assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(DELAY.toNanos());
    client.expectDispatch("READY");
  }

  @Test
  void whatAClientSentBeforeItClosedStillArrivesLate() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));
    gateway.fault(Fault.delay(Direction.FROM_CLIENT, DELAY, DELAY)).start();

    long startNanos = System.nanoTime();
    client.send(HEARTBEAT);
    client.close();

    await(heartbeats);
    await(disconnects);
    assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(DELAY.toNanos());
  }

  @Test
  void stalledReadsAnswerNothingUntilTheFaultEnds() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));

    ActiveFault fault = gateway.fault(Fault.stall(Direction.FROM_CLIENT)).on(SHARD::equals).start();
    client.send(HEARTBEAT);
    get(gateway.dispatch(SHARD, "TYPING_START", bytes("{}")));

    client.expectDispatch("TYPING_START");
    assertThat(heartbeats.availablePermits()).isZero();
    fault.close();
    client.expectOp(11);
  }

  @Test
  void stalledWritesWaitInTheSessionUntilTheFaultEnds() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));

    ActiveFault fault = gateway.fault(Fault.stall(Direction.TO_CLIENT)).on(SHARD::equals).start();
    client.send(HEARTBEAT);
    await(heartbeats);
    get(gateway.dispatch(SHARD, "TYPING_START", bytes("{}")));

    assertThat(get(gateway.stats()).messagesSent()).as("HELLO and READY").isEqualTo(2);
    fault.close();
    client.expectOp(11);
    client.expectDispatch("TYPING_START");
  }

  @Test
  void aStallHoldsUpConnectionsThatAreYetToCome() throws Exception {
    LocalGateway gateway = start(builder());
    ActiveFault fault = gateway.fault(Fault.stall(Direction.BOTH)).forNext(1).start();

    CompletableFuture<TestClient> dial = CompletableFuture.supplyAsync(() -> dial(gateway));
    get(fault.struck(1));
    open(TestClient.ready(gateway, OTHER));

    assertThat(dial).isNotDone();
    fault.close();
    open(get(dial)).expectOp(10);
  }

  @Test
  void aPeerThatVanishedIsNotHeardAndDoesNotHear() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));
    ActiveFault fault = gateway.fault(Fault.halfOpen(Direction.BOTH)).on(SHARD::equals).start();

    client.send(HEARTBEAT);
    client.closeWith(4900);
    client.close();
    get(gateway.dispatch(SHARD, "TYPING_START", bytes("{}")));
    get(gateway.whenSent());
    fault.close();

    assertThat(get(gateway.stats()).connections()).isEqualTo(1);
    assertThat(heartbeats.availablePermits()).isZero();
    assertThat(disconnects.availablePermits()).isZero();
    get(gateway.closeConnections(SHARD::equals, 4000));
    await(disconnects);
  }

  @Test
  void aGatewayThatVanishedGoesOnToHear() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));
    gateway.fault(Fault.halfOpen(Direction.TO_CLIENT)).on(SHARD::equals).forNext(1).start();

    client.send(HEARTBEAT);
    await(heartbeats);
    get(gateway.closeConnections(SHARD::equals, 4000));
    await(disconnects);
    TestClient other = open(TestClient.ready(gateway, OTHER));
    other.send(HEARTBEAT);
    other.expectOp(11);

    assertThat(client.hasNext()).as("an ACK, or the end").isFalse();
  }

  @ParameterizedTest
  @EnumSource(LocalGateway.Endpoint.class)
  void refusesDialsOfOneUrlUntilTheFaultEnds(LocalGateway.Endpoint endpoint) throws Exception {
    LocalGateway gateway = start(builder());
    boolean base = endpoint == LocalGateway.Endpoint.BASE;
    URI refused = base ? gateway.uri() : gateway.resumeUri();
    URI served = base ? gateway.resumeUri() : gateway.uri();

    ActiveFault fault = gateway.fault(Fault.refusal(503)).at(endpoint).start();

    assertThatThrownBy(() -> TestClient.dial(refused, QUERY))
        .satisfies(e -> assertThat(handshakeStatus(e)).isEqualTo(503));
    open(TestClient.dial(served, QUERY)).expectOp(10);
    fault.close();
    open(TestClient.dial(refused, QUERY)).expectOp(10);
    assertThat(fault.strikes()).isEqualTo(1);
    assertThat(fault).hasToString("Refusal[httpStatus=503], strikes: 1");
    assertThat(get(gateway.killAllConnections())).isEqualTo(2);
  }

  @Test
  void aFaultStrikesNoMoreOftenThanItWasToldTo() throws Exception {
    LocalGateway gateway = start(builder());
    ActiveFault fault = gateway.fault(Fault.refusal(502)).forNext(2).start();

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> TestClient.dial(gateway.uri(), QUERY))
          .satisfies(e -> assertThat(handshakeStatus(e)).isEqualTo(502));
    }
    open(TestClient.dial(gateway.uri(), QUERY)).expectOp(10);

    get(fault.struck(2));
    CompletableFuture<?> thrice = fault.struck(3);
    fault.close();
    assertThatThrownBy(() -> get(thrice))
        .hasRootCauseInstanceOf(IllegalStateException.class)
        .hasRootCauseMessage("strikes: 2 at the end (expected: 3)");
  }

  @Test
  void aRequestWithoutUpgradeIsNeverAnswered() throws Exception {
    LocalGateway gateway = start(builder());
    ActiveFault fault = gateway.fault(Fault.noUpgrade()).forNext(1).start();
    CompletableFuture<WebSocket> dial =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .connectTimeout(DELAY.multipliedBy(5))
            .buildAsync(URI.create(gateway.uri() + QUERY), new WebSocket.Listener() {});

    get(fault.struck(1));
    open(TestClient.dial(gateway.uri(), QUERY)).expectOp(10);

    assertThatThrownBy(() -> get(dial)).hasCauseInstanceOf(HttpTimeoutException.class);
  }

  @Test
  void aConnectionWithoutHelloIsServedOtherwise() throws Exception {
    LocalGateway gateway = start(builder());
    gateway.fault(Fault.noHello()).forNext(1).start();
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    client.send(HEARTBEAT);

    client.expectOp(11);
    open(TestClient.dial(gateway.uri(), QUERY)).expectOp(10);
  }

  @Test
  void readyIsWithheldFromShardsUntilTheFaultEnds() throws Exception {
    LocalGateway gateway = start(builder().guildCreates(true).guildsPerShard(20));
    ActiveFault fault = gateway.fault(Fault.noReady()).on(SHARD::equals).start();
    open(TestClient.ready(gateway, OTHER));
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));
    client.identify(gateway.token(), SHARD);
    client.send(HEARTBEAT);
    client.expectOp(11);
    CompletableFuture<?> sent = gateway.whenSent();
    get(gateway.stats()); // which the loop looks at after it
    assertThat(sent).isNotDone();

    fault.close();

    client.expectDispatch("READY");
    for (int guild = 0; guild < 20; guild++) {
      client.expectDispatch("GUILD_CREATE");
    }
  }

  @Test
  void heartbeatsAreNotAcknowledgedUntilTheFaultIsOver() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));
    ActiveFault fault = gateway.fault(Fault.noAcks()).on(SHARD::equals).forNext(2).start();

    client.send(HEARTBEAT);
    client.send(HEARTBEAT);
    get(fault.struck(2));
    get(gateway.dispatch(SHARD, "TYPING_START", bytes("{}")));
    client.expectDispatch("TYPING_START");
    client.send(HEARTBEAT);

    client.expectOp(11);
  }

  @Test
  void lateAcksComeAfterWhatWasSentMeanwhile() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));
    gateway.fault(Fault.lateAcks(DELAY)).forNext(1).start();

    long startNanos = System.nanoTime();
    client.send(HEARTBEAT);
    await(heartbeats);
    get(gateway.dispatch(SHARD, "TYPING_START", bytes("{}")));

    client.expectDispatch("TYPING_START");
    client.expectOp(11);
    assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(DELAY.toNanos());
    assertThat(heartbeatNanos(client)).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {QUERY, ZLIB_QUERY})
  void aCorruptMessageCannotBeRead(String query) throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = ready(gateway, query);

    gateway.fault(Fault.corruptMessage()).on(SHARD::equals).forNext(1).start();
    get(gateway.dispatch(SHARD, "TYPING_START", bytes("{}")));

    assertThat(client.awaitClose()).isEqualTo(TestClient.ABNORMAL);
  }

  @Test
  void aTruncatedMessageIsNoJson() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));

    gateway.fault(Fault.truncatedMessage()).on(SHARD::equals).forNext(1).start();
    get(gateway.dispatch(SHARD, "TYPING_START", bytes("{}")));

    assertThat(client.awaitClose()).isEqualTo(TestClient.ABNORMAL);
  }

  @ParameterizedTest
  @ValueSource(strings = {QUERY, ZLIB_QUERY})
  void aCutInAMessageEndsTheConnectionAndKeepsTheSession(String query) throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = ready(gateway, query);

    gateway.fault(Fault.cutInMessage()).on(SHARD::equals).forNext(1).start();
    get(gateway.dispatch(SHARD, "TYPING_START", bytes("{}")));

    assertThat(client.awaitClose()).isEqualTo(TestClient.ABNORMAL);
    assertThat(get(gateway.stats()).sessions()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anInvalidSessionComesInPlaceOfReadyAndResumed(boolean resumable) throws Exception {
    LocalGateway gateway = start(builder());
    ActiveFault fault = gateway.fault(Fault.invalidSession(resumable)).forNext(1).start();
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    client.identify(gateway.token(), SHARD);

    assertThat(client.expectOp(9).path("d").asBoolean()).isEqualTo(resumable);
    assertThat(get(gateway.stats()).sessions()).isEqualTo(resumable ? 1 : 0);
    assertThat(fault.strikes()).isEqualTo(1);
  }

  @Test
  void aReconnectRequestFollowsEachReadyAndResumed() throws Exception {
    LocalGateway gateway = start(builder());
    gateway.fault(Fault.reconnectRequest()).on(SHARD::equals).start();
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    client.identify(gateway.token(), SHARD);

    String sessionId = client.expectDispatch("READY").at("/d/session_id").asText();
    client.expectOp(7);
    client.closeWith(4900);
    TestClient resumed = open(TestClient.dial(gateway.resumeUri(), QUERY));
    resumed.resume(gateway.token(), sessionId, 1);
    resumed.expectDispatch("RESUMED");
    resumed.expectOp(7);
  }

  @Test
  void aCloseCodeComesInPlaceOfReadyOrAfterIt() throws Exception {
    LocalGateway gateway = start(builder());
    gateway.fault(Fault.close(4009)).on(SHARD::equals).forNext(1).start();
    gateway.fault(Fault.close(4000)).on(OTHER::equals).after(DELAY).start();
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));
    long startNanos = System.nanoTime();
    TestClient other = open(TestClient.ready(gateway, OTHER));

    client.identify(gateway.token(), SHARD);

    assertThat(client.awaitClose()).isEqualTo(4009);
    assertThat(other.awaitClose()).isEqualTo(4000);
    assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(DELAY.toNanos());
    assertThat(get(gateway.stats()).sessions()).isEqualTo(1);
  }

  @Test
  void aResetComesInPlaceOfReady() throws Exception {
    LocalGateway gateway = start(builder());
    gateway.fault(Fault.reset()).start();
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    client.identify(gateway.token(), SHARD);

    assertThat(client.awaitClose()).isEqualTo(TestClient.ABNORMAL);
  }

  @Test
  void whatIsDueAfterTheEndOfTheFaultOrOfTheSessionStrikesNobody() throws Exception {
    LocalGateway gateway = start(builder());
    Duration due = Duration.ofSeconds(1);
    ActiveFault late = gateway.fault(Fault.close(4000)).on(OTHER::equals).after(due).start();
    open(TestClient.ready(gateway, OTHER)).close();
    await(disconnects);
    ActiveFault ended = gateway.fault(Fault.close(4000)).on(SHARD::equals).after(due).start();
    ActiveFault next = gateway.fault(Fault.reconnectRequest()).after(due.plusMillis(100)).start();
    TestClient client = open(TestClient.ready(gateway, SHARD));

    ended.close();
    client.expectOp(7);

    assertThat(ended.strikes()).isZero();
    assertThat(late.strikes()).isZero();
    assertThat(next.strikes()).isEqualTo(1);
  }

  @Test
  void whoeverIsToldOfAStrikeMayEndTheFaultAtOnce() throws Exception {
    LocalGateway gateway = start(builder());
    ActiveFault stall = gateway.fault(Fault.stall(Direction.BOTH)).start();
    ActiveFault noReady = gateway.fault(Fault.noReady()).start();
    CompletableFuture<Void> ended =
        CompletableFuture.allOf(
            stall.struck(1).thenRun(stall::close), noReady.struck(1).thenRun(noReady::close));

    open(TestClient.ready(gateway, SHARD));

    get(ended);
    assertThat(stall.strikes()).isEqualTo(1);
    assertThat(noReady.strikes()).isEqualTo(1);
  }

  @Test
  void faultsOfOneKindEndEachByItself() throws Exception {
    LocalGateway gateway = start(builder());
    ActiveFault of = gateway.fault(Fault.noReady()).on(SHARD::equals).start();
    ActiveFault ofOther = gateway.fault(Fault.noReady()).on(OTHER::equals).start();
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));
    client.identify(gateway.token(), SHARD);
    get(of.struck(1));

    ofOther.close();
    client.send(HEARTBEAT);
    client.expectOp(11);
    of.close();

    client.expectDispatch("READY");
  }

  @Test
  void aListenerMayStartAndEndFaults() throws Exception {
    CompletableFuture<LocalGateway> started = new CompletableFuture<>();
    LocalGateway gateway =
        start(
            LocalGateway.builder()
                .guildCreates(false)
                .listener(
                    new GatewayServerListener() {
                      @Override
                      public void identified(ServerSession session) {
                        started.join().fault(Fault.noAcks()).start().close();
                        started.join().fault(Fault.noReady()).on(SHARD::equals).start();
                      }
                    }));
    started.complete(gateway);
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    client.identify(gateway.token(), SHARD);
    client.send(HEARTBEAT);

    client.expectOp(11);
  }

  @Test
  void aClosedGatewayHasNoFaults() {
    LocalGateway gateway = start(builder());
    ActiveFault fault = gateway.fault(Fault.noAcks()).start();
    CompletableFuture<?> struck = fault.struck(1);

    gateway.close();

    fault.close();
    assertThat(struck).isCompletedExceptionally();
    assertThat(fault.struck(1)).isCompletedExceptionally();
    assertThatThrownBy(() -> gateway.fault(Fault.noAcks()).start())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("local gateway: closed");
  }

  @Test
  void rejectsWhatNoFaultCanBe() {
    LocalGateway gateway = start(builder());
    Duration negative = Duration.ofMillis(-1);

    assertThatThrownBy(() -> Fault.refusal(200))
        .hasMessage("HTTP status: 200 (expected: 400..599)");
    assertThatThrownBy(() -> Fault.close(1005))
        .hasMessage("close code: 1005 (expected: 1000..4999, not 1005 or 1006)");
    assertThatThrownBy(() -> Fault.roundTrip(negative)).hasMessageContaining("not negative");
    assertThatThrownBy(() -> Fault.lateAcks(negative)).hasMessageContaining("not negative");
    assertThatThrownBy(() -> Fault.delay(Direction.BOTH, DELAY, Duration.ZERO))
        .hasMessage("max: PT0S (expected: >= PT0.1S)");
    assertThatThrownBy(() -> gateway.fault(Fault.noHello()).on(SHARD::equals))
        .hasMessage("on: NoHello[] (expected: a fault that strikes once the shard is known)");
    assertThatThrownBy(() -> gateway.fault(Fault.noAcks()).after(DELAY))
        .hasMessageContaining("(expected: one that ends a session or its connection)");
    assertThatThrownBy(() -> gateway.fault(Fault.noReady()).after(DELAY))
        .hasMessageStartingWith("after: NoReady[]");
    assertThatThrownBy(() -> gateway.fault(Fault.reset()).after(Duration.ZERO))
        .hasMessage("delay: PT0S (expected: positive)");
    assertThatThrownBy(() -> gateway.fault(Fault.reset()).forNext(0))
        .hasMessage("times: 0 (expected: >= 1)");
    assertThatThrownBy(() -> gateway.fault(Fault.reset()).forNext(1).forNext(2))
        .hasMessage("forNext: set already (expected: once)");
  }

  private TestClient ready(LocalGateway gateway, String query) throws Exception {
    TestClient client = open(TestClient.dial(gateway.uri(), query));
    client.identify(gateway.token(), SHARD);
    client.expectDispatch("READY");
    return client;
  }

  private static TestClient dial(LocalGateway gateway) {
    try {
      return TestClient.dial(gateway.uri(), QUERY);
    } catch (Exception e) {
      throw new CompletionException(e);
    }
  }

  private static int handshakeStatus(Throwable e) {
    return e.getCause() instanceof WebSocketHandshakeException handshake
        ? handshake.getResponse().statusCode()
        : 0;
  }

  private static long heartbeatNanos(TestClient client) throws Exception {
    long startNanos = System.nanoTime();
    client.send(HEARTBEAT);
    client.expectOp(11);
    return System.nanoTime() - startNanos;
  }

  private static void await(Semaphore semaphore) throws InterruptedException {
    assertThat(semaphore.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
  }

  private LocalGateway.Builder builder() {
    return LocalGateway.builder()
        .guildCreates(false)
        .server(server -> server.maxConcurrency(4).identifyWindow(Duration.ofMillis(1)))
        .listener(
            new GatewayServerListener() {
              @Override
              public void received(ServerSession session, Opcode opcode, JsonNode d) {
                heartbeats.release();
              }

              @Override
              public void identified(ServerSession session) {
                identifies.release();
              }

              @Override
              public void disconnected(GatewayServerConnection connection, int code) {
                disconnects.release();
              }
            });
  }

  private LocalGateway start(LocalGateway.Builder builder) {
    LocalGateway gateway = builder.start();
    resources.add(gateway);
    return gateway;
  }

  private TestClient open(TestClient client) {
    resources.add(client);
    return client;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
