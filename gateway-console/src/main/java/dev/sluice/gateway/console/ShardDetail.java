package dev.sluice.gateway.console;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.netty.LatencyStats;
import dev.sluice.gateway.netty.ShardStats;
import java.io.IOException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Writes all that is known of one shard. */
final class ShardDetail {

  private static final long[] BOUNDS_MILLIS = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000
  };

  private final ShardRow row;
  private final ShardStats stats;
  private final boolean current;
  private final boolean details;
  private final @Nullable Long sequence;
  private final List<Transitions.Transition> transitions;
  private final long atMillis;

  /**
   * Takes what is known.
   *
   * @param current whether guilds route to its generation
   * @param details whether events by type and latencies are kept
   * @param sequence the one that was acknowledged, null without a session
   */
  ShardDetail(
      ShardRow row,
      boolean current,
      boolean details,
      @Nullable Long sequence,
      List<Transitions.Transition> transitions,
      long atMillis) {
    this.row = row;
    this.stats = row.shard.stats();
    this.current = current;
    this.details = details;
    this.sequence = sequence;
    this.transitions = transitions;
    this.atMillis = atMillis;
  }

  void write(JsonGenerator json) throws IOException {
    json.writeNumberField("time", atMillis);
    json.writeNumberField("id", stats.shard().id());
    json.writeNumberField("of", stats.shard().count());
    json.writeBooleanField("current", current);
    json.writeStringField("state", stats.state().name());
    json.writeNumberField("flags", row.flags);
    json.writeBooleanField("identifyBlocked", (row.flags & ShardRow.BLOCKED) != 0);
    writeSession(json, stats.sessions());
    writeTraffic(json, stats.traffic());
    writeHeartbeats(json, stats.heartbeats());
    writeReading(json, stats.reading());
    writeDisconnects(json, stats.disconnects());
    writeTransitions(json);
  }

  private void writeSession(JsonGenerator json, ShardStats.Sessions sessions) throws IOException {
    Instant since = sessions.since();
    json.writeObjectFieldStart("session");
    Json.number(json, "since", since == null ? Double.NaN : since.toEpochMilli());
    if (sequence == null) {
      json.writeNullField("sequence");
    } else {
      json.writeNumberField("sequence", sequence);
    }
    json.writeNumberField("identifies", sessions.identifies());
    json.writeNumberField("resumes", sessions.resumes());
    json.writeNumberField("resumeFailures", sessions.resumeFailures());
    json.writeNumberField("reconnects", sessions.reconnects());
    json.writeEndObject();
  }

  private void writeTraffic(JsonGenerator json, ShardStats.Traffic traffic) throws IOException {
    json.writeObjectFieldStart("traffic");
    json.writeNumberField("events", traffic.events());
    Json.number(json, "eventsPerSecond", Json.rounded(row.eventRate));
    json.writeNumberField("receivedBytes", traffic.receivedBytes());
    json.writeNumberField("payloadBytes", traffic.payloadBytes());
    if (details) {
      json.writeArrayFieldStart("types");
      List<Map.Entry<EventType, Long>> types =
          traffic.eventsByType().entrySet().stream()
              .sorted(Map.Entry.<EventType, Long>comparingByValue(Comparator.reverseOrder()))
              .toList();
      for (Map.Entry<EventType, Long> type : types) {
        json.writeStartArray();
        json.writeString(type.getKey().name());
        json.writeNumber(type.getValue());
        json.writeEndArray();
      }
      json.writeEndArray();
    } else {
      json.writeNullField("types");
    }
    json.writeEndObject();
  }

  private void writeHeartbeats(JsonGenerator json, ShardStats.Heartbeats heartbeats)
      throws IOException {
    json.writeObjectFieldStart("heartbeats");
    boolean known = heartbeats.lastNanos() > 0;
    Json.number(json, "lastMs", known ? Json.millis(heartbeats.lastNanos()) : Double.NaN);
    Json.number(json, "meanMs", known ? Json.millis(heartbeats.meanNanos()) : Double.NaN);
    if (details) {
      writeHistogram(json, heartbeats.latency());
    } else {
      json.writeNullField("histogram");
    }
    json.writeEndObject();
  }

  private static void writeHistogram(JsonGenerator json, LatencyStats latency) throws IOException {
    json.writeObjectFieldStart("histogram");
    Figures.percentiles(json, latency);
    json.writeArrayFieldStart("boundsMs");
    for (long bound : BOUNDS_MILLIS) {
      json.writeNumber(bound);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("counts");
    long below = 0;
    for (long bound : BOUNDS_MILLIS) {
      long atMost = latency.countAtMost(TimeUnit.MILLISECONDS.toNanos(bound));
      json.writeNumber(atMost - below);
      below = atMost;
    }
    json.writeNumber(latency.count() - below);
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeReading(JsonGenerator json, ShardStats.Reading reading)
      throws IOException {
    json.writeObjectFieldStart("reading");
    json.writeNumberField("queue", reading.unhandledEvents());
    json.writeBooleanField("paused", reading.paused());
    json.writeNumberField("pauses", reading.pauses());
    Json.number(json, "pausedMs", Json.millis(reading.pausedNanos()));
    json.writeEndObject();
  }

  private static void writeDisconnects(JsonGenerator json, List<ShardStats.Disconnect> disconnects)
      throws IOException {
    json.writeArrayFieldStart("disconnects");
    for (ShardStats.Disconnect disconnect : disconnects) {
      json.writeStartObject();
      json.writeNumberField("at", disconnect.at().toEpochMilli());
      json.writeStringField("cause", disconnect.cause().name());
      Json.number(
          json, "closeCode", disconnect.closeCode() == 0 ? Double.NaN : disconnect.closeCode());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void writeTransitions(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("transitions");
    for (Transitions.Transition transition : transitions) {
      json.writeStartObject();
      json.writeNumberField("at", transition.atMillis());
      json.writeStringField("from", transition.from().name());
      json.writeStringField("to", transition.to().name());
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
