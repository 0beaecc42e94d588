package dev.sluice.gateway.console;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.console.Happening.Kind;
import dev.sluice.gateway.console.Happening.Level;
import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.ShardManager;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the manager, once a second for all who watch together, and tells them what changed. Without
 * viewers only the figures of the fleet are read, for the charts, once in five seconds. Confined to
 * the console's thread.
 */
final class Watch {

  static final long PERIOD_MILLIS = 1_000;

  /** How many browsers can watch at a time. */
  static final int MAX_VIEWERS = 64;

  private static final Logger log = LoggerFactory.getLogger(Watch.class);

  /** A reading that is so old is good enough for who asks in between. */
  private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(900);

  /** In less than this too little happens for a rate: who came in between has had it read. */
  private static final long MIN_PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final long IDLE_PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(4_900);

  /** A browser that reads nothing for so long is let go. */
  private static final long MAX_STALL_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final ConsoleBuilder settings;
  private final ShardManager manager;
  private final Fleet fleet;
  private final Figures figures;
  private final Transitions transitions;
  private final Happenings happenings;
  private final Timeline timeline;
  private final Operations operations;
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final History history = new History();
  private final List<Viewer> viewers = new ArrayList<>();
  private final long attachedAtMillis;

  private long tick;
  private long shardsReadAtNanos;
  private long figuresReadAtNanos;
  private long structure;
  private long skippedTicks;
  private boolean wasHealthy;
  private boolean failing;

  Watch(
      ConsoleBuilder settings,
      Transitions transitions,
      Happenings happenings,
      Timeline timeline,
      Operations operations,
      InstantSource clock,
      LongSupplier nanoTime) {
    this.settings = settings;
    this.manager = settings.manager;
    this.transitions = transitions;
    this.happenings = happenings;
    this.timeline = timeline;
    this.operations = operations;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.fleet = new Fleet(manager);
    this.attachedAtMillis = clock.millis();
    long now = nanoTime.getAsLong();
    this.figures = new Figures(manager, settings.health, now, attachedAtMillis);
    this.figuresReadAtNanos = now;
    this.wasHealthy = isHealthy(figures.health());
    readShards(now);
    timeline.add(
        List.of(
            Happening.ofBot(
                Kind.ATTACHED,
                Level.INFO,
                attachedAtMillis,
                fleet.size() == 0
                    ? "the console was attached, before the first shard"
                    : String.format(
                        Locale.ROOT, "the console was attached; shards: %,d", fleet.size()))));
  }

  Fleet fleet() {
    return fleet;
  }

  /** Does what is due once a second. What goes wrong in one second may go right in the next. */
  void everySecond() {
    try {
      timeline.add(happenings.drain());
      long now = nanoTime.getAsLong();
      if (!viewers.isEmpty()) {
        if (now - figuresReadAtNanos >= MIN_PERIOD_NANOS) {
          readAndTell(now);
        }
      } else if (now - figuresReadAtNanos >= IDLE_PERIOD_NANOS) {
        readFigures(now);
      }
      failing = false;
    } catch (RuntimeException e) {
      if (!failing) {
        log.error("the console could not read the shards; tries again every second", e);
      }
      failing = true;
    }
  }

  /** Reads everything, and tells those who watch what changed. */
  void readAndTell(long now) {
    readFigures(now);
    readShards(now);
    tellViewers(now);
  }

  /** Sees to it that what is written next is of now. */
  void refresh() {
    long now = nanoTime.getAsLong();
    if (now - figuresReadAtNanos >= FRESH_NANOS) {
      timeline.add(happenings.drain());
      readFigures(now);
    }
    if (now - shardsReadAtNanos >= FRESH_NANOS) {
      readShards(now);
    }
  }

  private void readFigures(long now) {
    history.add(figures.read(now, clock.millis()));
    figuresReadAtNanos = now;
    FleetHealth health = figures.health();
    boolean healthy = isHealthy(health);
    if (healthy != wasHealthy) {
      wasHealthy = healthy;
      timeline.add(
          List.of(
              Happening.ofBot(
                  Kind.HEALTH,
                  healthy ? Level.INFO : health.live() ? Level.WARN : Level.ERROR,
                  clock.millis(),
                  healthy
                      ? "live and ready"
                      : (health.live() ? "not ready: " : "not live: ")
                          + String.join("; ", health.reasons()))));
    }
  }

  private static boolean isHealthy(FleetHealth health) {
    return health.live() && health.ready();
  }

