package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.SessionLost;
import java.net.URI;

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
   * A shard's session was lost: events after the last one that was handled may never come.
   *
   * @param shard the shard
   * @param lost which session, how far it was handled, and why it was lost
   */
  default void onSessionLost(Shard shard, SessionLost lost) {}

  /**
   * A dial failed: no such host, refused, TLS, or an HTTP answer other than the upgrade.
   *
   * @param shard the shard
   * @param uri what it dialled
   * @param cause why it failed
   */
  default void onDialFailure(Shard shard, URI uri, Throwable cause) {}
}
