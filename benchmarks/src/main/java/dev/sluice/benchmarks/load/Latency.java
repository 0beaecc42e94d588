package dev.sluice.benchmarks.load;

import dev.sluice.benchmarks.results.LatencyResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * How late does an event reach the handler? The gateway sends one event a write at a fixed rate,
 * whether or not the client keeps up, and the time is taken from the moment at which the event was
 * meant to be sent: what waits because the client, or the gateway, is behind counts as late.
 *
 * <p>First it looks for the rate that the client takes: it sends faster and faster, and takes what
 * came in a second as the throughput once the client falls behind. Then it sends at shares of that.
 *
 * <pre>{@code
 * java -cp benchmarks/target/benchmarks.jar dev.sluice.benchmarks.load.Latency \
 *     --clients=sluice,jda --compressions=zlib --shards=16 --rounds=3 --out=results.jsonl
 * }</pre>
 *
 * <p>Options: {@code --clients=} (sluice,netty), {@code --compressions=} (none), {@code --shards=}
 * (1), {@code --loads=} in percent (10,50,80,95), {@code --rounds=} (3), {@code --seconds=} of each
 * load (4), {@code --max-events=} of each (1000000), {@code --max-rate=} that is tried (400000),
 * {@code --warm-up-events=} (150000), {@code --heap=} the flags of the clients (-Xmx1g
 * -XX:+UseG1GC) and {@code --out=} the file to append to (none).
 */
public final class Latency {

  private static final Set<String> OPTIONS =
      Rounds.options(
          "clients",
          "compressions",
          "shards",
          "loads",
          "seconds",
          "max-events",
          "max-rate",
          "warm-up-events");
  private static final int FIRST_RATE = 10_000;
  private static final int WARM_UP_FLOOD_EVENTS = 50_000;
  private static final double KEEPS_UP = 0.95;

  /** One client in one setting. */
  private record Cell(String client, String compression, int shards) {

    @Override
    public String toString() {
      return client + ' ' + compression + ", shards: " + shards;
    }
  }

  private final Options options;
  private final Rounds rounds;

  private Latency(String... args) {
    this.options = Options.parse(args, OPTIONS);
    this.rounds = new Rounds(options, 3, "Latency", args);
  }

  /**
   * Measures, prints and appends to the file.
   *
   * @param args the options
   * @throws Exception if the gateway does not start, or the file cannot be written
   */
  public static void main(String[] args) throws Exception {
    System.exit(run(args) == 0 ? 0 : 1);
  }

  /** {@return how many clients failed} */
  static int run(String... args) throws Exception {
    return new Latency(args).runAll();
  }

  private int runAll() throws Exception {
    List<Cell> cells = cells();
    int mostShards = cells.stream().mapToInt(Cell::shards).max().orElse(1);
    try (GatewayProcess gateway =
        GatewayProcess.start("-Xmx4g", List.of("--shards=" + mostShards))) {
      return rounds.run(cells, (cell, round) -> measure(gateway, cell, round));
    }
  }

  private List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    for (int shards : options.numbers("shards", "1")) {
      for (String compression : options.list("compressions", "none")) {
        for (String client : options.list("clients", "sluice,netty")) {
          if (EndToEnd.has(client, compression)) {
            cells.add(new Cell(client, compression, shards));
          }
        }
      }
    }
    return cells;
  }

  private List<LatencyResult> measure(GatewayProcess gateway, Cell cell, int round)
      throws IOException, InterruptedException {
    ClientProcess client =
        ClientProcess.start(
            cell.client(),
            rounds.heapFlags(),
            gateway.address(),
            cell.compression(),
            cell.shards());
    try {
      FloodRun flood = new FloodRun(gateway, client, cell.shards());
      int warmUp = options.number("warm-up-events", 150_000);
      for (int warm = 0; warm < warmUp; ) {
        warm += (int) flood.send(Math.min(WARM_UP_FLOOD_EVENTS, warmUp), 0, warm).events();
      }
      double throughput = throughput(flood);
      List<LatencyResult> results = new ArrayList<>();
      for (int percent : options.numbers("loads", "10,50,80,95")) {
        results.add(load(flood, cell, round, percent, throughput));
      }
      return results;
    } finally {
      client.kill();
    }
  }

  /** Doubles the rate until the client falls behind. */
  private double throughput(FloodRun flood) throws IOException, InterruptedException {
    int maxRate = options.number("max-rate", 400_000);
    int rate = Math.min(FIRST_RATE, maxRate);
    while (true) {
      FloodRun.Outcome outcome = flood.send(rate, rate, rate); // for a second
      double taken = outcome.events() / outcome.seconds();
      if (taken < KEEPS_UP * rate || rate == maxRate) {
        System.out.printf(
            Locale.ROOT,
            "   takes %,.0f events/s, busy for %.0f %% of one core; the gateway took %,.2f s%n",
            taken,
            100.0 * outcome.measured().cpuNanos() / outcome.nanos(),
            (outcome.sent().endNanos() - outcome.sent().startNanos()) / 1e9);
        return taken;
      }
      rate = Math.min(2 * rate, maxRate);
    }
  }

  private LatencyResult load(FloodRun flood, Cell cell, int round, int percent, double throughput)
      throws IOException, InterruptedException {
    int rate = Math.max(1, (int) (throughput * percent / 100));
    long wanted = (long) rate * options.number("seconds", 4);
    int events = (int) Math.min(wanted, options.number("max-events", 1_000_000));
    FloodRun.Late late = flood.sendAndTime(events, rate, percent);
    ClientProcess.Latencies of = late.latencies();
    LatencyResult result =
        new LatencyResult(
            round,
            cell.client(),
            cell.compression(),
            cell.shards(),
            percent,
            rate,
            of.events(),
            of.p50Nanos(),
            of.p90Nanos(),
            of.p99Nanos(),
            of.p999Nanos(),
            of.p9999Nanos(),
            of.maxNanos(),
            late.sent().meanLateNanos(),
            late.sent().maxLateNanos());
    System.out.printf(
        Locale.ROOT,
        "%2d %-28s %3d %% = %,8d/s: p50 %,9.1f us, p99 %,9.1f, p99.9 %,9.1f, p99.99 %,9.1f, max"
            + " %,9.1f; sent late by %,.1f on average, %,.1f at most%n",
        round,
        cell,
        percent,
        rate,
        micros(of.p50Nanos()),
        micros(of.p99Nanos()),
        micros(of.p999Nanos()),
        micros(of.p9999Nanos()),
        micros(of.maxNanos()),
        micros(late.sent().meanLateNanos()),
        micros(late.sent().maxLateNanos()));
    return result;
  }

  private static double micros(long nanos) {
    return (double) nanos / TimeUnit.MICROSECONDS.toNanos(1);
  }
}
