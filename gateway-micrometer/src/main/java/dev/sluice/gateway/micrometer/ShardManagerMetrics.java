package dev.sluice.gateway.micrometer;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.netty.LatencyStats;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerStats;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;

/**
 * Binds the figures of a {@link ShardManager} to a meter registry.
 *
 * <pre>{@code
 * ShardManagerMetrics metrics = new ShardManagerMetrics(manager);
 * metrics.bindTo(registry);
 * ...
 * metrics.close(); // removes the meters
 * }</pre>
 *
 * <table>
 * <caption>The meters. Counters count from the start of the manager.</caption>
 * <tr><th>name</th><th>kind, unit</th><th>tags</th><th>what it is</th></tr>
 * <tr><td>{@code sluice.gateway.live}</td><td>gauge</td><td></td><td>1 while the event loops answer, else 0</td></tr>
 * <tr><td>{@code sluice.gateway.ready}</td><td>gauge</td><td></td><td>1 while enough shards are READY, else 0</td></tr>
 * <tr><td>{@code sluice.gateway.shards}</td><td>gauge</td><td>{@code state}</td><td>shards in each state</td></tr>
 * <tr><td>{@code sluice.gateway.dispatches}</td><td>counter</td><td>{@code type}</td><td>dispatches received; a name that is not documented is of type {@code UNKNOWN}</td></tr>
 * <tr><td>{@code sluice.gateway.received}</td><td>counter, bytes</td><td></td><td>WebSocket messages received, before inflation</td></tr>
 * <tr><td>{@code sluice.gateway.inflated}</td><td>counter, bytes</td><td></td><td>payloads received, after inflation</td></tr>
 * <tr><td>{@code sluice.gateway.sent}</td><td>counter, bytes</td><td></td><td>payloads sent</td></tr>
 * <tr><td>{@code sluice.gateway.sent.messages}</td><td>counter</td><td></td><td>payloads sent, heartbeats included</td></tr>
 * <tr><td>{@code sluice.gateway.reconnects}</td><td>counter</td><td>{@code cause}</td><td>transports that ended and were to be replaced, and dials that failed</td></tr>
 * <tr><td>{@code sluice.gateway.close.frames}</td><td>counter</td><td>{@code from}, {@code code}</td><td>close frames from the {@code gateway} and from {@code us}; a code that is not known is {@code other}</td></tr>
 * <tr><td>{@code sluice.gateway.dial.failures}</td><td>counter</td><td></td><td>dials that led to no WebSocket</td></tr>
 * <tr><td>{@code sluice.gateway.heartbeat.latency}</td><td>timer</td><td></td><td>from the write of a heartbeat to its ACK</td></tr>
 * <tr><td>{@code sluice.gateway.heartbeat.latency.percentile}</td><td>gauge, seconds</td><td>{@code phi}</td><td>its percentiles over the last one to two minutes</td></tr>
 * <tr><td>{@code sluice.gateway.heartbeat.latency.histogram}</td><td>counter</td><td>{@code le}</td><td>how many were at most so many seconds</td></tr>
 * <tr><td>{@code sluice.gateway.identifies}</td><td>counter</td><td></td><td>sessions started</td></tr>
 * <tr><td>{@code sluice.gateway.identifies.waiting}</td><td>gauge</td><td></td><td>shards that want to identify and have not yet</td></tr>
 * <tr><td>{@code sluice.gateway.identifies.blocked}</td><td>gauge</td><td></td><td>1 while no shard may identify: the breaker tripped, or the gateway refused the whole bot</td></tr>
 * <tr><td>{@code sluice.gateway.identifies.blocked.shards}</td><td>gauge</td><td></td><td>shards that the breaker lets identify no more by themselves</td></tr>
 * <tr><td>{@code sluice.gateway.identify.wait}</td><td>timer</td><td></td><td>from the wish to dial without a session to IDENTIFY</td></tr>
 * <tr><td>{@code sluice.gateway.identify.wait.percentile}</td><td>gauge, seconds</td><td>{@code phi}</td><td>its percentiles over the last one to two minutes</td></tr>
 * <tr><td>{@code sluice.gateway.identify.wait.histogram}</td><td>counter</td><td>{@code le}</td><td>how many were at most so many seconds</td></tr>
 * <tr><td>{@code sluice.gateway.session.starts.left}</td><td>gauge</td><td></td><td>session starts left in this window; NaN when not known</td></tr>
 * <tr><td>{@code sluice.gateway.resumes}</td><td>counter</td><td></td><td>sessions resumed</td></tr>
 * <tr><td>{@code sluice.gateway.resume.failures}</td><td>counter</td><td>{@code cause}</td><td>transports that ended while a session was being resumed</td></tr>
 * <tr><td>{@code sluice.gateway.sessions.lost}</td><td>counter</td><td></td><td>sessions that could not be resumed any more</td></tr>
 * <tr><td>{@code sluice.gateway.session.store.failures}</td><td>counter</td><td></td><td>sessions that the store failed to load, store or remove</td></tr>
 * <tr><td>{@code sluice.gateway.session.store.writes}</td><td>counter</td><td>{@code outcome}</td><td>sessions that a directory {@code stored} or {@code refused} for their stale epoch; this and what follows of a store are 0 for another kind of store</td></tr>
 * <tr><td>{@code sluice.gateway.session.store.disk.failures}</td><td>counter</td><td></td><td>reads, writes and waits for the disk that failed</td></tr>
 * <tr><td>{@code sluice.gateway.session.store.corrupt}</td><td>counter</td><td></td><td>records and files that were not whole and were put aside</td></tr>
 * <tr><td>{@code sluice.gateway.session.store.batches}</td><td>counter</td><td></td><td>how many times what waited was written</td></tr>
 * <tr><td>{@code sluice.gateway.session.store.syncs}</td><td>counter</td><td></td><td>how many times the disk was waited for</td></tr>
 * <tr><td>{@code sluice.gateway.session.store.waiting}</td><td>gauge</td><td></td><td>sessions that wait to be written</td></tr>
 * <tr><td>{@code sluice.gateway.handler.failures}</td><td>counter</td><td></td><td>events whose handling threw</td></tr>
 * <tr><td>{@code sluice.gateway.events.filtered}</td><td>counter</td><td></td><td>events that the filter kept from the application</td></tr>
 * <tr><td>{@code sluice.gateway.events.unhandled}</td><td>gauge</td><td></td><td>events received that wait to be acknowledged</td></tr>
 * <tr><td>{@code sluice.gateway.pauses}</td><td>timer</td><td></td><td>pauses of a shard's reading; those that go on count for the time</td></tr>
 * <tr><td>{@code sluice.gateway.paused.shards}</td><td>gauge</td><td></td><td>shards whose reading is paused</td></tr>
 * <tr><td>{@code sluice.gateway.commands.failed}</td><td>counter</td><td>{@code outcome}</td><td>commands {@code refused} or {@code dropped}</td></tr>
 * <tr><td>{@code sluice.gateway.event.loop.lag}</td><td>timer</td><td>{@code loop}</td><td>how late an event loop was, measured every 100 ms</td></tr>
 * <tr><td>{@code sluice.gateway.event.loop.lag.percentile}</td><td>gauge, seconds</td><td>{@code loop}, {@code phi}</td><td>its percentiles over the last one to two minutes</td></tr>
 * <tr><td>{@code sluice.gateway.event.loop.dispatches}</td><td>counter</td><td>{@code loop}</td><td>dispatches received on an event loop</td></tr>
 * <tr><td>{@code sluice.gateway.event.loop.shards}</td><td>gauge</td><td>{@code loop}</td><td>shards on an event loop</td></tr>
 * <tr><td>{@code sluice.gateway.shard.ready}</td><td>gauge</td><td>{@code shard}, {@code shards}</td><td>1 while a shard is READY, else 0; with {@link #ShardManagerMetrics(ShardManager, Iterable, int)} only</td></tr>
 * <tr><td>{@code sluice.gateway.shard.dispatches}</td><td>gauge</td><td>{@code shard}, {@code shards}</td><td>dispatches that a shard received; likewise</td></tr>
 * <tr><td>{@code sluice.gateway.shard.events.unhandled}</td><td>gauge</td><td>{@code shard}, {@code shards}</td><td>events of a shard that wait to be acknowledged; likewise</td></tr>
 * <tr><td>{@code sluice.gateway.shard.heartbeat.latency}</td><td>gauge, seconds</td><td>{@code shard}, {@code shards}</td><td>the last latency of a shard; likewise</td></tr>
 * </table>
 *
 * <p>All values of the tags are known beforehand, so the number of time series is bounded: some 200
 * for a manager, and 8 for each event loop. The {@code .histogram} counters carry the upper bounds
 * that {@code histogram_quantile} of Prometheus expects, and add up over processes.
 *
 * <p>Reading is cheap: the manager is asked at most once a second. The meters hold the manager only
 * weakly. Thread-safe.
 */
