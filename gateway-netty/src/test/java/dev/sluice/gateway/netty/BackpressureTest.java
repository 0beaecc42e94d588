package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Consumers that stall or are slow, over real sockets. */
@Tag("slow")
@ExtendWith(LeakExtension.class)
final class BackpressureTest extends Resources {

  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final int SHARDS = 2;

  private final Recorder recorder = new Recorder();
  private final Map<Integer, List<Long>> handled = new ConcurrentHashMap<>();

  private LocalGateway gateway() {
    return open(
        LocalGateway.builder()
            .listener(recorder)
            .server(
                server ->
                    server
                        .maxConcurrency(SHARDS)
                        .heartbeatInterval(INTERVAL)
                        .replayCapacity(200_000)
                        .replayMaxBytes(256 << 20))
            .start());
  }

  private ShardManager ready(LocalGateway gateway, UnaryOperator<ShardManagerBuilder> settings)
      throws Exception {
    ShardManager manager =
        open(
            settings
                .apply(
                    ShardManager.builder(gateway.token(), Intents.all())
                        .apiUri(gateway.apiUri())
                        .shards(SHARDS)
                        .listener(recorder))
                .build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  /** Waits for the gateway's recorder, which is told of every heartbeat, not for time to pass. */
  private void awaitHeartbeatsOfEachShard(long more) throws InterruptedException {
    long[] from = new long[SHARDS];
    Arrays.setAll(from, recorder::heartbeats);
    recorder.await(
        more + " heartbeats of each shard",
        () -> recorder.heartbeats(0) >= from[0] + more && recorder.heartbeats(1) >= from[1] + more);
  }

  private void record(Shard shard, Dispatch dispatch) {
    String name = dispatch.name();
    if (!name.equals("READY") && !name.equals("RESUMED")) {
      handled.computeIfAbsent(shard.id().id(), id -> new ArrayList<>()).add(dispatch.sequence());
    }
  }

  private void assertNothingLost(LocalGateway gateway, CountDownLatch end) throws Exception {
    get(gateway.stopTraffic());
    get(gateway.whenSent());
    for (int shard = 0; shard < SHARDS; shard++) {
      get(gateway.dispatch(new ShardId(shard, SHARDS), "THE_END", Frames.utf8("{}")));
    }
    assertThat(end.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    for (int shard = 0; shard < SHARDS; shard++) {
      assertThat(handled.get(shard))
          .isEqualTo(recorder.sent(shard).stream().map(Recorder.Sent::sequence).toList());
      assertThat(recorder.reconnects(shard)).isEmpty();
    }
    assertThat(recorder.resumes()).isZero();
    assertThat(recorder.identifies()).isEqualTo(SHARDS);
  }

  @ParameterizedTest
  @EnumSource(
      value = Compression.class,
      names = {"NONE", "ZLIB_STREAM"})
  void aConsumerThatStallsForThreeHeartbeatIntervalsCostsNothing(Compression compression)
      throws Exception {
    CountDownLatch stalled = new CountDownLatch(SHARDS);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(SHARDS);
    LocalGateway gateway = gateway();
    ShardManager manager =
        ready(
            gateway,
            settings ->
                settings
                    .compression(compression)
                    .workers(Workers.threads(SHARDS).capacity(64))
                    .onDispatch(
                        (shard, dispatch) -> {
                          record(shard, dispatch);
                          if (dispatch.name().equals("THE_END")) {
                            end.countDown();
                          } else if (!dispatch.name().equals("READY") && stalled.getCount() > 0) {
                            stalled.countDown();
                            release.await();
                          }
                        }));

    get(gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, 1, 2_000)));
    assertThat(stalled.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    awaitHeartbeatsOfEachShard(4); // three intervals from the first of them to the last
    for (Shard shard : manager.shards()) {
      assertThat(shard.unhandledEvents()).isEqualTo(64);
      assertThat(shard.state()).isEqualTo(GatewayState.READY);
    }
    release.countDown();

    assertNothingLost(gateway, end);
  }

  @Test
  void aSlowConsumerOfAFirehoseIsNoZombieAndHoldsABoundedQueue() throws Exception {
    int capacity = 256;
    int maxBytes = 1 << 20;
    AtomicInteger most = new AtomicInteger();
    AtomicLong slow = new AtomicLong(4_000);
    CountDownLatch end = new CountDownLatch(SHARDS);
    LocalGateway gateway = gateway();
    ready(
        gateway,
        settings ->
            settings
                .workers(Workers.threads(2).capacity(capacity).maxBytesPerShard(maxBytes))
                .onDispatch(
                    (shard, dispatch) -> {
                      record(shard, dispatch);
                      most.accumulateAndGet(shard.unhandledEvents(), Math::max);
                      if (dispatch.name().equals("THE_END")) {
                        end.countDown();
                      } else if (slow.getAndDecrement() > 0) {
                        LockSupport.parkNanos(1_000_000);
                      }
                    }));

    get(gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, 2, Traffic.UNLIMITED)));
    awaitHeartbeatsOfEachShard(4);

    assertNothingLost(gateway, end);
    assertThat(most).hasValueBetween(capacity / 2, capacity);
  }

