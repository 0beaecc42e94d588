package dev.sluice.gateway.console;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.gateway.ShardId;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What happened, line by line, the last {@value #KEPT}. Confined to the console's thread. */
final class Timeline {

  /** How many lines are kept. */
  static final int KEPT = 500;

  /** How many shards a line names. */
  static final int NAMED = 8;

  /** How far back a line takes in what is like it. */
  private static final int MERGED = 32;

  private final Deque<Entry> entries = new ArrayDeque<>();
  private long lastSequence;

  /** One line. */
  private record Entry(
      long sequence,
      Happening happening,
      int shards,
      List<Integer> ids,
      @Nullable String operation) {

    String text() {
      ShardId shard = happening.shard();
      if (shard == null) {
        return happening.text();
      }
      return shards == 1
          ? "shard " + shard.id() + ": " + happening.text()
          : String.format(Locale.ROOT, "%,d shards: %s", shards, happening.cause());
    }
  }

  /** Several happenings that become one line. */
  private static final class Group {

    final Happening first;
    final List<Integer> ids = new ArrayList<>();
    int shards;

    Group(Happening first) {
      this.first = first;
    }

    void add(Happening happening) {
      ShardId shard = happening.shard();
      if (shard != null) {
        shards++;
        if (ids.size() < NAMED) {
          ids.add(shard.id());
        }
      }
    }
  }

  /** Adds what happened within a second or so; what is alike becomes one line. */
  void add(List<Happening> happenings) {
    List<Group> groups = new ArrayList<>();
    for (Happening happening : happenings) {
      Group group = groupOf(groups, happening);
      if (group == null) {
        group = new Group(happening);
        groups.add(group);
      }
      group.add(happening);
    }
    for (Group group : groups) {
      append(group.first, group.shards, group.ids, null);
    }
  }

  private static @Nullable Group groupOf(List<Group> groups, Happening happening) {
    for (int i = groups.size() - 1; i >= Math.max(0, groups.size() - MERGED); i--) {
      if (groups.get(i).first.isLike(happening)) {
        return groups.get(i);
      }
    }
    return null;
  }

  /** Adds what became of an operation. */
  void add(Happening happening, String operation) {
    ShardId shard = happening.shard();
    append(
        happening,
        shard == null ? 0 : 1,
        shard == null ? List.of() : List.of(shard.id()),
        operation);
  }

  private void append(
      Happening happening, int shards, List<Integer> ids, @Nullable String operation) {
    entries.addLast(new Entry(++lastSequence, happening, shards, List.copyOf(ids), operation));
    if (entries.size() > KEPT) {
      entries.removeFirst();
    }
  }

  /** {@return the number of the last line} */
  long lastSequence() {
    return lastSequence;
  }

  /** Writes the lines after one. */
  void write(JsonGenerator json, String field, long afterSequence) throws IOException {
    json.writeArrayFieldStart(field);
    for (Entry entry : entries) {
      if (entry.sequence > afterSequence) {
        write(json, entry);
      }
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, Entry entry) throws IOException {
    ShardId shard = entry.happening.shard();
    json.writeStartObject();
    json.writeNumberField("seq", entry.sequence);
    json.writeNumberField("at", entry.happening.atMillis());
    json.writeStringField("level", entry.happening.level().label);
    json.writeStringField("kind", entry.happening.kind().label);
    json.writeNumberField("shards", entry.shards);
    json.writeArrayFieldStart("ids");
    for (int id : entry.ids) {
      json.writeNumber(id);
    }
    json.writeEndArray();
    if (shard == null) {
      json.writeNullField("of");
    } else {
      json.writeNumberField("of", shard.count());
    }
    json.writeStringField("text", entry.text());
    json.writeStringField("operation", entry.operation);
    json.writeEndObject();
  }
}
