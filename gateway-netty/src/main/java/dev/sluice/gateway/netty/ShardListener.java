package dev.sluice.gateway.netty;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.SessionLost;
import java.net.URI;
import java.time.Duration;

/**
 * Is told what happens to shards. Called on the event loop of the shard; must not block. What it
 * throws is logged.
 */
public interface ShardListener {

  /**
   * A shard changed its state.
   *
   * @param shard the shard
   * @param from the state before
   * @param to the state now
   */
  default void onStateChange(Shard shard, GatewayState from, GatewayState to) {}

  /**
   * A shard is going to reconnect, or to dial for the first time.
   *
   * @param shard the shard
   * @param reconnect why, how, and when
   */
  default void onReconnect(Shard shard, Reconnect reconnect) {}

  /**
   * A shard dials now: its turn has come, and the delay that {@link #onReconnect} told is over.
   *
   * @param shard the shard
   * @param uri what it dials
   * @param resumes whether it has a session to resume; otherwise it starts a new one
   */
  default void onConnecting(Shard shard, URI uri, boolean resumes) {}

  /**
   * A shard started a new session. Told before the READY event is handled.
   *
   * @param shard the shard
   */
  default void onReady(Shard shard) {}

  /**
   * A shard resumed its session: everything that it missed was replayed. Told before the RESUMED
   * event is handled.
   *
   * @param shard the shard
   * @param replayed how many events came between RESUME and RESUMED, by their sequences
   */
  default void onResumed(Shard shard, long replayed) {}

  /**
   * A shard's session was lost: events after the last one that was handled may never come.
   *
   * @param shard the shard
   * @param lost which session, how far it was handled, and why it was lost
   */
  default void onSessionLost(Shard shard, SessionLost lost) {}

  /**
   * The guilds that READY announced have come, each with a GUILD_CREATE or with word of an outage;
   * or no more of them came for the time-out. Told after the last of these events was handed on,
   * for every new session, and only if guilds are tracked.
   *
   * @param shard the shard
   * @param loaded how many of the guilds have come
   * @param missing how many have not; they may still come, and are marked as loaded then
   * @see ShardManagerBuilder#trackGuilds()
   */
  default void onGuildsLoaded(Shard shard, int loaded, int missing) {}

  /**
   * The gateway refused a shard for good. It dials no more until an operator did what the advice
   * says. Codes that concern the whole bot also end all other shards that have no session; see
   * {@link ShardManager#fatalCloseCode()}.
   *
   * @param shard the shard
   * @param closeCode why: one whose outcome is {@link CloseCode.Outcome#FATAL}
   * @param advice what an operator has to do, one line for the log
   */
  default void onFatal(Shard shard, CloseCode closeCode, String advice) {}

  /**
   * A dial failed: no such host, refused, TLS, or an HTTP answer other than the upgrade.
   *
   * @param shard the shard
   * @param uri what it dialled
   * @param cause why it failed
   */
  default void onDialFailure(Shard shard, URI uri, Throwable cause) {}

  /**
   * GET /gateway/bot failed at the start of the manager, in a way that may pass. It is asked again;
   * the shards start when it answers. Called on one of the event loops.
   *
   * @param failure what came instead of the answer
   * @param delay the wait until it is asked again
   */
  default void onApiFailure(GatewayApiException failure, Duration delay) {}
}
