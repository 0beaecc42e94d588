package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which guilds came, over sockets. */
final class GuildTrackingTest extends Resources {

  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

  private final ShardListener listener =
      new ShardListener() {
        @Override
        public void onGuildsLoaded(Shard shard, int loaded, int missing) {
          told.add(shard.id().id() + ": " + loaded + " loaded, " + missing + " missing");
        }
      };

  private void handle(Shard shard, Dispatch dispatch) {
    if (dispatch.type() == EventType.GUILD_CREATE || dispatch.type() == EventType.GUILD_DELETE) {
      told.add(shard.id().id() + ": " + dispatch.name() + ' ' + dispatch.mark());
    }
  }

  private String next() throws InterruptedException {
    String next = told.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    return next == null ? "nothing" : next;
  }

  private LocalGateway gateway(int shards, int guilds) {
    return open(
        LocalGateway.builder()
            .guildsPerShard(guilds)
            .server(server -> server.maxConcurrency(shards).identifyWindow(Duration.ofMillis(1)))
            .start());
  }

  private ShardManagerBuilder settings(LocalGateway gateway, int shards) {
    return ShardManager.builder(gateway.token(), Intents.all())
        .apiUri(gateway.apiUri())
        .shards(shards)
        .onDispatch(this::handle)
        .trackGuilds();
  }

  private ShardManagerBuilder settings(ScriptedGateway gateway, Intents intents) {
    return ShardManager.builder("token", intents)
        .gatewayUri(gateway.uri())
        .shards(1)
        .maxConcurrency(1)
        .compression(Compression.NONE)
        .onDispatch(this::handle)
        .listener(listener)
        .trackGuilds();
  }

  private static String ready(String sessionId, ScriptedGateway gateway, String guilds) {
    return "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,\"session_id\":\""
        + sessionId
        + "\",\"resume_gateway_url\":\""
        + gateway.uri()
        + "\",\"guilds\":["
        + guilds
        + "]}}";
  }