public final class ShardManagerMetrics implements MeterBinder, AutoCloseable {

  private static final String PREFIX = "sluice.gateway.";
  private static final String OTHER = "other";
  private static final double[] PERCENTILES = {50, 99, 100};
  private static final long[] BOUNDS_MILLIS = {
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000
  };

  private final ShardManager manager;
  private final Tags tags;
  private final Snapshots snapshots;
  private final int maxShards;
  private final List<Binding> bindings = new ArrayList<>(); // guarded by this

  /**
   * Creates a binder.
   *
   * @param manager the manager, started or not
   */
  public ShardManagerMetrics(ShardManager manager) {
    this(manager, List.of());
  }

  /**
   * Creates a binder with tags.
   *
   * @param manager the manager, started or not
   * @param tags for every meter, such as the name of the bot when a process runs several
   */
  public ShardManagerMetrics(ShardManager manager, Iterable<Tag> tags) {
    this(manager, tags, 0);
  }

  /**
   * Creates a binder with meters for single shards.
   *
   * @param manager the manager, started or not
   * @param tags for every meter
   * @param maxShards how many shards get meters of their own, those with the lowest ids; 0 for
   *     none. Each is four time series
   * @throws IllegalArgumentException if it is negative
   */
  public ShardManagerMetrics(ShardManager manager, Iterable<Tag> tags, int maxShards) {
    this(manager, tags, maxShards, System::nanoTime);
  }

