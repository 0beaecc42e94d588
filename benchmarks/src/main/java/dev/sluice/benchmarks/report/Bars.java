package dev.sluice.benchmarks.report;

import static dev.sluice.benchmarks.report.Clients.COMPRESSIONS;
import static dev.sluice.benchmarks.report.Clients.DELIVERIES;
import static dev.sluice.benchmarks.report.Clients.DISCORD4J;
import static dev.sluice.benchmarks.report.Clients.JDA;
import static dev.sluice.benchmarks.report.Clients.NETTY;
import static dev.sluice.benchmarks.report.Clients.NETTY_SLICES;
import static dev.sluice.benchmarks.report.Clients.SLUICE;

import dev.sluice.benchmarks.results.FloodResult;
import dev.sluice.benchmarks.results.IdleResult;
import dev.sluice.benchmarks.results.MicroResult;
import dev.sluice.benchmarks.results.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** The bars that Sluice is held to, and what the results of one JDK say of each. */
final class Bars {

  /** A benchmark with its parameters. */
  record Micro(String benchmark, Map<String, String> params) {}

  /** So many messages come round: all in the nearest cache, or not. */
  static final List<String> RINGS = List.of("10", "100");

  static final Micro SMALL = new Micro("PayloadSizeBenchmark.recv", Map.of("bytes", "4096"));
  static final Micro LARGE = new Micro("PayloadSizeBenchmark.recv", Map.of("bytes", "2097152"));
  static final List<String> COMPRESSED_EVENTS = List.of("MIXED");

  /** The profiler spreads what the harness itself allocates over the operations of a round. */
  static final double NO_BYTES = 0.1;

  /** "Flat" in numbers: hundreds of times the bytes, and no more than this times the time. */
  private static final double FLAT = 1.5;

  /** Two clients read "the same" if what a read brings differs by no more than this factor. */
  private static final double SAME_BYTES_PER_READ = 1.2;

  private static final String[] ZLIB_BARE = {"bareInflater"};
  private static final String[] ZSTD_BARE = {"bareZstd", "bareZstdDirect"};

  private static final String IN_JVM = "`recv`, in one JVM";
  private static final String ONE_SHARD = "End to end, one shard";
  private static final String MANY_SHARDS = "End to end, many shards";
  private static final String IDLE = "Idle shards";

  private static final int IDLE_SHARDS = 4_000;
  private static final int FEWER_IDLE_SHARDS = 1_000;

  /** The baselines: what anyone can write, and what differs from Sluice by Sluice alone. */
  private static final List<String> MINIMAL = List.of(NETTY, NETTY_SLICES);

  private final List<Run> runs;
  private final List<Bar> bars = new ArrayList<>();

  private Bars(List<Run> runs) {
    this.runs = runs;
  }

  /**
   * {@return all bars, always the same ones in the same order}
   *
   * @param runs what was measured
   */
  static List<Bar> of(List<Run> runs) {
    Bars bars = new Bars(runs);
    bars.addRecv();
    bars.addOneShard();
    bars.addManyShards();
    bars.addIdle();
    return List.copyOf(bars.bars);
  }

  /**
   * {@return the whole path of a compressed event}
   *
   * @param compression the compression
   * @param event the type of the events
   */
  static Micro compressedRecv(String compression, String event) {
    return recv(
        "CompressedRecvBenchmark." + (compression.equals("zlib") ? "recvZlib" : "recvZstd"), event);
  }

  /**
   * {@return the bare decompressor on the bytes of {@link #compressedRecv}, in each way that it was
   * measured}
   *
   * @param compression the compression
   * @param event the type of the events
   */
  static List<Micro> bareDecompressors(String compression, String event) {
    return Stream.of("zlib".equals(compression) ? ZLIB_BARE : ZSTD_BARE)
        .map(method -> recv("CompressedRecvBenchmark." + method, event))
        .toList();
  }

  /**
   * {@return a method of the benchmark of uncompressed events}
   *
   * @param method the method
   * @param messages how many messages come round
   */
  static Micro recvOfRing(String method, String messages) {
    return new Micro(
        "RecvBenchmark." + method, Map.of("event", "MESSAGE_CREATE", "messages", messages));
  }

