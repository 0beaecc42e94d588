package dev.sluice.examples.guide;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.micrometer.ShardManagerMetrics;
import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardListener;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerStats;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.function.Consumer;

/** What a manager tells of itself. */
final class Figures {

  private Figures() {}

  static ShardManagerMetrics bind(ShardManager manager, MeterRegistry registry) {
    ShardManagerMetrics metrics = new ShardManagerMetrics(manager);
    metrics.bindTo(registry);
    return metrics; // close() removes the meters
  }

  static int readinessStatus(ShardManager manager) {
    FleetHealth health = manager.health();
    return health.ready() ? 200 : 503; // and health.reasons() for the body
  }

  static String line(ShardManager manager) {
    ShardManagerStats stats = manager.stats();
    return "%d of %d shards ready, %,d events, %,d reconnects, p99 of heartbeats %d ms"
        .formatted(
            stats.shards(GatewayState.READY),
            manager.shards().size(),
            stats.events(),
            stats.reconnects(),
            Duration.ofNanos(stats.heartbeatLatency().p99Nanos()).toMillis());
  }

  static ShardListener pageSomebody(Consumer<String> pager) {
    return new ShardListener() {
      @Override
      public void onFatal(Shard shard, CloseCode closeCode, String advice) {
        pager.accept("shard " + shard.id() + " is refused, " + closeCode + ": " + advice);
      }
    };
  }
}
