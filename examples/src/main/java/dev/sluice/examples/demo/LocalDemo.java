package dev.sluice.examples.demo;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.console.Console;
import dev.sluice.gateway.netty.DispatchHandler;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerStats;
import dev.sluice.gateway.testkit.DeliveryLog;
import dev.sluice.gateway.testkit.DeliveryReport;
import dev.sluice.gateway.testkit.LocalGateway;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/**
 * Runs shards against a gateway in the same JVM, cuts a third of their connections under traffic,
 * and proves that every event was handled once all the same: both sides write a log, and the logs
 * are compared when all is over.
 */
public final class LocalDemo {

  /** Room for what a busy machine may have to replay after the cut. */
  private static final int REPLAY_BYTES = 1 << 26;

  private static final int CUT_EVERY = 3;
  private static final Duration IDENTIFY_WINDOW = Duration.ofSeconds(5);
  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

  private final DemoOptions options;
  private final Screen screen;
  private final UnaryOperator<DispatchHandler> wrapper;

  /**
   * Prepares the demo.
   *
   * @param wrapper what is put around the handler, for tests that spoil its work
   */
  public LocalDemo(DemoOptions options, Screen screen, UnaryOperator<DispatchHandler> wrapper) {
    this.options = options;
    this.screen = screen;
    this.wrapper = wrapper;
  }

  /**
   * Runs the demo to its end.
   *
   * @return the exit code: 0 if nothing was lost, doubled or altered and all shards came back
   */
  public int run() throws IOException, InterruptedException {
    Path directory = temporary(Files.createTempDirectory("sluice-demo"));
    Path sentFile = temporary(directory.resolve("sent"));
    Path handledFile = temporary(directory.resolve("handled"));
    Summary summary = new Summary(options);
    screen.print(heading());
    WarmUp.run(screen);
    try (DeliveryLog sent = DeliveryLog.create(sentFile);
        DeliveryLog handled = DeliveryLog.create(handledFile);
        LocalGateway gateway = gateway(sent);
        ShardManager manager = manager(gateway, handled);
        Console console = DemoConsole.open(manager, options.consolePort())) {
      DemoConsole.tell(console, screen);
      play(gateway, manager, console, sent, summary);
    }
    return summary.print(screen, DeliveryReport.compare(List.of(sentFile), List.of(handledFile)));
  }

  private LocalGateway gateway(DeliveryLog sent) {
    return LocalGateway.builder()
        .listener(sent.gatewayListener())
        .server(
            server ->
                server
                    .shards(options.shards())
                    .maxConcurrency(options.maxConcurrency())
                    .sessionStartTotal(2 * options.shards())
                    .replayMaxBytes(REPLAY_BYTES)
                    .heartbeatInterval(Duration.ofMillis(options.heartbeatMillis())))
        .start();
  }

  private ShardManager manager(LocalGateway gateway, DeliveryLog handled) {
    return ShardManager.builder(gateway.token(), Intents.all())
        .apiUri(gateway.apiUri())
        .compression(Compression.ZLIB_STREAM)
        .shardDetails(true) // which the console shows
        .onDispatch(wrapper.apply(new DeliveryHandler(handled)))
        .build();
  }

  private void play(
      LocalGateway gateway,
      ShardManager manager,
      Console console,
      DeliveryLog sent,
      Summary summary)
      throws InterruptedException {
    Monitor monitor = new Monitor(manager, screen);
    manager.start();
    CompletableFuture<Void> ready = manager.ready().toCompletableFuture();
    long windows = options.shards() / options.maxConcurrency() + 1;
    if (!monitor.watch("start", ready::isDone, IDENTIFY_WINDOW.multipliedBy(windows + 4))
        || ready.isCompletedExceptionally()) {
      summary.notReady(manager.stats());
      return;
    }

    gateway.startTraffic(options.traffic()).join();
    ShardManagerStats before = manager.stats();
    long beforeNanos = System.nanoTime();
    Duration half = Duration.ofMillis(options.seconds() * 500L);
    monitor.watch("traffic", half);
    int cut = gateway.killConnections(shard -> shard.id() % CUT_EVERY == 0).join();
    screen.print("Cut " + cut + " connections without a close frame; they are to resume.");
    monitor.watch("after the cut", half);
    gateway.stopTraffic().join();
    summary.traffic(before, manager.stats(), System.nanoTime() - beforeNanos, cut);
    if (options.stay()) {
      stay(gateway, monitor, console);
    }

    monitor.watch(
        "last events",
        () -> allHandled(manager.stats(), sent.count()),
        Duration.ofSeconds(options.drainSeconds()));
    monitor.show("end");
    summary.end(manager.stats());
  }

  private void stay(LocalGateway gateway, Monitor monitor, Console console) {
    screen.print("Stays, with less traffic, until Ctrl-C: " + console.uri());
    gateway.startTraffic(options.quietTraffic()).join();
    try {
      monitor.watch("until Ctrl-C", FOR_EVER);
    } catch (InterruptedException e) {
      screen.print("Comes to its end.");
    }
    gateway.stopTraffic().join();
  }

  /** RESUMED is the one event that is in no log. */
  private boolean allHandled(ShardManagerStats stats, long sent) {
    return stats.events() - stats.resumes() >= sent
        && stats.shards(GatewayState.READY) == options.shards();
  }

  private String[] heading() {
    return new String[] {
      "Sluice demo: " + options.shards() + " shards, and a local Discord gateway in this JVM",
      "",
      "  1. all shards connect with zlib-stream and identify, "
          + options.maxConcurrency()
          + " in each window of 5 s",
      "  2. "
          + Snapshot.count(options.rate())
          + " events/s for "
          + options.seconds()
          + " s; half-way every third connection is cut",
      "  3. what the gateway sent is compared with what the handler got, event by event",
      ""
    };
  }

  private static Path temporary(Path path) {
    path.toFile().deleteOnExit();
    return path;
  }
}
