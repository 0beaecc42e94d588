package dev.sluice.gateway.server;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.ShardId;
import java.net.URI;
import java.time.Duration;

/** Decides whether an IDENTIFY that has just arrived starts a session. */
final class IdentifyGate {

  enum Verdict {
    ADMITTED,
    WINDOW_TAKEN,
    BUDGET_EXHAUSTED
  }

  private static final long PERIOD_NANOS = Duration.ofHours(24).toNanos();

  private final GatewayServerConfig config;
  private final KeyedWindows buckets;
  private int remaining;
  private boolean periodRuns;
  private long periodStartNanos;

  IdentifyGate(GatewayServerConfig config, long nowNanos) {
    this.config = config;
    this.buckets = new KeyedWindows(config.identifyWindow().toNanos());
    this.remaining = config.sessionStartRemaining();
    this.periodRuns = remaining < config.sessionStartTotal();
    this.periodStartNanos = nowNanos;
  }

  Verdict admit(ShardId shard, long nowNanos) {
    endPeriod(nowNanos);
    int bucket = shard.id() % config.maxConcurrency();
    if (buckets.remainingNanos(bucket, nowNanos) > 0) {
      return Verdict.WINDOW_TAKEN;
    }
    if (remaining == 0) {
      return Verdict.BUDGET_EXHAUSTED;
    }
    if (!periodRuns) {
      periodRuns = true;
      periodStartNanos = nowNanos;
    }
    remaining--;
    buckets.start(bucket, nowNanos);
    return Verdict.ADMITTED;
  }

  GatewayBot gatewayBot(long nowNanos) {
    endPeriod(nowNanos);
    long resetAfterNanos = periodRuns ? PERIOD_NANOS - (nowNanos - periodStartNanos) : 0;
    return new GatewayBot(
        URI.create(config.gatewayUrl()),
        config.shards(),
        config.sessionStartTotal(),
        remaining,
        Duration.ofMillis(
            (resetAfterNanos + 999_999) / 1_000_000), // rounded up, so that nobody comes too early
        config.maxConcurrency());
  }

  private void endPeriod(long nowNanos) {
    if (periodRuns && nowNanos - periodStartNanos >= PERIOD_NANOS) {
      periodRuns = false;
      remaining = config.sessionStartTotal();
    }
  }
}
