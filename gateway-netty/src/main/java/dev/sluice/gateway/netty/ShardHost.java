package dev.sluice.gateway.netty;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.Presence;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a shard asks of the manager that runs it, once that has started. */
interface ShardHost {

  GatewayConfig config();

  int maxConcurrency();

  /** Where new sessions start now. */
  URI gatewayUri();

  /** Dials fail again and again: the gateway may have moved. */
  void gatewayUnreachable();

  IdentifyLimiter identifyLimiter();

  DialLimiter dialLimiter();

  /** Whether identifies have become too many. */
  IdentifyGuard identifyGuard();

  /** Counts a shard that lost its transport; how long it waits beside its own delay. */
  long reconnectJitterNanos();

  Connector connector();

  SessionStore sessionStore();

  /** How often a session is stored while events come; 0 if that serves nothing. */
  long checkpointIntervalNanos();

  EventDelivery sink();

  /** Where the events of two generations meet while the bot is resharded, else null. */
  @Nullable ReshardGate reshardGate();

  PipelineCustomizer customizer();

  List<ShardListener> listeners();

  /** What all shards were to show last, null if it is what they are configured with. */
  default @Nullable Presence presence() {
    return null;
  }

  /** The close code that every other shard would meet too if it identified, or null. */
  @Nullable CloseCode fatalCloseCode();

  /** Whether each shard counts by type and keeps a histogram. */
  boolean shardDetails();

  /** The loading of guilds, or null when they are not tracked. */
  @Nullable GuildLoads guildLoads();

  /** A shard is ready for the first time. */
  void shardReady();

  /** A shard ended in a fatal state. */
  void shardFailed(Shard shard, CloseCode closeCode);
}
