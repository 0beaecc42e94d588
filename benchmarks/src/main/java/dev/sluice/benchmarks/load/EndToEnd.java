package dev.sluice.benchmarks.load;

import dev.sluice.benchmarks.results.FloodResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What does an event cost, from the socket to the handler, in each client? A gateway in a JVM of
 * its own floods one client after another, each in a JVM of its own with the same heap, with the
 * same traffic, in rounds whose order rotates.
 *
 * <pre>{@code
 * java -cp benchmarks/target/benchmarks.jar dev.sluice.benchmarks.load.EndToEnd \
 *     --clients=sluice,netty,jda --compressions=none,zlib --shards=1 --rounds=7 --out=results.jsonl
 * }</pre>
 *
 * <p>Options: {@code --clients=} (sluice,netty), {@code --compressions=} (none,zlib,zstd; a client
 * that has one not is left out there), {@code --shards=} (1), {@code --deliveries=} (batches,paced;
 * batches), {@code --rate=} of what is paced (20000), {@code --rounds=} (7), {@code --events=} of
 * all shards a flood (100000), or {@code --paced-events=} (20000), {@code --min-cpu-millis=} that a
 * measurement takes, in {@code --min-floods=} to {@code --max-floods=} floods (400, 3, 20), {@code
 * --heap=} the flags of the clients (-Xmx1g -XX:+UseG1GC) and {@code --out=} the file to append to
 * (none).
 *
 * <p>A client is warm once it received {@code --warm-up-events=} (150000), and floods took {@code
 * --warm-up-seconds=} (3), or what there is between them too, for which the gateway prepares them,
 * took {@code --warm-up-wall-seconds=} (5).
 *
 * <p>A client that did not get every event, or not the right last sequence, has no result; the run
 * goes on and ends with status 1.
 */
public final class EndToEnd {

  private static final Set<String> OPTIONS =
      Rounds.options(
          "clients",
          "compressions",
          "shards",
          "deliveries",
          "rate",
          "events",
          "paced-events",
          "warm-up-events",
          "warm-up-seconds",
          "warm-up-wall-seconds",
          "min-cpu-millis",
          "min-floods",
          "max-floods");
  private static final int WARM_UP_FLOOD_EVENTS = 50_000;
  private static final long MEASURED_SEED = 1_000;

  /** One client in one setting. */
  record Cell(String client, String compression, int shards, String delivery) {

    @Override
    public String toString() {
      return client + ' ' + compression + ", shards: " + shards + ", " + delivery;
    }
  }

  /** What several floods came to. */
  private static final class Sum {

    long sent;
    long events;
    long nanos;
    long cpuNanos;
    long allocatedBytes;
    long gcMillis;
    long reads;
    long bytesRead;

    void add(FloodRun.Outcome outcome) {
      ClientProcess.Measured measured = outcome.measured();
      sent += outcome.prepared();
      events += outcome.events();
      nanos += outcome.nanos();
      cpuNanos += measured.cpuNanos();
      allocatedBytes += measured.allocatedBytes();
      gcMillis += measured.gcMillis();
      reads += measured.reads();
      bytesRead += measured.bytesRead();
    }
  }

  private final Options options;
  private final Rounds rounds;
  private final int rate;

  private EndToEnd(String... args) {
    this.options = Options.parse(args, OPTIONS);
    this.rounds = new Rounds(options, 7, "EndToEnd", args);
    this.rate = options.number("rate", 20_000);
  }

  /**
   * Measures, prints and appends to the file.
   *
   * @param args the options
   * @throws Exception if the gateway does not start, or the file cannot be written
   */
  public static void main(String[] args) throws Exception {
    int failures = run(args);
    System.exit(failures == 0 ? 0 : 1);
  }

  /** {@return how many measurements failed} */
  static int run(String... args) throws Exception {
    return new EndToEnd(args).runAll();
  }

  private int runAll() throws Exception {
    List<Cell> cells = cells();
    int mostShards = cells.stream().mapToInt(Cell::shards).max().orElse(1);
    try (GatewayProcess gateway =
        GatewayProcess.start("-Xmx2g", List.of("--shards=" + mostShards))) {
      return rounds.run(cells, (cell, round) -> List.of(measure(gateway, cell, round)));
    }
  }

