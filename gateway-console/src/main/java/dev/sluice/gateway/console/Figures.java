package dev.sluice.gateway.console;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.IdentifyBreakerStatus;
import dev.sluice.gateway.netty.IdentifyQueueStatus;
import dev.sluice.gateway.netty.LatencyStats;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerStats;
import dev.sluice.gateway.sharding.SessionStarts;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The figures of the whole fleet: as of the last reading, and what they grew by since the one
 * before. Confined to the console's thread.
 */
final class Figures {

  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long BASE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final int TYPES = 12;
  private static final GatewayState[] STATES = GatewayState.values();

  private final ShardManager manager;

  /** Readings of the last minute, the one before it first: what its latencies are measured from. */
  private final Deque<Reading> bases = new ArrayDeque<>();

  private Reading now;
  private Reading before;
  private final Supplier<FleetHealth> healths;
  private FleetHealth health;
  private IdentifyQueueStatus identifyQueue;
  private IdentifyBreakerStatus breaker;
  private LatencyStats latency = LatencyStats.NONE;

  /** All figures at one time. */
  private record Reading(ShardManagerStats stats, long atNanos, long atMillis) {}

  /** How often something of a type came. */
  private record Rate(EventType type, double perSecond) {}

  Figures(ShardManager manager, Supplier<FleetHealth> healths, long nowNanos, long nowMillis) {
    this.manager = manager;
    this.healths = healths;
    this.now = new Reading(manager.stats(), nowNanos, nowMillis);
    this.before = now;
    this.health = healths.get();
    this.identifyQueue = manager.identifyQueue();
    this.breaker = manager.identifyBreaker();
    bases.add(now);
  }

  /** Reads them; {@return the point of the charts} */
  History.Point read(long nowNanos, long nowMillis) {
    before = now;
    now = new Reading(manager.stats(), nowNanos, nowMillis);
    health = healths.get();
    identifyQueue = manager.identifyQueue();
    breaker = manager.identifyBreaker();
    if (nowNanos - bases.getLast().atNanos >= BASE_NANOS) {
      bases.addLast(now);
    }
    while (bases.size() > 1 && nowNanos - secondBase().atNanos >= WINDOW_NANOS) {
      bases.removeFirst();
    }
    latency = now.stats.heartbeatLatency().minus(base().stats.heartbeatLatency());
    boolean known = latency.count() > 0;
    return new History.Point(
        nowMillis,
        Json.rounded(perSecond(now.stats.events() - before.stats.events())),
        Math.rint(perSecond(now.stats.receivedBytes() - before.stats.receivedBytes())),
        Math.rint(perSecond(now.stats.payloadBytes() - before.stats.payloadBytes())),
        known ? Json.millis(latency.p50Nanos()) : Double.NaN,
        known ? Json.millis(latency.p99Nanos()) : Double.NaN,
        now.stats.reconnects() - before.stats.reconnects(),
        identifyQueue.waiting(),
        now.stats.sessions().startsLeft() < 0 ? Double.NaN : now.stats.sessions().startsLeft(),
        now.stats.shards(GatewayState.READY),
        now.stats.handling().unhandledEvents(),
        Json.millis(
            now.stats.loops().stream()
                .mapToLong(ShardManagerStats.Loop::lagNanos)
                .max()
                .orElse(0)));
  }

  private Reading base() {
    return bases.getFirst();
  }

  private Reading secondBase() {
    Iterator<Reading> oldestFirst = bases.iterator();
    oldestFirst.next();
    return oldestFirst.next();
  }

  FleetHealth health() {
    return health;
  }

  /** {@return what grew by so much between the last two readings, a second} */
  private double perSecond(long growth) {
    long nanos = now.atNanos - before.atNanos;
    return nanos <= 0 ? 0 : growth * 1e9 / nanos;
  }

  void write(JsonGenerator json, int viewers, long skippedTicks) throws IOException {
    ShardManagerStats stats = now.stats;
    json.writeObjectFieldStart("figures");
    json.writeNumberField("time", now.atMillis);
    json.writeNumberField(
        "periodMs", TimeUnit.NANOSECONDS.toMillis(Math.max(0, now.atNanos - before.atNanos)));
    json.writeBooleanField("live", health.live());
    json.writeBooleanField("ready", health.ready());
    json.writeArrayFieldStart("reasons");
    for (String reason : health.reasons()) {
      json.writeString(reason);
    }
    json.writeEndArray();
    writeStates(json, stats);
    writeTraffic(json, stats);
    writeTotals(json, stats);
    writeTypes(json, stats);
    writeLatency(json);
    json.writeNumberField("reconnects", stats.reconnects() - before.stats.reconnects());
    writeCauses(json, stats);
    writeIdentifies(json);
    writeHandling(json, stats);
    writeLoops(json, stats);
    json.writeNumberField("viewers", viewers);
    json.writeNumberField("skippedTicks", skippedTicks);
    json.writeEndObject();
  }

  private static void writeStates(JsonGenerator json, ShardManagerStats stats) throws IOException {
    int shards = stats.shards().values().stream().mapToInt(Integer::intValue).sum();
    json.writeNumberField("shards", shards);
    json.writeArrayFieldStart("states");
    for (GatewayState state : STATES) {
      json.writeNumber(stats.shards(state));
    }
    json.writeEndArray();
  }

  private void writeTraffic(JsonGenerator json, ShardManagerStats stats) throws IOException {
    ShardManagerStats old = before.stats;
    Json.number(json, "events", Json.rounded(perSecond(stats.events() - old.events())));
    Json.number(
        json, "received", Math.rint(perSecond(stats.receivedBytes() - old.receivedBytes())));
    Json.number(json, "inflated", Math.rint(perSecond(stats.payloadBytes() - old.payloadBytes())));
    long sent = stats.traffic().sentBytes() - old.traffic().sentBytes();
    Json.number(json, "sent", Math.rint(perSecond(sent)));
  }