  ShardManagerMetrics(
      ShardManager manager, Iterable<Tag> tags, int maxShards, LongSupplier nanoTime) {
    if (maxShards < 0) {
      throw new IllegalArgumentException("maxShards: " + maxShards + " (expected: >= 0)");
    }
    this.manager = requireNonNull(manager, "manager");
    this.tags = Tags.of(tags);
    this.snapshots = new Snapshots(manager, nanoTime);
    this.maxShards = maxShards;
  }

  /**
   * Registers the meters.
   *
   * @param registry where; may be one of several
   */
  @Override
  public synchronized void bindTo(MeterRegistry registry) {
    Binding meters = new Binding(registry, manager, tags);
    bindings.add(meters);
    bindShards(meters);
    bindTraffic(meters);
    bindConnections(meters);
    bindSessions(meters);
    bindSessionStore(meters);
    bindHandling(meters);
    bindLoops(meters);
    if (maxShards > 0) {
      bindEachShard(meters);
    }
  }

  /** Removes the meters from every registry that they were bound to. */
  @Override
  public synchronized void close() {
    bindings.forEach(Binding::remove);
    bindings.clear();
  }

  private ToDoubleFunction<ShardManager> stats(ToDoubleFunction<ShardManagerStats> value) {
    return m -> value.applyAsDouble(snapshots.now());
  }

  private static double of(Map<?, Long> counts, Object key) {
    Long count = counts.get(key);
    return count == null ? 0 : count;
  }

  private void bindShards(Binding meters) {
    meters.gauge(PREFIX + "live", "1 while the event loops answer", m -> m.health().live() ? 1 : 0);
    meters.gauge(
        PREFIX + "ready", "1 while enough shards are READY", m -> m.health().ready() ? 1 : 0);
    for (GatewayState state : GatewayState.values()) {
      meters.gauge(
          PREFIX + "shards",
          "shards in each state",
          stats(stats -> stats.shards(state)),
          Tag.of("state", name(state)));
    }
  }

  private void bindTraffic(Binding meters) {
    for (EventType type : EventType.values()) {
      meters.counter(
          PREFIX + "dispatches",
          "dispatches received",
          stats(stats -> of(stats.traffic().eventsByType(), type)),
          Tag.of("type", type.name()));
    }
    meters.bytes(
        PREFIX + "received",
        "WebSocket messages received, before inflation",
        stats(stats -> stats.traffic().receivedBytes()));
    meters.bytes(
        PREFIX + "inflated",
        "payloads received, after inflation",
        stats(stats -> stats.traffic().payloadBytes()));
    meters.bytes(PREFIX + "sent", "payloads sent", stats(stats -> stats.traffic().sentBytes()));
    meters.counter(
        PREFIX + "sent.messages", "payloads sent", stats(stats -> stats.traffic().sentMessages()));
  }

