package dev.sluice.examples.guide;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.netty.ShardManagerStats;
import dev.sluice.gateway.netty.TrafficRecorder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;

/** What comes over the wire: how it is compressed, and how it is recorded. */
final class Traffic {

  private Traffic() {}

  static ShardManagerBuilder smallest(ShardManagerBuilder bot) {
    return bot.compression(Compression.ZSTD_STREAM);
  }

  static double ratio(ShardManager manager) {
    ShardManagerStats stats = manager.stats();
    return (double) stats.payloadBytes() / stats.receivedBytes();
  }

  static void record(ShardManagerBuilder bot, Path file, Runnable untilEnough)
      throws IOException, InterruptedException, ExecutionException {
    try (TrafficRecorder recorder = TrafficRecorder.open(file);
        ShardManager manager = bot.pipeline(recorder).build()) {
      manager.start().toCompletableFuture().get();
      untilEnough.run();
    }
  }
}
