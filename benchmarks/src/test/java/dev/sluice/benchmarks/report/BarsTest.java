package dev.sluice.benchmarks.report;

import static dev.sluice.benchmarks.report.Fabricated.ENVIRONMENT;
import static dev.sluice.benchmarks.report.Fabricated.flood;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.benchmarks.micro.Selection;
import dev.sluice.benchmarks.report.Bound.Verdict;
import dev.sluice.benchmarks.results.FloodResult;
import dev.sluice.benchmarks.results.Measured;
import dev.sluice.benchmarks.results.MicroResult;
import dev.sluice.benchmarks.results.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

class BarsTest {

  private static final String JDA_PLAIN = "CPU, JDA plain / Sluice plain, batches";

  /** One shard, plain, in batches: Sluice takes 1,000 ns, JDA what is given, in each round. */
  private static Run jdaTakes(double... nanos) {
    List<Measured> results = new ArrayList<>();
    for (int i = 0; i < nanos.length; i++) {
      results.add(flood(i + 1, "sluice", "none", 1_000));
      results.add(flood(i + 1, "jda", "none", nanos[i]));
    }
    return new Run(ENVIRONMENT, results);
  }

  private static Bar bar(String text, Run... runs) {
    return Bars.of(List.of(runs)).stream()
        .filter(bar -> bar.text().equals(text))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aBarIsMetIfEveryRoundOfSevenIsOnItsRightSide() {
    Bar bar = bar(JDA_PLAIN, jdaTakes(8_000, 9_000, 9_000, 9_500, 9_000, 9_000, 30_000));
    assertThat(bar.verdict()).isEqualTo(Verdict.MET);
    assertThat(bar.samples().spread().median()).isEqualTo(9);
    assertThat(bar.samples().spread().max()).isEqualTo(30);
  }

  @Test
  void aBarIsNotMetIfEveryRoundOfSevenIsOnItsWrongSide() {
    Bar bar = bar(JDA_PLAIN, jdaTakes(7_000, 7_000, 7_000, 7_900, 7_000, 7_000, 7_000));
    assertThat(bar.verdict()).isEqualTo(Verdict.NOT_MET);
  }

  @Test
  void aBarWithinTheRoundsIsUndecided() {
    Bar bar = bar(JDA_PLAIN, jdaTakes(7_900, 9_000, 9_000, 9_500, 9_000, 9_000, 9_000));
    assertThat(bar.verdict()).isEqualTo(Verdict.UNDECIDED);
    bar = bar(JDA_PLAIN, jdaTakes(7_000, 7_000, 7_000, 8_100, 7_000, 7_000, 7_000));
    assertThat(bar.verdict()).isEqualTo(Verdict.UNDECIDED);
  }

  @Test
  void ofNineRoundsOneAtEachEndMayStray() {
    Bar bar =
        bar(JDA_PLAIN, jdaTakes(1_000, 9_000, 9_000, 9_000, 9_000, 9_000, 9_000, 9_000, 9_000));
    assertThat(bar.verdict()).isEqualTo(Verdict.MET);
  }

  @Test
  void fewerThanSevenRoundsDecideNothing() {
    Bar bar = bar(JDA_PLAIN, jdaTakes(90_000, 90_000, 90_000, 90_000, 90_000, 90_000));
    assertThat(bar.verdict()).isEqualTo(Verdict.UNDECIDED);
  }

  @Test
  void whatWasNotMeasuredIsNotMet() {
    assertThat(bar(JDA_PLAIN).verdict()).isEqualTo(Verdict.NOT_MEASURED);
    Run sluiceAlone = new Run(ENVIRONMENT, List.of(flood(1, "sluice", "none", 1_000)));
    assertThat(bar(JDA_PLAIN, sluiceAlone).verdict()).isEqualTo(Verdict.NOT_MEASURED);
  }

  @Test
  void roundsOfDifferentRunsAreNotPaired() {
    Run sluice = new Run(ENVIRONMENT, List.of(flood(1, "sluice", "none", 1_000)));
    Run jda = new Run(ENVIRONMENT, List.of(flood(1, "jda", "none", 9_000)));
    assertThat(bar(JDA_PLAIN, sluice, jda).samples().isEmpty()).isTrue();
    assertThat(bar(JDA_PLAIN, jdaTakes(9_000), jdaTakes(9_000)).samples().spread().rounds())
        .isEqualTo(2);
  }

  @Test
  void aRatioIsTheMedianOfQuotientsAndNotTheQuotientOfMedians() {
    List<Measured> results = new ArrayList<>();
    double[] sluice = {100, 1_000, 10_000};
    double[] jda = {9_000, 900, 90_000};
    for (int i = 0; i < sluice.length; i++) {
      results.add(flood(i + 1, "sluice", "none", sluice[i]));
      results.add(flood(i + 1, "jda", "none", jda[i]));
    }
    Spread spread = bar(JDA_PLAIN, new Run(ENVIRONMENT, results)).samples().spread();
    assertThat(spread.median()).isCloseTo(9, within(1e-9));
    assertThat(spread.min()).isCloseTo(0.9, within(1e-9));
    assertThat(spread.max()).isCloseTo(90, within(1e-9));
  }

  @Test
  void twoResultsOfOneThingInOneRoundAreRefused() {
    FloodResult twice = flood(1, "sluice", "none", 1_000);
    Run run = new Run(ENVIRONMENT, List.of(twice, twice));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Bars.of(List.of(run)))
        .withMessageEndingWith("(expected: one of its kind in its round)");
  }

