package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.sharding.ShardPlan;
import dev.sluice.gateway.testkit.LocalGateway;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Stops at every moment, and starts that fail. */
final class ShardManagerStopTest extends Resources {

  private static final GatewayCommand COMMAND =
      new GatewayCommand.Raw(4, JsonNodeFactory.instance.objectNode());

  private final Recorder recorder = new Recorder();

  private ShardManagerBuilder settings(URI gateway) {
    return ShardManager.builder("token", Intents.of())
        .gatewayUri(gateway)
        .shards(1)
        .maxConcurrency(1)
        .compression(Compression.NONE)
        .eventSink(recorder)
        .listener(recorder);
  }

  private static void assertStopped(ShardManager manager) {
    assertThat(manager.stats().shards().keySet()).isSubsetOf(GatewayState.STOPPED);
    assertThat(manager.ready().toCompletableFuture()).isCompletedExceptionally();
  }

  @Test
  void beforeTheStart() throws Exception {
    ShardManager manager = settings(URI.create("ws://127.0.0.1:1")).build();

    manager.close();
    manager.close();

    assertStopped(manager);
    assertThatThrownBy(manager::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("STOPPED");
    assertThat(get(manager.send(0, COMMAND))).isEqualTo(CommandOutcome.NOT_HERE);
  }

  @Test
  void whileGatewayBotIsAsked() throws Exception {
    try (ScriptedGateway api = new ScriptedGateway()) {
      ShardManager manager =
          open(
              ShardManager.builder("token", Intents.of())
                  .apiUri(URI.create("http://127.0.0.1:" + api.uri().getPort()))
                  .build());
      CompletionStage<Void> started = manager.start();
      ScriptedGateway.Peer asked = open(api.accept());

      get(manager.stop(StopMode.GOODBYE));

      assertThat(asked.requestLine).startsWith("GET /gateway/bot ");
      assertThatThrownBy(() -> get(started)).hasMessageContaining("stopped before it started");
      assertStopped(manager);
    }
  }

  @Test
  void whileAnUpgradeIsAwaited() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = open(settings(gateway.uri()).build());
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.accept());

      get(manager.stop(StopMode.GOODBYE));