  private static Micro recv(String benchmark, String event) {
    return new Micro(benchmark, Map.of("event", event));
  }

  private void addRecv() {
    for (String ring : RINGS) {
      String which = ", MESSAGE_CREATE, " + ring + " in turn";
      Samples recv = score(recvOfRing("recv", ring));
      add(
          IN_JVM,
          "Jackson `readTree` / `recv`" + which,
          Bound.atLeast(100, ""),
          score(recvOfRing("jacksonTree", ring)).over(recv));
      add(
          IN_JVM,
          "`recv` / copy of the same bytes" + which,
          Bound.atMost(2.5, ""),
          recv.over(score(recvOfRing("copy", ring))));
      add(
          IN_JVM,
          "allocated by `recv`" + which,
          Bound.atMost(NO_BYTES, "B"),
          micro(recvOfRing("recv", ring), MicroResult::allocatedBytesPerOp));
    }
    add(
        IN_JVM,
        "`recv` of 2 MiB / of 4 KiB, GUILD_CREATE",
        Bound.atMost(FLAT, ""),
        score(LARGE).over(score(SMALL)));
    for (String compression : List.of("zlib", "zstd")) {
      String bare = compression.equals("zlib") ? "bare `Inflater`" : "bare zstd-jni";
      for (String event : COMPRESSED_EVENTS) {
        add(
            IN_JVM,
            "`recv` of " + Clients.compression(compression) + " / " + bare + ", " + event,
            Bound.atMost(1.05, ""),
            score(compressedRecv(compression, event))
                .over(fastest(bareDecompressors(compression, event))));
      }
    }
  }

  private void addOneShard() {
    addAgainst(JDA, "none", "none", "batches", 8);
    addAgainst(DISCORD4J, "zlib", "none", "batches", 10);
    addAgainst(JDA, "zlib", "zlib", "batches", 2);
    addAgainst(DISCORD4J, "zlib", "zlib", "batches", 3);
    addAgainst(JDA, "zlib", "zstd", "batches", 3);
    addAgainst(JDA, "none", "none", "paced", 2);
    addAgainst(JDA, "zlib", "zlib", "paced", 2);
    for (String delivery : DELIVERIES) {
      for (String compression : COMPRESSIONS) {
        Predicate<FloodResult> sluice = flood(SLUICE, compression, 1, delivery);
        add(
            ONE_SHARD,
            "allocated an event, " + Clients.compression(compression) + ", " + delivery,
            Bound.atMost(60, "B"),
            floods(sluice, FloodResult::allocatedBytesPerEvent));
      }
    }
    for (String delivery : DELIVERIES) {
      for (String compression : COMPRESSIONS) {
        for (String minimal : MINIMAL) {
          addBeside(minimal, 1, compression, delivery, 1.5, false);
        }
      }
    }
  }

  private void addAgainst(
      String peer, String peerCompression, String compression, String delivery, double atLeast) {
    add(
        ONE_SHARD,
        "CPU, "
            + Clients.title(peer)
            + ' '
            + Clients.compression(peerCompression)
            + " / Sluice "
            + Clients.compression(compression)
            + ", "
            + delivery,
        Bound.atLeast(atLeast, ""),
        cpu(peer, peerCompression, 1, delivery).over(cpu(SLUICE, compression, 1, delivery)));
  }

  private void addManyShards() {
    for (int shards : List.of(64, 256)) {
      for (String delivery : DELIVERIES) {
        for (String compression : COMPRESSIONS) {
          for (String minimal : MINIMAL) {
            addBeside(minimal, shards, compression, delivery, 1.15, delivery.equals("paced"));
          }
        }
      }
    }
  }

