package dev.sluice.benchmarks.load;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.IdentifyLimiter.Permit;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * What does an idle shard cost? Runs shards against a {@link LocalGateway} in a JVM of its own,
 * once with one shard and once with all of them, and prints heap, resident memory and threads, in
 * all and for each shard.
 *
 * <pre>{@code
 * java -cp benchmarks/target/benchmarks.jar dev.sluice.benchmarks.load.IdleShards 1000 NONE
 * }</pre>
 *
 * <p>Arguments: the number of shards (1000), the compression (NONE or ZLIB_STREAM; NONE). Resident
 * memory is read from {@code /proc/self/status} and left out where there is none.
 */
public final class IdleShards {

  private static final int GC_ROUNDS = 5;
  private static final long READY_MINUTES = 2;
  private static final long NOT_KNOWN = -1;

  /** As many as large bots commonly have; the local gateway lets all of them identify at once. */
  private static final int BUCKETS = 16;

  private static final Permit AT_ONCE =
      new Permit() {
        @Override
        public void sent() {
          // nothing is paced
        }

        @Override
        public void release() {
          // nothing is paced
        }
      };

  private IdleShards() {}

  /** What the process holds at one moment. */
  private record Footprint(long heapBytes, long residentBytes, int threads) {

    static Footprint now() throws IOException {
      for (int i = 0; i < GC_ROUNDS; i++) {
        System.gc();
      }
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      int threads = ManagementFactory.getThreadMXBean().getThreadCount();
      return new Footprint(heap, readResidentBytes(), threads);
    }

    private static long readResidentBytes() throws IOException {
      Path status = Path.of("/proc/self/status");
      if (!Files.isReadable(status)) {
        return NOT_KNOWN;
      }
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
      return NOT_KNOWN;
    }
  }

  /**
   * Measures and prints.
   *
   * @param args the number of shards, the compression
   * @throws Exception if the gateway or a shard does not start
   */
  public static void main(String[] args) throws Exception {
    int shards = args.length > 0 ? Integer.parseInt(args[0]) : 1000;
    Compression compression = args.length > 1 ? Compression.valueOf(args[1]) : Compression.NONE;
    Process gateway = startGateway(shards + 1);
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(gateway.getInputStream(), StandardCharsets.UTF_8))) {
      URI api = null;
      String token = null;
      while (api == null || token == null) {
        String line = output.readLine();
        if (line == null) {
          throw new IOException("the gateway ended before it told its address");
        }
        if (line.startsWith("api=")) {
          api = URI.create(line.substring("api=".length()));
        } else if (line.startsWith("token=")) {
          token = line.substring("token=".length());
        }
      }
      measure(shards, compression, api, token);
    } finally {
      gateway.getOutputStream().close(); // which is what ends it
      if (!gateway.waitFor(5, TimeUnit.SECONDS)) {
        gateway.destroyForcibly();
      }
    }
  }

  private static void measure(int shards, Compression compression, URI api, String token)
      throws Exception {
    try (ShardManager one = manager(1, compression, api, token);
        ShardManager many = manager(shards, compression, api, token)) {
      start(one);
      Footprint before = Footprint.now();
      start(many);
      Footprint after = Footprint.now();
      print("one shard", before);
      print(shards + " more", after);
      System.out.printf(
          Locale.ROOT,
          "a shard (%s): heap %d B, resident %s%n",
          compression,
          (after.heapBytes - before.heapBytes) / shards,
          before.residentBytes == NOT_KNOWN
              ? "not known here"
              : (after.residentBytes - before.residentBytes) / shards + " B");
      many.stop(StopMode.GOODBYE).toCompletableFuture().join();
    }
  }

  private static ShardManager manager(int shards, Compression compression, URI api, String token) {
    return ShardManager.builder(token, Intents.nonPrivileged())
        .apiUri(api)
        .shards(shards)
        .compression(compression)
        .maxConcurrency(BUCKETS)
        .identifyLimiter((bucket, shard) -> CompletableFuture.completedStage(AT_ONCE))
        .build();
  }

  private static void start(ShardManager manager) throws Exception {
    manager.start().toCompletableFuture().get(1, TimeUnit.MINUTES);
    manager.ready().toCompletableFuture().get(READY_MINUTES, TimeUnit.MINUTES);
  }

  private static void print(String what, Footprint footprint) {
    System.out.printf(
        Locale.ROOT,
        "%-12s heap %,12d B   resident %,12d B   %d threads%n",
        what,
        footprint.heapBytes,
        footprint.residentBytes,
        footprint.threads);
  }

  private static Process startGateway(int shards) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LocalGateway.class.getName(),
                "--shards=" + shards,
                "--max-concurrency=" + shards,
                "--guilds-per-shard=1",
                "--until-stdin-closes"))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }
}