  @Test
  void aDeferringConsumerIsHeldBackByItsUnacknowledgedEvents() throws Exception {
    LinkedBlockingQueue<Dispatch> pending = new LinkedBlockingQueue<>();
    CountDownLatch end = new CountDownLatch(SHARDS);
    LocalGateway gateway = gateway();
    ShardManager manager =
        ready(
            gateway,
            settings ->
                settings
                    .workers(Workers.threads(1).capacity(100).lowWatermark(10))
                    .acknowledgeByHand()
                    .onDispatch(
                        (shard, dispatch) -> {
                          record(shard, dispatch);
                          if (dispatch.name().equals("THE_END")) {
                            end.countDown();
                          }
                          pending.add(dispatch); // whose memory is not ours from here on
                        }));

    get(gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, 3, 5_000)));
    Thread acknowledger =
        new Thread(
            () -> {
              try {
                for (int ends = 0; ends < SHARDS; ) {
                  Dispatch dispatch = pending.take();
                  ends += dispatch.name().equals("THE_END") ? 1 : 0;
                  dispatch.acknowledge();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    recorder.await(
        "more events than both shards take",
        () -> recorder.sent(0).size() > 200 && recorder.sent(1).size() > 200);
    for (Shard shard : manager.shards()) {
      assertThat(shard.unhandledEvents()).isLessThanOrEqualTo(100);
    }
    acknowledger.start();

    assertNothingLost(gateway, end);
    acknowledger.join();
  }

  @Test
  void anExecutorThatRejectsSometimesHoldsEventsUpAndLosesNone() throws Exception {
    ExecutorService executor =
        new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1));
    CountDownLatch end = new CountDownLatch(SHARDS);
    CountDownLatch busy = new CountDownLatch(1);
    executor.execute(
        () -> {
          try {
            busy.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    executor.execute(() -> {});
    LocalGateway gateway = gateway();
    ready(
        gateway,
        settings ->
            settings
                .workers(Workers.executor(executor).capacity(50))
                .onDispatch(
                    (shard, dispatch) -> {
                      record(shard, dispatch);
                      if (dispatch.name().equals("THE_END")) {
                        end.countDown();
                      }
                    }));
    get(gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, 4, 1_000)));
    recorder.await("events", () -> recorder.sent(0).size() > 100);
    assertThat(handled).isEmpty();

    busy.countDown();

    assertNothingLost(gateway, end);
    executor.shutdown();
    assertThat(executor.awaitTermination(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void theOwnThreadsEndWithTheManagerEvenIfAHandlerIsBlocked() throws Exception {
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    LocalGateway gateway = gateway();
    ShardManager manager =
        ready(
            gateway,
            settings ->
                settings
                    .workers(Workers.threads(1))
                    .onDispatch(
                        (shard, dispatch) -> {
                          threads.add(Thread.currentThread());
                          blocked.countDown();
                          try {
                            new CountDownLatch(1).await();
                          } catch (InterruptedException e) {
                            interrupted.countDown();
                          }
                        }));
    assertThat(blocked.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();

    get(manager.stop(StopMode.GOODBYE));

    assertThat(interrupted.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    threads.get(0).join(TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS));
    assertThat(threads.get(0).isAlive()).isFalse();
    assertThat(threads.get(0).getName()).startsWith("sluice-worker");
  }

  @Test
  void anExecutorOfTheApplicationIsLeftAlone() throws Exception {
    ExecutorService executor = Executors.newCachedThreadPool();
    CountDownLatch first = new CountDownLatch(SHARDS);
    LocalGateway gateway = gateway();
    ShardManager manager =
        ready(
            gateway,
            settings ->
                settings
                    .workers(Workers.executor(executor).orderedByGuild())
                    .onDispatch((shard, dispatch) -> first.countDown()));
    assertThat(first.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();

    get(manager.stop(StopMode.GOODBYE));

    assertThat(executor.isShutdown()).isFalse();
    executor.shutdown();
    assertThat(executor.awaitTermination(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
  }
}
