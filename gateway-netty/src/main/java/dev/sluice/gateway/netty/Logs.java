package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The keys that every log line of a shard has. The values stand in the text as well, for layouts
 * that print no keys.
 */
final class Logs {

  private Logs() {}

  static LoggingEventBuilder of(LoggingEventBuilder line, ShardId shard) {
    return line.addKeyValue("shard", shard.id()).addKeyValue("shards", shard.count());
  }
}
