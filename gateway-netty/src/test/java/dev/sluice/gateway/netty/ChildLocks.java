package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.ShardPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A process that takes all shards, says so on its output, and keeps them until it is killed. */
final class ChildLocks {

  private ChildLocks() {}

  static Process start(Path directory, int shards) throws IOException {
    return ChildJvm.start(ChildLocks.class, directory, shards);
  }

  public static void main(String[] arguments) throws IOException {
    int shards = Integer.parseInt(arguments[1]);
    ShardAssignment assignment =
        ShardAssignment.fileLocks(Path.of(arguments[0]), ShardPlan.all(shards));
    assignment.start(
        new ShardAssignment.Listener() {
          private int assigned;

          @Override
          public void assigned(ShardId shard, long epoch) {
            if (++assigned == shards) {
              System.out.println("all");
            }
          }

          @Override
          public CompletionStage<Void> revoked(ShardId shard, Duration deadline) {
            return CompletableFuture.completedStage(null);
          }

          @Override
          public void lost(ShardId shard) {}
        });
    while (System.in.read() >= 0) {
      // until it is killed
    }
  }
}
