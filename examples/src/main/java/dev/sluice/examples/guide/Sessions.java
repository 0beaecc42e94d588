package dev.sluice.examples.guide;

import dev.sluice.gateway.SessionLost;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.DirectorySessionStore;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardAssignment;
import dev.sluice.gateway.netty.ShardListener;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.sharding.ShardPlan;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/** Sessions that outlive a process. */
final class Sessions {

  private Sessions() {}

  static void runWithStore(ShardManagerBuilder bot, Path directory, Runnable untilStopped)
      throws InterruptedException, ExecutionException {
    try (DirectorySessionStore sessions = SessionStore.directory(directory);
        ShardManager manager = bot.sessionStore(sessions).build()) {
      manager.start().toCompletableFuture().get();
      untilStopped.run();
    } // the manager stops first, and its shards can be resumed
  }

  static void goOffline(ShardManager manager) throws InterruptedException, ExecutionException {
    manager.stop(StopMode.GOODBYE).toCompletableFuture().get();
  }

  static ShardManagerBuilder besideAnother(
      ShardManagerBuilder bot, Path directory, int shards, SessionStore sessions) {
    return bot.assignment(ShardAssignment.fileLocks(directory, ShardPlan.all(shards)))
        .sessionStore(sessions);
  }

  static void giveWay(ShardManager old) throws InterruptedException, ExecutionException {
    old.handOver(16).toCompletableFuture().get(); // 16 shards at a time
    old.close();
  }

  static ShardManagerBuilder noticeGaps(ShardManagerBuilder bot, Consumer<Shard> reload) {
    return bot.listener(
        new ShardListener() {
          @Override
          public void onSessionLost(Shard shard, SessionLost lost) {
            reload.accept(shard); // what came after lost.handledSequence() may never come
          }
        });
  }
}