  private static void writeTotals(JsonGenerator json, ShardManagerStats stats) throws IOException {
    json.writeObjectFieldStart("totals");
    json.writeNumberField("events", stats.events());
    json.writeNumberField("received", stats.receivedBytes());
    json.writeNumberField("inflated", stats.payloadBytes());
    json.writeNumberField("identifies", stats.identifies());
    json.writeNumberField("resumes", stats.resumes());
    json.writeNumberField("reconnects", stats.reconnects());
    json.writeNumberField("sessionsLost", stats.sessions().lost());
    json.writeNumberField("dialFailures", stats.connections().dialFailures());
    json.writeNumberField("handlerFailures", stats.handlerFailures());
    json.writeNumberField("commandsDropped", stats.handling().commandsDropped());
    json.writeNumberField("commandsRefused", stats.handling().commandsRefused());
    json.writeEndObject();
  }

  private void writeTypes(JsonGenerator json, ShardManagerStats stats) throws IOException {
    Map<EventType, Long> old = before.stats.traffic().eventsByType();
    List<Rate> rates =
        stats.traffic().eventsByType().entrySet().stream()
            .map(
                count ->
                    new Rate(
                        count.getKey(),
                        perSecond(count.getValue() - old.getOrDefault(count.getKey(), 0L))))
            .filter(rate -> rate.perSecond > 0)
            .sorted(Comparator.comparingDouble(Rate::perSecond).reversed())
            .limit(TYPES)
            .toList();
    json.writeArrayFieldStart("types");
    for (Rate rate : rates) {
      json.writeStartArray();
      json.writeString(rate.type.name());
      Json.number(json, Json.rounded(rate.perSecond));
      json.writeEndArray();
    }
    json.writeEndArray();
  }

  private void writeLatency(JsonGenerator json) throws IOException {
    if (latency.count() == 0) {
      json.writeNullField("latency");
      return;
    }
    json.writeObjectFieldStart("latency");
    percentiles(json, latency);
    json.writeEndObject();
  }

  static void percentiles(JsonGenerator json, LatencyStats latency) throws IOException {
    json.writeNumberField("count", latency.count());
    Json.number(json, "p50Ms", Json.millis(latency.p50Nanos()));
    Json.number(json, "p90Ms", Json.millis(latency.percentileNanos(90)));
    Json.number(json, "p99Ms", Json.millis(latency.p99Nanos()));
    Json.number(json, "maxMs", Json.millis(latency.maxNanos()));
  }

  private static void writeCauses(JsonGenerator json, ShardManagerStats stats) throws IOException {
    Map<String, Long> causes = new TreeMap<>();
    stats.connections().reconnects().forEach((cause, count) -> causes.put(cause.name(), count));
    Json.counts(json, "causes", causes);
    Map<String, Long> codes =
        stats.connections().receivedCloseCodes().entrySet().stream()
            .collect(
                Collectors.toMap(
                    count -> label(count.getKey()), Map.Entry::getValue, Long::sum, TreeMap::new));
    Json.counts(json, "closeCodes", codes);
  }

  private static String label(CloseCode code) {
    return code == CloseCode.UNKNOWN ? "other" : Integer.toString(code.code());
  }

  private void writeIdentifies(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("identifyQueue");
    json.writeNumberField("waiting", identifyQueue.waiting());
    Json.number(
        json,
        "leftMs",
        identifyQueue.timeLeft() == null ? Double.NaN : identifyQueue.timeLeft().toMillis());
    Json.number(
        json,
        "maxConcurrency",
        identifyQueue.maxConcurrency() == 0 ? Double.NaN : identifyQueue.maxConcurrency());
    json.writeBooleanField("blocked", breaker.fleetBlocked());
    json.writeNumberField("blockedShards", breaker.blockedShards().size());
    json.writeEndObject();
    SessionStarts starts = identifyQueue.starts();
    json.writeObjectFieldStart("budget");
    Json.number(json, "left", starts == null ? Double.NaN : starts.remaining());
    Json.number(json, "total", starts == null ? Double.NaN : starts.total());
    long resetAt = starts == null ? 0 : starts.resetAt().toEpochMilli();
    Json.number(json, "resetAt", resetAt > now.atMillis ? resetAt : Double.NaN);
    json.writeEndObject();
  }

  private static void writeHandling(JsonGenerator json, ShardManagerStats stats)
      throws IOException {
    ShardManagerStats.Handling handling = stats.handling();
    json.writeNumberField("queue", handling.unhandledEvents());
    json.writeNumberField("paused", handling.pausedShards());
    json.writeNumberField("pauses", handling.pauses());
    Json.number(json, "pausedMs", Json.millis(handling.pausedNanos()));
  }

  private void writeLoops(JsonGenerator json, ShardManagerStats stats) throws IOException {
    json.writeArrayFieldStart("loops");
    for (int i = 0; i < stats.loops().size(); i++) {
      ShardManagerStats.Loop loop = stats.loops().get(i);
      LatencyStats lag = loop.lag().minus(base().stats.loops().get(i).lag());
      long events = loop.events() - before.stats.loops().get(i).events();
      json.writeStartObject();
      json.writeNumberField("shards", loop.shards());
      Json.number(json, "events", Json.rounded(perSecond(events)));
      Json.number(json, "lagMs", Json.millis(loop.lagNanos()));
      Json.number(json, "lagP99Ms", Json.millis(lag.p99Nanos()));
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
