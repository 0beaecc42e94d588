package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.gateway.Activity;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.SessionLost;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class CommandTest extends Resources {

  private static final int THREADS = 8;
  private static final int EACH = 13; // 104 in all, within the send budget of a connection

  private final Recorder recorder = new Recorder();

  private static GatewayCommand command(long thread, long number) {
    return GatewayCommand.UpdateVoiceState.join(thread + 1, number + 1);
  }

  @Test
  void commandsOfManyThreadsArriveInTheOrderOfEach() throws Exception {
    LocalGateway gateway = open(LocalGateway.builder().listener(recorder).start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.of())
                .apiUri(gateway.apiUri())
                .shards(1)
                .build());
    get(manager.start());
    get(manager.ready());
    Shard shard = manager.shards().iterator().next();
    CountDownLatch go = new CountDownLatch(1);
    List<List<CompletionStage<CommandOutcome>>> outcomes = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int thread = i;
      List<CompletionStage<CommandOutcome>> mine = new ArrayList<>();
      outcomes.add(mine);
      threads.add(
          new Thread(
              () -> {
                awaitUninterruptibly(go);
                for (int n = 0; n < EACH; n++) {
                  mine.add(shard.send(command(thread, n)));
                }
              }));
    }
    threads.forEach(Thread::start);
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }

    for (List<CompletionStage<CommandOutcome>> mine : outcomes) {
      for (CompletionStage<CommandOutcome> outcome : mine) {
        assertThat(get(outcome)).isEqualTo(CommandOutcome.SENT);
      }
    }
    recorder.await("all commands", () -> recorder.commands().size() >= THREADS * EACH);
    for (int i = 0; i < THREADS; i++) {
      String guild = Integer.toString(i + 1);
      assertThat(
              recorder.commands().stream()
                  .filter(c -> c.data().path("guild_id").asText().equals(guild))
                  .map(c -> c.data().path("channel_id").asInt()))
          .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatIsOverTheBoundIsRefusedAndWhatWaitsIsDroppedByAStop() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = open(scripted(gateway, 2));
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.greet(3_600_000)); // READY never comes
      peer.expectOp(2);
      Shard shard = manager.shards().iterator().next();

      CompletionStage<CommandOutcome> first = shard.send(command(0, 0));
      CompletionStage<CommandOutcome> second = shard.send(command(0, 1));
      CompletionStage<CommandOutcome> third = shard.send(command(0, 2));

      assertThat(get(third)).isEqualTo(CommandOutcome.REFUSED);
      assertThat(first.toCompletableFuture()).isNotDone();
      CompletionStage<Void> stopped = manager.stop(StopMode.RESTART);
      assertThat(peer.awaitClose()).isEqualTo(4900);
      peer.close();
      get(stopped);
      assertThat(get(first)).isEqualTo(CommandOutcome.DROPPED);
      assertThat(get(second)).isEqualTo(CommandOutcome.DROPPED);
    }
  }

  @Test
  void commandsWaitAcrossAReconnect() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = open(scripted(gateway, 10));
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.greet(3_600_000));
      peer.expectOp(2);
      Shard shard = manager.shards().iterator().next();
      CompletionStage<CommandOutcome> first = shard.send(command(0, 0));
      CompletionStage<CommandOutcome> second = shard.send(command(0, 1));
      peer.reset();

      ScriptedGateway.Peer again = open(gateway.ready(3_600_000));

      assertThat(again.expectOp(4).at("/d/channel_id").asInt()).isEqualTo(1);
      assertThat(again.expectOp(4).at("/d/channel_id").asInt()).isEqualTo(2);
      assertThat(get(first)).isEqualTo(CommandOutcome.SENT);
      assertThat(get(second)).isEqualTo(CommandOutcome.SENT);
    }
  }

  @Test
  void aCommandThatIsTooLongFailsAndTheNextIsSent() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = open(scripted(gateway, 10));
      get(manager.start());
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      Shard shard = manager.shards().iterator().next();

      CompletionStage<CommandOutcome> tooLong =
          shard.send(
              new GatewayCommand.Raw(4, JsonNodeFactory.instance.textNode("x".repeat(5000))));
      CompletionStage<CommandOutcome> next = shard.send(command(0, 0));

      assertThatThrownBy(() -> get(tooLong))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("4096");
      assertThat(get(next)).isEqualTo(CommandOutcome.SENT);
      assertThat(peer.expectOp(4).at("/d/channel_id").asInt()).isEqualTo(1);
    }
  }

  private static ShardManager scripted(ScriptedGateway gateway, int maxQueuedCommands) {
    return ShardManager.builder("token", Intents.of())
        .gatewayUri(gateway.uri())
        .shards(1)
        .maxConcurrency(1)
        .identifyLimiter(new ShardManagerTest.UnlimitedIdentifies())
        .compression(Compression.NONE)
        .configure(
            config -> config.maxQueuedCommands(maxQueuedCommands).maxBackoff(Duration.ofMillis(50)))
        .build();
  }

  @Test
  void ofPresencesThatWaitTheNewestIsSent() throws Exception {
    LocalGateway gateway = open(LocalGateway.builder().listener(recorder).start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.of())
                .apiUri(gateway.apiUri())
                .shards(1)
                .build());
    get(manager.start());
    get(manager.ready());
    Shard shard = manager.shards().iterator().next();
    List<CompletionStage<CommandOutcome>> outcomes = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      outcomes.add(
          shard.send(
              new GatewayCommand.UpdatePresence(Presence.online(Activity.playing("p" + i)))));
    }

    assertThat(get(outcomes.get(4))).isEqualTo(CommandOutcome.SENT);
    assertThat(get(outcomes.get(5))).isEqualTo(CommandOutcome.OVERWRITTEN);
    get(manager.stop(StopMode.GOODBYE));
    assertThat(get(outcomes.get(6))).isEqualTo(CommandOutcome.DROPPED);
  }

  @Test
  void whatWaitsIsDroppedWithTheSessionAndTheListenerTold() throws Exception {
    LocalGateway gateway = open(LocalGateway.builder().listener(recorder).start());
    BlockingQueue<SessionLost> losses = new LinkedBlockingQueue<>();
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.of())
                .apiUri(gateway.apiUri())
                .shards(1)
                .listener(
                    new ShardListener() {
                      @Override
                      public void onSessionLost(Shard shard, SessionLost lost) {
                        losses.add(lost);
                      }
                    })
                .build());
    get(manager.start());
    get(manager.ready());
    Shard shard = manager.shards().iterator().next();
    assertThat(get(shard.send(GatewayCommand.RequestGuildMembers.all(7))))
        .isEqualTo(CommandOutcome.SENT);
    CompletionStage<CommandOutcome> waits = shard.send(GatewayCommand.RequestGuildMembers.all(7));
    assertThat(get(shard.send(command(1, 1)))).as("it passes").isEqualTo(CommandOutcome.SENT);

    get(gateway.invalidateSessions(all -> true, false));

    assertThat(get(waits)).isEqualTo(CommandOutcome.DROPPED);
    assertThat(losses.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS))
        .satisfies(lost -> assertThat(lost.reason()).isEqualTo("gateway invalidated it"));
  }
}
