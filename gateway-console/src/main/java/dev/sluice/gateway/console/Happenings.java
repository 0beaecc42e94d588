package dev.sluice.gateway.console;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.SessionLost;
import dev.sluice.gateway.console.Happening.Kind;
import dev.sluice.gateway.console.Happening.Level;
import dev.sluice.gateway.netty.GatewayApiException;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardListener;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jctools.queues.MpscArrayQueue;

/**
 * Hears what happens to the shards, on their event loops, and hands it to the console's thread
 * without waiting for it: through a queue with a bound, beyond which things are only counted.
 */
final class Happenings implements ShardListener {

  /** How many may wait; they are fetched once a second. */
  static final int CAPACITY = 1 << 15;

  private final Queue<Happening> queue = new MpscArrayQueue<>(CAPACITY);
  private final AtomicLong omitted = new AtomicLong();
  private final Transitions transitions;
  private final InstantSource clock;

  Happenings(Transitions transitions, InstantSource clock) {
    this.transitions = transitions;
    this.clock = clock;
  }

  /** {@return what came since the last call, in its order; on the console's thread} */
  List<Happening> drain() {
    List<Happening> drained = new ArrayList<>();
    for (int i = 0; i < CAPACITY; i++) {
      Happening next = queue.poll();
      if (next == null) {
        break;
      }
      drained.add(next);
    }
    long unseen = omitted.getAndSet(0);
    if (unseen > 0) {
      drained.add(
          Happening.ofBot(
              Kind.OMITTED,
              Level.WARN,
              clock.millis(),
              String.format(
                  Locale.ROOT, "%,d more happenings came at once and are not listed", unseen)));
    }
    return drained;
  }

  /** Adds something, on any thread. */
  void add(Happening happening) {
    if (!queue.offer(happening)) {
      omitted.incrementAndGet();
    }
  }

  private void add(Kind kind, Level level, Shard shard, String cause, String text) {
    add(new Happening(kind, level, cause, shard.id(), clock.millis(), text));
  }

  @Override
  public void onStateChange(Shard shard, GatewayState from, GatewayState to) {
    transitions.add(shard.id(), clock.millis(), from, to);
    if (to == GatewayState.STOPPED) {
      add(Kind.STOPPED, Level.INFO, shard, "stopped", "stopped");
    }
  }

  @Override
  public void onReconnect(Shard shard, Reconnect reconnect) {
    Reconnect.Cause cause = reconnect.cause();
    if (cause == Reconnect.Cause.START || cause == Reconnect.Cause.DIAL_FAILED) {
      return; // the first is none, the second is told with its reason
    }
    add(
        Kind.DISCONNECTED,
        cause == Reconnect.Cause.REQUESTED ? Level.INFO : Level.WARN,
        shard,
        inWords(cause),
        reconnect.detail() + "; dials again " + in(reconnect.delayNanos()));
  }

  private static String inWords(Reconnect.Cause cause) {
    return switch (cause) {
      case START -> "start";
      case DIAL_FAILED -> "the dial failed";
      case TIMED_OUT -> "the gateway did not answer in time";
      case CLOSED -> "the gateway closed the transport";
      case LOST -> "the transport was lost without a close frame";
      case REQUESTED -> "asked to reconnect";
      case INVALID_SESSION -> "the gateway invalidated the session";
      case ZOMBIE -> "heartbeats were not acknowledged";
      case PROTOCOL_ERROR -> "the gateway sent bytes that are no payload";
    };
  }

  private static String in(long delayNanos) {
    return delayNanos < TimeUnit.MILLISECONDS.toNanos(50)
        ? "at once"
        : String.format(Locale.ROOT, "in %.1f s", delayNanos / 1e9);
  }

  @Override
  public void onDialFailure(Shard shard, URI uri, Throwable cause) {
    String reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : describe(cause);
    add(
        Kind.DIAL_FAILED,
        Level.WARN,
        shard,
        "a dial of " + uri.getHost() + " failed",
        "a dial of " + uri.getHost() + " failed: " + reason);
  }

  private static String describe(Throwable cause) {
    return cause.getClass().getSimpleName() + ": " + cause.getMessage();
  }

  @Override
  public void onReady(Shard shard) {
    add(Kind.NEW_SESSION, Level.INFO, shard, "ready with a new session", "ready, a new session");
  }

  @Override
  public void onResumed(Shard shard, long replayed) {
    add(
        Kind.RESUMED,
        Level.INFO,
        shard,
        "resumed",
        String.format(Locale.ROOT, "resumed, %,d events replayed", replayed));
  }

  @Override
  public void onSessionLost(Shard shard, SessionLost lost) {
    add(
        Kind.SESSION_LOST,
        Level.WARN,
        shard,
        "the session was lost",
        String.format(
            Locale.ROOT,
            "the session was lost, %,d of its events were handled: %s",
            lost.handledSequence(),
            lost.reason()));
  }

  @Override
  public void onGuildsLoaded(Shard shard, int loaded, int missing) {
    add(
        Kind.GUILDS_LOADED,
        missing > 0 ? Level.WARN : Level.INFO,
        shard,
        missing > 0 ? "not all guilds have come" : "guilds loaded",
        missing > 0
            ? String.format(Locale.ROOT, "%,d guilds loaded, %,d have not come", loaded, missing)
            : String.format(Locale.ROOT, "%,d guilds loaded", loaded));
  }

  @Override
  public void onFatal(Shard shard, CloseCode closeCode, String advice) {
    String refusal = "refused for good with " + closeCode.code() + " (" + closeCode + ')';
    add(Kind.FATAL, Level.ERROR, shard, refusal, refusal + ": " + advice);
  }

  @Override
  public void onApiFailure(GatewayApiException failure, Duration delay) {
    add(
        Happening.ofBot(
            Kind.API_FAILURE,
            Level.WARN,
            clock.millis(),
            "cannot start yet: " + failure.getMessage() + "; asks again " + in(delay.toNanos())));
  }
}
