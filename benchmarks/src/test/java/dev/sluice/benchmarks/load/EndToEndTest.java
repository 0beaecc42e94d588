package dev.sluice.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.benchmarks.results.FloodResult;
import dev.sluice.benchmarks.results.ResultFile;
import dev.sluice.benchmarks.results.Run;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
final class EndToEndTest {

  private static final String[] TINY = {
    "--heap=-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "--events=2000",
    "--warm-up-events=1000",
    "--paced-events=2000",
    "--warm-up-seconds=1",
    "--warm-up-wall-seconds=1",
    "--min-floods=2",
    "--max-floods=2",
  };

  @TempDir Path directory;

  @Test
  void everyClientGetsEveryEvent() throws Exception {
    Path out = directory.resolve("out.jsonl");

    int failures =
        run(
            out,
            "--clients=sluice,netty,netty-slices",
            "--compressions=none",
            "--shards=2",
            "--rounds=1");

    assertThat(failures).isZero();
    List<Run> runs = ResultFile.read(out);
    assertThat(runs).hasSize(1);
    assertThat(runs.get(0).environment().command()).startsWith("EndToEnd --").doesNotContain("out");
    List<FloodResult> results = runs.get(0).of(FloodResult.class);
    assertThat(results)
        .extracting(FloodResult::client)
        .containsExactly("sluice", "netty", "netty-slices");
    assertThat(results)
        .allSatisfy(
            result -> {
              assertThat(result.events()).isEqualTo(4_000);
              assertThat(result.received()).isEqualTo(4_000);
              assertThat(result.cpuNanosPerEvent()).isPositive();
              assertThat(result.bytesPerRead()).isGreaterThan(100);
            });
  }

  @Test
  void compressedStreamsArePacedToo() throws Exception {
    Path out = directory.resolve("out.jsonl");

    int failures =
        run(
            out,
            "--clients=sluice,netty",
            "--compressions=zlib,zstd",
            "--shards=1",
            "--rounds=1",
            "--deliveries=paced",
            "--rate=10000");

    assertThat(failures).isZero();
    assertThat(ResultFile.read(out).get(0).of(FloodResult.class))
        .hasSize(4)
        .allSatisfy(
            result -> {
              assertThat(result.delivery()).isEqualTo("paced");
              assertThat(result.ratePerSecond()).isEqualTo(10_000);
              assertThat(result.seconds()).isGreaterThan(0.38);
              assertThat(result.received()).isEqualTo(4_000);
            });
  }

  @Test
  void theOrderRotatesFromRoundToRound() {
    List<String> cells = List.of("a", "b", "c");

    assertThat(Rounds.inOrderOf(1, cells)).containsExactly("a", "b", "c");
    assertThat(Rounds.inOrderOf(2, cells)).containsExactly("b", "c", "a");
    assertThat(Rounds.inOrderOf(4, cells)).containsExactly("a", "b", "c");
  }

  @Test
  void clientsAreLeftOutWhereTheyHaveNotTheCompression() {
    assertThat(EndToEnd.has("discord4j", "none")).isFalse();
    assertThat(EndToEnd.has("discord4j", "zlib")).isTrue();
    assertThat(EndToEnd.has("jda", "zstd")).isFalse();
    assertThat(EndToEnd.has("kord", "none")).isTrue();
    assertThat(EndToEnd.has("netty", "zstd")).isTrue();
  }

  @Test
  void wrongOptionsAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EndToEnd.run("--compressions=brotli"))
        .withMessage("compression: brotli (expected: none, zlib or zstd)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EndToEnd.run("--deliveries=pigeons"))
        .withMessage("delivery: pigeons (expected: batches or paced)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EndToEnd.run("--rounds=0"))
        .withMessage("--rounds: 0 (expected: >= 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EndToEnd.run("--clients=discord4j", "--compressions=none"))
        .withMessageStartingWith("cells: 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClientProcess.client("nobody", true))
        .withMessageStartingWith("client: nobody (expected: ");
  }

  private static int run(Path out, String... options) throws Exception {
    String[] all = new String[TINY.length + options.length + 1];
    System.arraycopy(TINY, 0, all, 0, TINY.length);
    System.arraycopy(options, 0, all, TINY.length, options.length);
    all[all.length - 1] = "--out=" + out;
    return EndToEnd.run(all);
  }
}
