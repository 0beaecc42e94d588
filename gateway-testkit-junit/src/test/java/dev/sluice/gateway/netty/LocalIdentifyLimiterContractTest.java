package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.contract.IdentifyLimiterContract;
import io.netty.channel.DefaultEventLoop;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/**
 * The limiter of a manager, asked by itself and as a common place of several processes, whose
 * answers take their time. In the package of the limiter, which only a manager makes.
 */
final class LocalIdentifyLimiterContractTest extends IdentifyLimiterContract {

  private final DefaultEventLoop executor = new DefaultEventLoop();
  private final IdentifyLimiter local = new LocalIdentifyLimiter(executor, 2, null, () -> {});
  private final List<IdentifyLimiter> processes = List.of(local, slow());

  @AfterEach
  void end() {
    executor.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Override
  protected List<IdentifyLimiter> limiters() {
    return processes;
  }

  private IdentifyLimiter slow() {
    return new IdentifyLimiter() {
      @Override
      public CompletionStage<Permit> acquire(int bucket, ShardId shard) {
        CompletableFuture<Permit> permit = new CompletableFuture<>();
        local
            .acquire(bucket, shard)
            .thenAcceptAsync(
                granted -> {
                  if (!permit.complete(granted)) {
                    granted.release(); // cancelled meanwhile
                  }
                },
                CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS));
        return permit;
      }
    };
  }
}