  private List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    for (String delivery : options.list("deliveries", Label.BATCHES)) {
      if (!delivery.equals(Label.BATCHES) && !delivery.equals(Label.PACED)) {
        throw new IllegalArgumentException(
            "delivery: " + delivery + " (expected: batches or paced)");
      }
      for (int shards : options.numbers("shards", "1")) {
        for (String compression : options.list("compressions", "none,zlib,zstd")) {
          for (String client : options.list("clients", "sluice,netty")) {
            if (has(client, compression)) {
              cells.add(new Cell(client, compression, shards, delivery));
            }
          }
        }
      }
    }
    if (cells.isEmpty()) {
      throw new IllegalArgumentException(
          "cells: 0 (expected: a client that has one of the compressions)");
    }
    return cells;
  }

  /** {@return whether a client has a compression of the transport} */
  static boolean has(String client, String compression) {
    Label.compression(compression);
    return switch (client) {
      case "sluice", "netty", "netty-slices" -> true;
      case "discord4j" -> compression.equals("zlib");
      default -> !compression.equals("zstd");
    };
  }

  private FloodResult measure(GatewayProcess gateway, Cell cell, int round)
      throws IOException, InterruptedException {
    FloodResult result = flood(gateway, cell, round);
    System.out.printf(
        Locale.ROOT,
        "%2d %-38s %,9.0f events/s %,8.0f ns %,8.1f B an event, gc %d ms, %d MB, %d threads, %s%n",
        round,
        cell,
        result.eventsPerSecond(),
        result.cpuNanosPerEvent(),
        result.allocatedBytesPerEvent(),
        result.gcMillis(),
        result.residentBytes() >> 20,
        result.threads(),
        result.bytesPerRead() == null
            ? "reads not known"
            : String.format(Locale.ROOT, "%,.0f B a read", result.bytesPerRead()));
    return result;
  }

  private FloodResult flood(GatewayProcess gateway, Cell cell, int round)
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
      warmUp(flood, cell);
      Sum sum = new Sum();
      ClientProcess.Measured last;
      long minCpuNanos = TimeUnit.MILLISECONDS.toNanos(options.number("min-cpu-millis", 400));
      int minFloods = options.number("min-floods", 3);
      int maxFloods = Math.max(minFloods, options.number("max-floods", 20));
      int events = paced(cell) ? options.number("paced-events", 20_000) : batchEvents();
      int floods = 0;
      do {
        FloodRun.Outcome outcome = flood.send(events, rate(cell), MEASURED_SEED + floods);
        sum.add(outcome);
        last = outcome.measured();
        floods++;
      } while (floods < minFloods || (sum.cpuNanos < minCpuNanos && floods < maxFloods));
      return new FloodResult(
          round,
          cell.client(),
          cell.compression(),
          cell.shards(),
          cell.delivery(),
          rate(cell),
          sum.sent,
          sum.events,
          sum.nanos / 1e9,
          (double) sum.cpuNanos / sum.events,
          (double) sum.allocatedBytes / sum.events,
          sum.gcMillis,
          last.residentBytes(),
          last.threads(),
          sum.reads <= 0 ? null : (double) sum.bytesRead / sum.reads);
    } finally {
      client.kill();
    }
  }

  /** As many as are paced would take too long: the first half comes in batches in any case. */
  private void warmUp(FloodRun flood, Cell cell) throws IOException, InterruptedException {
    long floodNanos = TimeUnit.SECONDS.toNanos(options.number("warm-up-seconds", 3));
    long untilNanos =
        System.nanoTime() + TimeUnit.SECONDS.toNanos(options.number("warm-up-wall-seconds", 5));
    int warmUpEvents = options.number("warm-up-events", 150_000);
    int each = Math.min(WARM_UP_FLOOD_EVENTS, warmUpEvents);
    long sent = 0;
    long nanos = 0;
    for (int seed = 1;
        sent < warmUpEvents || (nanos < floodNanos && untilNanos - System.nanoTime() > 0);
        seed++) {
      FloodRun.Outcome outcome = flood.send(each, sent < warmUpEvents / 2 ? 0 : rate(cell), seed);
      sent += outcome.events();
      nanos += outcome.nanos();
    }
  }

  private int batchEvents() {
    return options.number("events", 100_000);
  }

  private static boolean paced(Cell cell) {
    return cell.delivery().equals(Label.PACED);
  }

  private long rate(Cell cell) {
    return paced(cell) ? rate : 0;
  }
}
