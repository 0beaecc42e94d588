package dev.sluice.benchmarks.load;

import dev.sluice.benchmarks.results.IdleResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What does an idle shard cost? A client, in a JVM of its own, connects to a gateway in another: an
 * instance of it with 16 shards, so that everything is loaded, one more, so that every arena of
 * Netty's allocator is in use, another one, and then one with all shards. By how much the last
 * takes more than the one before, by how many shards it has more, is the cost of a shard. The
 * threads told are those of a process with the last instance alone, but the processor time is that
 * of all four. The idle shards have no counters of the harness's.
 *
 * <p>The interval of heartbeats is Discord's 41.25 s. Shards send theirs spread over it, so that
 * ten seconds have a quarter of them; at least 42 seconds have each once. The clients {@code netty}
 * and {@code netty-slices} do not look into HELLO and send theirs every nine minutes.
 *
 * <pre>{@code
 * java -cp benchmarks/target/benchmarks.jar dev.sluice.benchmarks.load.IdleShards \
 *     --compressions=none,zlib --shards=1000,4000 --rounds=3 --out=results.jsonl
 * }</pre>
 *
 * <p>Options: {@code --clients=} (sluice), {@code --compressions=} (none,zlib,zstd; a client that
 * has one not is left out there), {@code --tls=} (none; jdk, openssl; for sluice and netty), {@code
 * --shards=} (1000; more than 16), {@code --rounds=} (1), {@code --idle-seconds=} over which the
 * processor time is taken (10), {@code --heap=} the flags of the clients (-Xmx1g -XX:+UseG1GC),
 * {@code --gateway-heap=} that of the gateway (-Xmx4g) and {@code --out=} the file to append to
 * (none).
 *
 * <p>Each shard takes a file descriptor on either side: where the limit is too low the setting is
 * left out, by name. The gateway's contexts of compression are larger than the clients': some 300
 * kB a shard for zlib and several times that for zstd.
 */
public final class IdleShards {

  private static final Set<String> OPTIONS =
      Rounds.options("clients", "compressions", "tls", "shards", "idle-seconds", "gateway-heap");
  private static final int OTHER_FILES = 500;

  /** Discord's. Each shard begins at a random moment of it, as clients must. */
  private static final int HEARTBEAT_MILLIS = 41_250;

  /** Enough to make use of every event loop. */
  private static final int FEW = 16;

  /** One client in one setting. */
  private record Cell(String client, String compression, String tls, int shards) {

    @Override
    public String toString() {
      return client + ' ' + compression + ", tls: " + tls + ", shards: " + shards;
    }
  }

  private final Options options;
  private final Rounds rounds;

  private IdleShards(String... args) {
    this.options = Options.parse(args, OPTIONS);
    this.rounds = new Rounds(options, 1, "IdleShards", args);
  }

  /**
   * Measures, prints and appends to the file.
   *
   * @param args the options
   * @throws Exception if the file cannot be written
   */
  public static void main(String[] args) throws Exception {
    System.exit(run(args) == 0 ? 0 : 1);
  }

  /** {@return how many measurements failed} */
  static int run(String... args) throws Exception {
    IdleShards idle = new IdleShards(args);
    return idle.rounds.run(idle.cells(), (cell, round) -> List.of(idle.measure(cell, round)));
  }

  private List<Cell> cells() throws IOException {
    List<Cell> cells = new ArrayList<>();
    long maxFiles = maxFiles();
    for (int shards : options.numbers("shards", "1000")) {
      if (shards <= FEW) {
        throw new IllegalArgumentException("shards: " + shards + " (expected: > " + FEW + ')');
      }
      for (String tls : options.list("tls", Label.NO_TLS)) {
        for (String compression : options.list("compressions", "none,zlib,zstd")) {
          for (String client : options.list("clients", "sluice")) {
            Cell cell = new Cell(client, compression, tls, shards);
            if (shards + OTHER_FILES > maxFiles) {
              System.err.println(
                  "left out: " + cell + ", for a process may open " + maxFiles + " files");
            } else if (EndToEnd.has(client, compression) && hasTls(client, tls)) {
              cells.add(cell);
            }
          }
        }
      }
    }
    return cells;
  }

  private static boolean hasTls(String client, String tls) {
    if (tls.equals(Label.NO_TLS)) {
      return true;
    }
    Label.sslProvider(tls);
    return client.equals("sluice") || client.startsWith("netty");
  }

  /** The hard limit, for the JVM raises the soft one to it. */
  private static long maxFiles() throws IOException {
    Path limits = Path.of("/proc/self/limits");
    if (Files.isReadable(limits)) {
      for (String line : Files.readAllLines(limits)) {
        if (line.startsWith("Max open files")) {
          String hard = line.strip().split(" +")[4];
          return hard.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(hard);
        }
      }
    }
    return Long.MAX_VALUE;
  }

  private IdleResult measure(Cell cell, int round) throws IOException, InterruptedException {
    IdleResult result = idle(cell, round);
    System.out.printf(
        Locale.ROOT,
        "%2d %-44s heap %,9.0f B, resident %,9.0f B a shard, %d threads, %d event loops, %.2f %%%n",
        round,
        cell,
        result.heapBytesPerShard(),
        result.residentBytesPerShard(),
        result.threads(),
        result.eventLoops(),
        result.idleCpuPercent());
    return result;
  }

  private IdleResult idle(Cell cell, int round) throws IOException, InterruptedException {
    Path trust = Files.createTempFile("local-gateway", ".pem");
    List<String> gatewayOptions =
        new ArrayList<>(
            List.of(
                "--shards=" + cell.shards(),
                "--guilds-per-shard=1",
                "--compression-level=1",
                "--heartbeat-millis=" + HEARTBEAT_MILLIS));
    boolean tls = !cell.tls().equals(Label.NO_TLS);
    if (tls) {
      gatewayOptions.add("--tls=" + trust);
    }
    String[] tlsOptions =
        tls ? new String[] {"--tls=" + cell.tls(), "--trust=" + trust} : new String[0];
    try (GatewayProcess gateway =
        GatewayProcess.start(options.text("gateway-heap", "-Xmx4g"), gatewayOptions)) {
      ClientProcess client =
          ClientProcess.start(
              cell.client(),
              rounds.heapFlags(),
              gateway.address(),
              cell.compression(),
              FEW,
              tlsOptions);
      try {
        return idle(client, cell, round);
      } finally {
        client.kill();
      }
    } finally {
      Files.delete(trust);
    }
  }

  private IdleResult idle(ClientProcess client, Cell cell, int round)
      throws IOException, InterruptedException {
    client.startMore(FEW);
    ClientProcess.Footprint warm = client.footprint();
    client.startMore(FEW);
    ClientProcess.Footprint few = client.footprint();
    client.startMore(cell.shards());
    ClientProcess.Footprint all = client.footprint();
    ClientProcess.IdleCpu cpu = client.idleCpu(options.number("idle-seconds", 10));
    long heap = all.heapBytes() - few.heapBytes() - (few.heapBytes() - warm.heapBytes());
    long resident =
        all.residentBytes() - few.residentBytes() - (few.residentBytes() - warm.residentBytes());
    int threadsOfFew = few.threads() - warm.threads();
    return new IdleResult(
        round,
        cell.client(),
        cell.compression(),
        cell.tls(),
        cell.shards(),
        (double) heap / (cell.shards() - FEW),
        (double) resident / (cell.shards() - FEW),
        all.threads() - 3 * threadsOfFew,
        all.eventLoops(),
        cpu.percent());
  }
}
