package dev.sluice.benchmarks.report;

import dev.sluice.benchmarks.results.Environment;
import dev.sluice.benchmarks.results.FloodResult;
import dev.sluice.benchmarks.results.IdleResult;
import dev.sluice.benchmarks.results.LatencyResult;
import dev.sluice.benchmarks.results.Measured;
import dev.sluice.benchmarks.results.MicroResult;
import dev.sluice.benchmarks.results.Run;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The generated tables, as Markdown. */
final class Tables {

  static final String NO_RESULTS = "Not measured.\n";
  private static final double KILO = 1_000;
  private static final double MEGA = 1_000_000;
  private static final int[] FLEETS = {1_000, 4_000, 10_000};

  private Tables() {}

  /** What one client does in one setting. */
  private record Cell(
      String delivery,
      long ratePerSecond,
      int shards,
      String compression,
      String tls,
      int load,
      String client) {

    /** Without the client, which is what several clients can be compared in. */
    Cell setting() {
      return new Cell(delivery, ratePerSecond, shards, compression, tls, load, "");
    }
  }

  private static final Comparator<Cell> ORDER =
      Comparator.comparing(Cell::delivery)
          .thenComparingInt(Cell::shards)
          .thenComparingLong(Cell::ratePerSecond)
          .thenComparing(Cell::compression)
          .thenComparingInt(cell -> Clients.TLS.indexOf(cell.tls()))
          .thenComparingInt(Cell::load)
          .thenComparing(cell -> Clients.ALL.indexOf(cell.client()))
          .thenComparing(Cell::client);

  /**
   * {@return the bars beside what each JDK showed}
   *
   * @param jdks what was measured
   */
  static String bars(List<Jdk> jdks) {
    if (jdks.isEmpty()) {
      return NO_RESULTS;
    }
    List<List<Bar>> byJdk = jdks.stream().map(jdk -> Bars.of(jdk.runs())).toList();
    List<String> titles = new ArrayList<>(List.of("bar", "wanted"));
    for (Jdk jdk : jdks) {
      titles.add(jdk.title() + ": median (range)");
      titles.add("rounds");
      titles.add("verdict");
    }
    StringBuilder text = new StringBuilder();
    MarkdownTable table = null;
    String group = "";
    for (int i = 0; i < byJdk.get(0).size(); i++) {
      int row = i;
      Bar first = byJdk.get(0).get(row);
      if (first.extra() && byJdk.stream().allMatch(bars -> bars.get(row).samples().isEmpty())) {
        continue;
      }
      if (table == null || !first.group().equals(group)) {
        append(text, table);
        group = first.group();
        text.append("**").append(group).append("**\n\n");
        table = new MarkdownTable(1, titles);
      }
      List<String> cells = new ArrayList<>(List.of(first.text(), first.bound().text()));
      for (List<Bar> bars : byJdk) {
        Bar bar = bars.get(row);
        if (bar.samples().isEmpty()) {
          cells.addAll(List.of("", "", bar.verdict().text()));
        } else {
          Spread spread = bar.samples().spread();
          cells.add(Figures.withRange(spread));
          cells.add(Integer.toString(spread.rounds()));
          cells.add(bar.verdict().text() + (bar.note().isEmpty() ? "" : ": " + bar.note()));
        }
      }
      table.add(cells);
    }
    append(text, table);
    return text.toString().stripTrailing() + '\n';
  }

  private static void append(StringBuilder text, MarkdownTable table) {
    if (table != null) {
      text.append(table.text()).append('\n');
    }
  }

  /**
   * {@return where, when and with what each run was made}
   *
   * @param jdks what was measured
   */
  static String environments(List<Jdk> jdks) {
    if (jdks.isEmpty()) {
      return NO_RESULTS;
    }
    Map<String, Set<String>> commands = new LinkedHashMap<>();
    for (Jdk jdk : jdks) {
      for (Run run : jdk.runs()) {
        commands
            .computeIfAbsent(machine(run.environment()), key -> new LinkedHashSet<>())
            .add(command(run.environment()));
      }
    }
    StringBuilder text = new StringBuilder();
    commands.forEach(
        (machine, ofMachine) -> {
          text.append("* ").append(machine).append('\n');
          ofMachine.forEach(command -> text.append("  * ").append(command).append('\n'));
        });
    return text.toString();
  }

