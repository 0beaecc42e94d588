package dev.sluice.examples;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.Scratch;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.ShardPlan;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The core on virtual threads: each shard has one, and blocks it for as long as it likes. Needs JDK
 * 21 or later.
 */
public final class VirtualThreads {

  static final int SHARDS = 64;

  private static final int EVENTS = 5_000;
  private static final long MAX_SECONDS = 60;
  private static final long WINDOW_MILLIS = 5_200; // of Discord, and a little for the network
  private static final long LOCAL_WINDOW_MILLIS = 400;

  private VirtualThreads() {}

  /**
   * Starts all shards and counts some thousand events, for a minute each at most: of Discord if
   * {@code TOKEN} is set, else of a local gateway.
   *
   * @param args none
   */
  public static void main(String[] args) throws Exception {
    try (Target target = Target.of(System.getenv(), VirtualThreads::startGateway)) {
      run(target, System.out);
    }
  }

  static void run(Target target, PrintStream out) throws IOException, InterruptedException {
    GatewayBot bot = new Rest(target).gatewayBot();
    if (bot.remaining() < bot.shards()) { // one too many and Discord resets the token
      throw new IOException(
          "session starts: " + bot.remaining() + " left (expected: >= " + bot.shards() + ')');
    }
    GatewayConfig config =
        GatewayConfig.builder(target.token(), Intents.nonPrivileged())
            .gatewayUri(bot.url())
            .identifyPermitsGranted()
            .build();
    Semaphore[] buckets =
        Stream.generate(() -> new Semaphore(1))
            .limit(bot.maxConcurrency())
            .toArray(Semaphore[]::new);
    long windowMillis = target.local() == null ? WINDOW_MILLIS : LOCAL_WINDOW_MILLIS;
    CountDownLatch started = new CountDownLatch(bot.shards());
    CountDownLatch events = new CountDownLatch(EVENTS);
    Consumer<Dispatch> handler =
        dispatch -> {
          if (dispatch.type() == EventType.READY) {
            started.countDown();
          }
          events.countDown();
        };
    AtomicBoolean stops = new AtomicBoolean();

    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (ShardId id : ShardPlan.all(bot.shards()).shards()) {
        threads.execute(
            new BlockingShard(
                connection(config, id),
                buckets[id.id() % buckets.length],
                windowMillis,
                handler,
                stops::get));
      }
      started.await(MAX_SECONDS, TimeUnit.SECONDS);
      events.await(MAX_SECONDS, TimeUnit.SECONDS);
      stops.set(true);
    } // which waits until every shard has said goodbye
    out.printf(
        "%d shards, a virtual thread each, handled %,d events%n",
        bot.shards(), EVENTS - events.getCount());
  }

  private static GatewayConnection connection(GatewayConfig config, ShardId id) {
    Scratch scratch = Scratch.create(); // working memory of a thread, so there are as many
    return GatewayConnection.create(
        config, id, null, scratch, NanoClock.system(), RandomGenerator.getDefault());
  }

  static LocalGateway startGateway() {
    LocalGateway gateway =
        LocalGateway.builder()
            .server(
                server ->
                    server.shards(SHARDS).maxConcurrency(16).identifyWindow(Duration.ofMillis(100)))
            .start();
    gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 1, 5_000)).join();
    return gateway;
  }
}
