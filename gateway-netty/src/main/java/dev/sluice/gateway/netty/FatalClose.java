package dev.sluice.gateway.netty;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.ShardId;

/** What the close codes mean that no reconnect can cure. */
final class FatalClose {

  private FatalClose() {}

  /**
   * {@return whether every other shard would be refused likewise, at the price of an identify each}
   */
  static boolean concernsWholeBot(CloseCode closeCode) {
    return switch (closeCode) {
      case AUTHENTICATION_FAILED, INVALID_API_VERSION, INVALID_INTENTS, DISALLOWED_INTENTS -> true;
      default -> false;
    };
  }

  /** {@return what an operator has to do about it, one line} */
  static String advice(CloseCode closeCode, ShardId shard) {
    return switch (closeCode) {
      case AUTHENTICATION_FAILED ->
          "the token is wrong or was reset: start again with the one that the developer portal"
              + " shows";
      case INVALID_SHARD ->
          "the bot has no shard "
              + shard.id()
              + " of "
              + shard.count()
              + ": ids are 0 to count - 1, and the count of a bot with large-bot sharding is a"
              + " multiple of the number that Discord assigned; GET /gateway/bot recommends one";
      case SHARDING_REQUIRED ->
          "over 2500 guilds come on shard "
              + shard.id()
              + " of "
              + shard.count()
              + ": the bot needs more shards; GET /gateway/bot recommends how many";
      case INVALID_API_VERSION -> "the gateway no longer speaks this version: update Sluice";
      case INVALID_INTENTS -> "the intents have a bit that the gateway does not know: remove it";
      case DISALLOWED_INTENTS ->
          "the intents have a privileged one that the bot may not use: enable it in the developer"
              + " portal, or do without";
      default -> "the gateway does not want this shard to reconnect";
    };
  }
}
