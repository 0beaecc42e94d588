package dev.sluice.gateway.console;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.IdentifyBreakerStatus;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A row for each shard that runs here, in columns for the viewers: by generation, for there are two
 * while the bot is resharded. Confined to the console's thread.
 */
final class Fleet {

  private final ShardManager manager;
  private Map<Shard, ShardRow> rows = new HashMap<>();
  private Map<Integer, List<ShardRow>> generations = new TreeMap<>(); // by shard count
  private int currentCount;
  private long structure; // goes up when shards come or go

  /** A column of one kind for all shards. */
  private interface Column {
    void write(JsonGenerator json, ShardRow row) throws IOException;
  }

  Fleet(ShardManager manager) {
    this.manager = manager;
  }

  /** {@return a number that is another one once shards came or went} */
  long structure() {
    return structure;
  }

  /** Reads all shards. */
  void read(long nowNanos, long tick) {
    Collection<Shard> shards = manager.shards();
    int current = currentCount(shards);
    if (shards.size() != rows.size() || !rows.keySet().containsAll(shards)) {
      restructure(shards);
      currentCount = current;
      structure++;
    } else if (current != currentCount) { // guilds route to the other generation now
      currentCount = current;
      structure++;
    }
    IdentifyBreakerStatus breaker = manager.identifyBreaker();
    for (ShardRow row : rows.values()) {
      Shard shard = row.shard;
      boolean blocked =
          breaker.blockedShards().contains(shard.id())
              || (breaker.fleetBlocked() && row.sinceSeconds == 0);
      row.read(shard.overview(), blocked, nowNanos, tick);
    }
  }

  private int currentCount(Collection<Shard> shards) {
    for (Shard shard : shards) {
      if (manager.shard(shard.id().id()) == shard) {
        return shard.id().count();
      }
    }
    return 0;
  }

  private void restructure(Collection<Shard> shards) {
    Map<Shard, ShardRow> old = rows;
    rows = new HashMap<>();
    generations = new TreeMap<>();
    for (Shard shard : shards) {
      ShardRow known = old.get(shard);
      ShardRow row = known == null ? new ShardRow(shard) : known;
      rows.put(shard, row);
      generations.computeIfAbsent(shard.id().count(), of -> new ArrayList<>()).add(row);
    }
    for (List<ShardRow> generation : generations.values()) {
      generation.sort(Comparator.comparingInt(row -> row.shard.id().id()));
    }
  }

  /** {@return the ids of the shards that run here} */
  Set<ShardId> ids() {
    Set<ShardId> ids = new HashSet<>();
    rows.keySet().forEach(shard -> ids.add(shard.id()));
    return ids;
  }

  int size() {
    return rows.size();
  }

  /** {@return the shard count of the generation that guilds route to, 0 while there is none} */
  int currentCount() {
    return currentCount;
  }

  /** {@return the shards of the generation that guilds route to, by id} */
  List<Shard> current() {
    return generations.getOrDefault(currentCount, List.of()).stream()
        .map(row -> row.shard)
        .toList();
  }

  /**
   * {@return the row of a shard, or null when it does not run here}
   *
   * @param of its shard count
   */
  @Nullable ShardRow row(int id, int of) {
    for (ShardRow row : generations.getOrDefault(of, List.of())) {
      if (row.shard.id().id() == id) {
        return row;
      }
    }
    return null;
  }

  /** Writes every shard. */
  void write(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("generations");
    for (Map.Entry<Integer, List<ShardRow>> generation : generations.entrySet()) {
      json.writeStartObject();
      json.writeNumberField("of", generation.getKey());
      json.writeBooleanField("current", generation.getKey() == currentCount);
      columns(json, generation.getValue());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** Writes the shards that changed after a tick. */
  void writeChanged(JsonGenerator json, long afterTick) throws IOException {
    Predicate<ShardRow> changed = row -> row.changedAt > afterTick;
    json.writeArrayFieldStart("changed");
    for (Map.Entry<Integer, List<ShardRow>> generation : generations.entrySet()) {
      List<ShardRow> some = generation.getValue().stream().filter(changed).toList();
      if (!some.isEmpty()) {
        json.writeStartObject();
        json.writeNumberField("of", generation.getKey());
        columns(json, some);
        json.writeEndObject();
      }
    }
    json.writeEndArray();
  }

  private static void columns(JsonGenerator json, List<ShardRow> rows) throws IOException {
    column(json, "id", rows, integer(row -> row.shard.id().id()));
    column(json, "state", rows, integer(row -> code(row.state)));
    column(json, "events", rows, (out, row) -> Json.number(out, row.eventsShown));
    column(json, "latencyMs", rows, (out, row) -> Json.number(out, row.latencyMillis));
    column(json, "queue", rows, integer(row -> row.queue));
    column(json, "since", rows, (out, row) -> out.writeNumber(row.sinceSeconds));
    column(json, "reconnects", rows, integer(row -> row.reconnects));
    column(json, "flags", rows, integer(row -> row.flags));
  }

  private static Column integer(ToIntFunction<ShardRow> value) {
    return (json, row) -> json.writeNumber(value.applyAsInt(row));
  }

  private static void column(JsonGenerator json, String name, List<ShardRow> rows, Column column)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (ShardRow row : rows) {
      column.write(json, row);
    }
    json.writeEndArray();
  }

  /** Which state it is, by its place among the names that go with the columns. */
  @SuppressWarnings("EnumOrdinal") // the names are sent in the same order
  private static int code(GatewayState state) {
    return state.ordinal();
  }
}
