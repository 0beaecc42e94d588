package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.benchmarks.results.MicroResult;
import dev.sluice.benchmarks.results.ResultFile;
import dev.sluice.benchmarks.results.Run;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MicroRoundsTest {

  @TempDir Path directory;

  @Test
  void eachRoundRunsEachBenchmarkOnceAndAppendsItsResult() throws Exception {
    System.setProperty("jmh.ignoreLock", "true"); // another build may run this at the same time
    Path out = directory.resolve("micro.jsonl");

    MicroRounds.run(
        "--rounds=2",
        "--include=EnvelopeBenchmark.scan$",
        "--param=keys=USUAL",
        "--warmup=1",
        "--time=5",
        "--out=" + out);

    List<Run> runs = ResultFile.read(out);
    assertThat(runs).hasSize(1);
    assertThat(runs.get(0).environment().command()).startsWith("MicroRounds --rounds=2 ");
    List<MicroResult> results = runs.get(0).of(MicroResult.class);
    assertThat(results)
        .extracting(MicroResult::round, MicroResult::benchmark)
        .map(tuple -> tuple.toList().toString())
        .containsExactly("[1, EnvelopeBenchmark.scan]", "[2, EnvelopeBenchmark.scan]");
    assertThat(results)
        .allSatisfy(
            result -> {
              assertThat(result.params())
                  .isEqualTo(Map.of("event", "MESSAGE_CREATE", "keys", "USUAL"));
              assertThat(result.mode()).isEqualTo("avgt");
              assertThat(result.unit()).isEqualTo("ns/op");
              assertThat(result.score()).isPositive();
            });
  }

  @Test
  void eachRoundBeginsWithTheNext() {
    List<String> elements = List.of("a", "b", "c");
    assertThat(MicroRounds.inOrder(elements, 1)).containsExactly("a", "b", "c");
    assertThat(MicroRounds.inOrder(elements, 2)).containsExactly("b", "c", "a");
    assertThat(MicroRounds.inOrder(elements, 3)).containsExactly("c", "a", "b");
    assertThat(MicroRounds.inOrder(elements, 4)).containsExactly("a", "b", "c");
  }

  @Test
  void theBarsStandAlone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MicroRounds.run("--bars", "--include=RecvBenchmark"))
        .withMessage("bars: with an include or param (expected: alone)");
  }

  @ParameterizedTest
  @CsvSource({
    "--rounds=0, 'rounds: 0 (expected: >= 1)'",
    "--time=soon, 'time: soon (expected: a number)'",
    "--param=keys, 'param: keys (expected: name=value)'",
    "--round=7, 'option: --round=7 (expected: --rounds, --include, --param, --bars, --warmup,"
        + " --time or --out)'"
  })
  void wrongOptionsAreRefused(String option, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MicroRounds.run(option))
        .withMessage(message);
  }
}
