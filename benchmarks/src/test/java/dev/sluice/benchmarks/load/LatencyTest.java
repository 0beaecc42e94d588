package dev.sluice.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.benchmarks.results.LatencyResult;
import dev.sluice.benchmarks.results.ResultFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
final class LatencyTest {

  @TempDir Path directory;

  @Test
  void everyEventIsTimed() throws Exception {
    Path out = directory.resolve("out.jsonl");

    int failures =
        Latency.run(
            "--clients=sluice,netty",
            "--compressions=zlib",
            "--shards=2",
            "--loads=10,50",
            "--rounds=1",
            "--seconds=1",
            "--max-events=1000",
            "--max-rate=2000",
            "--warm-up-events=1000",
            "--heap=-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "--out=" + out);

    assertThat(failures).isZero();
    assertThat(ResultFile.read(out).get(0).of(LatencyResult.class))
        .extracting(LatencyResult::client, LatencyResult::loadPercent)
        .containsExactly(
            tuple("sluice", 10), tuple("sluice", 50), tuple("netty", 10), tuple("netty", 50));
    assertThat(ResultFile.read(out).get(0).of(LatencyResult.class))
        .allSatisfy(
            result -> {
              assertThat(result.events()).isBetween(1L, 1_000L);
              assertThat(result.p50Nanos()).isPositive();
            });
  }
}