  private static String machine(Environment environment) {
    String versions =
        environment.versions().entrySet().stream()
            .map(version -> version.getKey() + ' ' + version.getValue())
            .collect(Collectors.joining(", "));
    return "JDK "
        + environment.jdk()
        + "; "
        + environment.cpu()
        + ", "
        + environment.cores()
        + " cores; "
        + environment.os()
        + "; "
        + versions;
  }

  private static String command(Environment environment) {
    return environment.date()
        + ": `"
        + environment.command()
        + '`'
        + (environment.heapFlags().isEmpty() ? "" : " with `" + environment.heapFlags() + '`');
  }

  /**
   * {@return the benchmarks in one JVM, a table for each class}
   *
   * @param jdk what was measured
   */
  static String micro(Jdk jdk) {
    SortedMap<String, List<MicroResult>> byClass = new TreeMap<>();
    for (MicroResult result : all(jdk, MicroResult.class)) {
      String name = result.benchmark();
      byClass
          .computeIfAbsent(name.substring(0, name.lastIndexOf('.')), key -> new ArrayList<>())
          .add(result);
    }
    StringBuilder text = new StringBuilder();
    byClass.forEach(
        (name, results) -> {
          text.append("**").append(name).append("**\n\n");
          text.append(microTable(results)).append('\n');
        });
    return text.isEmpty() ? NO_RESULTS : text.toString().stripTrailing() + '\n';
  }

  /** The profiler spreads what the harness allocates over all operations: a trifle is nothing. */
  private static String allocated(double bytes) {
    return Figures.of(bytes < Bars.NO_BYTES ? 0 : bytes);
  }

  private static String column(MicroResult result) {
    return result.params().entrySet().stream()
        .map(
            param -> Character.isDigit(param.getValue().charAt(0)) ? size(param) : param.getValue())
        .collect(Collectors.joining(", "));
  }

  private static String size(Map.Entry<String, String> param) {
    return param.getValue() + ' ' + param.getKey();
  }

  /** Rows of methods; a pair of columns for each set of parameters. */
  private static String microTable(List<MicroResult> results) {
    Map<String, Map<String, List<MicroResult>>> byMethod = new LinkedHashMap<>();
    Set<String> columns = new LinkedHashSet<>();
    for (MicroResult result : results) {
      String name = result.benchmark();
      String column = column(result);
      columns.add(column);
      byMethod
          .computeIfAbsent(name.substring(name.lastIndexOf('.') + 1), key -> new LinkedHashMap<>())
          .computeIfAbsent(column, key -> new ArrayList<>())
          .add(result);
    }
    String unit = results.get(0).unit();
    List<String> titles = new ArrayList<>(List.of(""));
    for (String column : columns) {
      titles.add((column.isEmpty() ? "" : column + ": ") + unit);
      titles.add("B/op");
    }
    MarkdownTable table = new MarkdownTable(1, titles);
    byMethod.forEach(
        (method, byColumn) -> {
          List<String> cells = new ArrayList<>(List.of('`' + method + '`'));
          for (String column : columns) {
            List<MicroResult> cell = byColumn.getOrDefault(column, List.of());
            if (cell.isEmpty()) {
              cells.addAll(List.of("", ""));
            } else {
              String other = cell.get(0).unit().equals(unit) ? "" : ' ' + cell.get(0).unit();
              cells.add(Figures.withRange(spread(cell, MicroResult::score)) + other);
              cells.add(allocated(spread(cell, MicroResult::allocatedBytesPerOp).median()));
            }
          }
          table.add(cells);
        });
    return table.text();
  }

