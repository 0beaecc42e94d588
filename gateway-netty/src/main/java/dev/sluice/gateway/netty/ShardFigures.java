package dev.sluice.gateway.netty;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Reconnect;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What one shard counts. Its event loop alone writes, any thread reads. What most shards never need
 * is in a {@link ShardHistory}, made at its first use.
 */
final class ShardFigures {

  private static final VarHandle EVENTS;
  private static final VarHandle RECEIVED_BYTES;
  private static final VarHandle PAYLOAD_BYTES;
  private static final VarHandle IDENTIFIES;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      EVENTS = lookup.findVarHandle(ShardFigures.class, "events", long.class);
      RECEIVED_BYTES = lookup.findVarHandle(ShardFigures.class, "receivedBytes", long.class);
      PAYLOAD_BYTES = lookup.findVarHandle(ShardFigures.class, "payloadBytes", long.class);
      IDENTIFIES = lookup.findVarHandle(ShardFigures.class, "identifies", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private long events;
  private long receivedBytes;
  private long payloadBytes;
  private volatile int sessionSinceSeconds; // of the wall clock, 0 while there is no session
  private volatile int lastLatencyMicros;
  private volatile int meanLatencyMicros;
  private int identifies;
  private volatile @Nullable ShardHistory history;

  /**
   * Creates the figures of a shard.
   *
   * @param details whether events are counted by type, and latencies in a histogram
   */
  ShardFigures(boolean details) {
    if (details) {
      history = new ShardHistory(true);
    }
  }

  // On the event loop.

  void message(long receivedBytes, long payloadBytes) {
    RECEIVED_BYTES.setOpaque(this, this.receivedBytes + receivedBytes);
    PAYLOAD_BYTES.setOpaque(this, this.payloadBytes + payloadBytes);
  }

  void event(EventType type) {
    EVENTS.setOpaque(this, events + 1);
    ShardHistory kept = history;
    if (kept != null) {
      kept.event(type);
    }
  }

  void heartbeatAcked(long latencyNanos, long meanNanos) {
    lastLatencyMicros = micros(latencyNanos);
    meanLatencyMicros = micros(meanNanos);
    ShardHistory kept = history;
    if (kept != null) {
      kept.heartbeatAcked(latencyNanos);
    }
  }

  private static int micros(long nanos) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, TimeUnit.NANOSECONDS.toMicros(nanos)));
  }

  void identified(Instant now) {
    IDENTIFIES.setOpaque(this, identifies + 1);
    sessionSinceSeconds = (int) now.getEpochSecond();
  }

  /** Counts a resume of a session that lives since then. */
  void resumed(Instant since) {
    history().resumed();
    sessionSinceSeconds = (int) since.getEpochSecond();
  }

  void sessionLost() {
    sessionSinceSeconds = 0;
  }

  void peerClosed(int closeCode) {
    history().peerClosed(closeCode);
  }

  void disconnected(long nowMillis, Reconnect.Cause cause, boolean whileResuming) {
    history().disconnected(nowMillis, cause, whileResuming);
  }

  void pauseBegan(long nowNanos) {
    history().pauseBegan(nowNanos);
  }

  /** Returns how long the pause was, in nanoseconds. */
  long pauseEnded(long nowNanos) {
    return history().pauseEnded(nowNanos);
  }

  private ShardHistory history() {
    ShardHistory kept = history;
    if (kept == null) {
      kept = new ShardHistory(false);
      history = kept;
    }
    return kept;
  }

  // On any thread.

  long lastHeartbeatLatencyNanos() {
    return TimeUnit.MICROSECONDS.toNanos(lastLatencyMicros);
  }

  long meanHeartbeatLatencyNanos() {
    return TimeUnit.MICROSECONDS.toNanos(meanLatencyMicros);
  }

  /** How long reading has been paused now, in nanoseconds; 0 when it is not. */
  long pausedForNanos(long nowNanos) {
    ShardHistory kept = history;
    return kept == null ? 0 : kept.pausedForNanos(nowNanos);
  }

  long events() {
    return (long) EVENTS.getOpaque(this);
  }

  boolean isPaused() {
    ShardHistory kept = history;
    return kept != null && kept.isPaused();
  }

  /** When the session that is held was started, in seconds of the epoch; 0 when none is. */
  long sessionSinceSeconds() {
    return Integer.toUnsignedLong(sessionSinceSeconds);
  }

  int reconnects() {
    ShardHistory kept = history;
    return kept == null ? 0 : kept.reconnects();
  }

  ShardStats.Sessions sessions() {
    long since = Integer.toUnsignedLong(sessionSinceSeconds);
    ShardHistory kept = history;
    return new ShardStats.Sessions(
        since == 0 ? null : Instant.ofEpochSecond(since),
        (int) IDENTIFIES.getOpaque(this),
        kept == null ? 0 : kept.resumes(),
        kept == null ? 0 : kept.resumeFailures(),
        kept == null ? 0 : kept.reconnects());
  }

  ShardStats.Traffic traffic() {
    ShardHistory kept = history;
    return new ShardStats.Traffic(
        (long) EVENTS.getOpaque(this),
        kept == null ? Map.of() : kept.eventsByType(),
        (long) RECEIVED_BYTES.getOpaque(this),
        (long) PAYLOAD_BYTES.getOpaque(this));
  }

  ShardStats.Heartbeats heartbeats() {
    ShardHistory kept = history;
    return new ShardStats.Heartbeats(
        lastHeartbeatLatencyNanos(),
        meanHeartbeatLatencyNanos(),
        kept == null ? LatencyStats.NONE : kept.heartbeatLatency());
  }

  ShardStats.Reading reading(long unhandledEvents, long nowNanos) {
    ShardHistory kept = history;
    return kept == null
        ? new ShardStats.Reading(unhandledEvents, false, 0, 0)
        : kept.reading(unhandledEvents, nowNanos);
  }

  List<ShardStats.Disconnect> disconnects() {
    ShardHistory kept = history;
    return kept == null ? List.of() : kept.disconnects();
  }
}
