package dev.sluice.gateway.testkit;

import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.server.ServerSession;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Gives the sessions of a gateway their events, in small portions. Confined to its event loop. */
final class TrafficRunner {

  private static final long TICK_MILLIS = 5;
  private static final int MAX_EVENTS_A_TICK = 5_000;
  private static final int UNLIMITED_PORTION = 32;
  private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Traffic traffic;
  private final TrafficGenerator generator;
  private final List<ServerSession> sessions;
  private final Predicate<ServerSession> drained;
  private final NanoClock clock;
  private final EventLoop loop;

  private @Nullable Future<?> nextTick;
  private long startNanos;
  private long produced;
  private int cursor;

  /**
   * Makes a runner that rests.
   *
   * @param sessions who gets events, in turn; read anew at each tick
   * @param drained whether the client of a session took everything so far
   */
  TrafficRunner(
      Traffic traffic,
      TrafficGenerator generator,
      List<ServerSession> sessions,
      Predicate<ServerSession> drained,
      NanoClock clock,
      EventLoop loop) {
    this.traffic = traffic;
    this.generator = generator;
    this.sessions = sessions;
    this.drained = drained;
    this.clock = clock;
    this.loop = loop;
  }

  void start() {
    restartClock();
    tick();
  }

  void stop() {
    if (nextTick != null) {
      nextTick.cancel(false);
    }
  }

  /** {@return how many events are due and not made yet} */
  long owed() {
    if (traffic.eventsPerSecond() == Traffic.UNLIMITED) {
      return 0;
    }
    long elapsed = clock.nanoTime() - startNanos;
    long due =
        elapsed / NANOS_PER_SECOND * traffic.eventsPerSecond()
            + elapsed % NANOS_PER_SECOND * traffic.eventsPerSecond() / NANOS_PER_SECOND;
    return due - produced;
  }

  private void restartClock() {
    startNanos = clock.nanoTime();
    produced = 0;
  }

  private void tick() {
    long delayMicros = TimeUnit.MILLISECONDS.toMicros(TICK_MILLIS);
    if (sessions.isEmpty()) {
      restartClock(); // nobody is owed what nobody could get
    } else if (traffic.eventsPerSecond() == Traffic.UNLIMITED) {
      // Scheduled, not executed: an event loop would go on with tasks for long before it reads.
      delayMicros = runUnlimited() ? 1 : TimeUnit.MILLISECONDS.toMicros(1);
    } else {
      runAtRate();
    }
    nextTick = loop.schedule(this::tick, delayMicros, TimeUnit.MICROSECONDS);
  }

  private void runAtRate() {
    long events = Math.min(owed(), MAX_EVENTS_A_TICK);
    for (long i = 0; i < events && !sessions.isEmpty(); i++) {
      cursor = cursor + 1 < sessions.size() ? cursor + 1 : 0;
      produce(sessions.get(cursor));
    }
  }

  private boolean runUnlimited() {
    boolean any = false;
    // By index from the end: an event may end its session, which then leaves the list.
    for (int i = sessions.size() - 1; i >= 0; i--) {
      ServerSession session = sessions.get(i);
      if (drained.test(session)) {
        any = true;
        for (int n = 0; n < UNLIMITED_PORTION && !session.ended(); n++) {
          produce(session);
        }
      }
    }
    return any;
  }

  private void produce(ServerSession session) {
    produced++;
    String type = generator.next(session.shard());
    session.dispatch(type, generator.data());
  }
}
