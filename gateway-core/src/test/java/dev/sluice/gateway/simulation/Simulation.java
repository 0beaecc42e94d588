package dev.sluice.gateway.simulation;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Scratch;
import dev.sluice.gateway.StopMode;
import java.net.URI;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One bot and one gateway on a virtual clock in one thread. A seed determines everything: the
 * number of shards, what goes wrong and when. First everything goes wrong for a while, then nothing
 * does any more, and every shard has to be ready again; in the end all of them stop.
 */
final class Simulation {

  private static final long MAX_STEPS = 50_000_000;
  private static final long LOOK_NANOS = 5 * VirtualTime.SECOND;
  private static final int LINES = 40;

  private final Settings settings;
  private final VirtualTime time;
  private final Trace trace;
  private final Judge judge;
  private final SimulatedNetwork network;
  private final SimulatedGateway gateway;
  private final SimulatedBot bot;
  private final Chaos chaos;
  private final GatewayConfig config;
  private final Scratch scratch = Scratch.create();
  private final SplittableRandom traffic;
  private boolean trafficFlows = true;
  private boolean ending;

  private Simulation(long seed) {
    settings = new Settings(seed);
    SplittableRandom random = new SplittableRandom(~seed);
    // Some clocks wrap in the middle.
    long origin =
        random.nextBoolean()
            ? random.nextLong()
            : Long.MAX_VALUE - random.nextLong(2 * settings.chaosNanos);
    time = new VirtualTime(origin);
    trace = new Trace(time, settings.shards);
    config =
        GatewayConfig.builder(
                SimulatedGateway.TOKEN, Intents.of(Intent.GUILDS, Intent.GUILD_MESSAGES))
            .gatewayUri(URI.create("wss://" + SimulatedGateway.HOST))
            .encoding(settings.encoding)
            .compression(settings.compression)
            .identifyPermitsGranted()
            .maxMessageBytes(SimulatedGateway.MAX_MESSAGE_BYTES)
            .maxUnacknowledged(settings.maxUnacknowledged)
            .instantSource(time)
            .build();
    judge = new Judge(this);
    network = new SimulatedNetwork(this, random.split());
    gateway = new SimulatedGateway(this, random.split());
    bot = new SimulatedBot(this, random.split());
    chaos = new Chaos(this, random.split());
    traffic = random.split();
  }

  /** Runs what a seed stands for. */
  static Outcome run(long seed) {
    Simulation simulation = new Simulation(seed);
    String failure = null;
    Invariant invariant = null;
    try {
      simulation.run();
    } catch (Violation violation) {
      invariant = violation.invariant();
      failure = simulation.describe(violation, violation.shard());
    } catch (RuntimeException | AssertionError unexpected) {
      invariant = Invariant.NO_EXCEPTION;
      failure = simulation.describe(unexpected, simulation.trace.lastShard());
    }
    return new Outcome(
        seed,
        simulation.settings.shards,
        simulation.time.now(),
        simulation.time.steps(),
        simulation.gateway.events(),
        simulation.chaos.faults(),
        simulation.trace.hash(),
        invariant,
        failure);
  }

  VirtualTime time() {
    return time;
  }

  Settings settings() {
    return settings;
  }

  Trace trace() {
    return trace;
  }

  Judge judge() {
    return judge;
  }

  SimulatedNetwork network() {
    return network;
  }

  SimulatedGateway gateway() {
    return gateway;
  }

  SimulatedBot bot() {
    return bot;
  }

  GatewayConfig config() {
    return config;
  }

  Scratch scratch() {
    return scratch;
  }

  /** Whether shards that stop are to stay so. */
  boolean ending() {
    return ending;
  }

  private void run() {
    bot.start();
    scheduleTraffic();
    chaos.start();
    runUntil(settings.chaosNanos);
    chaos.stop();
    awaitReady(settings.chaosNanos + recoveryNanos());
    runUntil(time.now() + 2 * settings.heartbeatMillis * VirtualTime.MILLI);
    requireReady();
    trafficFlows = false;
    awaitAllHandled();
    requireReady();
    stopAll();
  }

  private void runUntil(long timeNanos) {
    while (time.now() < timeNanos) {
      time.runUntil(Math.min(timeNanos, time.now() + VirtualTime.MINUTE));
      if (time.steps() > MAX_STEPS) {
        throw new Violation(Invariant.ENDS, trace.lastShard(), "more than " + MAX_STEPS + " steps");
      }
    }
  }

  private void scheduleTraffic() {
    double seconds = -Math.log(1 - traffic.nextDouble()) / settings.eventsPerSecond;
    time.after(
        (long) (seconds * VirtualTime.SECOND),
        () -> {
          if (trafficFlows) {
            gateway.dispatchAny();
            scheduleTraffic();
          }
        });
  }

