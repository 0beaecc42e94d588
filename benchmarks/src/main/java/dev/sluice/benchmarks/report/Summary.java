package dev.sluice.benchmarks.report;

import dev.sluice.benchmarks.results.FloodResult;
import dev.sluice.benchmarks.results.IdleResult;
import dev.sluice.benchmarks.results.Measured;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** What an event and a shard cost Sluice and the peers, in few lines, for the README. */
final class Summary {

  private static final double KILO = 1_000;
  private static final int IDLE_SHARDS = 64;

  private final Jdk jdk;
  private final List<String> clients;
  private final MarkdownTable table;

  private Summary(Jdk jdk, List<String> clients) {
    this.jdk = jdk;
    this.clients = clients;
    List<String> titles = new ArrayList<>(List.of(""));
    clients.forEach(client -> titles.add(title(client)));
    this.table = new MarkdownTable(1, titles);
  }

  /**
   * {@return the medians, a line a figure; what was not measured is left blank}
   *
   * @param jdk what was measured
   */
  static String of(Jdk jdk) {
    List<String> clients =
        Stream.concat(Stream.of(Clients.SLUICE), Clients.PEERS.stream())
            .filter(
                client ->
                    results(jdk, FloodResult.class)
                        .anyMatch(flood -> flood.client().equals(client)))
            .toList();
    if (clients.isEmpty()) {
      return Tables.NO_RESULTS;
    }
    Summary summary = new Summary(jdk, clients);
    ToDoubleFunction<FloodResult> cpu = FloodResult::cpuNanosPerEvent;
    summary.addFlood("processor time an event, in batches", "batches", cpu, Summary::micros);
    summary.addFlood("the same, one event a packet", "paced", cpu, Summary::micros);
    summary.addFlood(
        "allocated an event", "batches", FloodResult::allocatedBytesPerEvent, Summary::bytes);
    summary.addIdle("heap a shard, " + IDLE_SHARDS + " idle", IdleResult::heapBytesPerShard);
    summary.add(
        "threads of the process then",
        IdleResult.class,
        Summary::isOfIdleFleet,
        IdleResult::client,
        IdleResult::threads,
        threads -> Figures.whole(Math.round(threads)));
    return summary.table.text();
  }

  private void addFlood(
      String name,
      String delivery,
      ToDoubleFunction<FloodResult> figure,
      DoubleFunction<String> text) {
    Predicate<FloodResult> fits =
        flood ->
            flood.shards() == 1
                && flood.compression().equals("zlib")
                && flood.delivery().equals(delivery);
    long rate =
        results(jdk, FloodResult.class)
            .filter(fits)
            .mapToLong(FloodResult::ratePerSecond)
            .max()
            .orElse(0);
    add(
        name,
        FloodResult.class,
        fits.and(flood -> flood.ratePerSecond() == rate),
        FloodResult::client,
        figure,
        text);
  }

  private void addIdle(String name, ToDoubleFunction<IdleResult> figure) {
    add(name, IdleResult.class, Summary::isOfIdleFleet, IdleResult::client, figure, Summary::bytes);
  }

  private <R extends Measured> void add(
      String name,
      Class<R> kind,
      Predicate<R> fits,
      Function<R, String> toClient,
      ToDoubleFunction<R> figure,
      DoubleFunction<String> text) {
    List<String> cells = new ArrayList<>(List.of(name));
    for (String client : clients) {
      double[] values =
          results(jdk, kind)
              .filter(fits)
              .filter(result -> toClient.apply(result).equals(client))
              .mapToDouble(figure)
              .toArray();
      cells.add(values.length == 0 ? "" : text.apply(Spread.of(values).median()));
    }
    table.add(cells);
  }

  /** In whichever compression: what is asked of these does not depend on it. */
  private static boolean isOfIdleFleet(IdleResult idle) {
    return idle.shards() == IDLE_SHARDS && idle.tls().equals("none");
  }

  private String title(String client) {
    return jdk.runs().stream()
        .map(run -> run.environment().versions().get(client))
        .filter(version -> version != null && !client.equals(Clients.SLUICE))
        .reduce((earlier, later) -> later)
        .map(version -> Clients.title(client) + ' ' + version)
        .orElse(Clients.title(client));
  }

  private static <R extends Measured> Stream<R> results(Jdk jdk, Class<R> kind) {
    return jdk.runs().stream().flatMap(run -> run.of(kind).stream());
  }

  private static String micros(double nanos) {
    return Figures.of(nanos / KILO) + " µs";
  }

  private static String bytes(double bytes) {
    return bytes < KILO ? Figures.of(bytes) + " B" : Figures.of(bytes / KILO) + " kB";
  }
}
