package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import ch.qos.logback.classic.Level;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.sharding.ShardPlan;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shards go to another process one after another, while the old one still runs the rest. */
final class HandOverTest extends Resources {

  private static final Logger figures = LoggerFactory.getLogger("figures");
  private static final long POLL_MILLIS = 20;

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        fail("%s was expected", what);
      }
      Thread.onSpinWait();
    }
  }

  // From one process to another.

  private static final int SHARDS = 16;
  private static final int AT_A_TIME = 4;
  private static final int GUILDS = 64;
  private static final int SOME_EVENTS = 3_000;

  private record Event(long shard, int sequence) {}

  private record Data(String type, int checksum) {}

  /** What the gateway gave to its sessions, and when each was without a transport. */
  private static final class GatewaySide implements GatewayServerListener {

    private final Map<Event, Data> sent = new ConcurrentHashMap<>();
    private final Map<GatewayServerConnection, Integer> shards = new HashMap<>(); // its thread's
    final Map<Integer, Long> closedNanos = new ConcurrentHashMap<>();
    final Map<Integer, Long> gapNanos = new ConcurrentHashMap<>();
    final Queue<Integer> closeCodes = new ConcurrentLinkedQueue<>();
    final AtomicInteger identifies = new AtomicInteger();
    final AtomicInteger refusals = new AtomicInteger();
    final AtomicInteger tookOverBeside = new AtomicInteger();

    @Override
    public void dispatched(ServerSession session, long sequence, String type, ByteBuffer d) {
      if (!type.equals("RESUMED")) { // which is of its transport alone
        sent.put(
            new Event(session.shard().id(), (int) sequence), new Data(type, ChildBot.checksum(d)));
      }
    }

    @Override
    public void identified(ServerSession session) {
      shards.put(session.connection(), session.shard().id());
      identifies.incrementAndGet();
    }

    @Override
    public void disconnected(GatewayServerConnection connection, int code) {
      Integer shard = shards.remove(connection);
      if (shard != null) {
        closeCodes.add(code);
        closedNanos.put(shard, System.nanoTime());
      }
    }

    @Override
    public void resumed(ServerSession session, long fromSequence) {
      if (closedNanos.size() < SHARDS) {
        tookOverBeside.incrementAndGet();
      }
      int shard = session.shard().id();
      shards.put(session.connection(), shard);
      gapNanos.put(shard, System.nanoTime() - closedNanos.get(shard));
    }

    @Override
    public void resumeRejected(GatewayServerConnection connection, String sessionId) {
      refusals.incrementAndGet();
    }
  }

  @TempDir Path directory;

  private Process child(LocalGateway gateway, String name) throws Exception {
    Process bot =
        ChildOwner.start(
            gateway.apiUri(), gateway.token(), directory, directory.resolve(name), SHARDS);
    open(
        () -> {
          bot.destroyForcibly();
          bot.waitFor();
        });
    assertThat(get(ChildJvm.firstLine(bot))).isEqualTo("started");
    return bot;
  }

  private static void await(Process bot, String what, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      if (bot.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        fail("%s was expected; the bot ended with %d", what, bot.exitValue());
      }
      if (System.nanoTime() - deadline > 0) {
        fail("%s was expected", what);
      }
    }
  }

  private List<Map.Entry<Event, Integer>> handled(String name) {
    try {
      ByteBuffer records = ByteBuffer.wrap(Files.readAllBytes(directory.resolve(name)));
      List<Map.Entry<Event, Integer>> handled = new ArrayList<>();
      while (records.remaining() >= ChildBot.RECORD_BYTES) {
        handled.add(Map.entry(new Event(records.getLong(), records.getInt()), records.getInt()));
      }
      return handled;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long records(String name) {
    return directory.resolve(name).toFile().length() / ChildBot.RECORD_BYTES;
  }

  @Test
  void anotherProcessTakesOverInFullTrafficAndNothingIsLost() throws Exception {
    GatewaySide gatewaySide = new GatewaySide();
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .guilds(GUILDS)
                .listener(gatewaySide)
                .server(
                    server ->
                        server
                            .maxConcurrency(SHARDS)
                            .shards(SHARDS)
                            .replayCapacity(1_000_000)
                            .replayMaxBytes(256 << 20))
                .start());
    Process old = child(gateway, "old");
    await(old, "all sessions", () -> gatewaySide.identifies.get() == SHARDS);
    Process next = child(gateway, "next");

    try (Flood flood =
        new Flood(gateway, gateway.guilds(ShardId.SINGLE), new ConcurrentHashMap<>())) {
      flood.start();
      await(old, "traffic", () -> records("old") >= SOME_EVENTS);
      try (OutputStream input = old.getOutputStream()) {
        input.write((AT_A_TIME + "\n").getBytes(StandardCharsets.UTF_8));
      }
      await(next, "all shards elsewhere", () -> gatewaySide.gapNanos.size() == SHARDS);
      long after = gatewaySide.sent.size() + SOME_EVENTS;
      await(next, "more traffic", () -> gatewaySide.sent.size() >= after);
    }
    get(gateway.whenSent());
    assertThat(old.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(old.exitValue()).isZero();

    Map<Event, Data> sent = Map.copyOf(gatewaySide.sent);
    Map<Event, Integer> handled = new HashMap<>();
    Map<String, Integer> again = new TreeMap<>();
    await(
        next,
        "all events",
        () -> {
          handled.clear();
          again.clear();
          for (String process : List.of("old", "next")) {
            for (Map.Entry<Event, Integer> event : handled(process)) {
              if (handled.put(event.getKey(), event.getValue()) != null) {
                again.merge(sent.get(event.getKey()).type(), 1, Integer::sum);
              }
            }
          }
          return handled.keySet().containsAll(sent.keySet());
        });

    assertThat(handled).hasSameSizeAs(sent);
    sent.forEach(
        (event, data) ->
            assertThat(handled.get(event)).as("%s %s", event, data).isEqualTo(data.checksum()));
    assertThat(again).as("handled again, by type").isEmpty(); // for all of it was drained in time
    assertThat(gatewaySide.identifies).hasValue(SHARDS);
    assertThat(gatewaySide.refusals).hasValue(0);
    assertThat(gatewaySide.closeCodes).hasSize(SHARDS).containsOnly(StopMode.RESTART.closeCode());
    List<Long> gaps = gatewaySide.gapNanos.values().stream().sorted().toList();
    figures.info(
        "hand-over of {} shards, {} at a time: sent {} ({} by the old process, {} by the new), lost"
            + " 0, handled again {}, identifies 0, gap of a shard p50 {} ms, max {} ms; {} taken"
            + " over while the old process still ran others",
        SHARDS,
        AT_A_TIME,
        sent.size(),
        records("old"),
        records("next"),
        again,
        TimeUnit.NANOSECONDS.toMillis(gaps.get(SHARDS / 2)),
        TimeUnit.NANOSECONDS.toMillis(gaps.get(SHARDS - 1)),
        gatewaySide.tookOverBeside);
    next.getOutputStream().close();
    assertThat(next.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(next.exitValue()).isZero();
  }

  // Within this process.

  /** Assigns the shards of a plan, and writes down which ones come back. */
  private static final class Assigned implements ShardAssignment {

    final Queue<ShardId> released = new ConcurrentLinkedQueue<>();
    private final ShardPlan plan;
    private @Nullable Listener listener;

    Assigned(int shards) {
      this.plan = ShardPlan.all(shards);
    }

    @Override
    public void start(Listener listener) {
      this.listener = listener;
      plan.shards().forEach(shard -> listener.assigned(shard, 1));
    }

    Listener listener() {
      assertThat(listener).isNotNull();
      return listener;
    }

    @Override
    public void released(ShardId shard) {
      released.add(shard);
    }

    @Override
    public void stop() {}
  }

  private final SessionStore store = new DurableStore();
  private final AtomicLong handled = new AtomicLong();
  private final Queue<Dispatch> kept = new ConcurrentLinkedQueue<>();

  private static LocalGateway gateway(int shards) throws Exception {
    return LocalGateway.builder()
        .server(
            server ->
                server
                    .maxConcurrency(shards)
                    .shards(shards)
                    .identifyWindow(Duration.ofMillis(20))
                    .sessionStartTotal(1_000))
        .start();
  }

  private ShardManagerBuilder settings(LocalGateway gateway) {
    return ShardManager.builder(gateway.token(), Intents.all())
        .apiUri(gateway.apiUri())
        .sessionStore(store)
        .identifyLimiter(new ShardManagerTest.UnlimitedIdentifies());
  }

  private ShardManager started(ShardManagerBuilder settings, int shards) throws Exception {
    ShardManager manager = open(settings.build());
    get(manager.start());
    await("all shards", () -> ready(manager) == shards);
    return manager;
  }

  private static long ready(ShardManager manager) {
    return manager.shards().stream().filter(shard -> shard.state() == GatewayState.READY).count();
  }

  private static void dispatch(LocalGateway gateway, int shard, int shards, int events)
      throws Exception {
    for (int i = 0; i < events; i++) {
      get(
          gateway.dispatch(
              new ShardId(shard, shards),
              "TYPING_START",
              ("{\"n\":" + i + '}').getBytes(StandardCharsets.UTF_8)));
    }
  }

  private void count(Shard shard, Dispatch dispatch) {
    if (dispatch.type() == EventType.TYPING_START) {
      handled.incrementAndGet();
    }
  }

  /** Handles nothing but keeps it, to be acknowledged at the end, if ever. */
  private void keep(Shard shard, Dispatch dispatch) {
    if (dispatch.type() == EventType.TYPING_START) {
      dispatch.defer();
      kept.add(dispatch.copy());
    }
  }

  @Test
  void namesWhatCannotBe() throws Exception {
    LocalGateway gateway = open(gateway(1));
    ShardManager manager = open(settings(gateway).shards(1).build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> manager.handOver(0))
        .withMessage("at a time: 0 (expected: >= 1)");
    assertThatIllegalStateException()
        .isThrownBy(() -> manager.handOver(1))
        .withMessage("handOver() when NEW (expected: STARTED)");
    get(manager.start());
    get(manager.handOver(1));
    assertThatIllegalStateException()
        .isThrownBy(() -> manager.handOver(1))
        .withMessage("handOver() when HANDING_OVER (expected: STARTED)");
    get(manager.stop(StopMode.RESTART));
    assertThatIllegalStateException()
        .isThrownBy(() -> manager.handOver(1))
        .withMessage("handOver() when STOPPED (expected: STARTED)");
  }

  @Test
  void refusesToGiveUpSessionsThatNobodyElseCouldResume() throws Exception {
    LocalGateway gateway = open(gateway(1));
    ShardManager manager =
        started(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .sessionStore(SessionStore.inMemory())
                .shards(1),
            1);

    assertThatIllegalStateException()
        .isThrownBy(() -> manager.handOver(1))
        .withMessage("session store: not durable (expected: one that another process can read)");
    assertThat(manager.health().ready()).isTrue();
  }

  @Test
  void waitsForAChangeOfTheShardCount() throws Exception {
    LocalGateway gateway = open(gateway(1));
    ShardManager manager = started(settings(gateway).shards(1), 1);
    open(gateway.fault(Fault.noReady()).start());
    manager.reshard(2);

    assertThatIllegalStateException()
        .isThrownBy(() -> manager.handOver(1))
        .withMessage("handOver() while the shard count changes (expected: STARTED)");
  }

  @Test
  void givesEachShardBackOnceAndTellsOfIt() throws Exception {
    LocalGateway gateway = open(gateway(3));
    Assigned assignment = new Assigned(3);
    ShardManager manager =
        started(settings(gateway).assignment(assignment).onDispatch(this::keep), 3);
    dispatch(gateway, 2, 3, 1);
    await("the event", () -> kept.size() == 1);

    try (CapturedLog log = new CapturedLog(ShardManager.class.getName(), Level.INFO)) {
      CompletionStage<Void> done = manager.handOver(2);
      await("two of three", () -> assignment.released.size() == 2);
      assertThat(manager.shards()).extracting(shard -> shard.id().id()).containsExactly(2);
      assertThat(manager.health().reasons()).contains("hands over: 1 shards are left here");
      ShardId late = new ShardId(0, 3);
      assignment.listener().assigned(late, 2);
      assertThat(assignment.released).as("given back at once").hasSize(3).endsWith(late);
      kept.forEach(Dispatch::acknowledge);
      get(done);

      assertThat(log.lines())
          .filteredOn(line -> line.text().contains("handed over"))
          .hasSize(3)
          .allSatisfy(line -> assertThat(line.keys()).containsKeys("shard", "shards", "left"));
    }
    assertThat(manager.shards()).isEmpty();
    get(manager.stop(StopMode.RESTART));
    assertThat(assignment.released).extracting(ShardId::id).containsExactlyInAnyOrder(0, 1, 0, 2);
    for (int id = 0; id < 3; id++) {
      assertThat(get(store.load(new ShardId(id, 3)))).isNotNull();
    }
  }

  @Test
  void whatIsNotHandledInTimeComesAgainElsewhere() throws Exception {
    LocalGateway gateway = open(gateway(1));
    ShardManager manager =
        started(
            settings(gateway).shards(1).onDispatch(this::keep).drainTimeout(Duration.ofMillis(100)),
            1);
    dispatch(gateway, 0, 1, 5);
    await("the events", () -> kept.size() == 5);
    try (CapturedLog log = new CapturedLog(ShardManager.class.getName(), Level.WARN)) {
      get(manager.handOver(1));
      assertThat(log.lines())
          .singleElement()
          .satisfies(
              line -> {
                assertThat(line.text()).contains("not all of its events were handled within 100");
                assertThat(line.keys()).containsKeys("shard", "shards", "drained_ms");
              });
    }

    started(settings(gateway).shards(1).onDispatch(this::count), 1);
    await("the events again", () -> handled.get() == 5);
    assertThat(get(gateway.stats()).identifies()).isEqualTo(1);
  }

  @Test
  void aStopTakesOverWhatHasNotBegun() throws Exception {
    LocalGateway gateway = open(gateway(3));
    Assigned assignment = new Assigned(3);
    ShardManager manager =
        started(settings(gateway).assignment(assignment).onDispatch(this::keep), 3);
    dispatch(gateway, 0, 3, 1);
    await("the event", () -> kept.size() == 1);

    CompletionStage<Void> handOver = manager.handOver(1);
    CompletionStage<Void> stop = manager.stop(StopMode.GOODBYE);
    kept.forEach(Dispatch::acknowledge);
    get(stop);

    assertThatThrownBy(() -> get(handOver))
        .hasMessageContaining("stopped before 2 shards were handed over");
    assertThat(assignment.released).extracting(ShardId::id).containsExactlyInAnyOrder(0, 1, 2);
    assertThat(get(store.load(new ShardId(0, 3)))).as("handed over").isNotNull();
    assertThat(get(store.load(new ShardId(1, 3)))).as("ended").isNull();
  }

  @Test
  void aShardThatWasRevokedMeanwhileIsNotGivenBack() throws Exception {
    LocalGateway gateway = open(gateway(2));
    Assigned assignment = new Assigned(2);
    ShardManager manager =
        started(settings(gateway).assignment(assignment).onDispatch(this::keep), 2);
    dispatch(gateway, 0, 2, 1);
    await("the event", () -> kept.size() == 1);

    CompletionStage<Void> done = manager.handOver(1);
    get(assignment.listener().revoked(new ShardId(1, 2), Duration.ofSeconds(TIMEOUT_SECONDS)));
    kept.forEach(Dispatch::acknowledge);
    get(done);

    assertThat(assignment.released).containsExactly(new ShardId(0, 2));
  }

  @Test
  void aStopWaitsForTheWorkersBeforeItStoresTheSession() throws Exception {
    LocalGateway gateway = open(gateway(1));
    CountDownLatch go = new CountDownLatch(1);
    AtomicLong last = new AtomicLong();
    ShardManager manager =
        started(
            settings(gateway)
                .shards(1)
                .workers(Workers.threads(1))
                .onDispatch(
                    (shard, dispatch) -> {
                      if (dispatch.type() == EventType.TYPING_START) {
                        go.await();
                        count(shard, dispatch);
                      }
                      last.set(dispatch.sequence());
                    }),
            1);
    Shard shard = manager.shards().iterator().next();
    get(gateway.whenSent());
    long guilds = get(gateway.stats()).eventsDispatched();
    await("READY and the guilds", () -> manager.stats().events() >= guilds + 1);
    await("all handled", () -> shard.unhandledEvents() == 0);
    dispatch(gateway, 0, 1, 20);
    await("events that wait", () -> shard.unhandledEvents() == 20);

    CompletableFuture<Void> stopped = manager.stop(StopMode.RESTART).toCompletableFuture();
    assertThat(get(gateway.stats()).connections()).as("still open").isEqualTo(1);
    assertThat(stopped).isNotDone();
    go.countDown();
    get(stopped);

    assertThat(handled).hasValue(20);
    GatewaySession session = get(store.load(shard.id()));
    assertThat(session).isNotNull();
    assertThat(session.sequence()).isEqualTo(last.get());
  }

  // One shard that drains.

  private static EmbeddedShard draining(CompletableFuture<Void> drained, EmbeddedShard shard) {
    shard.acknowledgedByHand = true;
    shard.sink = (from, dispatch) -> true; // which is never acknowledged
    shard.ready();
    shard.in(Frames.text(Frames.event("TYPING_START", 2, "{}")));
    shard.shard.drain(StopMode.RESTART).whenComplete((done, failure) -> drained.complete(null));
    shard.run();
    return shard;
  }

  @Test
  void aTransportThatIsLostWhileItDrainsIsNotReplaced() {
    CompletableFuture<Void> drained = new CompletableFuture<>();
    EmbeddedShard shard = draining(drained, new EmbeddedShard());
    assertThat(drained).isNotDone();

    shard.channel.pipeline().fireChannelInactive();
    shard.run();
    shard.channel.advanceTimeBy(1, TimeUnit.HOURS);
    shard.run();

    assertThat(shard.shard.state()).isEqualTo(GatewayState.BACKOFF);
    assertThat(shard.dials).hasSize(1);
    CompletionStage<Void> stopped = shard.shard.stop(StopMode.RESTART);
    shard.run();
    assertThat(stopped.toCompletableFuture()).isCompleted();
  }

  /** Without it the IDENTIFY would be spent on a session that nobody knows. */
  @Test
  void aShardThatIdentifiesWaitsForItsSession() {
    EmbeddedShard shard = new EmbeddedShard().identifying();
    assertThat(shard.shard.state()).isEqualTo(GatewayState.IDENTIFYING);
    CompletionStage<Void> drained = shard.shard.drain(StopMode.RESTART);
    shard.run();
    assertThat(drained.toCompletableFuture()).isNotDone();

    shard.in(
        Frames.concat(
            Frames.text(Frames.ready("session", "ws://resume.test")),
            Frames.text(Frames.event("TYPING_START", 2, "{}"))));

    assertThat(drained.toCompletableFuture()).isCompleted();
    assertThat(shard.events()).containsExactly("READY");
    assertThat(shard.storedSequence()).isEqualTo(1);
    assertThat(shard.channel.config().isAutoRead()).isFalse();
    shard.channel.releaseOutbound();
  }

  @Test
  void aReadyIsHandledBeforeTheShardIsDrained() {
    EmbeddedShard shard = new EmbeddedShard();
    List<CompletableFuture<Void>> drained = new ArrayList<>();
    List<Boolean> drainedBefore = new ArrayList<>();
    shard.sink = (from, dispatch) -> drainedBefore.add(drained.get(0).isDone());
    shard.identifying();
    drained.add(shard.shard.drain(StopMode.RESTART).toCompletableFuture());

    shard.in(Frames.text(Frames.ready("session", "ws://resume.test")));

    assertThat(drainedBefore).containsExactly(false);
    assertThat(drained.get(0)).isCompleted();
    shard.channel.releaseOutbound();
  }

  @Test
  void aShardWhoseIdentifyIsRefusedHasNothingToWaitFor() {
    EmbeddedShard shard = new EmbeddedShard().identifying();
    CompletionStage<Void> drained = shard.shard.drain(StopMode.RESTART);

    shard.in(Frames.text("{\"op\":9,\"d\":false}"));

    assertThat(drained.toCompletableFuture()).isCompleted();
    assertThat(shard.dials).hasSize(1);
    shard.channel.releaseOutbound();
  }

  @Test
  void aShardThatIsToSayGoodbyeDoesNotWaitForASession() {
    EmbeddedShard shard = new EmbeddedShard().identifying();
    CompletionStage<Void> waits = shard.shard.drain(StopMode.RESTART);
    shard.run();
    assertThat(waits.toCompletableFuture()).isNotDone();

    CompletionStage<Void> drained = shard.shard.drain(StopMode.GOODBYE);
    shard.run();

    assertThat(waits.toCompletableFuture()).isCompleted();
    assertThat(drained.toCompletableFuture()).isCompleted();
    shard.channel.releaseOutbound();
  }
}
