package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.DispatchMark;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.sharding.ShardPlan;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The number of shards changes while events come that no id tells from one another. */
@Tag("slow")
final class ReshardTest extends Resources {

  private static final int GUILDS = 48;
  private static final Duration WINDOW = Duration.ofMillis(1_500);

  /** What of an event tells it from others, and in what order a guild's events came. */
  private final Map<Long, List<String>> handled = new ConcurrentHashMap<>();

  private final Map<Long, List<String>> sent = new ConcurrentHashMap<>();
  private final Set<String> marked = ConcurrentHashMap.newKeySet();
  private final AtomicInteger unmarkedGuildCreates = new AtomicInteger();
  private final AtomicLong received = new AtomicLong();

  private LocalGateway gateway(int sessionStarts, GatewayServerListener listener) {
    return open(
        LocalGateway.builder()
            .guilds(GUILDS)
            .listener(listener)
            .server(
                server ->
                    server
                        .maxConcurrency(64)
                        .identifyWindow(Duration.ofMillis(20))
                        .sessionStartTotal(sessionStarts)
                        .replayCapacity(200_000)
                        .replayMaxBytes(256 << 20))
            .start());
  }

  private LocalGateway gateway(int sessionStarts) {
    return gateway(sessionStarts, new GatewayServerListener() {});
  }