  @Test
  void zstdIsHeldAgainstTheFasterOfTheBareWaysOfEachRound() {
    List<Measured> results = new ArrayList<>();
    String[] methods = {"recvZstd", "bareZstd", "bareZstdDirect"};
    double[][] rounds = {{110, 100, 200}, {120, 200, 100}};
    for (int round = 0; round < rounds.length; round++) {
      for (int i = 0; i < methods.length; i++) {
        results.add(
            new MicroResult(
                round + 1,
                "CompressedRecvBenchmark." + methods[i],
                Map.of("event", "MIXED"),
                "avgt",
                "ns/op",
                rounds[round][i],
                0));
      }
    }
    Spread spread =
        bar("`recv` of zstd-stream / bare zstd-jni, MIXED", new Run(ENVIRONMENT, results))
            .samples()
            .spread();
    assertThat(spread.min()).isCloseTo(1.1, within(1e-9));
    assertThat(spread.max()).isCloseTo(1.2, within(1e-9));
  }

  @Test
  void clientsThatReadDifferentlyAreNotCompared() {
    assertThat(manyShards(60_000, 52_000).verdict()).isEqualTo(Verdict.MET);
    Bar bar = manyShards(60_000, 40_000);
    assertThat(bar.verdict()).isEqualTo(Verdict.UNDECIDED);
    assertThat(bar.note()).isEqualTo("a read brings 1.50 times the bytes");
    assertThat(manyShards(40_000, 60_000).verdict()).isEqualTo(Verdict.UNDECIDED);
    assertThat(besideNetty(1, 60_000.0, 40_000.0).verdict()).isEqualTo(Verdict.UNDECIDED);
    assertThat(besideNetty(1, 60_000.0, 60_000.0).verdict()).isEqualTo(Verdict.MET);
  }

  @Test
  void clientsOfWhichNobodyKnowsHowTheyReadAreNotCompared() {
    for (int shards : List.of(1, 64)) {
      Bar bar = besideNetty(shards, 60_000.0, null);
      assertThat(bar.verdict()).isEqualTo(Verdict.UNDECIDED);
      assertThat(bar.note()).isEqualTo("what a read brings is not known of every round");
    }
  }

  @Test
  void sluiceIsHeldAgainstBothDecoders() {
    List<Measured> results = new ArrayList<>();
    for (int round = 1; round <= 7; round++) {
      results.add(flood(round, "sluice", "none", 1_000));
      results.add(flood(round, "netty", "none", 1_000));
      results.add(flood(round, "netty-slices", "none", 500));
    }
    Run run = new Run(ENVIRONMENT, results);
    String bar = "CPU, Sluice / a minimal client, %s decoder, plain, batches";
    assertThat(bar(bar.formatted("Netty's"), run).verdict()).isEqualTo(Verdict.MET);
    assertThat(bar(bar.formatted("the same"), run).verdict()).isEqualTo(Verdict.NOT_MET);
  }

  private static Bar manyShards(double bytesOfSluice, double bytesOfNetty) {
    return besideNetty(64, bytesOfSluice, bytesOfNetty);
  }