  /**
   * The longest that a shard may need without a fault: to find a dead transport, to get past a
   * message that breaks it, with the longest backoff each time, and its turn to identify, which may
   * be tomorrow if no session start is left.
   */
  private long recoveryNanos() {
    long find = 12 * settings.heartbeatMillis * VirtualTime.MILLI;
    long backoff = 10 * VirtualTime.MINUTE;
    long identify = 2L * (settings.shards / settings.maxConcurrency + 1) * 6 * VirtualTime.SECOND;
    long budget = settings.scarceStarts ? 25 * VirtualTime.HOUR : 0;
    return find + backoff + identify + budget + settings.handlingNanos;
  }

  private void awaitReady(long deadlineNanos) {
    while (unready() != null && time.now() < deadlineNanos) {
      runUntil(time.now() + LOOK_NANOS);
    }
    requireReady();
  }

  private void requireReady() {
    SimulatedShard unready = unready();
    if (unready != null) {
      throw new Violation(
          Invariant.READY_AGAIN,
          unready.id(),
          "in "
              + unready.state()
              + ' '
              + (time.now() - settings.chaosNanos) / VirtualTime.SECOND
              + " s after the last fault");
    }
  }

  /** A shard without a live session over a live transport, null when there is none. */
  private @Nullable SimulatedShard unready() {
    for (SimulatedShard shard : bot.shards()) {
      SimulatedTransport transport = shard.transport();
      boolean alive =
          shard.state() == GatewayState.READY
              && shard.connection() != null
              && transport != null
              && transport.serverOpen
              && !transport.acksWithheldForGood // it is found dead sooner or later
              && !transport.up.dead
              && !transport.down.dead;
      if (!alive && shard.state() != GatewayState.FATAL) {
        return shard;
      }
    }
    return null;
  }

  /** A slow application takes its time for each of the events that were ever given out. */
  private void awaitAllHandled() {
    long deadline =
        time.now() + 30 * VirtualTime.SECOND + (1 + mostUnhandled()) * settings.handlingNanos;
    while (mostUnhandled() > 0 && time.now() < deadline) {
      runUntil(time.now() + LOOK_NANOS);
    }
    for (SimulatedShard shard : bot.shards()) {
      int unhandled = firstUnhandled(shard);
      if (unhandled >= 0) {
        throw new Violation(
            Invariant.NO_EVENT_LOST, shard.id(), "event " + unhandled + " was not handled");
      }
    }
  }

  private long mostUnhandled() {
    long most = 0;
    for (SimulatedShard shard : bot.shards()) {
      if (firstUnhandled(shard) >= 0) {
        SessionRecord record = requireNonNull(shard.record());
        most = Math.max(most, record.dispatched.cardinality() - record.handled.cardinality());
      }
    }
    return most;
  }

  /** The first event of a shard's live session that is not handled, -1 for none. */
  private static int firstUnhandled(SimulatedShard shard) {
    SessionRecord record = shard.record();
    boolean lives =
        record != null
            && shard.state() == GatewayState.READY
            && !record.tainted
            && !record.session.ended();
    return lives ? requireNonNull(record).unhandled(Long.MAX_VALUE) : -1;
  }

  private void stopAll() {
    ending = true;
    for (SimulatedShard shard : bot.shards()) {
      GatewayConnection connection = shard.connection();
      if (connection != null && !connection.state().isTerminal()) {
        shard.stop(traffic.nextBoolean() ? StopMode.RESTART : StopMode.GOODBYE);
      }
    }
    runUntil(time.now() + 10 * VirtualTime.SECOND);
    for (SimulatedShard shard : bot.shards()) {
      judge.require(
          shard.connection() == null || shard.state() == GatewayState.FATAL,
          Invariant.STOPS,
          shard,
          "stopped 10 s ago, but in " + shard.state());
    }
  }

  private String describe(Throwable thrown, int shard) {
    StringBuilder text = new StringBuilder();
    text.append("seed ").append(settings.seed).append(": ");
    if (thrown instanceof Violation violation) {
      text.append(violation.invariant()).append(": ").append(violation.getMessage());
    } else {
      text.append(thrown);
      for (StackTraceElement element : thrown.getStackTrace()) {
        if (element.getClassName().startsWith("dev.sluice")) {
          text.append("\n    at ").append(element);
        }
      }
    }
    text.append("\nshard ").append(shard).append(" at ").append(Trace.stamp(time.now()));
    text.append("\n").append(settings);
    text.append("\nagain: mvn -q -Psimulation -pl gateway-core -Dseed=")
        .append(settings.seed)
        .append('\n');
    for (String line : trace.last(shard, LINES)) {
      text.append("  ").append(line).append('\n');
    }
    return text.toString();
  }

  /**
   * What became of a run.
   *
   * @param invariant what did not hold, or null
   * @param failure the same in full, or null
   */
  record Outcome(
      long seed,
      int shards,
      long virtualNanos,
      long steps,
      long events,
      long faults,
      long traceHash,
      @Nullable Invariant invariant,
      @Nullable String failure) {

    double shardHours() {
      return (double) shards * virtualNanos / VirtualTime.HOUR;
    }
  }
}
