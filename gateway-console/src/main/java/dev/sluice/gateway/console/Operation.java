package dev.sluice.gateway.console;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** Something that somebody asked for, and how far it is. Confined to the console's thread. */
final class Operation {

  final String id;
  final Kind kind;
  final int total;
  String text;
  int done;

  private final long startedAtMillis;
  private long endedAtMillis; // 0 while it runs
  private boolean failed;

  /** What was asked for. */
  enum Kind {
    RECONNECT("reconnect"),
    RESTART("restart"),
    RESHARD("reshard");

    final String label;

    Kind(String label) {
      this.label = label;
    }

    /** {@return whether no other one may run beside it} */
    boolean isExclusive() {
      return this != RECONNECT;
    }
  }

  Operation(String id, Kind kind, int total, String text, long startedAtMillis) {
    this.id = id;
    this.kind = kind;
    this.total = total;
    this.text = text;
    this.startedAtMillis = startedAtMillis;
  }

  boolean isRunning() {
    return endedAtMillis == 0;
  }

  void end(boolean failed, String text, long atMillis) {
    this.failed = failed;
    this.text = text;
    endedAtMillis = Math.max(1, atMillis);
  }

  void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", id);
    json.writeStringField("kind", kind.label);
    json.writeStringField("state", isRunning() ? "running" : failed ? "failed" : "done");
    json.writeNumberField("startedAt", startedAtMillis);
    Json.number(json, "endedAt", isRunning() ? Double.NaN : endedAtMillis);
    json.writeNumberField("done", done);
    json.writeNumberField("total", total);
    json.writeStringField("text", text);
    json.writeEndObject();
  }
}