      assertThat(peer.awaitClose()).isEqualTo(ScriptedGateway.ABNORMAL);
      assertStopped(manager);
    }
  }

  @Test
  void whileHelloIsAwaited() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = open(settings(gateway.uri()).build());
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.accept());
      peer.upgrade();
      recorder.awaitState(0, GatewayState.WAIT_HELLO);

      CompletionStage<Void> stopped = manager.stop(StopMode.GOODBYE);

      assertThat(peer.awaitClose()).isEqualTo(1000);
      peer.write(Frames.close(1000, ""));
      get(stopped);
      assertStopped(manager);
    }
  }

  @Test
  void whileThePermitIsAwaited() throws Exception {
    CompletableFuture<IdentifyLimiter.Permit> never = new CompletableFuture<>();
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager =
          open(settings(gateway.uri()).identifyLimiter((bucket, shard) -> never).build());
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.greet(3_600_000));
      recorder.awaitState(0, GatewayState.WAIT_PERMIT);

      CompletionStage<Void> stopped = manager.stop(StopMode.RESTART);

      assertThat(peer.awaitClose()).isEqualTo(4900);
      peer.close();
      get(stopped);
      assertThat(never).isCancelled();
      assertStopped(manager);
    }
  }

  @Test
  void whileTheSessionIsLoaded() throws Exception {
    CompletableFuture<@Nullable GatewaySession> loaded = new CompletableFuture<>();
    ShardManager manager =
        open(settings(URI.create("ws://127.0.0.1:1")).sessionStore(new SlowStore(loaded)).build());
    get(manager.start());

    CompletionStage<Void> stopped = manager.stop(StopMode.RESTART);
    loaded.complete(null);

    get(stopped);
    assertStopped(manager);
    assertThat(recorder.failures()).isEmpty();
  }

  @Test
  void whileTheNextDialIsAwaited() throws Exception {
    ShardManager manager = open(settings(URI.create("ws://127.0.0.1:1")).build());
    get(manager.start());
    recorder.await("a failed dial", () -> !recorder.failures().isEmpty());

    get(manager.stop(StopMode.GOODBYE));

    assertStopped(manager);
  }

  @Test
  void aPeerThatDoesNotAnswerTheCloseIsLeft() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager =
          open(
              settings(gateway.uri())
                  .configure(config -> config.closeTimeout(Duration.ofMillis(100)))
                  .build());
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      recorder.awaitState(0, GatewayState.READY);

      get(manager.stop(StopMode.GOODBYE));

      assertThat(peer.framesToTheEnd()).isEqualTo(1);
    }
  }

  @Test
  void theAnswerToOurCloseFrameIsNotAnswered() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = open(settings(gateway.uri()).build());
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      recorder.awaitState(0, GatewayState.READY);

      CompletionStage<Void> stopped = manager.stop(StopMode.GOODBYE);
      assertThat(peer.awaitClose()).isEqualTo(1000);
      peer.write(Frames.close(1000, ""));
      get(stopped);

      assertThat(peer.framesToTheEnd()).isZero();
    }
  }

  @Test
  void onAnEventLoopItDoesNotWaitForItself() throws Exception {
    CountDownLatch returned = new CountDownLatch(1);
    CompletableFuture<ShardManager> made = new CompletableFuture<>();
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager =
          open(
              ShardManager.builder("token", Intents.of())
                  .gatewayUri(gateway.uri())
                  .shards(1)
                  .maxConcurrency(1)
                  .compression(Compression.NONE)
                  .onDispatch(
                      (shard, dispatch) -> {
                        made.join().close();
                        returned.countDown();
                      })
                  .build());
      made.complete(manager);
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));

      assertThat(returned.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(peer.awaitClose()).isEqualTo(1000);
    }
  }

  @Test
  void afterwardsEveryCallIsRefusedAndNoneHangs() throws Exception {
    LocalGateway gateway = open(LocalGateway.start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.of())
                .apiUri(gateway.apiUri())
                .shards(1)
                .build());
    get(manager.start());
    get(manager.ready());
    Shard shard = manager.shards().iterator().next();

    get(manager.stop(StopMode.GOODBYE));

    for (int i = 0; i < 3; i++) {
      assertThat(get(shard.send(COMMAND))).isEqualTo(CommandOutcome.REFUSED);
    }
    shard.acknowledge(1, 1);
    shard.resumeReading();
    assertThatThrownBy(() -> get(shard.session())).hasMessageContaining("event loop has ended");
  }

  @Test
  void anEventLoopGroupThatEndedFirstDoesNotHinderIt() throws Exception {
    LocalGateway gateway = open(LocalGateway.start());
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.of())
                .apiUri(gateway.apiUri())
                .shards(1)
                .eventLoopGroup(group)
                .build());
    get(manager.start());
    get(manager.ready());
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(TIMEOUT_SECONDS, TimeUnit.SECONDS);

    get(manager.stop(StopMode.GOODBYE));

    assertThat(group.isTerminated()).isTrue();
  }

  @Test
  void aSettingThatCannotBeFailsTheStart() throws Exception {
    ShardManagerBuilder settings = settings(URI.create("ws://127.0.0.1:1"));
    settings.gatewayUri = URI.create("ftp://127.0.0.1"); // as only the gateway could say it
    ShardManager manager = open(settings.build());

    assertThatThrownBy(() -> get(manager.start())).hasMessageContaining("gatewayUri: ftp://127");
    assertThatThrownBy(() -> get(manager.ready())).hasMessageContaining("gatewayUri: ftp://127");
  }

  @Test
  void aPortThatNoSocketTakesIsAFailedDialLikeAnyOther() throws Exception {
    ShardManagerBuilder settings =
        settings(URI.create("ws://127.0.0.1:1"))
            .configure(config -> config.maxBackoff(Duration.ofMillis(5)));
    settings.gatewayUri = URI.create("ws://127.0.0.1:70000"); // as only the gateway could say it
    ShardManager manager = open(settings.build());
    get(manager.start());

    recorder.await("more failed dials than slots", () -> recorder.failures().size() >= 10);

    assertThat(recorder.failures().get(0).cause()).hasMessageContaining("70000");
    get(manager.stop(StopMode.GOODBYE));
  }

  @Test
  void aRevokedShardIsStoredAndClosedToBeResumed() throws Exception {
    Assignment assignment = new Assignment();
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      SessionStore store = new DurableStore();
      ShardManager manager =
          open(
              ShardManager.builder("token", Intents.of())
                  .gatewayUri(gateway.uri())
                  .assignment(assignment)
                  .maxConcurrency(1)
                  .compression(Compression.NONE)
                  .sessionStore(store)
                  .listener(recorder)
                  .build());
      get(manager.start());
      ShardAssignment.Listener listener = assignment.listener.join();
      ShardId id = new ShardId(0, 1);
      listener.assigned(id, 7);
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      recorder.awaitState(0, GatewayState.READY);

      CompletionStage<Void> tooSlow = listener.revoked(id, Duration.ofMillis(1));
      assertThatThrownBy(() -> get(tooSlow)).hasCauseInstanceOf(TimeoutException.class);
      assertThat(peer.awaitClose()).isEqualTo(4900);
      peer.close();
      recorder.awaitState(0, GatewayState.STOPPED);

      assertThat(get(store.load(id))).isNotNull();
      assertThat(get(store.store(requireSession(store, id), 6))).isFalse();
      assertThat(manager.shards()).isEmpty();
    }
  }

  @Test
  void aLostShardStoresNothingAnyMore() throws Exception {
    Assignment assignment = new Assignment();
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      SessionStore store = new DurableStore();
      ShardManager manager =
          open(
              ShardManager.builder("token", Intents.of())
                  .gatewayUri(gateway.uri())
                  .assignment(assignment)
                  .maxConcurrency(1)
                  .compression(Compression.NONE)
                  .sessionStore(store)
                  .eventSink(recorder)
                  .listener(recorder)
                  .build());
      get(manager.start());
      ShardAssignment.Listener listener = assignment.listener.join();
      ShardId id = new ShardId(0, 1);
      listener.assigned(id, 7);
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      peer.text(Frames.event("SEEN", 2, "{}"));
      recorder.awaitEvent(0, "SEEN");
      get(requireNonNull(manager.shard(0)).session()); // behind what READY had it do
      GatewaySession atReady = requireSession(store, id);

      listener.lost(id);
      assertThat(peer.awaitClose()).isEqualTo(4900);
      peer.close();
      recorder.awaitState(0, GatewayState.STOPPED);

      assertThat(get(store.load(id))).isEqualTo(atReady);
    }
  }

  @Test
  void aStoreAndALimiterThatThrowDoNotStopTheShard() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    IdentifyLimiter permits = new ShardManagerTest.UnlimitedIdentifies();
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager =
          open(
              settings(gateway.uri())
                  .sessionStore(new BrokenStore())
                  .identifyLimiter(
                      (bucket, shard) -> {
                        if (asked.getAndIncrement() == 0) {
                          throw new IllegalStateException("broken limiter");
                        }
                        return permits.acquire(bucket, shard);
                      })
                  .build());
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.greet(3_600_000));
      peer.expectOp(2); // asked for again after 5 s
      peer.text(Frames.ready("session", gateway.uri().toString()));
      get(manager.ready());

      CompletionStage<Void> stopped = manager.stop(StopMode.RESTART);
      assertThat(peer.awaitClose()).isEqualTo(4900);
      peer.close();
      get(stopped);
      assertThat(asked).hasValue(2);
      assertThat(recorder.reconnects(0)).isEmpty();
    }
  }

  private static GatewaySession requireSession(SessionStore store, ShardId id) throws Exception {
    GatewaySession session = get(store.load(id));
    assertThat(session).isNotNull();
    return session;
  }

  private static final class Assignment implements ShardAssignment {

    final CompletableFuture<Listener> listener = new CompletableFuture<>();

    @Override
    public void start(Listener listener) {
      this.listener.complete(listener);
    }

    @Override
    public void stop() {}
  }

  private static final class BrokenStore implements SessionStore {

    @Override
    public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
      throw new IllegalStateException("broken store");
    }

    @Override
    public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
      throw new IllegalStateException("broken store");
    }

    @Override
    public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
      return CompletableFuture.failedStage(new IllegalStateException("broken store"));
    }
  }

  private record SlowStore(CompletableFuture<@Nullable GatewaySession> loaded)
      implements SessionStore {

    @Override
    public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
      return loaded;
    }

    @Override
    public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
      return CompletableFuture.completedStage(true);
    }

    @Override
    public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
      return CompletableFuture.completedStage(true);
    }
  }

  @Test
  void sendsByGuildToTheShardOfThePlan() throws Exception {
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(recorder)
                .server(server -> server.maxConcurrency(4))
                .start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.of())
                .apiUri(gateway.apiUri())
                .shards(new ShardPlan(1, 2, 4))
                .build());
    get(manager.start());
    get(manager.ready());

    for (int shard = 0; shard < 4; shard++) {
      long guild = (long) shard << 22;
      assertThat(get(manager.send(guild, GatewayCommand.UpdateVoiceState.leave(guild | 1))))
          .isEqualTo(shard == 1 || shard == 2 ? CommandOutcome.SENT : CommandOutcome.NOT_HERE);
    }
    recorder.await("two commands", () -> recorder.commands().size() >= 2);
    assertThat(recorder.commands().stream().map(Recorder.Command::shard))
        .containsExactlyInAnyOrder(1, 2);
    assertThat(manager.shard(1)).isNotNull();
    assertThat(manager.shard(0)).isNull();
  }
}