  /**
   * {@return what clients showed under floods}
   *
   * @param jdk what was measured
   * @param delivery {@code batches} or {@code paced}
   */
  static String floods(Jdk jdk, String delivery) {
    SortedMap<Cell, List<FloodResult>> cells =
        cells(
            all(jdk, FloodResult.class).stream()
                .filter(result -> result.delivery().equals(delivery))
                .toList(),
            Tables::cell);
    if (cells.isEmpty()) {
      return NO_RESULTS;
    }
    MarkdownTable table =
        new MarkdownTable(
            2,
            "shards, compression",
            "client",
            delivery.equals("paced") ? "rate" : "events/s",
            "CPU ns/event",
            "B/event",
            "GC ms/M events",
            "RSS MB",
            "threads",
            "B/read");
    cells.forEach(
        (cell, rounds) -> {
          List<FloodResult> known =
              rounds.stream().filter(round -> round.bytesPerRead() != null).toList();
          table.add(
              cell.shards() + ", " + Clients.compression(cell.compression()),
              Clients.title(cell.client()),
              delivery.equals("paced")
                  ? Figures.of(cell.ratePerSecond())
                  : Figures.withRange(spread(rounds, FloodResult::eventsPerSecond)),
              Figures.withRange(spread(rounds, FloodResult::cpuNanosPerEvent)),
              Figures.of(spread(rounds, FloodResult::allocatedBytesPerEvent).median()),
              Figures.of(spread(rounds, Tables::gcMillisPerMillion).median()),
              Figures.of(spread(rounds, FloodResult::residentBytes).median() / MEGA),
              count(rounds, FloodResult::threads),
              known.isEmpty() ? "" : Figures.of(spread(known, FloodResult::bytesPerRead).median()));
        });
    return table.text();
  }

  /**
   * {@return what idle shards cost}
   *
   * @param jdk what was measured
   */
  static String idle(Jdk jdk) {
    SortedMap<Cell, List<IdleResult>> cells = cells(all(jdk, IdleResult.class), Tables::cell);
    if (cells.isEmpty()) {
      return NO_RESULTS;
    }
    MarkdownTable table =
        new MarkdownTable(
            2,
            "shards, compression, TLS",
            "client",
            "heap kB/shard",
            "RSS kB/shard",
            "threads",
            "event loops",
            "CPU %");
    cells.forEach(
        (cell, rounds) ->
            table.add(
                Figures.whole(cell.shards())
                    + ", "
                    + Clients.compression(cell.compression())
                    + tls(cell.tls()),
                Clients.title(cell.client()),
                Figures.withRange(spread(rounds, IdleResult::heapBytesPerShard), KILO),
                resident(rounds),
                count(rounds, IdleResult::threads),
                rounds.get(0).eventLoops() == 0 ? "" : count(rounds, IdleResult::eventLoops),
                Figures.of(spread(rounds, IdleResult::idleCpuPercent).median())));
    return table.text();
  }

  /**
   * {@return how late events were}
   *
   * @param jdk what was measured
   */
  static String latency(Jdk jdk) {
    SortedMap<Cell, List<LatencyResult>> cells = cells(all(jdk, LatencyResult.class), Tables::cell);
    if (cells.isEmpty()) {
      return NO_RESULTS;
    }
    MarkdownTable table =
        new MarkdownTable(
            3,
            "shards, compression",
            "load",
            "client",
            "events/s",
            "p50 µs",
            "p90 µs",
            "p99 µs",
            "p99.9 µs",
            "p99.99 µs",
            "max µs",
            "sent late µs");
    cells.forEach(
        (cell, rounds) ->
            table.add(
                cell.shards() + ", " + Clients.compression(cell.compression()),
                cell.load() + " %",
                Clients.title(cell.client()),
                Figures.of(spread(rounds, LatencyResult::ratePerSecond).median()),
                micros(rounds, LatencyResult::p50Nanos),
                micros(rounds, LatencyResult::p90Nanos),
                micros(rounds, LatencyResult::p99Nanos),
                micros(rounds, LatencyResult::p999Nanos),
                micros(rounds, LatencyResult::p9999Nanos),
                micros(rounds, LatencyResult::maxNanos),
                micros(rounds, LatencyResult::meanSentLateNanos)));
    return table.text();
  }

