package dev.sluice.benchmarks.results;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ResultFileTest {

  private static final Environment ENVIRONMENT =
      new Environment(
          "2026-11-26",
          "17.0.1 (Vendor)",
          "Linux 6 amd64",
          "Model",
          2,
          "-Xmx1g",
          Map.of("netty", "4.2", "jda", "6"),
          "EndToEnd --rounds=7");

  @TempDir Path directory;

  static List<Result> everyKind() {
    return List.of(
        ENVIRONMENT,
        new MicroResult(
            1, "RecvBenchmark.recv", Map.of("event", "MIXED"), "avgt", "ns/op", 58.1, 0.5),
        flood(1, 300_000, null),
        flood(2, 300_000, 65_000.5),
        new IdleResult(1, "sluice", "zlib", "jdk", 4_000, 1_700.5, 41_000.25, 9, 2, 0.25),
        new LatencyResult(
            3, "jda", "none", 1, 50, 30_000, 300_000, 1, 20, 300, 4_000, 50_000, 600_000, 7, 80));
  }

  private static FloodResult flood(int round, long received, Double bytesPerRead) {
    return new FloodResult(
        round,
        "jda",
        "zlib",
        1,
        "batches",
        0,
        300_000,
        received,
        2.5,
        9_600.5,
        11_000.5,
        30,
        300_000_000,
        17,
        bytesPerRead);
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void aResultIsReadAsItWasWritten(Result result) throws IOException {
    assertThat(ResultFile.fromJson(ResultFile.toJson(result))).isEqualTo(result);
  }

  @Test
  void aResultIsOneLineThatBeginsWithItsKind() {
    assertThat(ResultFile.toJson(everyKind().get(1)))
        .isEqualTo(
            "{\"kind\":\"micro\",\"round\":1,\"benchmark\":\"RecvBenchmark.recv\","
                + "\"params\":{\"event\":\"MIXED\"},\"mode\":\"avgt\",\"unit\":\"ns/op\","
                + "\"score\":58.1,\"allocatedBytesPerOp\":0.5}");
    assertThat(ResultFile.toJson(flood(1, 300_000, null)))
        .startsWith("{\"kind\":\"flood\",\"round\":1,\"client\":\"jda\",")
        .endsWith(",\"threads\":17,\"bytesPerRead\":null}");
  }

  @Test
  void runsOfOneFileStayApart() throws IOException {
    Path file = directory.resolve("jdk17").resolve("end-to-end.jsonl");
    Measured first = flood(1, 300_000, null);
    Measured second = flood(1, 300_000, 2.0);
    for (Result result : List.of(ENVIRONMENT, first, ENVIRONMENT, second)) {
      ResultFile.append(file, result);
    }
    assertThat(ResultFile.read(file))
        .containsExactly(
            new Run(ENVIRONMENT, List.of(first)), new Run(ENVIRONMENT, List.of(second)));
  }

  @Test
  void aRunGivesTheResultsOfOneKind() {
    Run run =
        new Run(
            ENVIRONMENT,
            everyKind().stream()
                .filter(Measured.class::isInstance)
                .map(Measured.class::cast)
                .toList());
    assertThat(run.of(FloodResult.class)).hasSize(2);
    assertThat(run.of(IdleResult.class)).hasSize(1);
  }

  @Test
  void aFileThatDoesNotBeginWithAnEnvironmentIsRefused() throws IOException {
    Path file = directory.resolve("headless.jsonl");
    ResultFile.append(file, flood(1, 300_000, null));
    assertThatThrownBy(() -> ResultFile.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("headless.jsonl, line 1: ")
        .hasMessageEndingWith("(expected: an environment)");
  }

  @Test
  void aFieldThatIsMisspeltOrMissingIsRefused() throws IOException {
    String line = ResultFile.toJson(everyKind().get(4));
    assertThatThrownBy(() -> ResultFile.fromJson(line.replace("threads", "thraeds")))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> ResultFile.fromJson(line.replace("\"threads\":9,", "")))
        .isInstanceOf(IOException.class);
    Path file = directory.resolve("broken.jsonl");
    ResultFile.append(file, ENVIRONMENT);
    Files.writeString(file, Files.readString(file) + line.substring(1) + '\n');
    assertThatThrownBy(() -> ResultFile.read(file)).hasMessageStartingWith("broken.jsonl, line 2:");
  }

  @Test
  void aRunThatLostEventsIsNoResult() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> flood(1, 299_999, null))
        .withMessage("received: 299999 (expected: 300000)");
  }

  @Test
  void aFigureThatCannotBeIsNoResult() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MicroResult(1, "A.b", Map.of(), "avgt", "ns/op", Double.NaN, 0))
        .withMessage("score: NaN (expected: >= 0 and finite)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MicroResult(0, "A.b", Map.of(), "avgt", "ns/op", 1, 0))
        .withMessage("round: 0 (expected: >= 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LatencyResult(1, "jda", "none", 1, 50, 1, 1, 5, 4, 6, 7, 8, 9, 0, 0))
        .withMessage("p90Nanos: 4 (expected: >= 5)");
  }

  @Test
  void theCurrentEnvironmentNamesEverything() {
    Environment current = Environment.current("-Xmx1g", "EndToEnd --out=/home/x.jsonl --rounds=7");
    assertThat(current.command()).isEqualTo("EndToEnd --rounds=7");
    assertThat(current.jdk()).startsWith(System.getProperty("java.version"));
    assertThat(current.cores()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(current.versions().keySet()).contains("sluice", "netty", "jackson", "zstd-jni");
    assertThat(current.versions().values()).allMatch(version -> version.matches("\\d.*"));
  }
}
