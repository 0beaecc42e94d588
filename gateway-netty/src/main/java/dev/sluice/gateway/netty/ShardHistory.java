package dev.sluice.gateway.netty;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Reconnect;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The part of a shard's figures that starts with its first trouble: reconnects and pauses; and what
 * is kept of each shard only on request. Its event loop alone writes, any thread reads.
 */
final class ShardHistory {

  /** How many disconnects are remembered. */
  static final int DISCONNECTS = 8;

  private static final Reconnect.Cause[] CAUSES = Reconnect.Cause.values();
  private static final int CAUSE_BITS = 4;
  private static final int CODE_BITS = 16;
  private static final VarHandle RECONNECTS;
  private static final VarHandle RESUMES;
  private static final VarHandle RESUME_FAILURES;
  private static final VarHandle PAUSES;
  private static final VarHandle PAUSED_NANOS;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      RECONNECTS = lookup.findVarHandle(ShardHistory.class, "reconnects", int.class);
      RESUMES = lookup.findVarHandle(ShardHistory.class, "resumes", int.class);
      RESUME_FAILURES = lookup.findVarHandle(ShardHistory.class, "resumeFailures", int.class);
      PAUSES = lookup.findVarHandle(ShardHistory.class, "pauses", int.class);
      PAUSED_NANOS = lookup.findVarHandle(ShardHistory.class, "pausedNanos", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private int reconnects;
  private int resumes;
  private int resumeFailures;
  private int pauses;
  private long pausedNanos; // of the pauses that have ended
  private volatile long pauseBeganNanos;
  private volatile boolean paused;
  private int peerCloseCode; // of the transport that ends now
  private @Nullable AtomicLongArray disconnects; // a ring; each packed, so that it is read whole

  private final @Nullable EnumCounters<EventType> events;
  private final @Nullable LatencyRecorder heartbeatLatency;

  ShardHistory(boolean details) {
    events = details ? new EnumCounters<>(EventType.class) : null;
    heartbeatLatency = details ? LatencyRecorder.coarse() : null;
  }

  // On the event loop.

  void event(EventType type) {
    if (events != null) {
      events.add(type, 1);
    }
  }

  void heartbeatAcked(long latencyNanos) {
    if (heartbeatLatency != null) {
      heartbeatLatency.record(latencyNanos);
    }
  }

  void peerClosed(int closeCode) {
    peerCloseCode = closeCode;
  }

  void disconnected(long nowMillis, Reconnect.Cause cause, boolean whileResuming) {
    AtomicLongArray ring = disconnects;
    if (ring == null) {
      ring = new AtomicLongArray(DISCONNECTS);
      disconnects = ring;
    }
    ring.setRelease(reconnects % DISCONNECTS, pack(nowMillis, peerCloseCode, cause));
    peerCloseCode = 0;
    RECONNECTS.setRelease(this, reconnects + 1);
    if (whileResuming) {
      RESUME_FAILURES.setOpaque(this, resumeFailures + 1);
    }
  }

  void resumed() {
    RESUMES.setOpaque(this, resumes + 1);
  }

  void pauseBegan(long nowNanos) {
    PAUSES.setOpaque(this, pauses + 1);
    pauseBeganNanos = nowNanos;
    paused = true;
  }

  long pauseEnded(long nowNanos) {
    long nanos = nowNanos - pauseBeganNanos;
    paused = false;
    PAUSED_NANOS.setOpaque(this, pausedNanos + nanos);
    return nanos;
  }

  // On any thread.

  int reconnects() {
    return (int) RECONNECTS.getAcquire(this);
  }

  int resumes() {
    return (int) RESUMES.getOpaque(this);
  }

  int resumeFailures() {
    return (int) RESUME_FAILURES.getOpaque(this);
  }

  boolean isPaused() {
    return paused;
  }

  long pausedForNanos(long nowNanos) {
    long began = pauseBeganNanos;
    return paused ? Math.max(0, nowNanos - began) : 0;
  }

  Map<EventType, Long> eventsByType() {
    if (events == null) {
      return Map.of();
    }
    Map<EventType, Long> byType = new EnumMap<>(EventType.class);
    events.addTo(byType);
    return byType;
  }

  LatencyStats heartbeatLatency() {
    return heartbeatLatency == null
        ? LatencyStats.NONE
        : LatencyStats.of(List.of(heartbeatLatency));
  }

  ShardStats.Reading reading(long unhandledEvents, long nowNanos) {
    return new ShardStats.Reading(
        unhandledEvents,
        paused,
        (int) PAUSES.getOpaque(this),
        (long) PAUSED_NANOS.getOpaque(this) + pausedForNanos(nowNanos));
  }

  /** The last ones, oldest first. One that is overwritten meanwhile shows as its successor. */
  List<ShardStats.Disconnect> disconnects() {
    int count = reconnects(); // an acquire, which shows the ring too
    AtomicLongArray ring = disconnects;
    if (ring == null) {
      return List.of();
    }
    List<ShardStats.Disconnect> last = new ArrayList<>(DISCONNECTS);
    for (int i = Math.max(0, count - DISCONNECTS); i < count; i++) {
      last.add(unpack(ring.getAcquire(i % DISCONNECTS)));
    }
    return last;
  }

  @SuppressWarnings("EnumOrdinal") // never leaves the process
  private static long pack(long millis, int closeCode, Reconnect.Cause cause) {
    return millis << (CODE_BITS + CAUSE_BITS)
        | (closeCode & 0xffffL) << CAUSE_BITS
        | cause.ordinal();
  }

  private static ShardStats.Disconnect unpack(long packed) {
    return new ShardStats.Disconnect(
        Instant.ofEpochMilli(packed >>> (CODE_BITS + CAUSE_BITS)),
        CAUSES[(int) packed & ((1 << CAUSE_BITS) - 1)],
        (int) (packed >>> CAUSE_BITS) & 0xffff);
  }
}
