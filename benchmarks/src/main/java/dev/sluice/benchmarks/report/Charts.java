package dev.sluice.benchmarks.report;

import dev.sluice.benchmarks.results.FloodResult;
import dev.sluice.benchmarks.results.IdleResult;
import dev.sluice.benchmarks.results.LatencyResult;
import dev.sluice.benchmarks.results.Measured;
import dev.sluice.benchmarks.results.MicroResult;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/** The charts of one JDK, as SVG. */
final class Charts {

  private static final double KILO = 1_000;
  private static final String SIZES = "PayloadSizeBenchmark.";

  private final Jdk jdk;
  private final Map<String, String> charts = new LinkedHashMap<>();

  private Charts(Jdk jdk) {
    this.jdk = jdk;
  }

  /**
   * {@return the charts for which there are results: SVG by name}
   *
   * @param jdk what was measured
   */
  static Map<String, String> of(Jdk jdk) {
    Charts charts = new Charts(jdk);
    charts.addPayloadSizes();
    charts.addProcessorTime();
    charts.addThroughput();
    charts.addIdle("heap", "Heap of an idle shard", IdleResult::heapBytesPerShard);
    charts.addIdle("rss", "Resident memory of an idle shard", IdleResult::residentBytesPerShard);
    charts.addLatency();
    return charts.charts;
  }

  private void addPayloadSizes() {
    Map<String, String> titles = new LinkedHashMap<>();
    titles.put("recv", "recv of Sluice");
    titles.put("copy", "copy of the bytes");
    titles.put("jacksonTree", "readTree of Jackson");
    TreeSet<Integer> sizes = new TreeSet<>();
    for (MicroResult result : all(MicroResult.class)) {
      if (result.benchmark().startsWith(SIZES)) {
        sizes.add(bytes(result));
      }
    }
    List<LineChart.Line> lines = new ArrayList<>();
    titles.forEach(
        (method, title) -> {
          List<double[]> points = new ArrayList<>();
          for (int size : sizes) {
            Spread spread =
                spread(
                    MicroResult.class,
                    result -> result.benchmark().equals(SIZES + method) && bytes(result) == size,
                    MicroResult::score);
            if (spread != null) {
              points.add(new double[] {StrictMath.log10(size), spread.median()});
            }
          }
          addLine(lines, title, points);
        });
    List<LineChart.Tick> ticks =
        sizes.stream()
            .map(size -> new LineChart.Tick(StrictMath.log10(size), Figures.whole(size)))
            .toList();
    if (!lines.isEmpty() && ticks.size() > 1) {
      charts.put(
          "payload-size",
          LineChart.draw(
              title("One event in one JVM, by its size"),
              "ns",
              "bytes of a message",
              ticks,
              lines));
    }
  }

  private static int bytes(MicroResult result) {
    return Integer.parseInt(result.params().get("bytes"));
  }

  private void addProcessorTime() {
    for (String delivery : Clients.DELIVERIES) {
      addBars(
          "cpu-" + delivery,
          "Processor time an event, one shard, "
              + (delivery.equals("paced") ? "one message a packet" : "messages in batches"),
          "µs of CPU an event",
          Clients.COMPRESSIONS,
          Clients::compression,
          Clients.ALL,
          Clients::title,
          (compression, client) ->
              spread(
                  FloodResult.class,
                  flood ->
                      flood.client().equals(client)
                          && flood.compression().equals(compression)
                          && flood.shards() == 1
                          && flood.delivery().equals(delivery),
                  flood -> flood.cpuNanosPerEvent() / KILO));
    }
  }

  private void addThroughput() {
    for (String compression : Clients.COMPRESSIONS) {
      Predicate<FloodResult> batches =
          flood -> flood.compression().equals(compression) && flood.delivery().equals("batches");
      TreeSet<Integer> shards = new TreeSet<>();
      all(FloodResult.class).stream().filter(batches).forEach(flood -> shards.add(flood.shards()));
      addBars(
          "throughput-" + compression,
          "Events a second, " + Clients.compression(compression) + ", messages in batches",
          "thousand events a second",
          shards,
          count -> Figures.whole(count) + (count == 1 ? " shard" : " shards"),
          Clients.ALL,
          Clients::title,
          (count, client) ->
              spread(
                  FloodResult.class,
                  batches.and(flood -> flood.client().equals(client) && flood.shards() == count),
                  flood -> flood.eventsPerSecond() / KILO));
    }
  }

  private void addIdle(String name, String title, ToDoubleFunction<IdleResult> bytes) {
    Map<Integer, Long> settings = new LinkedHashMap<>();
    for (IdleResult idle : all(IdleResult.class)) {
      if (idle.client().equals(Clients.SLUICE)) {
        settings.merge(idle.shards(), 1L, Long::sum);
      }
    }
    int shards = // the size of fleet that was measured in most settings, the larger of two
        settings.entrySet().stream()
            .max(
                Map.Entry.<Integer, Long>comparingByValue()
                    .thenComparing(Map.Entry.comparingByKey()))
            .map(Map.Entry::getKey)
            .orElse(0);
    addBars(
        "idle-" + name,
        title + ", Sluice, " + Figures.whole(shards) + " shards",
        "kB a shard",
        Clients.COMPRESSIONS,
        Clients::compression,
        Clients.TLS,
        Clients::tls,
        (compression, tls) ->
            spread(
                IdleResult.class,
                idle ->
                    idle.client().equals(Clients.SLUICE)
                        && idle.compression().equals(compression)
                        && idle.tls().equals(tls)
                        && idle.shards() == shards,
                idle -> bytes.applyAsDouble(idle) / KILO));
  }