  private static Bar besideNetty(int shards, Double bytesOfSluice, Double bytesOfNetty) {
    List<Measured> results = new ArrayList<>();
    for (int round = 1; round <= 7; round++) {
      results.add(flood(round, "sluice", "none", shards, "batches", 1_000, bytesOfSluice));
      results.add(flood(round, "netty", "none", shards, "batches", 1_000, bytesOfNetty));
    }
    return bar(
        "CPU, Sluice / a minimal client, Netty's decoder, "
            + (shards == 1 ? "" : shards + " shards, ")
            + "plain, batches",
        new Run(ENVIRONMENT, results));
  }

  @Test
  void ofSeveralRatesTheHighestAloneCounts() {
    List<Measured> results = new ArrayList<>();
    for (int round = 1; round <= 7; round++) {
      results.add(paced(round, 5_000, 400));
      results.add(paced(round, 20_000, 41));
    }
    Bar bar = bar("allocated an event, plain, paced", new Run(ENVIRONMENT, results));
    assertThat(bar.samples().spread().rounds()).isEqualTo(7);
    assertThat(bar.samples().spread().max()).isEqualTo(41);
  }

  private static FloodResult paced(int round, long ratePerSecond, double allocatedBytesPerEvent) {
    FloodResult flood = flood(round, "sluice", "none", 1, "paced", 4_000, null);
    return new FloodResult(
        round,
        flood.client(),
        flood.compression(),
        flood.shards(),
        flood.delivery(),
        ratePerSecond,
        flood.events(),
        flood.received(),
        flood.seconds(),
        flood.cpuNanosPerEvent(),
        allocatedBytesPerEvent,
        flood.gcMillis(),
        flood.residentBytes(),
        flood.threads(),
        flood.bytesPerRead());
  }

  @Test
  void everyBarThatWasAskedForIsAnsweredByResultsOfEveryKind() {
    assertThat(Bars.of(List.of(Fabricated.everything())))
        .filteredOn(bar -> !bar.extra())
        .hasSizeGreaterThan(25)
        .allSatisfy(bar -> assertThat(bar.verdict()).isNotEqualTo(Verdict.NOT_MEASURED));
  }

  static Stream<Bars.Micro> benchmarks() {
    Stream<Bars.Micro> plain =
        Stream.concat(
            Bars.RINGS.stream()
                .flatMap(
                    ring ->
                        Stream.of("recv", "copy", "jacksonTree")
                            .map(method -> Bars.recvOfRing(method, ring))),
            Stream.of(Bars.SMALL, Bars.LARGE));
    Stream<Bars.Micro> compressed =
        Bars.COMPRESSED_EVENTS.stream()
            .flatMap(
                event -> Stream.of("zlib", "zstd").flatMap(name -> ofCompression(name, event)));
    return Stream.concat(plain, compressed);
  }

  private static Stream<Bars.Micro> ofCompression(String compression, String event) {
    return Stream.concat(
        Stream.of(Bars.compressedRecv(compression, event)),
        Bars.bareDecompressors(compression, event).stream());
  }

  /** A bar whose benchmark was renamed would be "not measured" for ever. */
  @ParameterizedTest
  @MethodSource("benchmarks")
  void theBenchmarksOfTheBarsExistWithTheirParameters(Bars.Micro micro) throws Exception {
    String[] names = micro.benchmark().split("\\.");
    Class<?> type = Class.forName("dev.sluice.benchmarks.micro." + names[0]);
    assertThat(Arrays.stream(type.getDeclaredMethods()))
        .anyMatch(
            method ->
                method.getName().equals(names[1]) && method.isAnnotationPresent(Benchmark.class));
    List<String> params =
        Arrays.stream(type.getDeclaredFields())
            .filter(field -> field.isAnnotationPresent(Param.class))
            .map(field -> field.getName())
            .toList();
    assertThat(params).containsExactlyInAnyOrderElementsOf(micro.params().keySet());
    assertThat(Selection.BARS)
        .filteredOn(selection -> selection.benchmark().equals(micro.benchmark()))
        .singleElement()
        .satisfies(
            selection -> {
              assertThat(selection.params()).containsOnlyKeys(params);
              micro
                  .params()
                  .forEach(
                      (name, value) -> assertThat(selection.params().get(name)).contains(value));
            });
  }
}
