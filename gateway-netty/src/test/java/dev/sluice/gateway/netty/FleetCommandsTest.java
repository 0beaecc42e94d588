package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.gateway.Activity;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.GatewayCommand.Raw;
import dev.sluice.gateway.GatewayCommand.RequestChannelInfo;
import dev.sluice.gateway.GatewayCommand.RequestSoundboardSounds;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.sharding.ShardPlan;
import dev.sluice.gateway.testkit.LocalGateway;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class FleetCommandsTest extends Resources {

  private static final long MANY = 25;

  private final Recorder recorder = new Recorder();

  private ShardManagerBuilder builder(LocalGateway gateway, ShardPlan plan) {
    return builder(gateway, plan, SessionStore.inMemory());
  }

  private ShardManagerBuilder builder(LocalGateway gateway, ShardPlan plan, SessionStore store) {
    return ShardManager.builder(gateway.token(), Intents.of())
        .apiUri(gateway.apiUri())
        .shards(plan)
        .sessionStore(store)
        .identifyLimiter(new ShardManagerTest.UnlimitedIdentifies());
  }

  private LocalGateway gateway() {
    return open(
        LocalGateway.builder()
            .listener(recorder)
            .server(server -> server.maxConcurrency(64))
            .guildsPerShard(1)
            .start());
  }

  private ShardManager started(ShardManagerBuilder builder) throws Exception {
    ShardManager manager = open(builder.build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  private static Presence presence(String name) {
    return Presence.online(Activity.playing(name));
  }

  private static long guildOf(int shard) {
    return (long) shard << 22 | 1;
  }

  private List<Recorder.Command> presences() {
    return recorder.commands().stream()
        .filter(command -> command.opcode() == Opcode.PRESENCE_UPDATE)
        .toList();
  }

  @Test
  void commandsFindTheShardOfTheGuildThatTheyName() throws Exception {
    ShardManager manager = started(builder(gateway(), new ShardPlan(1, 2, 4)));

    assertThat(get(manager.send(UpdateVoiceState.leave(guildOf(1)))))
        .isEqualTo(CommandOutcome.SENT);
    assertThat(get(manager.send(RequestChannelInfo.all(guildOf(2)))))
        .isEqualTo(CommandOutcome.SENT);
    assertThat(get(manager.send(RequestChannelInfo.all(guildOf(3)))))
        .isEqualTo(CommandOutcome.NOT_HERE);
    assertThat(
            get(
                manager.send(
                    new Raw(
                        4,
                        JsonNodeFactory.instance
                            .objectNode()
                            .put("guild_id", Long.toString(guildOf(1)))
                            .putNull("channel_id")
                            .put("self_mute", false)
                            .put("self_deaf", false)))))
        .isEqualTo(CommandOutcome.SENT);

    recorder.await("three commands", () -> recorder.commands().size() == 3);
    assertThat(recorder.commands().stream().map(Recorder.Command::shard))
        .containsExactlyInAnyOrder(1, 2, 1);
  }

  @Test
  void aRequestThatSpansGuildsIsSplitByShardAndBySize() throws Exception {
    ShardManager manager = started(builder(gateway(), new ShardPlan(0, 2, 4)));
    List<Long> guilds =
        LongStream.range(0, 200).map(i -> i << 24 | guildOf((int) i % 3)).boxed().toList();
    List<Long> large = LongStream.range(1, 401).map(i -> i << 24).boxed().toList(); // of shard 0

    assertThat(get(manager.send(new RequestSoundboardSounds(guilds))))
        .isEqualTo(CommandOutcome.SENT);
    assertThat(get(manager.send(new RequestSoundboardSounds(large))))
        .isEqualTo(CommandOutcome.SENT);
    assertThat(get(manager.send(new RequestSoundboardSounds(List.of(guildOf(0), guildOf(3))))))
        .as("one of them is elsewhere")
        .isEqualTo(CommandOutcome.NOT_HERE);

    recorder.await("seven commands", () -> recorder.commands().size() == 7);
    List<Integer> sizes = new ArrayList<>();
    for (Recorder.Command command : recorder.commands()) {
      sizes.add(command.data().path("guild_ids").size());
      command
          .data()
          .path("guild_ids")
          .forEach(id -> assertThat(ShardPlan.shardOf(id.asLong(), 4)).isEqualTo(command.shard()));
    }
    assertThat(sizes).containsExactlyInAnyOrder(67, 67, 66, 170, 170, 60, 1);
  }

  @Test
  void whatNamesNoGuildIsRefused() throws Exception {
    ShardManager manager = started(builder(gateway(), ShardPlan.all(1)));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> manager.send(new UpdatePresence(presence("x"))))
        .withMessage(
            "command: PRESENCE_UPDATE (expected: one that names a guild; updatePresence() is for"
                + " all shards)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> manager.send(new Raw(99, JsonNodeFactory.instance.objectNode())))
        .withMessageStartingWith("guild_id of a raw command with opcode 99: none");
  }

  @Test
  void aPresenceReachesEveryShardAndTheNewerOneWins() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = started(builder(gateway, ShardPlan.all((int) MANY)).eventLoopThreads(1));

    CompletionStage<CommandOutcomes> first = manager.updatePresence(presence("first"));
    CompletionStage<CommandOutcomes> second = manager.updatePresence(presence("second"));

    assertThat(get(second).counts()).isEqualTo(Map.of(CommandOutcome.SENT, (int) MANY));
    assertThat(get(second).allSent()).isTrue();
    assertThat(get(first).total()).isEqualTo((int) MANY);
    assertThat(get(first).count(CommandOutcome.OVERWRITTEN))
        .as("it was not told to all before the second: %s", get(first))
        .isPositive();
    for (int shard = 0; shard < MANY; shard++) {
      int expected = shard;
      recorder.await(
          "the second presence of shard " + shard,
          () ->
              presences().stream()
                  .anyMatch(
                      p ->
                          p.shard() == expected
                              && p.data().at("/activities/0/name").asText().equals("second")));
    }
  }

  @Test
  void aShardThatStartsLaterStartsWithTheNewestPresence() throws Exception {
    LocalGateway gateway = gateway();
    CompletableFuture<@Nullable GatewaySession> loaded = new CompletableFuture<>();
    ShardManager manager = open(builder(gateway, ShardPlan.all(1), new Slow(loaded)).build());
    assertThatIllegalStateException().isThrownBy(() -> manager.updatePresence(presence("x")));
    get(manager.start());
    CompletionStage<CommandOutcomes> early = manager.updatePresence(presence("early"));
    CompletionStage<CommandOutcome> command = manager.send(UpdateVoiceState.leave(1));
    assertThat(command.toCompletableFuture()).as("it waits for the session").isNotDone();

    loaded.complete(null);

    assertThat(get(early).allSent()).isTrue();
    assertThat(get(command)).isEqualTo(CommandOutcome.SENT);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> manager.updatePresence(presence("x".repeat(5000))));
    assertThat(get(manager.shards().iterator().next().updatePresence(presence("own"))))
        .isEqualTo(CommandOutcome.SENT);
    recorder.await("its own", () -> presences().size() == 1); // the early one was in IDENTIFY
  }

  @Test
  void whatCameBeforeTheSessionIsRefusedWhenTheShardIsStopped() throws Exception {
    LocalGateway gateway = gateway();
    CompletableFuture<@Nullable GatewaySession> loaded = new CompletableFuture<>();
    ShardManager manager = open(builder(gateway, ShardPlan.all(1), new Slow(loaded)).build());
    get(manager.start());
    CompletionStage<CommandOutcome> command = manager.send(UpdateVoiceState.leave(1));

    CompletionStage<Void> stopped = manager.stop(StopMode.RESTART);

    assertThat(get(command)).isEqualTo(CommandOutcome.REFUSED);
    loaded.complete(null);
    get(stopped);
  }

  @Test
  void everyCommandEndsWhenTheEventLoopsDo() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      MultiThreadIoEventLoopGroup group =
          new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
      ShardManager manager =
          open(
              ShardManager.builder("token", Intents.of())
                  .gatewayUri(gateway.uri())
                  .shards(1)
                  .maxConcurrency(1)
                  .compression(Compression.NONE)
                  .eventLoopGroup(group)
                  .sessionStore(SessionStore.inMemory())
                  .identifyLimiter(new ShardManagerTest.UnlimitedIdentifies())
                  .build());
      get(manager.start());
      open(gateway.greet(3_600_000)).expectOp(2); // READY never comes
      List<CompletionStage<CommandOutcome>> outcomes = new ArrayList<>();
      for (int i = 1; i <= 100; i++) {
        outcomes.add(manager.send(UpdateVoiceState.leave(i)));
      }
      CompletionStage<CommandOutcomes> presence = manager.updatePresence(presence("x"));

      assertThat(group.shutdownGracefully(0, 0, TimeUnit.SECONDS).await(TIMEOUT_SECONDS * 1000))
          .isTrue();

      for (CompletionStage<CommandOutcome> outcome : outcomes) {
        assertThat(get(outcome)).isIn(CommandOutcome.DROPPED, CommandOutcome.REFUSED);
      }
      assertThat(get(presence).total()).isEqualTo(1);
      assertThat(get(manager.send(UpdateVoiceState.leave(1)))).isEqualTo(CommandOutcome.REFUSED);
    }
  }

  @Test
  void aCommandSourceReachesShardsAndIsStopped() throws Exception {
    Source source = new Source();
    ShardManager manager = started(builder(gateway(), ShardPlan.all(2)).commandSource(source));
    CommandSource.Sink sink = get(source.started);

    assertThat(get(sink.send(new ShardId(1, 2), UpdateVoiceState.leave(9))))
        .isEqualTo(CommandOutcome.SENT);
    assertThat(get(sink.send(guildOf(0), UpdateVoiceState.leave(9))))
        .isEqualTo(CommandOutcome.SENT);
    assertThat(get(sink.send(UpdateVoiceState.leave(guildOf(1))))).isEqualTo(CommandOutcome.SENT);
    assertThat(get(sink.send(new ShardId(1, 4), UpdateVoiceState.leave(9))))
        .as("of another generation")
        .isEqualTo(CommandOutcome.NOT_HERE);
    assertThat(get(sink.updatePresence(presence("x"))).total()).isEqualTo(2);
    recorder.await("five commands", () -> recorder.commands().size() == 5);

    get(manager.stop(StopMode.GOODBYE));

    assertThat(source.stops).isEqualTo(1);
    assertThat(get(sink.send(new ShardId(1, 2), UpdateVoiceState.leave(9))))
        .isEqualTo(CommandOutcome.REFUSED);
  }

  @Test
  void noCommandSourceOutlivesAManagerThatIsStoppedWhileItStarts() throws Exception {
    Source source = new Source();
    CompletableFuture<ShardManager> made = new CompletableFuture<>();
    ShardManager manager =
        open(
            ShardManager.builder("token", Intents.of())
                .gatewayUri(URI.create("ws://127.0.0.1:1"))
                .maxConcurrency(1)
                .assignment(
                    new ShardAssignment() {
                      @Override
                      public void start(Listener listener) {
                        made.join().stop(StopMode.GOODBYE);
                      }

                      @Override
                      public void stop() {
                        // it has nothing to end
                      }
                    })
                .commandSource(source)
                .build());
    made.complete(manager);

    manager.start();

    get(manager.stop(StopMode.GOODBYE));
    assertThat(source.started).isNotCompleted();
    assertThat(source.stops).isZero();
  }

  /** Other processes, as a test plays them. */
  private static final class Source implements CommandSource {

    final CompletableFuture<Sink> started = new CompletableFuture<>();
    int stops;

    @Override
    public void start(Sink sink) {
      started.complete(sink);
    }

    @Override
    public void stop() {
      stops++;
      throw new IllegalStateException("broken source");
    }
  }

  private record Slow(CompletableFuture<@Nullable GatewaySession> loaded) implements SessionStore {

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
}
