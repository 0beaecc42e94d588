package dev.sluice.gateway.server;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.ShardId;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Decides whether an IDENTIFY that has just arrived starts a session. */
final class IdentifyGate {

  enum Verdict {
    ADMITTED,
    WINDOW_TAKEN,
    BUDGET_EXHAUSTED
  }

  private static final long PERIOD_NANOS = Duration.ofHours(24).toNanos();

  private final GatewayServerConfig config;
  private final long windowNanos;
  private final Map<Integer, Long> admittedNanos = new HashMap<>();
  private int remaining;
  private boolean periodRuns;
  private long periodStartNanos;

  IdentifyGate(GatewayServerConfig config, long nowNanos) {
    this.config = config;
    this.windowNanos = config.identifyWindow().toNanos();
    this.remaining = config.sessionStartRemaining();
    this.periodRuns = remaining < config.sessionStartTotal();
    this.periodStartNanos = nowNanos;
  }

  Verdict admit(ShardId shard, long nowNanos) {
    endPeriod(nowNanos);
    int bucket = shard.id() % config.maxConcurrency();
    Long previousNanos = admittedNanos.get(bucket);
    if (previousNanos != null && nowNanos - previousNanos < windowNanos) {
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
    admittedNanos.put(bucket, nowNanos);
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
