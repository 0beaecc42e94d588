package dev.sluice.gateway.kafka.internal.identify;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.IdentifyLimiter;
import dev.sluice.gateway.sharding.SessionStarts;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The limiter of the fleet as one manager has it. The managers of a node come and go with the
 * generations of shards, and one that has ended cannot ask GET /gateway/bot any more. Thread-safe.
 */
public final class LimiterShare implements IdentifyLimiter, AutoCloseable {

  private final KafkaIdentifyLimiter limiter;
  private @Nullable Runnable refresh; // guarded by this
  private boolean closed; // guarded by this

  /**
   * Makes the share of a manager.
   *
   * @param limiter the limiter of the fleet
   */
  public LimiterShare(KafkaIdentifyLimiter limiter) {
    this.limiter = limiter;
  }

  @Override
  public CompletionStage<Permit> acquire(int bucket, ShardId shard) {
    return limiter.acquire(bucket, shard);
  }

  @Override
  public synchronized void start(Runnable refresh) {
    if (!closed) {
      this.refresh = refresh;
      limiter.start(refresh);
    }
  }

  @Override
  public void update(GatewayBot gatewayBot, int maxConcurrency, Duration age) {
    limiter.update(gatewayBot, maxConcurrency, age);
  }

  @Override
  public @Nullable SessionStarts sessionStarts() {
    return limiter.sessionStarts();
  }

  @Override
  public int dialsAhead() {
    return limiter.dialsAhead();
  }

  @Override
  public int maxConcurrency() {
    return limiter.maxConcurrency();
  }

  /** Says that the manager has ended. The limiter goes on for the others. */
  @Override
  public synchronized void close() {
    closed = true;
    Runnable ended = refresh;
    if (ended != null) {
      limiter.ended(ended);
    }
  }
}