  private void bindConnections(Binding meters) {
    for (Reconnect.Cause cause : Reconnect.Cause.values()) {
      if (cause != Reconnect.Cause.START) {
        meters.counter(
            PREFIX + "reconnects",
            "transports that ended and were to be replaced",
            stats(stats -> of(stats.connections().reconnects(), cause)),
            Tag.of("cause", name(cause)));
      }
    }
    for (CloseCode code : CloseCode.values()) {
      closeFrames(
          meters,
          "gateway",
          code == CloseCode.UNKNOWN ? OTHER : Integer.toString(code.code()),
          stats(stats -> of(stats.connections().receivedCloseCodes(), code)));
    }
    closeFrames(
        meters,
        "us",
        Integer.toString(CloseCode.CLOSE_TO_RESUME),
        stats(stats -> stats.connections().closesToResume()));
    closeFrames(
        meters,
        "us",
        Integer.toString(CloseCode.CLOSE_FOR_GOOD),
        stats(stats -> stats.connections().closesForGood()));
    meters.counter(
        PREFIX + "dial.failures",
        "dials that led to no WebSocket",
        stats(stats -> stats.connections().dialFailures()));
    bindLatency(
        meters,
        PREFIX + "heartbeat.latency",
        "from the write of a heartbeat to its ACK",
        stats -> stats.connections().heartbeatLatency(),
        true);
  }

  private static void closeFrames(
      Binding meters, String from, String code, ToDoubleFunction<ShardManager> count) {
    meters.counter(
        PREFIX + "close.frames", "close frames", count, Tag.of("from", from), Tag.of("code", code));
  }

  private void bindSessions(Binding meters) {
    meters.counter(
        PREFIX + "identifies", "sessions started", stats(stats -> stats.sessions().identifies()));
    meters.gauge(
        PREFIX + "identifies.waiting",
        "shards that want to identify and have not yet",
        stats(stats -> stats.sessions().identifiesWaiting()));
    meters.gauge(
        PREFIX + "identifies.blocked",
        "1 while no shard may identify",
        m -> m.identifyBreaker().fleetBlocked() || m.fatalCloseCode() != null ? 1 : 0);
    meters.gauge(
        PREFIX + "identifies.blocked.shards",
        "shards that the breaker lets identify no more by themselves",
        m -> m.identifyBreaker().blockedShards().size());
    bindLatency(
        meters,
        PREFIX + "identify.wait",
        "from the wish to dial without a session to IDENTIFY",
        stats -> stats.sessions().identifyWait(),
        true);
    meters.gauge(
        PREFIX + "session.starts.left",
        "session starts left in this window",
        stats(
            stats ->
                stats.sessions().startsLeft() < 0 ? Double.NaN : stats.sessions().startsLeft()));
    meters.counter(
        PREFIX + "resumes", "sessions resumed", stats(stats -> stats.sessions().resumes()));
    for (Reconnect.Cause cause : Reconnect.Cause.values()) {
      if (cause != Reconnect.Cause.START && cause != Reconnect.Cause.DIAL_FAILED) {
        meters.counter(
            PREFIX + "resume.failures",
            "transports that ended while a session was being resumed",
            stats(stats -> of(stats.sessions().resumeFailures(), cause)),
            Tag.of("cause", name(cause)));
      }
    }
    meters.counter(
        PREFIX + "sessions.lost",
        "sessions that could not be resumed any more",
        stats(stats -> stats.sessions().lost()));
    meters.counter(
        PREFIX + "session.store.failures",
        "sessions that the store failed to load, store or remove",
        stats(stats -> stats.sessions().storeFailures()));
  }

  private void bindSessionStore(Binding meters) {
    meters.counter(
        PREFIX + "session.store.writes",
        "sessions that were to be written",
        stats(stats -> stats.sessionStore().stored()),
        Tag.of("outcome", "stored"));
    meters.counter(
        PREFIX + "session.store.writes",
        "sessions that were to be written",
        stats(stats -> stats.sessionStore().refused()),
        Tag.of("outcome", "refused"));
    meters.counter(
        PREFIX + "session.store.disk.failures",
        "reads, writes and waits for the disk that failed",
        stats(stats -> stats.sessionStore().failed()));
    meters.counter(
        PREFIX + "session.store.corrupt",
        "records and files that were not whole and were put aside",
        stats(stats -> stats.sessionStore().corrupt()));
    meters.counter(
        PREFIX + "session.store.batches",
        "how many times what waited was written",
        stats(stats -> stats.sessionStore().batches()));
    meters.counter(
        PREFIX + "session.store.syncs",
        "how many times the disk was waited for",
        stats(stats -> stats.sessionStore().forced()));
    meters.gauge(
        PREFIX + "session.store.waiting",
        "sessions that wait to be written",
        stats(stats -> stats.sessionStore().waiting()));
  }