  @ParameterizedTest
  @EnumSource(Encoding.class)
  void theGuildsOfEveryShardAreLoadedAndWhatFollowsIsToldApart(Encoding encoding) throws Exception {
    LocalGateway gateway = gateway(2, 3);
    ShardManager manager =
        open(
            settings(gateway, 2)
                .encoding(encoding)
                .compression(Compression.NONE)
                .listener(listener)
                .build());
    get(manager.start());
    get(manager.guildsLoaded());

    List<String> first = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      first.add(next());
    }
    assertThat(first)
        .containsExactlyInAnyOrder(
            "0: GUILD_CREATE GUILD_LOADED",
            "0: GUILD_CREATE GUILD_LOADED",
            "0: GUILD_CREATE GUILD_LOADED",
            "0: 3 loaded, 0 missing",
            "1: GUILD_CREATE GUILD_LOADED",
            "1: GUILD_CREATE GUILD_LOADED",
            "1: GUILD_CREATE GUILD_LOADED",
            "1: 3 loaded, 0 missing");
    assertThat(first.indexOf("0: 3 loaded, 0 missing"))
        .isGreaterThan(first.lastIndexOf("0: GUILD_CREATE GUILD_LOADED"));
    ShardId shard = new ShardId(0, 2);
    String guild = "\"id\":\"" + gateway.guilds(shard)[0] + '"';
    get(
        gateway.dispatch(
            shard, "GUILD_DELETE", Frames.utf8("{" + guild + ",\"unavailable\":true}")));
    get(
        gateway.dispatch(
            shard, "GUILD_CREATE", Frames.utf8("{" + guild + ",\"unavailable\":true}")));
    get(gateway.dispatch(shard, "GUILD_CREATE", Frames.utf8("{" + guild + ",\"name\":\"a\"}")));
    get(gateway.dispatch(shard, "GUILD_DELETE", Frames.utf8("{" + guild + "}")));
    get(gateway.dispatch(shard, "GUILD_CREATE", Frames.utf8("{" + guild + ",\"name\":\"a\"}")));
    assertThat(next()).isEqualTo("0: GUILD_DELETE NONE");
    assertThat(next()).isEqualTo("0: GUILD_CREATE NONE");
    assertThat(next()).isEqualTo("0: GUILD_CREATE GUILD_AVAILABLE");
    assertThat(next()).isEqualTo("0: GUILD_DELETE NONE");
    assertThat(next()).isEqualTo("0: GUILD_CREATE GUILD_JOINED");
  }

  @Test
  void guildsThatDoNotComeAreWaitedForUntilTheTimeOut() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager =
          open(
              settings(gateway, Intents.of(Intent.GUILDS))
                  .guildsTimeout(Duration.ofMillis(300))
                  .build());
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.greet(3_600_000));
      peer.expectOp(2);
      peer.text(ready("a", gateway, "{\"id\":\"1\"},{\"id\":\"2\"},{\"id\":\"3\"}"));
      peer.text(Frames.event("GUILD_CREATE", 2, "{\"id\":\"1\"}"));
      peer.text(Frames.event("GUILD_DELETE", 3, "{\"id\":\"2\",\"unavailable\":true}"));
      assertThat(next()).isEqualTo("0: GUILD_CREATE GUILD_LOADED");
      assertThat(next()).isEqualTo("0: GUILD_DELETE NONE");
      assertThat(next()).isEqualTo("0: 2 loaded, 1 missing");
      get(manager.guildsLoaded());
      get(manager.shard(0).guildsLoaded());

      peer.text(Frames.event("GUILD_CREATE", 4, "{\"id\":\"3\"}"));
      assertThat(next()).as("late").isEqualTo("0: GUILD_CREATE GUILD_LOADED");
    }
  }

  @Test
  void anotherSessionLoadsAnew() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager =
          open(
              settings(gateway, Intents.of(Intent.GUILDS))
                  .identifyLimiter(new ShardManagerTest.UnlimitedIdentifies())
                  .build());
      get(manager.start());
      ScriptedGateway.Peer first = open(gateway.greet(3_600_000));
      first.expectOp(2);
      first.text(ready("a", gateway, "{\"id\":\"1\"},{\"id\":\"2\"}"));
      first.text(Frames.event("GUILD_CREATE", 2, "{\"id\":\"1\"}"));
      assertThat(next()).isEqualTo("0: GUILD_CREATE GUILD_LOADED");
      first.write(Frames.close(4009, ""));

      ScriptedGateway.Peer second = open(gateway.greet(3_600_000));
      second.expectOp(2);
      second.text(ready("b", gateway, "{\"id\":\"1\"}"));
      second.text(Frames.event("GUILD_CREATE", 2, "{\"id\":\"1\"}"));
      assertThat(next()).isEqualTo("0: GUILD_CREATE GUILD_LOADED");
      assertThat(next()).isEqualTo("0: 1 loaded, 0 missing");
      get(manager.guildsLoaded());
    }
  }

  @Test
  void withoutTheIntentNobodyWaits() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = open(settings(gateway, Intents.of(Intent.GUILD_MESSAGES)).build());
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.greet(3_600_000));
      peer.expectOp(2);
      peer.text(ready("a", gateway, "{\"id\":\"1\"}"));

      assertThat(next()).isEqualTo("0: 0 loaded, 1 missing");
      get(manager.guildsLoaded());
    }
  }

  @Test
  void aSessionOfAnotherProcessLoadsNothing() throws Exception {
    LocalGateway gateway = gateway(1, 2);
    SessionStore store = SessionStore.inMemory();
    ShardManager before = open(settings(gateway, 1).sessionStore(store).build());
    get(before.start());
    get(before.guildsLoaded());
    get(before.stop(StopMode.RESTART));
    told.clear();

    ShardManager after = open(settings(gateway, 1).sessionStore(store).listener(listener).build());
    get(after.start());
    get(after.guildsLoaded());
    get(
        gateway.dispatch(
            new ShardId(0, 1), "GUILD_CREATE", Frames.utf8("{\"id\":\"7\",\"name\":\"a\"}")));

    assertThat(next()).isEqualTo("0: GUILD_CREATE NONE");
  }

  @Test
  void noMoreShardsLoadThanTheLimitSays() throws Exception {
    int shards = 6;
    LocalGateway gateway = gateway(shards, 3);
    AtomicInteger loading = new AtomicInteger();
    List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
    ShardListener counter =
        new ShardListener() {
          @Override
          public void onStateChange(Shard shard, GatewayState from, GatewayState to) {
            if (to == GatewayState.IDENTIFYING) {
              seen.add(loading.incrementAndGet());
            }
          }

          @Override
          public void onGuildsLoaded(Shard shard, int loaded, int missing) {
            told.add(shard.id() + " at " + loading.getAndDecrement());
          }
        };
    ShardManager manager =
        open(
            settings(gateway, shards)
                .listener(counter)
                .eventLoopThreads(1)
                .maxShardsLoading(2)
                .build());
    get(manager.start());
    get(manager.guildsLoaded());

    assertThat(seen).hasSize(shards).allMatch(count -> count <= 2 + 1); // one is about to be told
    assertThat(manager.stats().identifies()).isEqualTo(shards);
    assertThat(get(gateway.stats()).invalidSessionsSent()).isZero();
  }

  @Test
  void aShardThatFailsWhileItLoadsLetsOthersLoad() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager =
          open(
              ShardManager.builder("token", Intents.of(Intent.GUILDS))
                  .gatewayUri(gateway.uri())
                  .shards(2)
                  .maxConcurrency(2)
                  .compression(Compression.NONE)
                  .trackGuilds()
                  .maxShardsLoading(1)
                  .build());
      get(manager.start());
      ScriptedGateway.Peer one = open(gateway.greet(3_600_000));
      ScriptedGateway.Peer other = open(gateway.greet(3_600_000));
      ScriptedGateway.Peer[] peers = {one, other};
      int first = firstToSend(peers);
      peers[first].expectOp(2);
      assertThat(peers[1 - first].hasInput()).as("it waits for its turn").isFalse();

      peers[first].write(Frames.close(4010, ""));

      peers[1 - first].expectOp(2);
      assertThatThrownBy(() -> get(manager.guildsLoaded())).hasMessageContaining("4010");
    }
  }

  private static int firstToSend(ScriptedGateway.Peer[] peers) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (System.nanoTime() - deadline < 0) {
      for (int i = 0; i < peers.length; i++) {
        if (peers[i].hasInput()) {
          return i;
        }
      }
      Thread.onSpinWait();
    }
    throw new AssertionError("an IDENTIFY was expected");
  }

  @Test
  void untrackedGuildsAreNotWaitedFor() throws Exception {
    LocalGateway gateway = gateway(1, 1);
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .shards(1)
                .build());
    get(manager.start());
    get(manager.ready());

    assertThatThrownBy(() -> get(manager.guildsLoaded())).hasMessageContaining("trackGuilds");
    assertThatThrownBy(() -> get(manager.shard(0).guildsLoaded()))
        .hasMessageContaining("trackGuilds");
  }
}