  private void readShards(long now) {
    fleet.read(now, ++tick);
    shardsReadAtNanos = now;
    if (structure != fleet.structure()) {
      structure = fleet.structure();
      transitions.retain(fleet.ids());
    }
  }

  // Viewers.

  /** Adds one that watches from now on; it gets everything at once. */
  void add(HttpServerResponse response) {
    if (viewers.size() >= MAX_VIEWERS) {
      throw new Refusal(429, "viewers: " + viewers.size() + " (expected: < " + MAX_VIEWERS + ')');
    }
    refresh();
    Viewer viewer = new Viewer(response);
    viewers.add(viewer);
    response.exceptionHandler(broken -> viewers.remove(viewer));
    response.closeHandler(closed -> viewers.remove(viewer));
    sendAll(viewer, Json.event("fleet", this::writeSnapshot));
  }

  /** Ends what is sent to all of them. */
  void sayGoodbye() {
    Buffer bye = Json.event("bye", json -> json.writeStringField("reason", "stopped"));
    for (Viewer viewer : List.copyOf(viewers)) {
      viewer.response.end(bye);
    }
    viewers.clear();
  }

  /** {@return how many watch} */
  int viewers() {
    return viewers.size();
  }

  /** {@return what those who watch now were sent, or is to be sent to them, in bytes} */
  long sentBytes() {
    return viewers.stream().mapToLong(viewer -> viewer.response.bytesWritten()).sum();
  }

  private void tellViewers(long now) {
    Map<Long, Buffer> ticks = new HashMap<>(); // by the last one that a viewer has
    for (Viewer viewer : List.copyOf(viewers)) {
      if (viewer.response.writeQueueFull()) {
        skip(viewer, now);
        continue;
      }
      viewer.isStalled = false;
      if (viewer.structure != fleet.structure()) {
        sendAll(
            viewer, ticks.computeIfAbsent(-1L, all -> Json.event("fleet", this::writeSnapshot)));
      } else {
        sendNews(viewer, ticks);
      }
    }
  }

  private void skip(Viewer viewer, long now) {
    skippedTicks++;
    if (!viewer.isStalled) {
      viewer.isStalled = true;
      viewer.stalledSinceNanos = now;
    } else if (now - viewer.stalledSinceNanos >= MAX_STALL_NANOS) {
      viewers.remove(viewer);
      viewer.response.reset();
    }
  }

  private void sendAll(Viewer viewer, Buffer snapshot) {
    viewer.structure = fleet.structure();
    viewer.send(snapshot);
    upToDate(viewer);
  }

  private void sendNews(Viewer viewer, Map<Long, Buffer> ticks) {
    boolean operationsChanged = viewer.operations != operations.version();
    viewer.send(
        operationsChanged
            ? tick(viewer.tick, true)
            : ticks.computeIfAbsent(viewer.tick, last -> tick(last, false)));
    if (viewer.sequence != timeline.lastSequence()) {
      long seen = viewer.sequence;
      viewer.send(Json.event("timeline", json -> timeline.write(json, "entries", seen)));
    }
    upToDate(viewer);
  }

  private void upToDate(Viewer viewer) {
    viewer.tick = tick;
    viewer.sequence = timeline.lastSequence();
    viewer.operations = operations.version();
  }

  private Buffer tick(long afterTick, boolean withOperations) {
    return Json.event(
        "tick",
        json -> {
          json.writeNumberField("time", clock.millis());
          json.writeNumberField("tick", tick);
          figures.write(json, viewers.size(), skippedTicks);
          fleet.writeChanged(json, afterTick);
          if (withOperations) {
            operations.write(json);
          }
        });
  }

  /** Writes everything that a page starts with. */
  void writeSnapshot(JsonGenerator json) throws IOException {
    json.writeNumberField("api", Server.API);
    json.writeNumberField("time", clock.millis());
    json.writeNumberField("attachedAt", attachedAtMillis);
    json.writeNumberField("tick", tick);
    json.writeStringField("name", settings.name);
    json.writeBooleanField("control", settings.control);
    json.writeBooleanField("shardDetails", manager.hasShardDetails());
    json.writeNumberField("periodMs", PERIOD_MILLIS);
    json.writeArrayFieldStart("states");
    for (GatewayState state : GatewayState.values()) {
      json.writeString(state.name());
    }
    json.writeEndArray();
    fleet.write(json);
    figures.write(json, viewers.size(), skippedTicks);
    history.write(json);
    timeline.write(json, "timeline", 0);
    operations.write(json);
  }
}