  private void addBeside(
      String minimal,
      int shards,
      String compression,
      String delivery,
      double atMost,
      boolean extra) {
    Samples ratio =
        cpu(SLUICE, compression, shards, delivery)
            .over(cpu(minimal, compression, shards, delivery));
    Samples bytesPerRead =
        bytesPerRead(SLUICE, compression, shards, delivery)
            .over(bytesPerRead(minimal, compression, shards, delivery));
    bars.add(
        new Bar(
            shards == 1 ? ONE_SHARD : MANY_SHARDS,
            "CPU, Sluice / "
                + minimal(minimal)
                + ", "
                + (shards == 1 ? "" : shards + " shards, ")
                + Clients.compression(compression)
                + ", "
                + delivery,
            Bound.atMost(atMost, ""),
            ratio,
            sameReads(ratio, bytesPerRead),
            extra));
  }

  private static String minimal(String client) {
    return client.equals(NETTY)
        ? "a minimal client, Netty's decoder"
        : "a minimal client, the same decoder";
  }

  /** Larger reads are cheaper an event, so clients that read differently are not compared. */
  private static String sameReads(Samples compared, Samples bytesPerRead) {
    Samples known = bytesPerRead.where(compared);
    if (known.size() < compared.size()) {
      return "what a read brings is not known of every round";
    }
    if (known.isEmpty()) {
      return "";
    }
    double ratio = known.spread().median();
    return Math.max(ratio, 1 / ratio) <= SAME_BYTES_PER_READ
        ? ""
        : String.format(Locale.ROOT, "a read brings %.2f times the bytes", ratio);
  }

  private void addIdle() {
    add(
        IDLE,
        "heap a shard, plain, 4,000 shards",
        Bound.atMost(3_000, "B"),
        idle("none", "none", IDLE_SHARDS, IdleResult::heapBytesPerShard));
    add(
        IDLE,
        "resident memory a shard, zlib-stream, 4,000 shards",
        Bound.atMost(48_000, "B"),
        idle("zlib", "none", IDLE_SHARDS, IdleResult::residentBytesPerShard));
    ToDoubleFunction<IdleResult> beside = idle -> idle.threads() - idle.eventLoops();
    add(
        IDLE,
        "threads beside event loops, 4,000 shards less 1,000",
        Bound.atMost(0, "threads"),
        idle("none", "none", IDLE_SHARDS, beside)
            .minus(idle("none", "none", FEWER_IDLE_SHARDS, beside)));
  }

  private void add(String group, String text, Bound bound, Samples samples) {
    bars.add(new Bar(group, text, bound, samples.atHighestRate()));
  }

  private Samples fastest(List<Micro> ways) {
    return ways.stream().map(this::score).reduce(Samples::least).orElseThrow();
  }

  private Samples score(Micro which) {
    return micro(which, MicroResult::score);
  }

  private Samples micro(Micro which, ToDoubleFunction<MicroResult> figure) {
    return Samples.of(
        runs,
        MicroResult.class,
        result ->
            result.benchmark().equals(which.benchmark()) && result.params().equals(which.params()),
        figure);
  }

  private Samples cpu(String client, String compression, int shards, String delivery) {
    return floods(flood(client, compression, shards, delivery), FloodResult::cpuNanosPerEvent);
  }

  private Samples bytesPerRead(String client, String compression, int shards, String delivery) {
    Predicate<FloodResult> which = flood(client, compression, shards, delivery);
    return floods(which.and(result -> result.bytesPerRead() != null), FloodResult::bytesPerRead);
  }

  private Samples floods(Predicate<FloodResult> which, ToDoubleFunction<FloodResult> figure) {
    return Samples.of(runs, FloodResult.class, which, figure);
  }

  private static Predicate<FloodResult> flood(
      String client, String compression, int shards, String delivery) {
    return result ->
        result.client().equals(client)
            && result.compression().equals(compression)
            && result.shards() == shards
            && result.delivery().equals(delivery);
  }

  private Samples idle(
      String compression, String tls, int shards, ToDoubleFunction<IdleResult> figure) {
    return Samples.of(
        runs,
        IdleResult.class,
        result ->
            result.client().equals(SLUICE)
                && result.compression().equals(compression)
                && result.tls().equals(tls)
                && result.shards() == shards,
        figure);
  }
}
