package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.SessionLost;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.LocalGateway;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a listener is told of sessions, and what becomes of a fleet that is refused for good. */
final class LifecycleTest extends Resources {

  private final Log log = new Log();

  /** Writes down what happened to which shard, one line each. */
  private static final class Log implements ShardListener {

    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    String next() throws InterruptedException {
      String line = lines.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      return line == null ? "nothing" : line;
    }

    private void add(Shard shard, String what) {
      lines.add(shard.id().id() + " " + what);
    }

    @Override
    public void onConnecting(Shard shard, URI uri, boolean resumes) {
      add(shard, "connecting " + (resumes ? "to resume" : "anew"));
    }

    @Override
    public void onReady(Shard shard) {
      add(shard, "ready " + shard.state());
    }

    @Override
    public void onResumed(Shard shard, long replayed) {
      add(shard, "resumed " + replayed);
    }

    @Override
    public void onReconnect(Shard shard, Reconnect reconnect) {
      add(shard, "reconnect " + reconnect.cause());
    }

    @Override
    public void onSessionLost(Shard shard, SessionLost lost) {
      add(shard, "lost " + lost.handledSequence() + " of " + lost.receivedSequence());
    }

    @Override
    public void onFatal(Shard shard, CloseCode closeCode, String advice) {
      add(shard, "fatal " + closeCode);
    }
  }

  private ShardManager manager(ScriptedGateway gateway, int shards, ShardListener listener) {
    return manager(gateway, shards, listener, new ShardManagerTest.UnlimitedIdentifies());
  }

  private ShardManager manager(
      ScriptedGateway gateway, int shards, ShardListener listener, IdentifyLimiter limiter) {
    return open(
        ShardManager.builder("token", Intents.of())
            .gatewayUri(gateway.uri())
            .shards(shards)
            .maxConcurrency(1)
            .compression(Compression.NONE)
            .listener(listener)
            .identifyLimiter(limiter)
            .build());
  }

  @Test
  void theLifeOfASessionIsToldInItsOrder() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = manager(gateway, 1, log);
      get(manager.start());
      ScriptedGateway.Peer first = open(gateway.ready(3_600_000));
      assertThat(log.next()).isEqualTo("0 reconnect START");
      assertThat(log.next()).isEqualTo("0 connecting anew");
      assertThat(log.next()).isEqualTo("0 ready READY");

      first.write(Frames.close(4000, ""));
      assertThat(log.next()).isEqualTo("0 reconnect CLOSED");
      assertThat(log.next()).isEqualTo("0 connecting to resume");
      ScriptedGateway.Peer second = open(gateway.greet(3_600_000));
      second.expectOp(6);
      second.text(Frames.event("FIRST", 2, "{}"));
      second.text(Frames.event("SECOND", 3, "{}"));
      second.text(Frames.event("RESUMED", 4, "{}"));
      assertThat(log.next()).isEqualTo("0 resumed 2");

