package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.sluice.gateway.Activity;
import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What a manager and its shards tell of themselves, over loopback. */
final class FiguresTest extends Resources {

  private static final int SHARDS = 2;

  private final Recorder recorder = new Recorder();

  private LocalGateway gateway() {
    return open(
        LocalGateway.builder()
            .listener(recorder)
            .guildCreates(false)
            .server(
                server -> server.maxConcurrency(SHARDS).heartbeatInterval(Duration.ofSeconds(1)))
            .start());
  }

  private ShardManagerBuilder settings(LocalGateway gateway) {
    return settings(gateway, recorder).eventLoopThreads(2);
  }

  private ShardManagerBuilder settings(LocalGateway gateway, EventSink sink) {
    return ShardManager.builder(gateway.token(), Intents.all())
        .apiUri(gateway.apiUri())
        .shards(SHARDS)
        .eventSink(sink)
        .listener(recorder)
        .configure(config -> config.maxBackoff(Duration.ofMillis(50)));
  }

  private ShardManager ready(ShardManagerBuilder settings) throws Exception {
    ShardManager manager = open(settings.build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  private void dispatch(LocalGateway gateway, int shard, String type, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      get(
          gateway.dispatch(
              new ShardId(shard, SHARDS),
              type,
              "{\"guild_id\":\"7\"}".getBytes(StandardCharsets.UTF_8)));
    }
    recorder.await(
        times + " of " + type,
        () ->
            recorder.events(shard).stream().filter(event -> event.name().equals(type)).count()
                >= times);
  }

  @Test
  void eventsAreCountedByType() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway));

    dispatch(gateway, 0, "TYPING_START", 3);
    dispatch(gateway, 1, "TYPING_START", 2);
    dispatch(gateway, 0, "SOMETHING_NEW", 1);

    ShardManagerStats stats = manager.stats();
    assertThat(stats.traffic().eventsByType())
        .containsEntry(EventType.TYPING_START, 5L)
        .containsEntry(EventType.UNKNOWN, 1L)
        .containsEntry(EventType.READY, 2L)
        .doesNotContainKey(EventType.MESSAGE_CREATE);
    assertThat(stats.events()).isEqualTo(8);
    assertThat(stats.loops()).hasSize(2);
    assertThat(stats.loops()).extracting(ShardManagerStats.Loop::events).contains(5L, 3L);
    assertThat(stats.loops()).extracting(ShardManagerStats.Loop::shards).containsOnly(1);
    ShardStats shard = manager.shard(0).stats();
    assertThat(shard.traffic().events()).isEqualTo(5);
    assertThat(shard.traffic().eventsByType()).isEmpty(); // unless it is asked for
    assertThat(shard.traffic().receivedBytes()).isPositive().isLessThan(stats.receivedBytes());
    assertThat(shard.traffic().payloadBytes()).isPositive().isLessThan(stats.payloadBytes());
  }

  @Test
  void detailsOfEachShardAreKeptOnRequest() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway).shardDetails(true));

    dispatch(gateway, 0, "TYPING_START", 3);
    recorder.await("a heartbeat", () -> recorder.heartbeats(0) >= 2); // so one was acknowledged

    ShardStats shard = manager.shard(0).stats();
    assertThat(shard.traffic().eventsByType())
        .containsEntry(EventType.TYPING_START, 3L)
        .containsEntry(EventType.READY, 1L);
    assertThat(shard.heartbeats().latency().count()).isPositive();
    assertThat(shard.heartbeats().lastNanos()).isPositive();
    assertThat(manager.shard(1).stats().traffic().eventsByType())
        .doesNotContainKey(EventType.TYPING_START);
  }

  @Test
  void startsOfSessionsAreCountedAndTimed() throws Exception {
    LocalGateway gateway = gateway();
    Instant before = Instant.now().minusSeconds(5);

    ShardManager manager = ready(settings(gateway));

    ShardManagerStats stats = manager.stats();
    assertThat(stats.sessions().identifies()).isEqualTo(SHARDS);
    assertThat(stats.sessions().identifyWait().count()).isEqualTo(SHARDS);
    assertThat(stats.sessions().identifiesWaiting()).isZero();
    assertThat(stats.sessions().startsLeft()).isBetween(1, 1000 - SHARDS);
    assertThat(stats.sessions().lost()).isZero();
    assertThat(stats.traffic().sentMessages()).isGreaterThanOrEqualTo(SHARDS);
    assertThat(stats.traffic().sentBytes()).isGreaterThan(100 * SHARDS);
    ShardStats shard = manager.shard(0).stats();
    assertThat(shard.state()).isEqualTo(GatewayState.READY);
    assertThat(shard.sessions().since()).isAfter(before);
    assertThat(shard.sessions().identifies()).isEqualTo(1);
    assertThat(shard.disconnects()).isEmpty();
  }

  @Test
  void reconnectsAreCountedByCauseAndCode() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway));

    get(gateway.closeConnections(shard -> shard.id() == 0, 4000));
    recorder.awaitState(0, GatewayState.READY, 2);
    get(gateway.requestReconnect(shard -> shard.id() == 0));
    recorder.awaitState(0, GatewayState.READY, 3);
    get(gateway.closeConnections(shard -> shard.id() == 1, 4321));
    recorder.awaitState(1, GatewayState.READY, 2);

    ShardManagerStats stats = manager.stats();
    assertThat(stats.connections().reconnects())
        .isEqualTo(Map.of(Reconnect.Cause.CLOSED, 2L, Reconnect.Cause.REQUESTED, 1L));
    assertThat(stats.connections().receivedCloseCodes())
        .isEqualTo(Map.of(CloseCode.UNKNOWN_ERROR, 1L, CloseCode.UNKNOWN, 1L));
    assertThat(stats.connections().closesToResume()).isEqualTo(1);
    assertThat(stats.connections().closesForGood()).isZero();
    assertThat(stats.sessions().resumes()).isEqualTo(3);
    assertThat(stats.sessions().resumeFailures()).isEmpty();
    ShardStats shard = manager.shard(0).stats();
    assertThat(shard.sessions().resumes()).isEqualTo(2);
    assertThat(shard.sessions().reconnects()).isEqualTo(2);
    assertThat(shard.disconnects())
        .extracting(ShardStats.Disconnect::cause)
        .containsExactly(Reconnect.Cause.CLOSED, Reconnect.Cause.REQUESTED);
    assertThat(shard.disconnects())
        .extracting(ShardStats.Disconnect::closeCode)
        .containsExactly(4000, 0);
  }

  @Test
  void aRefusedResumeIsCounted() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway));
    gateway.fault(Fault.invalidSession(false)).at(LocalGateway.Endpoint.RESUME).forNext(1).start();

    get(gateway.requestReconnect(shard -> shard.id() == 0));
    recorder.awaitState(0, GatewayState.READY, 2);

    ShardManagerStats stats = manager.stats();
    assertThat(stats.sessions().resumeFailures())
        .isEqualTo(Map.of(Reconnect.Cause.INVALID_SESSION, 1L));
    assertThat(stats.sessions().lost()).isEqualTo(1);
    assertThat(stats.connections().closesToResume()).isEqualTo(1);
    assertThat(stats.connections().closesForGood()).isEqualTo(1);
    assertThat(manager.shard(0).stats().sessions().resumeFailures()).isEqualTo(1);
    assertThat(manager.shard(0).stats().sessions().identifies()).isEqualTo(2);
  }

  @Test
  void latenciesOfAnIntervalAreTheDifferenceOfTwoReadings() {
    LatencyRecorder recorder = LatencyRecorder.fine();
    assertThat(LatencyStats.of(List.of(recorder))).isSameAs(LatencyStats.NONE);
    recorder.record(5_000_000_000L);
    recorder.record(7_000_000_000_000L); // longer than an hour
    LatencyStats before = LatencyStats.of(List.of(recorder));
    for (int i = 1; i <= 100; i++) {
      recorder.record(i * 1_000_000L);
    }

    LatencyStats after = LatencyStats.of(List.of(recorder));
    LatencyStats interval = after.minus(before);

    assertThat(after.count()).isEqualTo(102);
    assertThat(interval.count()).isEqualTo(100);
    assertThat(interval.p50Nanos()).isBetween(49_000_000L, 51_000_000L);
    assertThat(interval.p99Nanos()).isBetween(98_000_000L, 100_000_000L);
    assertThat(interval.maxNanos()).isBetween(100_000_000L, 101_000_000L);
    assertThat(interval.meanNanos()).isBetween(50_000_000L, 51_000_000L);
    assertThat(interval.totalNanos()).isBetween(5_000_000_000L, 5_100_000_000L);
    assertThat(interval.countAtMost(50_000_000L)).isBetween(49L, 51L);
    assertThat(interval.countAtMost(Long.MAX_VALUE)).isEqualTo(100);
    assertThat(interval.minus(LatencyStats.NONE)).isSameAs(interval);
    assertThatThrownBy(() -> before.minus(after))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: before");
    assertThatThrownBy(() -> after.percentileNanos(101))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("101");
    assertThat(LatencyStats.NONE.p99Nanos()).isZero();
    assertThat(LatencyStats.NONE.countAtMost(1)).isZero();
  }

  @Test
  void theLastDisconnectsOfManyAreKept() {
    ShardHistory history = new ShardHistory(false);
    assertThat(history.disconnects()).isEmpty();
    for (int i = 1; i <= 11; i++) {
      if (i % 2 == 0) {
        history.peerClosed(4000 + i);
      }
      history.disconnected(1_800_000_000_000L + i, Reconnect.Cause.PROTOCOL_ERROR, i == 3);
    }

    List<ShardStats.Disconnect> last = history.disconnects();

    assertThat(last).hasSize(ShardHistory.DISCONNECTS);
    assertThat(last.get(0))
        .isEqualTo(
            new ShardStats.Disconnect(
                Instant.ofEpochMilli(1_800_000_000_004L), Reconnect.Cause.PROTOCOL_ERROR, 4004));
    assertThat(last.get(7).at()).isEqualTo(Instant.ofEpochMilli(1_800_000_000_011L));
    assertThat(last.get(7).closeCode()).isZero();
    assertThat(history.reconnects()).isEqualTo(11);
    assertThat(history.resumeFailures()).isEqualTo(1);
  }

  @Test
  void pausesAreTimed() {
    ShardHistory history = new ShardHistory(false);

    history.pauseBegan(1_000);
    assertThat(history.reading(3, 1_500)).isEqualTo(new ShardStats.Reading(3, true, 1, 500));
    assertThat(history.pauseEnded(2_000)).isEqualTo(1_000);
    history.pauseBegan(5_000);

    assertThat(history.pausedForNanos(5_100)).isEqualTo(100);
    assertThat(history.reading(0, 5_100)).isEqualTo(new ShardStats.Reading(0, true, 2, 1_100));
    history.pauseEnded(6_000);
    assertThat(history.reading(0, 9_000)).isEqualTo(new ShardStats.Reading(0, false, 2, 2_000));
  }

  @Test
  void aPausedShardShows() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager =
        ready(
            settings(
                gateway,
                (shard, dispatch) -> {
                  recorder.offer(shard, dispatch);
                  return dispatch.type() != EventType.TYPING_START;
                }));

    dispatch(gateway, 1, "TYPING_START", 1);
    while (manager.stats().handling().pausedShards() == 0) {
      Thread.onSpinWait();
    }

    assertThat(manager.shard(1).stats().reading().paused()).isTrue();
    assertThat(manager.shard(0).stats().reading().paused()).isFalse();
    assertThat(manager.stats().handling().pausedNanos()).isPositive();
    manager.shard(1).resumeReading();
    while (manager.stats().handling().pausedShards() > 0) {
      Thread.onSpinWait();
    }
    assertThat(manager.stats().handling().pauses()).isEqualTo(1);
  }

  @Test
  void commandsThatAreNotSentAreCounted() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway));
    get(gateway.closeConnections(shard -> shard.id() == 0, 4010));
    recorder.awaitState(0, GatewayState.FATAL);
    GatewayCommand command =
        new GatewayCommand.UpdatePresence(Presence.online(Activity.playing("chess")));

    assertThat(get(manager.shard(0).send(command))).isEqualTo(CommandOutcome.REFUSED);

    assertThat(manager.stats().handling().commandsRefused()).isEqualTo(1);
    assertThat(manager.stats().handling().commandsDropped()).isZero();
  }

  @Test
  void healthFollowsTheLifeOfTheManager() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = open(settings(gateway).build());

    assertThat(manager.health()).isEqualTo(new FleetHealth(true, false, List.of("not started")));
    get(manager.start());
    get(manager.ready());
    assertThat(manager.health()).isEqualTo(new FleetHealth(true, true, List.of()));

    get(gateway.closeConnections(shard -> shard.id() == 1, 4010));
    recorder.awaitState(1, GatewayState.FATAL);
    assertThat(manager.health().live()).isTrue();
    assertThat(manager.health().ready()).isFalse();
    assertThat(manager.health().reasons()).contains("shards READY: 1 of 2 (expected: >= 2)");

    get(manager.stop(StopMode.GOODBYE));
    assertThat(manager.health().live()).isTrue();
    assertThat(manager.health().ready()).isFalse();
    assertThat(manager.health().reasons()).contains("stopped");
  }

  @Test
  void theShareOfReadyShardsCanBeSet() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway).readyShare(0.5));

    get(gateway.closeConnections(shard -> shard.id() == 1, 4010));
    recorder.awaitState(1, GatewayState.FATAL);

    assertThat(manager.health().ready()).isTrue();
  }

  @Test
  void aBlockedEventLoopIsLate() throws Exception {
    LocalGateway gateway = gateway();
    CountDownLatch release = new CountDownLatch(1);
    CapturedLog log = open(new CapturedLog("dev.sluice.gateway.netty", Level.WARN));
    ShardManager manager =
        ready(settings(gateway, recorder).eventLoopThreads(1).maxLoopLag(Duration.ofSeconds(1)));
    manager
        .shard(0)
        .context()
        .eventLoop
        .execute(
            () -> {
              try {
                release.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });

    while (manager.health().live()) {
      Thread.onSpinWait();
    }

    assertThat(manager.stats().loops().get(0).lagNanos()).isGreaterThan(1_000_000_000L);
    assertThat(manager.health().reasons()).anyMatch(reason -> reason.contains("ms late"));
    release.countDown();
    while (!manager.health().live()) {
      Thread.onSpinWait();
    }
    assertThat(manager.stats().loops().get(0).lag().maxNanos()).isGreaterThan(900_000_000L);
    assertThat(log.lines()).filteredOn(line -> line.text().contains("ms late")).hasSize(1);
  }

  @Test
  void eventLoopsWithoutShardsAreNotMeasured() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(settings(gateway, recorder).eventLoopThreads(8));

    while (measuredLoops(manager) < 3) { // two have a shard, and one the manager's own timers
      Thread.onSpinWait();
    }

    assertThat(measuredLoops(manager)).isEqualTo(3);
    assertThat(manager.stats().loops()).hasSize(8);
  }

  private static long measuredLoops(ShardManager manager) {
    return manager.stats().loops().stream().filter(loop -> loop.lag().count() > 0).count();
  }

  @Test
  void aLagProbeThatWasStoppedBeforeItsStartLeavesNoTimerBehind() {
    EmbeddedChannel channel = new EmbeddedChannel();
    LoopContext context = new LoopContext(channel.eventLoop());

    context.lagProbe.stop();
    context.lagProbe.start();

    assertThat(channel.runScheduledPendingTasks()).as("nothing is scheduled").isEqualTo(-1);
    assertThat(context.lagNanos()).isZero();
  }

  @Test
  void reasonsAreBounded() {
    HealthReasons reasons = new HealthReasons();
    for (int i = 0; i < 100; i++) {
      reasons.report("key " + i, "reason " + i);
    }
    assertThat(new FleetHealth(true, true, reasons.list()).reasons())
        .hasSize(FleetHealth.MAX_REASONS);
    reasons.report("key 0", "another");
    reasons.clear("key 1");
    assertThat(reasons.list()).hasSize(99).contains("another").doesNotContain("reason 1");
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    ShardManagerBuilder settings = ShardManager.builder("token", Intents.of());

    assertThatThrownBy(() -> settings.readyShare(1.5)).hasMessageContaining("readyShare: 1.5");
    assertThatThrownBy(() -> settings.maxLoopLag(Duration.ofMillis(10)))
        .hasMessageContaining("maxLoopLag: PT0.01S");
    settings.shardDetails(true);
    assertThatThrownBy(() -> settings.shardDetails(true)).hasMessageContaining("set already");
  }
}
