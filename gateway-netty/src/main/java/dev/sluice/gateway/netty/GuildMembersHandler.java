package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GuildMembersChunk;
import java.time.Duration;

/**
 * Takes the answers to one request for guild members as they come. Called on the event loop of the
 * shard, so it must not block.
 */
@FunctionalInterface
public interface GuildMembersHandler {

  /**
   * Takes one chunk, each once. They come in the order of their index unless the gateway sends them
   * in another.
   *
   * @param shard the shard that it came on
   * @param chunk which of how many it is
   * @param dispatch the chunk itself, borrowed until this returns; its {@code members} are up to
   *     1000
   * @throws Exception whatever goes wrong; it ends the request with {@link
   *     GuildMembersException.Reason#HANDLER_FAILED}
   */
  void onChunk(Shard shard, GuildMembersChunk chunk, Dispatch dispatch) throws Exception;

  /**
   * Is told that the answer has to wait: the whole member list of a guild can be asked for once in
   * 30 seconds, and was asked for before; or the gateway answered with RATE_LIMITED, and is asked
   * again. What this throws is logged.
   *
   * @param shard the shard
   * @param atLeast how long, at least
   */
  default void onHeldBack(Shard shard, Duration atLeast) {}
}
