package dev.sluice.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.benchmarks.results.IdleResult;
import dev.sluice.benchmarks.results.ResultFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
final class IdleShardsTest {

  @TempDir Path directory;

  @Test
  void aShardHasACost() throws Exception {
    Path out = directory.resolve("out.jsonl");

    int failures =
        IdleShards.run(
            "--clients=sluice,netty,jda",
            "--compressions=zlib",
            "--tls=jdk",
            "--shards=40",
            "--idle-seconds=1",
            "--heap=-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "--gateway-heap=-Xmx256m",
            "--out=" + out);

    assertThat(failures).isZero();
    assertThat(ResultFile.read(out).get(0).of(IdleResult.class))
        .extracting(
            IdleResult::client, IdleResult::compression, IdleResult::tls, IdleResult::shards)
        .containsExactly(tuple("sluice", "zlib", "jdk", 40), tuple("netty", "zlib", "jdk", 40));
    assertThat(ResultFile.read(out).get(0).of(IdleResult.class))
        .allSatisfy(
            result -> {
              assertThat(result.eventLoops()).isPositive();
              assertThat(result.threads()).isGreaterThan(result.eventLoops());
            });
  }

  @Test
  void moreShardsThanFilesAreLeftOut() throws Exception {
    Path out = directory.resolve("out.jsonl");

    int failures = IdleShards.run("--shards=2000000000", "--out=" + out);

    assertThat(failures).isZero();
    assertThat(ResultFile.read(out).get(0).results()).isEmpty();
  }

  @Test
  void wrongOptionsAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IdleShards.run("--tls=gnutls"))
        .withMessage("tls: gnutls (expected: none, jdk or openssl)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IdleShards.run("--shards=16"))
        .withMessage("shards: 16 (expected: > 16)");
  }
}
