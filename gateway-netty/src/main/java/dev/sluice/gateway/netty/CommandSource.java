package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import java.util.concurrent.CompletionStage;

/**
 * Where the commands of other processes come from: a queue or a socket that whoever serves the
 * bot's users writes to. The manager starts and stops it; there is none by default.
 *
 * <p>A source heeds back-pressure by the stages that the sink returns: it keeps a bounded number of
 * them in flight, and takes the next command when one completes. A stage completes on an event
 * loop, so what depends on it must not block.
 */
public interface CommandSource {

  /**
   * Starts to deliver. Called once, when the shards that run here at the start were assigned. What
   * it throws fails the start of the manager.
   *
   * @param sink takes the commands
   */
  void start(Sink sink);

  /**
   * Stops to deliver. Called once, before the shards are stopped; what is delivered later is not
   * sent. What it throws is logged.
   */
  void stop();

  /** Takes commands for the shards of one manager. Thread-safe. */
  interface Sink {

    /**
     * Sends a command on the shards of the guilds that it names.
     *
     * @param command the command
     * @return as {@link ShardManager#send(GatewayCommand)}
     * @throws IllegalArgumentException if it names no guild
     */
    CompletionStage<CommandOutcome> send(GatewayCommand command);

    /**
     * Sends a command on the shard of a guild.
     *
     * @param guildId the guild, an unsigned snowflake
     * @param command the command
     * @return as {@link ShardManager#send(long, GatewayCommand)}
     */
    CompletionStage<CommandOutcome> send(long guildId, GatewayCommand command);

    /**
     * Sends a command on one shard.
     *
     * @param shard which of how many; while the bot is being resharded, of either generation
     * @param command the command
     * @return as {@link Shard#send}; {@link CommandOutcome#NOT_HERE} when it does not run here
     */
    CompletionStage<CommandOutcome> send(ShardId shard, GatewayCommand command);

    /**
     * Sets the presence of all shards that run here.
     *
     * @param presence the presence
     * @return as {@link ShardManager#updatePresence}
     * @throws IllegalArgumentException if it does not fit into a payload
     */
    CompletionStage<CommandOutcomes> updatePresence(Presence presence);
  }
}
