package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Ready;
import dev.sluice.gateway.sharding.GuildAvailability;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The guilds of one shard: marks its GUILD_CREATEs, tells when those that READY announced have
 * come, and holds the shard's turn to load. Confined to the shard's event loop.
 */
final class GuildTracker {

  private static final Logger log = LoggerFactory.getLogger(GuildTracker.class);

  /**
   * An unavailable guild is its id and a flag. What is larger has the data of the guild, and is not
   * searched for the flag.
   */
  private static final int MAX_UNAVAILABLE_BYTES = 1024;

  private final Shard shard;
  private final GuildLoads loads;
  private final EventLoop eventLoop;
  private final boolean guildsCome;
  private final GuildAvailability guilds = new GuildAvailability();
  private final CompletableFuture<Void> loaded = new CompletableFuture<>();
  private @Nullable ScheduledFuture<?> timeout;
  private long lastNanos; // when READY or a guild came
  private boolean loading;
  private Turn turn = Turn.NONE;

  private enum Turn {
    NONE,
    WAITING,
    HELD
  }

  GuildTracker(Shard shard, GuildLoads loads, EventLoop eventLoop, Intents intents) {
    this.shard = shard;
    this.loads = loads;
    this.eventLoop = eventLoop;
    this.guildsCome = intents.contains(Intent.GUILDS);
  }

  /** {@return completes when the guilds have come for the first time} */
  CompletableFuture<Void> loaded() {
    return loaded;
  }

  /** A new session begins, whose READY comes next; unless a handler before the tail keeps it. */
  void sessionStarted() {
    loading = true;
    lastNanos = System.nanoTime();
    if (timeout == null) {
      setTimeout(loads.timeoutNanos);
    }
  }

  /** The session ended, and what it still had to load. */
  void sessionLost() {
    loading = false;
    endTurn();
  }

  /** Takes in an event and marks it, before it is handled. */
  void received(Dispatch dispatch) {
    EventType type = dispatch.type();
    if (type != EventType.GUILD_CREATE
        && type != EventType.GUILD_DELETE
        && type != EventType.READY
        && type != EventType.RESUMED) {
      return;
    }
    try {
      switch (type) {
        case READY -> ready(Ready.of(dispatch.readTree()));
        case RESUMED -> resumed();
        case GUILD_CREATE ->
            dispatch.mark(guilds.created(dispatch.guildId(), isUnavailable(dispatch)));
        default -> guilds.deleted(dispatch.guildId(), isUnavailable(dispatch));
      }
    } catch (IOException e) {
      Logs.of(log.atWarn(), shard.id())
          .log("shard {}: {} can not be read: {}", shard.id(), dispatch, e.getMessage());
      return;
    }
    if (loading) {
      lastNanos = System.nanoTime();
      if (guilds.missing() == 0) {
        execute(this::finish); // once the event was handled
      }
    }
  }

  private void ready(Ready ready) {
    guilds.ready(ready.guildIds());
    if (!guildsCome) {
      execute(this::finish);
    }
  }

  /** Nothing is loaded after a resume; a session of another process ends the wait with it. */
  private void resumed() {
    if (!guilds.isKnown()) {
      execute(this::complete);
    }
  }

  private void setTimeout(long delayNanos) {
    timeout = eventLoop.schedule(this::onTimeout, delayNanos, TimeUnit.NANOSECONDS);
  }

  private void onTimeout() {
    timeout = null;
    if (!loading) {
      return;
    }
    long remainingNanos = lastNanos + loads.timeoutNanos - System.nanoTime();
    if (remainingNanos > 0) {
      setTimeout(remainingNanos);
      return;
    }
    log.warn(
        "shard {}: {} of {} guilds did not come", shard.id(), guilds.missing(), guilds.announced());
    finish();
  }

  private void finish() {
    if (!loading) {
      return;
    }
    loading = false;
    endTurn();
    shard.tellGuildsLoaded(guilds.announced() - guilds.missing(), guilds.missing());
    complete();
  }

  private void complete() {
    if (loaded.complete(null)) {
      loads.shardLoaded();
    }
  }

  /**
   * Whether it is the shard's turn to load, so that it may identify.
   *
   * @param whenTurnComes is called on the event loop, if it is not
   */
  boolean takeTurn(Runnable whenTurnComes) {
    if (turn == Turn.NONE) {
      boolean given =
          loads.tryBegin(
              () -> {
                if (!execute(() -> turnCame(whenTurnComes))) {
                  loads.end(); // the shard has ended
                }
              });
      turn = given ? Turn.HELD : Turn.WAITING;
    }
    return turn == Turn.HELD;
  }

  private void turnCame(Runnable whenTurnComes) {
    turn = Turn.HELD;
    whenTurnComes.run();
  }

  /** The shard does not load now, and not before it has identified again. */
  void endTurn() {
    if (turn == Turn.HELD) {
      turn = Turn.NONE;
      loads.end();
    }
  }

  /** The shard will load no more. */
  void ended() {
    loading = false;
    endTurn();
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
    IllegalStateException cause =
        new IllegalStateException("shard " + shard.id() + " ended before its guilds were loaded");
    if (loaded.completeExceptionally(cause)) {
      loads.shardEnded(cause);
    }
  }

  private boolean execute(Runnable task) {
    try {
      eventLoop.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      Logs.of(log.atDebug(), shard.id())
          .setCause(e)
          .log("shard {}: its event loop has ended", shard.id());
      return false;
    }
  }

  private static boolean isUnavailable(Dispatch dispatch) throws IOException {
    return dispatch.dataLength() <= MAX_UNAVAILABLE_BYTES
        && dispatch.readTree().path("unavailable").asBoolean(false);
  }
}
