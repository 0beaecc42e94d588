package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A gateway, a bot of some shards that are ready, and its console. */
final class Bot implements AutoCloseable {

  private static final long TIMEOUT_SECONDS = 90;

  final LocalGateway gateway;
  final ShardManager manager;
  private @Nullable Console console;

  private Bot(LocalGateway gateway, ShardManager manager) {
    this.gateway = gateway;
    this.manager = manager;
  }

  /** Starts all, and waits until every shard is ready. */
  static Bot start(int shards) throws Exception {
    LocalGateway gateway =
        LocalGateway.builder()
            .guildsPerShard(2)
            .server(
                server ->
                    server
                        .shards(shards)
                        .maxConcurrency(shards)
                        .identifyWindow(Duration.ofNanos(1))
                        .sessionStartTotal(2 * shards)
                        .heartbeatInterval(Duration.ofSeconds(5)))
            .start();
    ShardManager manager =
        ShardManager.builder(gateway.token(), Intents.all())
            .apiUri(gateway.apiUri())
            .compression(shards > 1_000 ? Compression.NONE : Compression.ZLIB_STREAM)
            .shardDetails(true)
            .onDispatch((shard, dispatch) -> {})
            .build();
    Bot bot = new Bot(gateway, manager);
    try {
      get(manager.start());
      get(manager.ready());
      return bot;
    } catch (Exception e) {
      bot.close();
      throw e;
    }
  }

  /** Opens its console, in place of one that was open. */
  URI console(Consumer<ConsoleBuilder> settings) {
    closeConsole();
    ConsoleBuilder builder = Console.builder(manager);
    settings.accept(builder);
    Console opened = builder.start();
    console = opened;
    return opened.uri();
  }

  void closeConsole() {
    Console open = console;
    console = null;
    if (open != null) {
      open.close();
    }
  }

  Bot traffic(int eventsPerSecond) throws Exception {
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 7, eventsPerSecond)));
    return this;
  }

  /** Cuts connections without a close frame. */
  void cut(Predicate<ShardId> shards) throws Exception {
    assertThat(get(gateway.killConnections(shards))).as("connections cut").isPositive();
  }

  static <T extends @Nullable Object> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    try (gateway;
        manager) {
      closeConsole();
    }
  }
}
