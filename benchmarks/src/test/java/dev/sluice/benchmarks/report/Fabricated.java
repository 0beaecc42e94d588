package dev.sluice.benchmarks.report;

import dev.sluice.benchmarks.results.Environment;
import dev.sluice.benchmarks.results.FloodResult;
import dev.sluice.benchmarks.results.IdleResult;
import dev.sluice.benchmarks.results.LatencyResult;
import dev.sluice.benchmarks.results.Measured;
import dev.sluice.benchmarks.results.MicroResult;
import dev.sluice.benchmarks.results.ResultFile;
import dev.sluice.benchmarks.results.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Results that nobody measured, for tests of what is made of results. */
final class Fabricated {

  static final Environment ENVIRONMENT =
      new Environment(
          "2026-11-26",
          "17.0.1 (Vendor)",
          "Linux 6 amd64",
          "Model",
          2,
          "-Xmx1g",
          Map.of("sluice", "0.1.0", "netty", "4.2.18", "jda", "6.5.0"),
          "Fabricated --rounds=7");

  static final int ROUNDS = 7;

  private Fabricated() {}

  /** {@return results of every kind: seven rounds, a little apart} */
  static Run everything() {
    List<Measured> results = new ArrayList<>();
    for (int round = 1; round <= ROUNDS; round++) {
      addMicro(results, round);
      addFloods(results, round);
      addIdle(results, round);
      addLatency(results, round);
    }
    return new Run(ENVIRONMENT, results);
  }

  /**
   * Writes runs as a harness would.
   *
   * @param file the file
   * @param runs the runs
   * @throws IOException if it cannot be written
   */
  static void write(Path file, Run... runs) throws IOException {
    for (Run run : runs) {
      ResultFile.append(file, run.environment());
      for (Measured result : run.results()) {
        ResultFile.append(file, result);
      }
    }
  }

  /** {@return a flood of one shard} */
  static FloodResult flood(int round, String client, String compression, double cpuNanos) {
    return flood(round, client, compression, 1, "batches", cpuNanos, 60_000.0);
  }

  /** {@return a flood} */
  static FloodResult flood(
      int round,
      String client,
      String compression,
      int shards,
      String delivery,
      double cpuNanos,
      Double bytesPerRead) {
    boolean ours = Clients.PEERS.contains(client);
    return new FloodResult(
        round,
        client,
        compression,
        shards,
        delivery,
        delivery.equals("paced") ? 20_000 : 0,
        300_000,
        300_000,
        300_000 * cpuNanos / 1e9,
        cpuNanos,
        ours ? 11_000 : 41,
        ours ? 30 : 0,
        ours ? 330_000_000 : 90_000_000,
        ours ? 17 + 2 * shards : 9,
        bytesPerRead);
  }

  private static void addMicro(List<Measured> results, int round) {
    double noise = noise(round);
    Map<String, Double> nanos = Map.of("recv", 58.0, "copy", 30.0, "jacksonTree", 7_000.0);
    for (String event : List.of("MESSAGE_CREATE", "MIXED")) {
      for (String method : List.of("recv", "copy", "jacksonTree")) {
        for (String ring : Bars.RINGS) {
          Map<String, String> params = Map.of("event", event, "messages", ring);
          results.add(micro(round, "RecvBenchmark." + method, params, nanos.get(method) * noise));
        }
      }
      for (String compression : List.of("zlib", "zstd")) {
        List<Bars.Micro> all = new ArrayList<>(Bars.bareDecompressors(compression, event));
        all.add(Bars.compressedRecv(compression, event));
        for (Bars.Micro which : all) {
          results.add(micro(round, which.benchmark(), which.params(), 2_500 * noise));
        }
      }
    }
    for (int bytes : List.of(4_096, 32_768, 262_144, 2_097_152)) {
      Map<String, String> size = Map.of("bytes", Integer.toString(bytes));
      results.add(micro(round, "PayloadSizeBenchmark.recv", size, 60 * noise));
      results.add(micro(round, "PayloadSizeBenchmark.copy", size, bytes * 0.05 * noise));
      results.add(micro(round, "PayloadSizeBenchmark.jacksonTree", size, bytes * 2.5 * noise));
    }
  }

  private static MicroResult micro(
      int round, String benchmark, Map<String, String> params, double score) {
    double bytes = benchmark.endsWith("jacksonTree") ? 6_250 : 0.0001;
    return new MicroResult(round, benchmark, params, "avgt", "ns/op", score, bytes);
  }

  private static void addFloods(List<Measured> results, int round) {
    Map<String, List<Double>> micros =
        Map.of(
            "sluice", List.of(0.5, 3.4, 1.7),
            "netty", List.of(0.41, 3.3, 1.65),
            "netty-slices", List.of(0.33, 3.2, 1.6),
            "jda", List.of(9.6, 11.5),
            "discord4j", List.of(0.0, 13.7),
            "kord", List.of(19.2, 19.4));
    for (String client : Clients.ALL) {
      for (int i = 0; i < micros.get(client).size(); i++) {
        double nanos = micros.get(client).get(i) * 1_000 * noise(round);
        if (nanos == 0) {
          continue;
        }
        String compression = Clients.COMPRESSIONS.get(i);
        Double bytesPerRead = Clients.PEERS.contains(client) ? null : 60_000.0;
        for (int shards : List.of(1, 16, 64, 256)) {
          results.add(flood(round, client, compression, shards, "batches", nanos, bytesPerRead));
        }
        results.add(
            flood(round, client, compression, 1, "paced", nanos * 1.2 + 3_000, bytesPerRead));
      }
    }
  }

  private static void addIdle(List<Measured> results, int round) {
    for (int shards : List.of(1_000, 4_000, 10_000)) {
      for (String tls : Clients.TLS) {
        double tlsBytes = tls.equals("none") ? 0 : tls.equals("jdk") ? 7_000 : 3_000;
        for (String compression : Clients.COMPRESSIONS) {
          double context =
              compression.equals("none") ? 0 : compression.equals("zlib") ? 38_000 : 420_000;
          results.add(
              new IdleResult(
                  round,
                  "sluice",
                  compression,
                  tls,
                  shards,
                  (1_900 + tlsBytes) * noise(round),
                  (6_000 + context + 2 * tlsBytes) * noise(round),
                  9,
                  2,
                  0.4));
        }
      }
    }
    results.add(
        new IdleResult(
            round, "jda", "zlib", "none", 64, 108_000 * noise(round), 410_000, 153, 0, 1.3));
  }

  private static void addLatency(List<Measured> results, int round) {
    for (String client : List.of("sluice", "netty", "jda")) {
      long base = client.equals("jda") ? 60_000 : 25_000;
      for (int load : List.of(10, 50, 80, 95)) {
        long p50 = (long) (base * noise(round) * 100 / (105 - load));
        results.add(
            new LatencyResult(
                round,
                client,
                "none",
                1,
                load,
                1_000L * load,
                300_000,
                p50,
                p50 * 2,
                p50 * 6,
                p50 * 25,
                p50 * 90,
                p50 * 200,
                900,
                p50));
      }
    }
  }

  private static double noise(int round) {
    return 1 + 0.01 * ((round * 3) % ROUNDS);
  }
}
