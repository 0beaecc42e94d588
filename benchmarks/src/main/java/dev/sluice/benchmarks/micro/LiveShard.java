package dev.sluice.benchmarks.micro;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.PipelineCustomizer;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.testkit.LocalGateway;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;

/**
 * A shard that is ready at a local gateway which says nothing, and whose pipeline is given bytes in
 * the place of its socket: everything that a shard does for a read, on its event loop, without the
 * kernel.
 */
final class LiveShard implements AutoCloseable {

  private static final long TIMEOUT_SECONDS = 30;

  private final LocalGateway gateway;
  private final ShardManager manager;
  private final CompletableFuture<ChannelPipeline> pipeline = new CompletableFuture<>();

  /**
   * Starts a shard.
   *
   * @param settings what is to be set beside the addresses; the handler at least
   */
  LiveShard(UnaryOperator<ShardManagerBuilder> settings)
      throws ExecutionException, InterruptedException, TimeoutException {
    gateway =
        LocalGateway.builder()
            .guildCreates(false)
            .server(server -> server.heartbeatInterval(Duration.ofHours(1)))
            .start();
    manager =
        settings
            .apply(
                ShardManager.builder(gateway.token(), Intents.nonPrivileged())
                    .apiUri(gateway.apiUri())
                    .shards(1)
                    .compression(Compression.NONE)
                    .eventLoopThreads(1)
                    .pipeline(
                        new PipelineCustomizer() {
                          @Override
                          public void onUpgraded(Shard shard, ChannelPipeline upgraded) {
                            pipeline.complete(upgraded);
                          }
                        }))
            .build();
    manager.start().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    manager.ready().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    run(() -> {}); // READY makes the shard ready before the handler gets it
  }

  /** {@return the pipeline of the shard} */
  ChannelPipeline pipeline() {
    return pipeline.join();
  }

  /** {@return the shard} */
  Shard shard() {
    return requireNonNull(manager.shard(0), "shard");
  }

  /** Runs something on the event loop, and waits for it. */
  void run(Runnable task) throws InterruptedException {
    EventLoop eventLoop = pipeline().channel().eventLoop();
    eventLoop.submit(task).sync();
  }

  /** Gives the shard what is read, lap by lap, on its event loop, and waits until it has it. */
  void feed(Reads reads, int laps) throws InterruptedException {
    run(
        () -> {
          for (int lap = 0; lap < laps; lap++) {
            reads.feed(pipeline());
            reads.advance();
          }
        });
  }

  @Override
  public void close() {
    manager.stop(StopMode.GOODBYE).toCompletableFuture().join();
    manager.close();
    gateway.close();
  }
}