  private void addLatency() {
    for (String compression : Clients.COMPRESSIONS) {
      Predicate<LatencyResult> oneShard =
          latency -> latency.shards() == 1 && latency.compression().equals(compression);
      TreeSet<Integer> loads = new TreeSet<>();
      all(LatencyResult.class).stream()
          .filter(oneShard)
          .forEach(latency -> loads.add(latency.loadPercent()));
      List<LineChart.Line> ours = new ArrayList<>();
      for (int load : loads) {
        addLine(
            ours,
            load + " % load",
            percentiles(
                oneShard.and(
                    latency ->
                        latency.client().equals(Clients.SLUICE) && latency.loadPercent() == load)));
      }
      addPercentileChart(
          "latency-" + compression, "Latency of Sluice by load, one shard, ", compression, ours);
      for (int load : loads) {
        List<LineChart.Line> lines = new ArrayList<>();
        for (String client : Clients.ALL) {
          addLine(
              lines,
              Clients.title(client),
              percentiles(
                  oneShard.and(
                      latency -> latency.client().equals(client) && latency.loadPercent() == load)),
              Clients.ALL.indexOf(client));
        }
        addPercentileChart(
            "latency-" + compression + '-' + load,
            "Latency at " + load + " % of what each client takes, one shard, ",
            compression,
            lines);
      }
    }
  }

  private void addPercentileChart(
      String name, String title, String compression, List<LineChart.Line> lines) {
    if (lines.isEmpty()) {
      return;
    }
    List<LineChart.Tick> ticks =
        List.of(
            new LineChart.Tick(0, "0 %"),
            new LineChart.Tick(1, "90 %"),
            new LineChart.Tick(2, "99 %"),
            new LineChart.Tick(3, "99.9 %"),
            new LineChart.Tick(4, "99.99 %"));
    charts.put(
        name,
        LineChart.draw(
            title(title + Clients.compression(compression)),
            "µs from intended send to handler",
            "percentile of the events",
            ticks,
            lines));
  }

  /** Points over log10(1 / (1 - percentile)), as HdrHistogram plots them. */
  private List<double[]> percentiles(Predicate<LatencyResult> which) {
    Map<Double, ToDoubleFunction<LatencyResult>> nanos = new LinkedHashMap<>();
    nanos.put(StrictMath.log10(2), LatencyResult::p50Nanos);
    nanos.put(1.0, LatencyResult::p90Nanos);
    nanos.put(2.0, LatencyResult::p99Nanos);
    nanos.put(3.0, LatencyResult::p999Nanos);
    nanos.put(4.0, LatencyResult::p9999Nanos);
    List<double[]> points = new ArrayList<>();
    nanos.forEach(
        (at, figure) -> {
          Spread spread = spread(LatencyResult.class, which, figure);
          if (spread != null) {
            points.add(new double[] {at, spread.median() / KILO});
          }
        });
    return points;
  }

  private static void addLine(List<LineChart.Line> lines, String title, List<double[]> points) {
    addLine(lines, title, points, lines.size());
  }

  private static void addLine(
      List<LineChart.Line> lines, String title, List<double[]> points, int color) {
    if (!points.isEmpty()) {
      lines.add(new LineChart.Line(title, color(color), points));
    }
  }

  /** Finds the rounds of one bar. */
  private interface Rounds<G, B> {

    /** {@return the spread, or null if nothing was measured} */
    Spread of(G group, B bar);
  }

  private <G, B> void addBars(
      String name,
      String title,
      String unit,
      Collection<G> groups,
      Function<G, String> groupTitle,
      List<B> bars,
      Function<B, String> barTitle,
      Rounds<G, B> rounds) {
    List<BarChart.Group> drawn = new ArrayList<>();
    for (G group : groups) {
      List<BarChart.Bar> ofGroup = new ArrayList<>();
      for (B bar : bars) {
        Spread spread = rounds.of(group, bar);
        if (spread != null) {
          ofGroup.add(new BarChart.Bar(barTitle.apply(bar), spread, color(bars.indexOf(bar))));
        }
      }
      if (!ofGroup.isEmpty()) {
        drawn.add(new BarChart.Group(groupTitle.apply(group), ofGroup));
      }
    }
    if (!drawn.isEmpty()) {
      charts.put(name, BarChart.draw(title(title), unit, drawn));
    }
  }

  private static String color(int index) {
    return Svg.COLORS.get(index % Svg.COLORS.size());
  }

  private String title(String title) {
    return title + " (" + jdk.title() + ')';
  }

  private <R extends Measured> List<R> all(Class<R> kind) {
    return jdk.runs().stream().flatMap(run -> run.of(kind).stream()).toList();
  }

  private <R extends Measured> Spread spread(
      Class<R> kind, Predicate<R> which, ToDoubleFunction<R> figure) {
    double[] values = all(kind).stream().filter(which).mapToDouble(figure).toArray();
    return values.length == 0 ? null : Spread.of(values);
  }
}
