package dev.sluice.examples.demo;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Runs a few shards against a gateway of their own and forgets both. A gateway that still loads its
 * classes admits the first identifies late, and then refuses those of the next window as too early.
 */
final class WarmUp {

  private static final int SHARDS = 16;
  private static final int EVENTS = 5_000;
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private WarmUp() {}

  static void run(Screen screen) throws InterruptedException {
    try (LocalGateway gateway =
            LocalGateway.builder().server(server -> server.maxConcurrency(SHARDS)).start();
        ShardManager manager =
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .shards(SHARDS)
                .build()) {
      Monitor monitor = new Monitor(manager, screen);
      manager.start();
      CompletableFuture<Void> ready = manager.ready().toCompletableFuture();
      if (monitor.watch("warm-up", ready::isDone, LIMIT)) {
        gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, 1, EVENTS)).join();
        monitor.watch("warm-up", () -> manager.stats().events() >= EVENTS, LIMIT);
      }
    }
  }
}