  private void bindHandling(Binding meters) {
    meters.counter(
        PREFIX + "handler.failures",
        "events whose handling threw",
        stats(stats -> stats.handling().handlerFailures()));
    meters.counter(
        PREFIX + "events.filtered",
        "events that the filter kept from the application",
        stats(stats -> stats.handling().filteredEvents()));
    meters.gauge(
        PREFIX + "events.unhandled",
        "events received that wait to be acknowledged",
        stats(stats -> stats.handling().unhandledEvents()));
    meters.timer(
        PREFIX + "pauses",
        "pauses of a shard's reading",
        m -> snapshots.now().handling().pauses(),
        stats(stats -> stats.handling().pausedNanos()));
    meters.gauge(
        PREFIX + "paused.shards",
        "shards whose reading is paused",
        stats(stats -> stats.handling().pausedShards()));
    meters.counter(
        PREFIX + "commands.failed",
        "commands that were not sent",
        stats(stats -> stats.handling().commandsRefused()),
        Tag.of("outcome", "refused"));
    meters.counter(
        PREFIX + "commands.failed",
        "commands that were not sent",
        stats(stats -> stats.handling().commandsDropped()),
        Tag.of("outcome", "dropped"));
  }

  private void bindLoops(Binding meters) {
    int loops = snapshots.now().loops().size();
    for (int i = 0; i < loops; i++) {
      int loop = i;
      Tag tag = Tag.of("loop", Integer.toString(i));
      bindLatency(
          meters,
          PREFIX + "event.loop.lag",
          "how late an event loop was",
          stats -> stats.loops().get(loop).lag(),
          false,
          tag);
      meters.counter(
          PREFIX + "event.loop.dispatches",
          "dispatches received on an event loop",
          stats(stats -> stats.loops().get(loop).events()),
          tag);
      meters.gauge(
          PREFIX + "event.loop.shards",
          "shards on an event loop",
          stats(stats -> stats.loops().get(loop).shards()),
          tag);
    }
  }

  private void bindEachShard(Binding meters) {
    meters.eachShard(
        PREFIX + "shard.ready",
        "1 while a shard is READY",
        null,
        shard -> shard.state() == GatewayState.READY ? 1 : 0);
    meters.eachShard(
        PREFIX + "shard.dispatches",
        "dispatches that a shard received",
        null,
        shard -> shard.stats().traffic().events());
    meters.eachShard(
        PREFIX + "shard.events.unhandled",
        "events of a shard that wait to be acknowledged",
        null,
        shard -> shard.stats().reading().unhandledEvents());
    meters.eachShard(
        PREFIX + "shard.heartbeat.latency",
        "the last latency of a shard",
        "seconds",
        shard -> shard.lastHeartbeatLatencyNanos() / 1e9);
    meters.follow(snapshots, maxShards);
  }

  private void bindLatency(
      Binding meters,
      String name,
      String description,
      Function<ShardManagerStats, LatencyStats> latency,
      boolean withHistogram,
      Tag... more) {
    meters.timer(
        name,
        description,
        m -> latency.apply(snapshots.now()).count(),
        stats(stats -> latency.apply(stats).totalNanos()),
        more);
    for (double percentile : PERCENTILES) {
      meters.seconds(
          name + ".percentile",
          description + ", percentiles of the last minutes",
          m -> snapshots.recent(latency).percentileNanos(percentile),
          Tags.of(more).and("phi", number(percentile / 100)));
    }
    if (!withHistogram) {
      return;
    }
    for (long millis : BOUNDS_MILLIS) {
      meters.counter(
          name + ".histogram",
          description + ", at most so many seconds",
          stats(stats -> latency.apply(stats).countAtMost(millis * 1_000_000)),
          Tag.of("le", number(millis / 1e3)));
    }
    meters.counter(
        name + ".histogram",
        description + ", at most so many seconds",
        stats(stats -> latency.apply(stats).count()),
        Tag.of("le", "+Inf"));
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static String number(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