  private ShardManager manager(LocalGateway gateway, int shards, boolean workers) throws Exception {
    ShardManagerBuilder builder =
        ShardManager.builder(gateway.token(), Intents.all())
            .apiUri(gateway.apiUri())
            .sessionStore(SessionStore.inMemory())
            .shards(shards)
            .identifyLimiter(new ShardManagerTest.UnlimitedIdentifies())
            .onDispatch(this::onDispatch);
    if (workers) {
      builder.workers(Workers.threads(3));
    }
    ShardManager manager = open(builder.build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  private void onDispatch(Shard shard, Dispatch dispatch) throws IOException {
    switch (dispatch.type()) {
      case READY, GUILD_CREATE -> {
        if (dispatch.mark() == DispatchMark.RESHARD) {
          marked.add(dispatch.name() + ' ' + shard.id());
        } else if (dispatch.type() == EventType.GUILD_CREATE) {
          unmarkedGuildCreates.incrementAndGet();
        }
      }
      case TYPING_START, PRESENCE_UPDATE, MESSAGE_UPDATE -> {
        JsonNode d = dispatch.readTree();
        List<String> events =
            handled.computeIfAbsent(
                dispatch.guildId(), guild -> Collections.synchronizedList(new ArrayList<>()));
        events.add(dispatch.name() + d.path("content").asText() + d.path("n").asText());
        received.incrementAndGet();
      }
      default -> throw new AssertionError(dispatch.name());
    }
  }

  private static long[] guilds(LocalGateway gateway) {
    return gateway.guilds(ShardId.SINGLE);
  }

  private void awaitAllHandled(LocalGateway gateway) throws Exception {
    get(gateway.whenSent());
    long all = sent.values().stream().mapToLong(List::size).sum();
    try {
      await("all " + all + " events", () -> received.get() >= all);
    } catch (AssertionError e) {
      assertNothingLostOrDoubled(); // which says what is missing
      throw e;
    }
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(TIMEOUT_SECONDS).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private void assertNothingLostOrDoubled() {
    assertThat(handled.keySet()).isEqualTo(sent.keySet());
    sent.forEach(
        (guild, events) -> assertThat(handled.get(guild)).as("guild %d", guild).isEqualTo(events));
  }

  /** On a machine that stood still for a window, events come twice, and the result says so. */
  private void assertNothingLostAndDoubledOnlyWhereUndecided(Map<EventType, Long> undecided) {
    if (undecided.isEmpty()) {
      assertNothingLostOrDoubled();
      return;
    }
    long extra = 0;
    for (Map.Entry<Long, List<String>> guild : sent.entrySet()) {
      List<String> more = new ArrayList<>(handled.getOrDefault(guild.getKey(), List.of()));
      for (String event : guild.getValue()) {
        assertThat(more.remove(event)).as("guild %d: %s", guild.getKey(), event).isTrue();
      }
      extra += more.size();
    }
    assertThat(extra)
        .isLessThanOrEqualTo(undecided.values().stream().mapToLong(Long::longValue).sum());
  }

  private enum Handling {
    INLINE,
    WORKERS
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsLostOrDoubledAndTheOrderOfGuildsStays(Handling handling) throws Exception {
    LocalGateway gateway = gateway(1_000);
    ShardManager manager = manager(gateway, 16, handling == Handling.WORKERS);
    int loadedBefore = GUILDS;
    await("the guilds", () -> unmarkedGuildCreates.get() == loadedBefore);

    ReshardResult result;
    try (Flood flood = new Flood(gateway, guilds(gateway), sent)) {
      flood.start();
      await("some traffic", () -> received.get() > 500);
      result = get(manager.reshard(32, ReshardSettings.DEFAULT.withWindow(WINDOW)));
      long now = received.get();
      await("some traffic more", () -> received.get() > now + 500);
    }
    awaitAllHandled(gateway);

    assertNothingLostAndDoubledOnlyWhereUndecided(result.undecidedEvents());
    assertThat(result.oldCount()).isEqualTo(16);
    assertThat(result.newCount()).isEqualTo(32);
    assertThat(result.matchedEvents()).isPositive();
    assertThat(result.forcedGuilds()).isZero();
    assertThat(manager.shards()).hasSize(32).allMatch(shard -> shard.id().count() == 32);
    assertThat(manager.shards()).allMatch(shard -> shard.state() == GatewayState.READY);
    assertThat(marked).filteredOn(name -> name.startsWith("READY")).hasSize(32);
    assertThat(unmarkedGuildCreates).hasValue(GUILDS);
    assertThat(get(gateway.stats()).sessions()).isEqualTo(32);
    assertThat(get(gateway.stats()).identifies()).isEqualTo(16 + 32);
  }

  @Test
  void commandsGoToTheGenerationThatTookOver() throws Exception {
    Set<ShardId> heard = ConcurrentHashMap.newKeySet();
    LocalGateway gateway =
        gateway(
            1_000,
            new GatewayServerListener() {
              @Override
              public void received(ServerSession session, Opcode opcode, JsonNode d) {
                if (opcode == Opcode.PRESENCE_UPDATE) {
                  heard.add(session.shard());
                }
              }
            });
    ShardManager manager = manager(gateway, 2, false);
    get(manager.reshard(5, ReshardSettings.DEFAULT.withWindow(Duration.ofMillis(50))));

    long guild = guilds(gateway)[3];
    get(manager.send(guild, new GatewayCommand.UpdatePresence(Presence.online())));

    await("the command", () -> !heard.isEmpty());
    assertThat(heard).containsExactly(new ShardId(ShardPlan.shardOf(guild, 5), 5));
  }

  @Test
  void newShardsThatTheGatewayRefusesLeaveTheOldOnesRunning() throws Exception {
    LocalGateway gateway = gateway(1_000);
    ShardManager manager = manager(gateway, 4, false);
    await("the guilds", () -> unmarkedGuildCreates.get() == GUILDS);

    Throwable failure;
    try (Flood flood = new Flood(gateway, guilds(gateway), sent)) {
      flood.start();
      await("some traffic", () -> received.get() > 200);
      CompletableFuture<ReshardResult> resharding =
          manager
              .reshard(8, ReshardSettings.DEFAULT.withWindow(Duration.ofSeconds(3)))
              .toCompletableFuture();
      await("the new shard", () -> marked.contains("READY 5/8"));
      assertThat(get(gateway.closeConnections(new ShardId(5, 8)::equals, 4011))).isOne();
      failure = catchThrowable(() -> get(resharding));
      long now = received.get();
      await("some traffic more", () -> received.get() > now + 200);
    }
    awaitAllHandled(gateway);

    assertThat(failure)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(ReshardException.class)
        .hasMessageContaining("shard 5/8 ended in FATAL");
    assertNothingLostOrDoubled();
    assertThat(manager.shards()).hasSize(4).allMatch(shard -> shard.id().count() == 4);
    assertThat(manager.shards()).allMatch(shard -> shard.state() == GatewayState.READY);
    assertThat(get(gateway.stats()).sessions()).isEqualTo(4);
  }

  @Test
  void whatAnEarlierLifeStoredOfTheNewShardsDoesNotFenceThem(@TempDir Path sessions)
      throws Exception {
    DirectorySessionStore earlier = open(SessionStore.directory(sessions));
    get(earlier.store(Sessions.session("earlier"), 7));
    earlier.close();
    LocalGateway gateway = gateway(1_000);
    DirectorySessionStore store = open(SessionStore.directory(sessions));
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .sessionStore(store)
                .shards(1)
                .build());
    get(manager.start());
    get(manager.ready());

    get(manager.reshard(2, ReshardSettings.DEFAULT.withWindow(Duration.ofMillis(200))));
    get(manager.stop(StopMode.RESTART));

    assertThat(store.stats().refused()).isZero();
    assertThat(get(store.load(Sessions.SHARD)))
        .isNotNull()
        .isNotEqualTo(Sessions.session("earlier"));
  }

  @Test
  void doesNotBeginWithoutSessionStartsForAll() throws Exception {
    LocalGateway gateway = gateway(6);
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .sessionStore(SessionStore.inMemory())
                .shards(2)
                .build());
    get(manager.start());
    get(manager.ready());

    assertThatThrownBy(() -> get(manager.reshard(5)))
        .hasCauseInstanceOf(ReshardException.class)
        .hasMessageContaining("session starts left: 4 (expected: >= 5)");
    assertThat(manager.shards()).hasSize(2);
    assertThat(get(gateway.stats()).identifies()).isEqualTo(2);
  }

  @Test
  void givesUpWhenItTakesTooLong() throws Exception {
    LocalGateway gateway = gateway(1_000);
    ShardManager manager = manager(gateway, 2, false);
    open(gateway.fault(Fault.noReady()).start());

    ReshardSettings settings =
        ReshardSettings.DEFAULT
            .withWindow(Duration.ofMillis(50))
            .withTimeout(Duration.ofMillis(300))
            .withMaxEvents(100)
            .withLoadTimeout(Duration.ofSeconds(1));
    CompletableFuture<ReshardResult> resharding =
        manager.reshard(3, settings).toCompletableFuture();
    assertThatIllegalStateException()
        .isThrownBy(() -> manager.reshard(3))
        .withMessage("reshard() while another goes on (expected: STARTED)");
    assertThatThrownBy(() -> resharding.get())
        .hasCauseInstanceOf(ReshardException.class)
        .hasMessageContaining("not done in time: 3 of 3 shards are not ready");
    assertThat(manager.shards()).hasSize(2);
  }

  @Test
  void stoppingTheManagerGivesUp() throws Exception {
    LocalGateway gateway = gateway(1_000);
    ShardManager manager = manager(gateway, 2, false);
    open(gateway.fault(Fault.noReady()).start());
    CompletableFuture<ReshardResult> resharding = manager.reshard(3).toCompletableFuture();
    await("the new shards", () -> manager.shards().size() == 5);

    get(manager.stop(StopMode.GOODBYE));
    assertThat(resharding).isCompletedExceptionally();
  }

  @Test
  void namesWhatCannotBe() throws Exception {
    LocalGateway gateway = gateway(1_000);
    ShardManager manager = manager(gateway, 2, false);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> manager.reshard(2))
        .withMessage("shard count: 2 (expected: >= 1 and not 2)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> manager.reshard(0))
        .withMessage("shard count: 0 (expected: >= 1 and not 2)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReshardSettings.DEFAULT.withWindow(Duration.ZERO))
        .withMessage("window: PT0S (expected: above 0, at most PT24H)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReshardSettings.DEFAULT.withTimeout(Duration.ofSeconds(-1)))
        .withMessage("timeout: PT-1S (expected: above 0, at most PT24H)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReshardSettings.DEFAULT.withMaxEvents(0))
        .withMessage("maxEvents: 0 (expected: >= 1)");

    ShardManager part =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .sessionStore(SessionStore.inMemory())
                .shards(new ShardPlan(0, 0, 2))
                .build());
    assertThatIllegalStateException().isThrownBy(() -> part.reshard(4));
    get(part.start());
    get(part.ready());
    assertThatIllegalStateException()
        .isThrownBy(() -> part.reshard(4))
        .withMessage("shards here: 1 of 2 (expected: all, by a fixed plan)");
  }
}
