package dev.sluice.examples.guide;

import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.sharding.ShardPlan;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many shards, which of them, and how to change that. */
final class Sharding {

  private static final Logger log = LoggerFactory.getLogger(Sharding.class);

  private Sharding() {}

  static Intents withOneThatHasNoName() {
    Intents known = Intents.of(Intent.GUILDS, Intent.GUILD_MESSAGES);
    return new Intents(known.value() | 1 << 26);
  }

  static ShardManagerBuilder all(ShardManagerBuilder bot) {
    return bot.shards(64);
  }

  static ShardManagerBuilder someOf(ShardManagerBuilder bot) {
    return bot.shards(ShardPlan.ofProcess(1, 4, 64)); // the second of four processes: 16 to 31
  }

  static ShardManagerBuilder numberedByTheOrchestrator(ShardManagerBuilder bot) {
    return bot.shards(ShardPlan.fromEnvironment(System.getenv()));
  }

  static int shardOf(long guildId) {
    return ShardPlan.shardOf(guildId, 64);
  }

  static CompletionStage<?> grow(ShardManager manager) {
    return manager
        .reshard(32)
        .whenComplete(
            (result, failure) -> {
              if (failure != null) {
                log.warn("the old shards go on", failure);
              } else {
                log.info("{} shards in {}", result.newCount(), result.duration());
              }
            });
  }

  static ShardManagerBuilder gentleStart(ShardManagerBuilder bot) {
    return bot.trackGuilds().maxShardsLoading(16);
  }
}
