package dev.sluice.gateway;

/**
 * Whether the peer is alive, judged each time that a heartbeat is due.
 *
 * <p>Any inbound message proves life, for an ACK can queue behind a flood of events; but a peer
 * that goes on sending without an ACK for four intervals is taken for dead all the same. Pauses of
 * reading are the driver's own doing and do not count against the peer, up to a cap; after one a
 * whole interval of reading passes before the next judgement. Further pauses only suspend that
 * interval, unless something was read in between; so they do not hide a dead peer, however often
 * they recur.
 */
final class HeartbeatMonitor {

  static final int MAX_UNACKED_INTERVALS = 4;
  static final long PAUSE_CAP_NANOS = 600_000_000_000L;

  private long intervalNanos;
  private boolean ackOutstanding;
  private long lastSentNanos;
  private long unackedSinceNanos;
  private boolean inbound;
  private boolean paused;
  private long pausedAtNanos;
  private boolean graceGiven; // and nothing received since
  private long graceLeftNanos; // of reading; 0 for no grace
  private long graceSinceNanos; // when reading began
  private long lastLatencyNanos;
  private long totalLatencyNanos;
  private int acks;

  /** Starts afresh, as every transport does; the latencies and a pause go on. */
  void reset() {
    intervalNanos = 0;
    ackOutstanding = false;
    inbound = false;
    graceGiven = false;
    graceLeftNanos = 0;
  }

  void interval(long intervalNanos) {
    this.intervalNanos = intervalNanos;
    ackOutstanding = false;
  }

  /** 0 before HELLO. */
  long intervalNanos() {
    return intervalNanos;
  }

  /** Called for every message: two stores, no clock. */
  void received() {
    inbound = true;
    graceGiven = false;
  }

  /**
   * A heartbeat that the timer asked for was handed out; those the gateway asks for do not count.
   */
  void sent(long nowNanos) {
    if (!ackOutstanding) {
      ackOutstanding = true;
      unackedSinceNanos = nowNanos;
    }
    lastSentNanos = nowNanos;
    inbound = false;
  }

  /** Returns whether it answers a heartbeat of the timer, and so measured a latency. */
  boolean acked(long nowNanos) {
    if (!ackOutstanding) {
      return false;
    }
    ackOutstanding = false;
    lastLatencyNanos = nowNanos - lastSentNanos;
    totalLatencyNanos += lastLatencyNanos;
    acks++;
    return true;
  }

  /** A transport is up; a pause that goes on is of this one from here. */
  void opened(long nowNanos) {
    pausedAtNanos = nowNanos;
  }

  void paused(long nowNanos) {
    if (!paused) {
      paused = true;
      pausedAtNanos = nowNanos;
      if (graceLeftNanos > 0) {
        graceLeftNanos = Math.max(0, graceLeftNanos - (nowNanos - graceSinceNanos));
      }
    }
  }

  /** Returns whether this ended a pause. */
  boolean resumed(long nowNanos) {
    if (!paused) {
      return false;
    }
    paused = false;
    if (!graceGiven) {
      graceGiven = true;
      graceLeftNanos = intervalNanos;
    }
    graceSinceNanos = nowNanos;
    // Of a beat that was sent within the pause, only what came after it was waited in vain.
    long excused = nowNanos - pausedAtNanos;
    if (unackedSinceNanos - pausedAtNanos > 0) {
      excused = nowNanos - unackedSinceNanos;
    }
    unackedSinceNanos += Math.min(excused, PAUSE_CAP_NANOS);
    return true;
  }

  /** Whether silence is the driver's doing: it does not read, and not for longer than the cap. */
  boolean isExcused(long nowNanos) {
    return paused && nowNanos - pausedAtNanos <= PAUSE_CAP_NANOS;
  }

  /** Asked when a heartbeat is due. */
  boolean isZombie(long nowNanos) {
    if (!ackOutstanding) {
      return false;
    }
    if (paused) {
      return !isExcused(nowNanos);
    }
    if (graceLeftNanos > 0) {
      if (nowNanos - graceSinceNanos < graceLeftNanos) {
        // Events and pauses that alternate must not hide it for ever.
        return isLongUnacked(nowNanos);
      }
      graceLeftNanos = 0;
    }
    return !inbound || isLongUnacked(nowNanos);
  }

  /** Time in which the driver did not read is not counted. */
  private boolean isLongUnacked(long nowNanos) {
    return nowNanos - unackedSinceNanos >= MAX_UNACKED_INTERVALS * intervalNanos;
  }

  /** 0 before the first. */
  long lastLatencyNanos() {
    return lastLatencyNanos;
  }

  /** 0 before the first. */
  long meanLatencyNanos() {
    return acks == 0 ? 0 : totalLatencyNanos / acks;
  }

  int acks() {
    return acks;
  }
}
