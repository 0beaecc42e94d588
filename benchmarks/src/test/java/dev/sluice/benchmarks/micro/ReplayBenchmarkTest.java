package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.ShardId;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ReplayBenchmarkTest {

  private static final int LAPS = 2;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void everyBodyReadsTheSameEventsOfJson(Compression compression) throws Exception {
    Recording recording = sample(Encoding.JSON, compression);
    ReplayBenchmark ours = made(recording);
    ReplayBenchmark bare = made(recording);
    ReplayBenchmark trees = made(recording);

    long events = 0;
    for (int i = 0; i < LAPS * ours.size(); i++) {
      long sequence = ours.recv();
      JsonNode tree = trees.bareAndJacksonTree();

      assertThat(tree.path("s").asLong(-1)).isEqualTo(sequence);
      assertThat(bare.bare()).isPositive();
      events += sequence > 0 ? 1 : 0;
    }
    assertThat(events).isGreaterThan(LAPS * 2000L);
    for (ReplayBenchmark benchmark : List.of(ours, bare, trees)) {
      benchmark.tearDown();
    }
  }

  @ParameterizedTest
  @CsvSource({"NONE", "ZSTD_STREAM"})
  void everyBodyButTheTreeReadsEtf(Compression compression) throws Exception {
    Recording recording = sample(Encoding.ETF, compression);
    ReplayBenchmark ours = made(recording);
    ReplayBenchmark bare = made(recording);

    long events = 0;
    for (int i = 0; i < ours.size(); i++) {
      events += ours.recv() > 0 ? 1 : 0;
      assertThat(bare.bare()).isPositive();
    }
    assertThat(events).isGreaterThan(2000L);
    ours.tearDown();
    bare.tearDown();
  }

  @Test
  void aTransportThatWentOnWithASessionIsReplayedToo() {
    ReplayBenchmark benchmark =
        made(plain(Messages.hello(), Messages.of(Messages.MIXED, 1).get(0), Messages.resumed(7)));

    for (int lap = 0; lap < LAPS; lap++) {
      assertThat(benchmark.recv()).isEqualTo(-1);
      assertThat(benchmark.recv()).isEqualTo(Messages.FIRST_SEQUENCE);
      assertThat(benchmark.recv()).isEqualTo(7);
    }
    benchmark.tearDown();
  }

  @Test
  void aTransportWithoutASessionIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> made(plain(Messages.hello())))
        .withMessage("recording: without READY and RESUMED (expected: one of them)");
  }

  private Recording sample(Encoding encoding, Compression compression) throws Exception {
    Path file = directory.resolve("traffic.rec");
    Recording.sample(file, encoding, compression);
    return Recording.read(file);
  }

  private static Recording plain(byte[]... messages) {
    return new Recording(
        Encoding.JSON,
        Compression.NONE,
        ShardId.SINGLE,
        List.of(messages).stream()
            .map(
                message ->
                    new Recording.Message(
                        FrameType.TEXT,
                        message,
                        ByteBuffer.allocateDirect(message.length).put(message).flip()))
            .toList());
  }

  private static ReplayBenchmark made(Recording recording) {
    ReplayBenchmark benchmark = new ReplayBenchmark();
    benchmark.setUp(recording);
    return benchmark;
  }
}
