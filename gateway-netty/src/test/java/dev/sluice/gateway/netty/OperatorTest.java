package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.SessionStarts;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** What a console or an operator's tool needs of a manager. */
final class OperatorTest extends Resources {

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - deadline).as(what).isNegative();
      Thread.onSpinWait();
    }
  }

  private ShardManagerBuilder settings(LocalGateway gateway, int shards) {
    return ShardManager.builder(gateway.token(), Intents.all())
        .apiUri(gateway.apiUri())
        .shards(shards)
        .configure(config -> config.maxBackoff(Duration.ofMillis(50)));
  }

  private LocalGateway gateway(int maxConcurrency) {
    return open(
        LocalGateway.builder()
            .guildCreates(false)
            .server(server -> server.maxConcurrency(maxConcurrency))
            .start());
  }

  private ShardManager ready(ShardManagerBuilder settings) throws Exception {
    ShardManager manager = open(settings.build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  @Test
  void aReconnectKeepsTheSession() throws Exception {
    LocalGateway gateway = gateway(2);
    ShardManager manager = ready(settings(gateway, 2));

    get(manager.shard(1).reconnect());

    assertThat(manager.shard(1).state()).isEqualTo(GatewayState.READY);
    ShardManagerStats stats = manager.stats();
    assertThat(stats.resumes()).isEqualTo(1);
    assertThat(stats.identifies()).isEqualTo(2);
    assertThat(stats.connections().closesToResume()).isEqualTo(1);
    assertThat(manager.shard(1).stats().disconnects())
        .singleElement()
        .extracting(ShardStats.Disconnect::cause)
        .isEqualTo(Reconnect.Cause.REQUESTED);
    assertThat(manager.shard(0).overview().reconnects()).isZero();
    assertThat(manager.shard(1).overview().reconnects()).isEqualTo(1);
  }

  @Test
  void twoWhoAskAtATimeGetOneReconnect() throws Exception {
    LocalGateway gateway = gateway(1);
    ShardManager manager = ready(settings(gateway, 1));

    CompletionStage<Void> first = manager.shard(0).reconnect();
    CompletionStage<Void> second = manager.shard(0).reconnect();
    get(first);
    get(second);

    assertThat(manager.stats().connections().closesToResume()).isEqualTo(1);
  }

  @Test
  void aShardWithoutATransportHasNoneToLeave() throws Exception {
    LocalGateway gateway = gateway(1);
    open(gateway.fault(Fault.refusal(503)).start());
    CountDownLatch failed = new CountDownLatch(1);
    ShardManager manager =
        open(
            settings(gateway, 1)
                .listener(
                    new ShardListener() {
                      @Override
                      public void onDialFailure(Shard shard, java.net.URI uri, Throwable cause) {
                        failed.countDown();
                      }
                    })
                .build());
    get(manager.start());
    assertThat(failed.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();

    assertThatThrownBy(() -> get(manager.shard(0).reconnect()))
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("reconnect() of shard 0/1 in ")
        .hasMessageContaining("(expected: READY)");
  }

  @Test
  void aReconnectThatAStopOvertakesFails() throws Exception {
    LocalGateway gateway = gateway(1);
    ShardManager manager = ready(settings(gateway, 1));
    Shard shard = manager.shard(0);
    open(gateway.fault(Fault.refusal(503)).start());

    CompletableFuture<Void> reconnect = shard.reconnect().toCompletableFuture();
    manager.close();

    assertThatThrownBy(() -> get(reconnect))
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("shard 0/1: ended in STOPPED");
  }

  @Test
  void severalListenersHearTheSame() throws Exception {
    LocalGateway gateway = gateway(1);
    AtomicInteger ofBuilder = new AtomicInteger();
    AtomicInteger added = new AtomicInteger();
    ShardListener broken =
        new ShardListener() {
          @Override
          public void onReady(Shard shard) {
            throw new IllegalStateException("broken");
          }
        };
    ShardListener counting = readyCounter(added);
    ShardManager manager = open(settings(gateway, 1).listener(readyCounter(ofBuilder)).build());
    manager.addListener(broken);
    manager.addListener(counting);
    get(manager.start());
    get(manager.ready());
    assertThat(ofBuilder).hasValue(1);
    assertThat(added).hasValue(1);

    manager.removeListener(counting);
    get(gateway.invalidateSessions(shard -> true, false));
    await("a second session", () -> manager.stats().identifies() == 2);
    await("the builder's listener", () -> ofBuilder.get() == 2);
    assertThat(added).hasValue(1);
  }

  private static ShardListener readyCounter(AtomicInteger count) {
    return new ShardListener() {
      @Override
      public void onReady(Shard shard) {
        count.incrementAndGet();
      }
    };
  }

  @Test
  void theIdentifyQueueSaysHowLongItTakes() throws Exception {
    LocalGateway gateway = gateway(1);
    ShardManager manager = open(settings(gateway, 3).build());
    assertThat(manager.identifyQueue()).isEqualTo(new IdentifyQueueStatus(0, 0, null, null));
    get(manager.start());

    await("the first session", () -> manager.stats().identifies() == 1);
    IdentifyQueueStatus status = manager.identifyQueue();
    assertThat(status.waiting()).isEqualTo(2);
    assertThat(status.maxConcurrency()).isEqualTo(1);
    assertThat(status.timeLeft()).isEqualTo(Duration.ofMillis(2 * 5_150));
    assertThat(status.starts().total()).isEqualTo(1_000);
    assertThat(status.starts().remaining()).isBetween(998, 999);
  }

  @Test
  void anotherLimiterIsToldWhatTheApiSaysAndMayAskAgain() throws Exception {
    LocalGateway gateway = gateway(2);
    BlockingQueue<GatewayBot> answers = new LinkedBlockingQueue<>();
    CompletableFuture<Runnable> refresh = new CompletableFuture<>();
    SessionStarts starts = new SessionStarts(1_000, 7, Instant.EPOCH);
    IdentifyLimiter limiter =
        new IdentifyLimiter() {
          @Override
          public CompletionStage<Permit> acquire(int bucket, ShardId shard) {
            return new CompletableFuture<>();
          }

          @Override
          public void start(Runnable asks) {
            refresh.complete(asks);
          }

          @Override
          public void update(GatewayBot gatewayBot, int maxConcurrency, Duration age) {
            assertThat(refresh).isDone();
            assertThat(maxConcurrency).isEqualTo(2);
            assertThat(age).isPositive();
            answers.add(gatewayBot);
          }

          @Override
          public SessionStarts sessionStarts() {
            return starts;
          }

          @Override
          public int maxConcurrency() {
            return 3;
          }
        };
    ShardManager manager =
        open(
            settings(gateway, 1)
                .identifyLimiter(limiter)
                .apiRefreshInterval(Duration.ZERO)
                .build());
    get(manager.start());

    assertThat(answers.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS).remaining()).isEqualTo(1_000);
    await("a shard that waits", () -> manager.identifyQueue().waiting() == 1);
    assertThat(manager.identifyQueue()).isEqualTo(new IdentifyQueueStatus(1, 3, null, starts));
    assertThat(manager.stats().sessions().startsLeft()).isEqualTo(7);
    get(refresh).run();
    assertThat(answers.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS).remaining()).isEqualTo(1_000);
  }

  @Test
  void shardsOfDifferentBucketsWaitBesideOneAnother() throws Exception {
    LocalGateway gateway = gateway(2);
    ShardManager manager = open(settings(gateway, 4).build());
    get(manager.start());

    await("the first two sessions", () -> manager.stats().identifies() == 2);

    assertThat(manager.identifyQueue().waiting()).isEqualTo(2);
    assertThat(manager.identifyQueue().timeLeft()).isEqualTo(Duration.ofMillis(5_150));
  }

  @Test
  void anOverviewHasTheFiguresOfTheStats() throws Exception {
    LocalGateway gateway = gateway(1);
    ShardManager manager = ready(settings(gateway, 1));
    Shard shard = manager.shard(0);
    await("READY as an event", () -> shard.stats().traffic().events() == 1);

    ShardOverview overview = shard.overview();

    assertThat(overview.shard()).isEqualTo(new ShardId(0, 1));
    assertThat(overview.state()).isEqualTo(GatewayState.READY);
    assertThat(overview.events()).isEqualTo(1);
    assertThat(overview.paused()).isFalse();
    assertThat(overview.unhandledEvents()).isZero();
    assertThat(overview.sessionSinceSeconds())
        .isEqualTo(shard.stats().sessions().since().getEpochSecond());
  }
}