  private static String micros(List<LatencyResult> rounds, ToDoubleFunction<LatencyResult> nanos) {
    return Figures.of(spread(rounds, nanos).median() / KILO);
  }

  /**
   * {@return every figure in which a peer has a better median than Sluice in the same setting}
   *
   * @param jdk what was measured
   */
  static String losses(Jdk jdk) {
    MarkdownTable table =
        new MarkdownTable(2, "setting", "figure", "Sluice", "the other", "which one");
    int empty = table.text().length();
    List<FloodResult> floods = all(jdk, FloodResult.class);
    addLosses(table, floods, Tables::cell, "events/s", false, FloodResult::eventsPerSecond);
    addLosses(table, floods, Tables::cell, "CPU ns/event", true, FloodResult::cpuNanosPerEvent);
    addLosses(table, floods, Tables::cell, "B/event", true, FloodResult::allocatedBytesPerEvent);
    addLosses(table, floods, Tables::cell, "GC ms/M events", true, Tables::gcMillisPerMillion);
    addLosses(table, floods, Tables::cell, "RSS MB", true, r -> r.residentBytes() / MEGA);
    addLosses(table, floods, Tables::cell, "threads", true, FloodResult::threads);
    List<IdleResult> idle = all(jdk, IdleResult.class);
    addLosses(table, idle, Tables::cell, "heap kB/shard", true, r -> r.heapBytesPerShard() / KILO);
    Set<Cell> noise =
        idle.stream()
            .filter(Tables::isNoise)
            .map(r -> cell(r).setting())
            .collect(Collectors.toUnmodifiableSet());
    addLosses(
        table,
        idle.stream().filter(r -> !noise.contains(cell(r).setting())).toList(),
        Tables::cell,
        "RSS kB/shard",
        true,
        r -> r.residentBytesPerShard() / KILO);
    addLosses(table, idle, Tables::cell, "threads", true, IdleResult::threads);
    addLosses(table, idle, Tables::cell, "CPU %", true, IdleResult::idleCpuPercent);
    List<LatencyResult> latency = all(jdk, LatencyResult.class);
    addLosses(table, latency, Tables::cell, "p50 µs", true, r -> r.p50Nanos() / KILO);
    addLosses(table, latency, Tables::cell, "p99 µs", true, r -> r.p99Nanos() / KILO);
    addLosses(table, latency, Tables::cell, "p99.99 µs", true, r -> r.p9999Nanos() / KILO);
    addLosses(table, latency, Tables::cell, "max µs", true, r -> r.maxNanos() / KILO);
    if (floods.isEmpty() && idle.isEmpty() && latency.isEmpty()) {
      return NO_RESULTS;
    }
    return table.text().length() == empty ? "None in these runs.\n" : table.text();
  }

  private static <R extends Measured> void addLosses(
      MarkdownTable table,
      List<R> results,
      Function<R, Cell> toCell,
      String name,
      boolean lessIsBetter,
      ToDoubleFunction<R> figure) {
    SortedMap<Cell, List<R>> cells = cells(results, toCell);
    Map<Cell, List<R>> sluices = new LinkedHashMap<>();
    cells.forEach(
        (cell, rounds) -> {
          if (cell.client().equals(Clients.SLUICE)) {
            sluices.put(cell.setting(), rounds);
          }
        });
    cells.forEach(
        (cell, rounds) -> {
          List<R> ours = sluices.get(cell.setting());
          if (ours == null || !Clients.PEERS.contains(cell.client())) {
            return;
          }
          double theirs = spread(rounds, figure).median();
          double sluice = spread(ours, figure).median();
          String oursTold = Figures.of(sluice);
          String theirsTold = Figures.of(theirs);
          boolean better = lessIsBetter ? theirs < sluice : theirs > sluice;
          if (better && !oursTold.equals(theirsTold)) { // a difference that the table can tell
            table.add(setting(cell), name, oursTold, theirsTold, Clients.title(cell.client()));
          }
        });
  }

