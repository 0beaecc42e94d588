package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** What a test on loopback opens, closed after it, last first. */
abstract class Resources {

  static final long TIMEOUT_SECONDS = 30;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  @AfterEach
  void closeAll() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }

  final <T extends AutoCloseable> T open(T resource) {
    opened.push(resource);
    return resource;
  }

  static <T extends @Nullable Object> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - deadline).as(what).isNegative();
      Thread.onSpinWait();
    }
  }

  final LocalGateway gateway() {
    return open(
        LocalGateway.builder()
            .guildCreates(false)
            .server(server -> server.maxConcurrency(64).heartbeatInterval(Duration.ofSeconds(1)))
            .start());
  }

  /** The settings of a bot that reconnects quickly. */
  static ShardManagerBuilder settings(LocalGateway gateway, int shards) {
    return ShardManager.builder(gateway.token(), Intents.all())
        .apiUri(gateway.apiUri())
        .shards(shards)
        .eventLoopThreads(2)
        .configure(config -> config.maxBackoff(Duration.ofMillis(50)));
  }

  final ShardManager ready(ShardManagerBuilder settings) throws Exception {
    ShardManager manager = open(settings.build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  final Console console(ConsoleBuilder settings) {
    return open(settings.port(0).start());
  }
}
