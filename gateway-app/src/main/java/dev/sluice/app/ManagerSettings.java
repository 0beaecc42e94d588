package dev.sluice.app;

import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;

/** Turns the settings of a node into those of a shard manager. */
final class ManagerSettings {

  private ManagerSettings() {}

  /** {@return a builder without assignment, sessions, and a place for events} */
  static ShardManagerBuilder builder(NodeConfig config) {
    Secret token = config.token();
    if (token == null) {
      throw new IllegalStateException("no token");
    }
    ShardManagerBuilder builder =
        ShardManager.builder(token.value(), config.intents())
            .compression(config.compression())
            .encoding(config.encoding())
            .apiUri(config.apiUri())
            .drainTimeout(config.drainTimeout())
            .shardDetails(config.console() != null);
    if (config.presence() != null) {
      builder.presence(config.presence());
    }
    if (config.eventLoops() != null) {
      builder.eventLoopThreads(config.eventLoops());
    }
    if (config.proxy() != null) {
      builder.proxy(config.proxy());
    }
    if (!config.eventTypes().isEmpty()) {
      builder.eventTypes(config.eventTypes());
    }
    return builder;
  }
}
