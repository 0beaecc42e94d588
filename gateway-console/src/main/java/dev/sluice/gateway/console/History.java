package dev.sluice.gateway.console;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.ToDoubleFunction;

/** The points of the charts, of half an hour at most. Confined to the console's thread. */
final class History {

  private static final long SPAN_MILLIS = Duration.ofMinutes(30).toMillis();

  /** One a second, and some to spare; a clock that is set back must not make them more. */
  private static final int MAX_POINTS = 2_000;

  private final Deque<Point> points = new ArrayDeque<>();

  /** One point of every chart; NaN where nothing is known. */
  record Point(
      long atMillis,
      double events,
      double received,
      double inflated,
      double p50Millis,
      double p99Millis,
      long reconnects,
      int waiting,
      double startsLeft,
      int ready,
      long queue,
      double lagMillis) {}

  void add(Point point) {
    points.addLast(point);
    while (points.size() > MAX_POINTS
        || point.atMillis - points.getFirst().atMillis > SPAN_MILLIS) {
      points.removeFirst();
    }
  }

  void write(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("history");
    column(json, "time", Point::atMillis);
    column(json, "events", Point::events);
    column(json, "received", Point::received);
    column(json, "inflated", Point::inflated);
    column(json, "p50Ms", Point::p50Millis);
    column(json, "p99Ms", Point::p99Millis);
    column(json, "reconnects", Point::reconnects);
    column(json, "waiting", Point::waiting);
    column(json, "startsLeft", Point::startsLeft);
    column(json, "ready", Point::ready);
    column(json, "queue", Point::queue);
    column(json, "lagMs", Point::lagMillis);
    json.writeEndObject();
  }

  private void column(JsonGenerator json, String name, ToDoubleFunction<Point> value)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (Point point : points) {
      Json.number(json, value.applyAsDouble(point));
    }
    json.writeEndArray();
  }
}
