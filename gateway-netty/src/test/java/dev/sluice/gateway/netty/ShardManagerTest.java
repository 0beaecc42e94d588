package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ShardManagerTest extends Resources {

  private static final int SHARDS = 3;

  private final Recorder recorder = new Recorder();

  private LocalGateway gateway() {
    return gateway(SHARDS);
  }

  private LocalGateway gateway(int maxConcurrency) {
    return open(
        LocalGateway.builder()
            .listener(recorder)
            .server(
                server ->
                    server
                        .maxConcurrency(maxConcurrency)
                        .shards(SHARDS)
                        .replayCapacity(100_000) // so that no busy machine loses a session
                        .replayMaxBytes(256 << 20))
            .start());
  }

  private ShardManagerBuilder settings(LocalGateway gateway) {
    return ShardManager.builder(gateway.token(), Intents.all())
        .apiUri(gateway.apiUri())
        .eventSink(recorder)
        .listener(recorder)
        .configure(config -> config.maxBackoff(Duration.ofMillis(200)));
  }

  private ShardManager ready(ShardManagerBuilder settings) throws Exception {
    ShardManager manager = open(settings.build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  private void awaitAllReceived(LocalGateway gateway, int shards) throws Exception {
    get(gateway.whenSent());
    for (int shard = 0; shard < shards; shard++) {
      int id = shard;
      recorder.await(
          "all events of shard " + id,
          () -> recorder.received(id).size() >= recorder.sent(id).size());
      assertThat(recorder.received(id)).isEqualTo(recorder.sent(id));
    }
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void shardsBecomeReadyAndReceiveEveryEventInOrder(Compression compression) throws Exception {
    LocalGateway gateway = gateway();

    ShardManager manager = ready(settings(gateway).compression(compression));
    get(gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, 1, 2000)));
    recorder.await("300 events", () -> recorder.received(0).size() >= 300);
    get(gateway.stopTraffic());

    awaitAllReceived(gateway, SHARDS);
    assertThat(manager.shards()).hasSize(SHARDS);
    assertThat(manager.stats().shards(GatewayState.READY)).isEqualTo(SHARDS);
    assertThat(manager.stats().identifies()).isEqualTo(SHARDS);
    assertThat(manager.stats().reconnects()).isZero();
    assertThat(manager.stats().events())
        .isEqualTo(
            SHARDS + recorder.sent(0).size() + recorder.sent(1).size() + recorder.sent(2).size());
    assertThat(manager.stats().payloadBytes())
        .isGreaterThanOrEqualTo(manager.stats().receivedBytes());
    assertThat(recorder.reconnects(0)).isEmpty();
  }

  @Test
  void heartbeatsAreSentAndTheirLatencyMeasured() throws Exception {
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(recorder)
                .server(
                    server ->
                        server.maxConcurrency(SHARDS).heartbeatInterval(Duration.ofSeconds(1)))
                .start());

    ShardManager manager = ready(settings(gateway).shards(2));

    recorder.await("heartbeats", () -> recorder.heartbeats(0) >= 2 && recorder.heartbeats(1) >= 2);
    assertThat(manager.stats().heartbeatLatency().count()).isPositive();
    assertThat(manager.stats().heartbeatLatency().p50Nanos()).isPositive();
    for (Shard shard : manager.shards()) {
      assertThat(shard.lastHeartbeatLatencyNanos()).isPositive();
      assertThat(shard.meanHeartbeatLatencyNanos()).isPositive();
    }
    assertThat(recorder.reconnects(0)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void killedConnectionsResumeWithoutLossOrDoubling(Compression compression) throws Exception {
    LocalGateway gateway = gateway();
    ready(settings(gateway).compression(compression).shards(SHARDS));

    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 2, 1000)));
    for (int round = 1; round <= 3; round++) {
      int times = round + 1;
      get(gateway.killAllConnections());
      for (int shard = 0; shard < SHARDS; shard++) {
        recorder.awaitState(shard, GatewayState.READY, times);
      }
    }
    get(gateway.stopTraffic());

    awaitAllReceived(gateway, SHARDS);
    assertThat(recorder.identifies()).isEqualTo(SHARDS);
    assertThat(recorder.resumes()).isEqualTo(3 * SHARDS);
    LocalGatewayStats stats = get(gateway.stats());
    assertThat(stats.invalidSessionsSent()).isZero();
    assertThat(stats.baseDials()).isEqualTo(SHARDS);
    assertThat(stats.resumeDials()).isEqualTo(3L * SHARDS);
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1001, 4000, 4001, 4002, 4008, 4321})
  void aCloseCodeThatKeepsTheSessionIsResumed(int closeCode) throws Exception {
    LocalGateway gateway = gateway();
    ready(settings(gateway).shards(2));

    get(gateway.closeConnections(shard -> shard.id() == 1, closeCode));
    recorder.await("a reconnect", () -> !recorder.reconnects(1).isEmpty());

    assertThat(recorder.reconnects(1).get(0).cause()).isEqualTo(Reconnect.Cause.CLOSED);
    assertThat(recorder.reconnects(1).get(0).detail()).contains(Integer.toString(closeCode));
    assertThat(recorder.reconnects(1).get(0).uri().toString())
        .startsWith(gateway.resumeUri().toString());
    if (closeCode != 4008) { // after which it waits for some seconds
      recorder.awaitState(1, GatewayState.READY, 2);
      assertThat(recorder.resumes()).isEqualTo(1);
      assertThat(recorder.identifies()).isEqualTo(2);
    }
    assertThat(recorder.reconnects(0)).isEmpty();
  }

  @Test
  void aSessionThatTimedOutIsStartedAnewOnTheBaseUrl() throws Exception {
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(recorder)
                .server(server -> server.maxConcurrency(2).identifyWindow(Duration.ofMillis(1)))
                .start());
    ready(settings(gateway).shards(2).identifyLimiter(new UnlimitedIdentifies()));

    get(gateway.closeConnections(shard -> shard.id() == 1, 4009));
    recorder.awaitState(1, GatewayState.READY, 2);

    assertThat(recorder.identifies()).isEqualTo(3);
    assertThat(recorder.resumes()).isZero();
    assertThat(get(gateway.stats()).resumeDials()).isZero();
    assertThat(recorder.reconnects(0)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"4004, AUTHENTICATION_FAILED", "4014, DISALLOWED_INTENTS", "4010, INVALID_SHARD"})
  void aFatalCloseCodeEndsTheShardAndNoOther(int closeCode, String name) throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway).shards(2));

    get(gateway.closeConnections(shard -> shard.id() == 1, closeCode));
    recorder.awaitState(1, GatewayState.FATAL);
    get(gateway.dispatch(new ShardId(0, 2), "STILL_HERE", Frames.utf8("{}")));

    recorder.awaitEvent(0, "STILL_HERE");
    assertThat(manager.stats().shards(GatewayState.FATAL)).isEqualTo(1);
    assertThat(manager.stats().shards(GatewayState.READY)).isEqualTo(1);
    assertThat(recorder.reconnects(0)).isEmpty();
    assertThat(recorder.reconnects(1)).isEmpty();
    get(manager.stop(StopMode.GOODBYE));
  }

  @Test
  void aFatalCloseCodeBeforeReadyFailsTheStart() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager =
          open(
              ShardManager.builder("token", Intents.of())
                  .gatewayUri(gateway.uri())
                  .shards(4)
                  .maxConcurrency(1)
                  .compression(Compression.NONE)
                  .build());
      get(manager.start());
      ScriptedGateway.Peer first = open(gateway.greet(3_600_000));
      first.expectOp(2);
      first.write(Frames.close(4004, "Authentication failed."));

      assertThatThrownBy(() -> get(manager.ready()))
          .hasMessageContaining("4004")
          .hasMessageContaining("AUTHENTICATION_FAILED");
      assertThat(first.awaitClose()).isEqualTo(4004);
      get(manager.stop(StopMode.GOODBYE));
    }
  }

  @Test
  void aReconnectRequestIsResumedAtOnce() throws Exception {
    LocalGateway gateway = gateway();
    ready(settings(gateway).shards(2));

    get(gateway.requestReconnect(shard -> true));
    recorder.awaitState(0, GatewayState.READY, 2);
    recorder.awaitState(1, GatewayState.READY, 2);

    assertThat(recorder.resumes()).isEqualTo(2);
    assertThat(recorder.reconnects(0))
        .singleElement()
        .satisfies(
            reconnect -> {
              assertThat(reconnect.cause()).isEqualTo(Reconnect.Cause.REQUESTED);
              assertThat(reconnect.delayNanos()).isZero();
              assertThat(reconnect.closeCode()).isEqualTo(4900);
            });
    recorder.await("close codes", () -> recorder.clientCloseCodes().size() >= 2);
    assertThat(recorder.clientCloseCodes()).containsOnly(4900);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anInvalidSessionIsResumedOrStartedAnew(boolean resumable) throws Exception {
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(recorder)
                .server(server -> server.maxConcurrency(2).identifyWindow(Duration.ofMillis(1)))
                .start());
    ready(settings(gateway).shards(2).identifyLimiter(new UnlimitedIdentifies()));

    get(gateway.invalidateSessions(shard -> shard.id() == 1, resumable));
    recorder.awaitState(1, GatewayState.READY, 2);

    assertThat(recorder.resumes()).isEqualTo(resumable ? 1 : 0);
    assertThat(recorder.identifies()).isEqualTo(resumable ? 2 : 3);
    assertThat(recorder.reconnects(1).get(0).delayNanos())
        .isBetween(1_000_000_000L, 5_000_000_000L);
    assertThat(recorder.reconnects(0)).isEmpty();
  }

  @Test
  void aResumeUrlThatRefusesLeadsToTheBaseUrl() throws Exception {
    LocalGateway gateway = gateway();
    ready(settings(gateway).shards(2));

    gateway.fault(Fault.refusal(503)).at(LocalGateway.Endpoint.RESUME).start();
    get(gateway.killConnections(shard -> shard.id() == 0));
    recorder.awaitState(0, GatewayState.READY, 2);

    assertThat(recorder.resumes()).isEqualTo(1);
    assertThat(recorder.identifies()).isEqualTo(2);
    assertThat(recorder.failures())
        .singleElement()
        .satisfies(failure -> assertThat(failure.cause()).hasMessageContaining("503"));
    assertThat(get(gateway.stats()).resumeDials()).isEqualTo(1);
    assertThat(get(gateway.stats()).baseDials()).isEqualTo(3);
  }

  @Test
  void aGatewayThatMovedIsFoundByAskingAgain() throws Exception {
    LocalGateway before = gateway();
    LocalGateway after = gateway();
    before.fault(Fault.refusal(503)).at(LocalGateway.Endpoint.BASE).start();
    get(
        before.respondToGatewayBot(
            200, new GatewayBot(after.uri(), 1, 1000, 999, Duration.ofHours(1), 1).toJson()));
    ShardManager manager =
        open(
            settings(before)
                .gatewayUri(before.uri())
                .shards(1)
                .apiRefreshInterval(Duration.ZERO)
                .build());
    get(manager.start());
    recorder.await("failed dials", () -> recorder.failures().size() >= 4);
    assertThat(recorder.identifies()).as("the URI was the user's choice").isZero();
    get(manager.stop(StopMode.GOODBYE));

    get(before.restoreGatewayBot());
    ShardManager moves = open(settings(before).shards(1).apiRefreshInterval(Duration.ZERO).build());
    get(moves.start());
    get(
        before.respondToGatewayBot(
            200, new GatewayBot(after.uri(), 1, 1000, 999, Duration.ofHours(1), 1).toJson()));
    get(moves.ready());

    assertThat(get(after.stats()).baseDials()).isEqualTo(1);
  }

  @Test
  void identifiesKeepTheBucketsOfMaxConcurrency() throws Exception {
    LocalGateway gateway = gateway(4);

    ready(settings(gateway).shards(12));

    assertThat(recorder.identifies()).isEqualTo(12);
    assertThat(recorder.identifiesRejected()).isZero();
    assertThat(get(gateway.stats()).baseDials()).isEqualTo(12);
  }

  @Test
  void aRestartResumesWithTheSameStore() throws Exception {
    LocalGateway gateway = gateway();
    SessionStore store = SessionStore.inMemory();
    ShardManager first = ready(settings(gateway).shards(SHARDS).sessionStore(store));
    awaitAllReceived(gateway, SHARDS);

    get(first.stop(StopMode.RESTART));
    for (int shard = 0; shard < SHARDS; shard++) {
      get(gateway.dispatch(new ShardId(shard, SHARDS), "MISSED", Frames.utf8("{}")));
    }
    ready(settings(gateway).shards(SHARDS).sessionStore(store));

    awaitAllReceived(gateway, SHARDS);
    assertThat(recorder.identifies()).isEqualTo(SHARDS);
    assertThat(recorder.resumes()).isEqualTo(SHARDS);
    assertThat(recorder.clientCloseCodes()).containsOnly(4900);
    assertThat(recorder.sessionsEnded()).isZero();
  }

  @Test
  void aStoredSessionWithOtherIntentsIsNotResumed() throws Exception {
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(recorder)
                .server(server -> server.identifyWindow(Duration.ofMillis(1)))
                .start());
    SessionStore store = SessionStore.inMemory();
    get(ready(settings(gateway).shards(1).sessionStore(store)).stop(StopMode.RESTART));

    ready(
        ShardManager.builder(gateway.token(), Intents.of())
            .apiUri(gateway.apiUri())
            .shards(1)
            .sessionStore(store));

    assertThat(recorder.identifies()).isEqualTo(2);
    assertThat(recorder.resumes()).isZero();
  }

  @Test
  void goodbyeEndsTheSessions() throws Exception {
    LocalGateway gateway = gateway();
    SessionStore store = SessionStore.inMemory();
    ShardManager manager = ready(settings(gateway).shards(2).sessionStore(store));

    get(manager.stop(StopMode.GOODBYE));

    assertThat(recorder.clientCloseCodes()).containsOnly(1000);
    assertThat(recorder.sessionsEnded()).isEqualTo(2);
    assertThat(get(store.load(new ShardId(0, 2)))).isNull();
    assertThat(manager.stats().shards(GatewayState.STOPPED)).isEqualTo(2);
  }

  @Test
  void aSilentPeerIsTakenForDeadAndResumed() throws Exception {
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(recorder)
                .server(server -> server.maxConcurrency(2).heartbeatInterval(Duration.ofSeconds(1)))
                .start());
    ready(
        settings(gateway)
            .shards(2)
            .configure(config -> config.closeTimeout(Duration.ofMillis(300))));

    gateway
        .fault(Fault.stall(Fault.Direction.BOTH))
        .on(shard -> shard.id() == 1)
        .forNext(1)
        .start();
    recorder.awaitState(1, GatewayState.READY, 2);

    assertThat(recorder.reconnects(1).get(0).cause()).isEqualTo(Reconnect.Cause.ZOMBIE);
    assertThat(recorder.identifies()).isEqualTo(2);
    assertThat(recorder.reconnects(0)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aSpoiltMessageCostsTheTransportAndNotTheSession(boolean truncated) throws Exception {
    LocalGateway gateway = gateway();
    ready(settings(gateway).shards(2));
    awaitAllReceived(gateway, 2);

    Fault damage = truncated ? Fault.truncatedMessage() : Fault.corruptMessage();
    gateway.fault(damage).on(shard -> shard.id() == 1).forNext(1).start();
    get(gateway.dispatch(new ShardId(1, 2), "FIRST", Frames.utf8("{\"a\":1}")));
    get(gateway.dispatch(new ShardId(1, 2), "SECOND", Frames.utf8("{\"b\":2}")));
    recorder.awaitState(1, GatewayState.READY, 2);

    recorder.awaitEvent(1, "SECOND");
    awaitAllReceived(gateway, 2);
    assertThat(recorder.reconnects(1).get(0).cause()).isEqualTo(Reconnect.Cause.PROTOCOL_ERROR);
    assertThat(recorder.resumes()).isEqualTo(1);
    assertThat(recorder.reconnects(0)).isEmpty();
  }

  @Test
  void manyShardsNeedNoMoreThreadsThanEventLoops() throws Exception {
    LocalGateway gateway = gateway(64);
    Set<Thread> before = threads();

    ready(settings(gateway).shards(64).eventLoopThreads(2));

    List<String> added =
        threads().stream()
            .filter(thread -> !before.contains(thread))
            .map(Thread::getName)
            .collect(Collectors.toList());
    assertThat(added.stream().filter(name -> name.startsWith("sluice"))).hasSize(2);
    assertThat(added).as("%s", added).hasSizeLessThanOrEqualTo(3); // Netty has one for its futures
  }

  private static Set<Thread> threads() {
    return new HashSet<>(Thread.getAllStackTraces().keySet());
  }

  /** Permits without a pace, for a gateway that has none. */
  static final class UnlimitedIdentifies implements IdentifyLimiter {

    @Override
    public CompletionStage<Permit> acquire(int bucket, ShardId shard) {
      return CompletableFuture.completedFuture(
          new Permit() {
            @Override
            public void sent() {}

            @Override
            public void release() {}
          });
    }
  }
}
