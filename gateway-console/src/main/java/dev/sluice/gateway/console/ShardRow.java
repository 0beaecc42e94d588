package dev.sluice.gateway.console;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardOverview;

/**
 * One shard as the viewers see it, and when that last changed. Confined to the console's thread.
 */
final class ShardRow {

  /** Reading is paused. */
  static final int PAUSED = 1;

  /** The identify breaker does not let it identify. */
  static final int BLOCKED = 2;

  private static final double SHOWN_CHANGE = 0.1;

  final Shard shard;
  GatewayState state = GatewayState.IDLE;
  double eventsShown; // a rate
  double latencyMillis = -1;
  int queue;
  long sinceSeconds;
  int reconnects;
  int flags;
  long changedAt; // the tick
  double eventRate; // what eventsShown follows

  private long events = -1; // before the first reading
  private long readAtNanos;

  ShardRow(Shard shard) {
    this.shard = shard;
  }

  /** Takes over what the shard says now. */
  void read(ShardOverview now, boolean blocked, long nowNanos, long tick) {
    if (events >= 0 && nowNanos - readAtNanos > 0) {
      eventRate = (now.events() - events) * 1e9 / (nowNanos - readAtNanos);
    }
    events = now.events();
    readAtNanos = nowNanos;
    double latency =
        now.lastHeartbeatLatencyNanos() == 0
            ? -1
            : Json.rounded(now.lastHeartbeatLatencyNanos() / 1e6);
    int flagsNow = (now.paused() ? PAUSED : 0) | (blocked ? BLOCKED : 0);
    double rate = Json.rounded(eventRate);
    boolean rateMoved =
        rate != eventsShown
            && (rate == 0
                || eventsShown == 0
                || Math.abs(rate - eventsShown) >= SHOWN_CHANGE * eventsShown);
    if (state == now.state()
        && !rateMoved
        && latencyMillis == latency
        && queue == now.unhandledEvents()
        && sinceSeconds == now.sessionSinceSeconds()
        && reconnects == now.reconnects()
        && flags == flagsNow) {
      return;
    }
    state = now.state();
    if (rateMoved) {
      eventsShown = rate;
    }
    latencyMillis = latency;
    queue = now.unhandledEvents();
    sinceSeconds = now.sessionSinceSeconds();
    reconnects = now.reconnects();
    flags = flagsNow;
    changedAt = tick;
  }
}
