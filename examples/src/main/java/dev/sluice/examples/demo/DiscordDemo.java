package dev.sluice.examples.demo;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.console.Console;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerStats;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Runs all shards of a bot against Discord, and shows their figures until it is interrupted. */
public final class DiscordDemo {

  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

  private final String token;
  private final URI apiUri;
  private final Screen screen;

  /** Prepares the demo of a bot. */
  public DiscordDemo(String token, URI apiUri, Screen screen) {
    this.token = token;
    this.apiUri = apiUri;
    this.screen = screen;
  }

  /**
   * Runs until the thread is interrupted, then stops the shards.
   *
   * @return the exit code: 1 if it could not start, or Discord refused the bot for good
   */
  public int run() {
    screen.print(
        "Sluice demo: all shards of a bot, with the intents that need no approval",
        "The gateway is told by " + apiUri + ". Ctrl-C stops the shards.",
        "");
    ShardManager manager =
        ShardManager.builder(token, Intents.nonPrivileged()).apiUri(apiUri).build();
    CompletableFuture<Void> ready = manager.ready().toCompletableFuture();
    try (manager;
        Console console = DemoConsole.open(manager, DemoOptions.DEFAULT.consolePort())) {
      DemoConsole.tell(console, screen);
      Monitor monitor = new Monitor(manager, screen);
      manager.start();
      monitor.watch("start", ready::isDone, FOR_EVER);
      if (!ready.isCompletedExceptionally()) {
        monitor.watch("running", () -> allFailed(manager.stats()), FOR_EVER);
      }
    } catch (InterruptedException e) {
      ShardManagerStats stats = manager.stats(); // of shards that have stopped
      screen.verdict(true, "Stopped after " + Snapshot.count(stats.events()) + " events.");
      return 0;
    }
    screen.verdict(false, "FAILED: " + reason(ready));
    return 1;
  }

  private static boolean allFailed(ShardManagerStats stats) {
    return stats.shards().keySet().stream().allMatch(GatewayState.FATAL::equals);
  }

  private static String reason(CompletableFuture<Void> ready) {
    try {
      ready.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      return cause == null ? e.toString() : String.valueOf(cause.getMessage());
    }
    return "Discord has refused every shard for good.";
  }
}