      second.write(Frames.close(4009, ""));
      assertThat(log.next()).isEqualTo("0 reconnect CLOSED");
      assertThat(log.next()).isEqualTo("0 lost 4 of 4");
      assertThat(log.next()).isEqualTo("0 connecting anew");
      ScriptedGateway.Peer third = open(gateway.greet(3_600_000));
      third.expectOp(2);
      third.write(Frames.close(4011, ""));
      assertThat(log.next()).isEqualTo("0 fatal SHARDING_REQUIRED");
      assertThat(manager.fatalCloseCode()).as("it concerns one shard").isNull();
    }
  }

  @Test
  void shardsThatDropTogetherAreSpreadAndResumeAll() throws Exception {
    int shards = 48;
    Map<Integer, Long> waitsMillis = new ConcurrentHashMap<>();
    Map<Integer, Long> droppedAtNanos = new ConcurrentHashMap<>();
    CountDownLatch resumed = new CountDownLatch(shards);
    ShardListener listener =
        new ShardListener() {
          @Override
          public void onReconnect(Shard shard, Reconnect reconnect) {
            droppedAtNanos.put(shard.id().id(), System.nanoTime());
          }

          @Override
          public void onConnecting(Shard shard, URI uri, boolean resumes) {
            long nanos = System.nanoTime() - droppedAtNanos.get(shard.id().id());
            waitsMillis.put(shard.id().id(), TimeUnit.NANOSECONDS.toMillis(nanos));
          }

          @Override
          public void onResumed(Shard shard, long replayed) {
            resumed.countDown();
          }
        };
    LocalGateway gateway =
        open(LocalGateway.builder().server(server -> server.maxConcurrency(shards)).start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .shards(shards)
                .listener(listener)
                .build());
    get(manager.start());
    get(manager.ready());

    get(gateway.killAllConnections());

    assertThat(resumed.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(waitsMillis.values().stream().filter(wait -> wait > 500))
        .as("of 32 that wait up to 2 s each: %s", waitsMillis)
        .hasSizeGreaterThan(8);
    assertThat(manager.stats().identifies()).isEqualTo(shards);
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE / 1_000, 0, Long.MAX_VALUE / 1_000})
  void aStoredSessionIsResumedHoweverOldItSaysItIs(long lastSeenMillis) {
    EmbeddedShard shard = new EmbeddedShard();
    shard.dial(
        new GatewaySession(
            "session",
            "ws://resume.test",
            7,
            0,
            EmbeddedShard.ID,
            Intents.of(),
            10,
            Encoding.JSON,
            Compression.NONE,
            Instant.EPOCH,
            Instant.ofEpochMilli(lastSeenMillis)));

    assertThat(shard.dials).singleElement().asString().contains("resume.test");
    shard.channel.releaseOutbound();
    shard.channel.finishAndReleaseAll();
  }

  @Test
  void aListenerThatThrowsHarmsNobody() throws Exception {
    ShardListener broken =
        new ShardListener() {
          @Override
          public void onConnecting(Shard shard, URI uri, boolean resumes) {
            throw new IllegalStateException("a listener that throws");
          }

          @Override
          public void onReady(Shard shard) {
            throw new IllegalStateException("a listener that throws");
          }
        };
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = manager(gateway, 1, broken);
      get(manager.start());
      open(gateway.ready(3_600_000));

      get(manager.ready());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4004, 4012, 4013, 4014})
  void aRefusalOfTheWholeBotStopsWhoeverWouldIdentify(int closeCode) throws Exception {
    Map<Integer, CompletableFuture<IdentifyLimiter.Permit>> asked = new ConcurrentHashMap<>();
    Recorder recorder = new Recorder();
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager =
          manager(
              gateway,
              5,
              recorder,
              (bucket, shard) ->
                  asked.computeIfAbsent(shard.id(), asks -> new CompletableFuture<>()));
      get(manager.start());
      ScriptedGateway.Peer one = open(gateway.greet(3_600_000));
      ScriptedGateway.Peer other = open(gateway.greet(3_600_000));
      ScriptedGateway.Peer third = open(gateway.greet(3_600_000));
      recorder.await("three requests; the others were not dialled yet", () -> asked.size() == 3);

      one.write(Frames.close(closeCode, ""));

      assertThat(one.awaitClose()).isEqualTo(closeCode);
      assertThat(other.read().opcode()).as("no IDENTIFY before it").isEqualTo(Frames.CLOSE);
      assertThat(third.read().opcode()).as("no IDENTIFY before it").isEqualTo(Frames.CLOSE);
      other.close();
      third.close();
      recorder.await(
          "an end of every shard",
          () -> manager.shards().stream().allMatch(shard -> shard.state().isTerminal()));
      assertThat(asked.values()).allMatch(CompletableFuture::isCancelled);
      assertThat(gateway.hasDial()).isFalse();
      assertThat(manager.fatalCloseCode()).isEqualTo(CloseCode.of(closeCode));
      assertThatThrownBy(() -> get(manager.ready())).hasMessageContaining("" + closeCode);
      get(manager.stop(StopMode.GOODBYE));
    }
  }

  @Test
  void liveSessionsOutliveARefusalOfTheWholeBotAndResume() throws Exception {
    Recorder recorder = new Recorder();
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(recorder)
                .server(server -> server.maxConcurrency(3).identifyWindow(Duration.ofMillis(1)))
                .start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .shards(3)
                .eventSink(recorder)
                .listener(recorder)
                .build());
    get(manager.start());
    get(manager.ready());

    get(gateway.closeConnections(shard -> shard.id() == 2, 4014));
    recorder.awaitState(2, GatewayState.FATAL);
    get(gateway.closeConnections(shard -> shard.id() == 0, 4000));
    recorder.awaitState(0, GatewayState.READY, 2);
    get(gateway.closeConnections(shard -> shard.id() == 1, 4009)); // which ends the session
    recorder.awaitState(1, GatewayState.STOPPED);

    get(gateway.dispatch(new ShardId(0, 3), "STILL_HERE", Frames.utf8("{}")));
    recorder.awaitEvent(0, "STILL_HERE");
    assertThat(recorder.identifies()).isEqualTo(3);
    assertThat(recorder.resumes()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = CloseCode.class,
      names = {
        "AUTHENTICATION_FAILED",
        "INVALID_SHARD",
        "SHARDING_REQUIRED",
        "INVALID_API_VERSION",
        "INVALID_INTENTS",
        "DISALLOWED_INTENTS"
      })
  void everyFatalCodeHasAdviceOfItsOwn(CloseCode closeCode) {
    ShardId shard = new ShardId(5, 16);

    assertThat(FatalClose.advice(closeCode, shard))
        .isNotEqualTo(FatalClose.advice(CloseCode.UNKNOWN, shard))
        .doesNotContain("\n");
    assertThat(FatalClose.concernsWholeBot(closeCode))
        .isEqualTo(!List.of(4010, 4011).contains(closeCode.code()));
  }
}