  private static String setting(Cell cell) {
    return Figures.whole(cell.shards())
        + (cell.shards() == 1 ? " shard, " : " shards, ")
        + Clients.compression(cell.compression())
        + tls(cell.tls())
        + (cell.delivery().isEmpty() ? "" : ", " + cell.delivery())
        + (cell.load() == 0 ? "" : ", " + cell.load() + " % load");
  }

  private static String resident(List<IdleResult> rounds) {
    return rounds.stream().anyMatch(Tables::isNoise)
        ? "in the noise"
        : Figures.withRange(spread(rounds, IdleResult::residentBytesPerShard), KILO);
  }

  /** {@return whether the process shrank while it started the shards, as few shards let it} */
  private static boolean isNoise(IdleResult result) {
    return result.residentBytesPerShard() <= 0;
  }

  /**
   * {@return what fleets of shards take of memory, by compression and TLS}
   *
   * @param jdk what was measured
   */
  static String memory(Jdk jdk) {
    SortedMap<Cell, List<IdleResult>> largest = new TreeMap<>(ORDER);
    cells(all(jdk, IdleResult.class), Tables::cell)
        .forEach(
            (cell, rounds) -> {
              if (cell.client().equals(Clients.SLUICE)) {
                // later ones are of more shards, where the difference to a small fleet is clearer
                largest.put(
                    new Cell("", 0, 0, cell.compression(), cell.tls(), 0, cell.client()), rounds);
              }
            });
    if (largest.isEmpty()) {
      return NO_RESULTS;
    }
    List<String> titles =
        new ArrayList<>(List.of("compression", "heap a shard", "resident memory a shard"));
    for (int fleet : FLEETS) {
      titles.add(Figures.whole(fleet) + " shards");
    }
    MarkdownTable table = new MarkdownTable(1, titles);
    largest.forEach(
        (cell, rounds) -> {
          double resident = spread(rounds, IdleResult::residentBytesPerShard).median();
          List<String> cells = new ArrayList<>();
          cells.add(Clients.compression(cell.compression()) + tls(cell.tls()));
          cells.add(kilobytes(spread(rounds, IdleResult::heapBytesPerShard).median()));
          cells.add(kilobytes(resident));
          for (int fleet : FLEETS) {
            cells.add(Figures.of(resident * fleet / MEGA) + " MB");
          }
          table.add(cells);
        });
    return table.text();
  }

  private static String kilobytes(double bytes) {
    return Figures.of(bytes / KILO) + " kB";
  }

  private static String tls(String tls) {
    return tls.isEmpty() || tls.equals("none") ? "" : ", " + Clients.tls(tls);
  }

  private static Cell cell(FloodResult result) {
    return new Cell(
        result.delivery(),
        result.ratePerSecond(),
        result.shards(),
        result.compression(),
        "",
        0,
        result.client());
  }

  private static Cell cell(IdleResult result) {
    return new Cell("", 0, result.shards(), result.compression(), result.tls(), 0, result.client());
  }

  private static Cell cell(LatencyResult result) {
    return new Cell(
        "", 0, result.shards(), result.compression(), "", result.loadPercent(), result.client());
  }

  private static <R extends Measured> SortedMap<Cell, List<R>> cells(
      List<R> results, Function<R, Cell> toCell) {
    SortedMap<Cell, List<R>> cells = new TreeMap<>(ORDER);
    for (R result : results) {
      cells.computeIfAbsent(toCell.apply(result), key -> new ArrayList<>()).add(result);
    }
    return cells;
  }

  private static <R extends Measured> List<R> all(Jdk jdk, Class<R> kind) {
    return jdk.runs().stream().flatMap(run -> run.of(kind).stream()).toList();
  }

  /** Clients that are fast get more events, so that a sum would be unfair to them. */
  private static double gcMillisPerMillion(FloodResult flood) {
    return flood.gcMillis() * MEGA / flood.events();
  }

  private static <R> String count(List<R> rounds, ToDoubleFunction<R> figure) {
    return Figures.whole(Math.round(spread(rounds, figure).median()));
  }

  private static <R> Spread spread(List<R> rounds, ToDoubleFunction<R> figure) {
    return Spread.of(rounds.stream().mapToDouble(figure).toArray());
  }
}
