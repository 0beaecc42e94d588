package dev.sluice.examples.spring;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.micrometer.ShardManagerMetrics;
import dev.sluice.gateway.netty.DispatchHandler;
import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.Workers;
import java.net.URI;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * A shard manager as a bean. It starts after everything else and stops before everything else; its
 * health is part of the application's liveness and readiness, its figures are among the meters.
 */
@Configuration(proxyBeanMethods = false)
class GatewayConfiguration {

  @Bean
  ShardManager shardManager(
      @Value("${discord.token}") String token,
      @Value("${discord.api-uri}") URI apiUri,
      DispatchHandler handler) {
    return ShardManager.builder(token, Intents.of()) // interactions need no intent
        .apiUri(apiUri)
        .workers(Workers.threads(4)) // so that the handler may block
        .onDispatch(handler)
        .build();
  }

  /** Does not hold up the start of the application: many shards take minutes to be ready. */
  @Bean
  SmartLifecycle gatewayLifecycle(ShardManager manager) {
    return new SmartLifecycle() {

      private static final Logger log = LoggerFactory.getLogger(ShardManager.class);
      private volatile boolean running;

      @Override
      public void start() {
        running = true;
        manager
            .start()
            .exceptionally(
                failure -> {
                  log.error("the bot cannot start", failure);
                  return null;
                });
      }

      @Override
      public void stop() {
        manager.close(); // what came is handled, and sessions in files can be resumed
        running = false;
      }

      @Override
      public boolean isRunning() {
        return running;
      }
    };
  }

  @Bean
  HealthIndicator gatewayLiveHealthIndicator(ShardManager manager) {
    return () -> tell(manager.health(), FleetHealth::live);
  }

  @Bean
  HealthIndicator gatewayReadyHealthIndicator(ShardManager manager) {
    return () -> tell(manager.health(), FleetHealth::ready);
  }

  private static Health tell(FleetHealth health, Predicate<FleetHealth> probe) {
    return Health.status(probe.test(health) ? Status.UP : Status.DOWN)
        .withDetail("reasons", health.reasons())
        .build();
  }

  /** Spring Boot binds whatever is a binder of meters. */
  @Bean
  ShardManagerMetrics gatewayMetrics(ShardManager manager) {
    return new ShardManagerMetrics(manager);
  }
}
