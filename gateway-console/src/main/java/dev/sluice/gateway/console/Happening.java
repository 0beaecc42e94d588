package dev.sluice.gateway.console;

import dev.sluice.gateway.ShardId;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened to one shard, or to the whole bot. Those of one kind and cause become one
 * line of the timeline when they come together. Immutable.
 *
 * @param kind of what kind
 * @param level how bad it is
 * @param cause what tells it from others of its kind, in words for many shards at once
 * @param shard to which shard, or null if to the bot
 * @param atMillis when
 * @param text what happened to this shard, without its name
 */
record Happening(
    Kind kind, Level level, String cause, @Nullable ShardId shard, long atMillis, String text) {

  /** How bad it is. */
  enum Level {
    INFO("info"),
    WARN("warn"),
    ERROR("error");

    final String label;

    Level(String label) {
      this.label = label;
    }
  }

  /** Of what kind it is. */
  enum Kind {
    ATTACHED("attached"),
    DISCONNECTED("disconnected"),
    DIAL_FAILED("dialFailed"),
    RESUMED("resumed"),
    NEW_SESSION("newSession"),
    SESSION_LOST("sessionLost"),
    GUILDS_LOADED("guildsLoaded"),
    FATAL("fatal"),
    STOPPED("stopped"),
    API_FAILURE("apiFailure"),
    HEALTH("health"),
    OPERATION("operation"),
    OMITTED("omitted");

    final String label;

    Kind(String label) {
      this.label = label;
    }
  }

  /** What happened to the whole bot. */
  static Happening ofBot(Kind kind, Level level, long atMillis, String text) {
    return new Happening(kind, level, text, null, atMillis, text);
  }

  /** {@return whether another one belongs to the same line} */
  boolean isLike(Happening other) {
    return kind == other.kind
        && level == other.level
        && cause.equals(other.cause)
        && shard != null
        && other.shard != null
        && shard.count() == other.shard.count();
  }
}
