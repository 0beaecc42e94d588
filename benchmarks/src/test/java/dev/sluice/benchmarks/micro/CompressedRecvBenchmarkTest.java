package dev.sluice.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import discord4j.gateway.json.GatewayPayload;
import java.util.List;
import java.util.zip.DataFormatException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompressedRecvBenchmarkTest {

  private static final int LAPS = 2;

  @ParameterizedTest
  @ValueSource(strings = {"MESSAGE_CREATE", Messages.MIXED})
  void zlibStreamGoesOnLapAfterLap(String event) throws DataFormatException {
    CompressedRecvBenchmark benchmark = made(event);
    List<byte[]> messages = Messages.of(event, Deflation.LAP);
    CompressedRecvBenchmark.Zlib ours = new CompressedRecvBenchmark.Zlib();
    CompressedRecvBenchmark.Zlib bare = new CompressedRecvBenchmark.Zlib();
    ours.setUp(benchmark);
    bare.setUp(benchmark);

    for (int i = 0; i < LAPS * Deflation.LAP; i++) {
      int index = i % Deflation.LAP;
      assertThat(benchmark.recvZlib(ours)).isEqualTo(Messages.FIRST_SEQUENCE + index);
      assertThat(benchmark.bareInflater(bare)).isEqualTo(messages.get(index).length);
    }
    ours.tearDown();
    bare.tearDown();
  }

  @ParameterizedTest
  @ValueSource(strings = Messages.MIXED)
  void peersFollowTheSameStream(String event) throws DataFormatException {
    CompressedRecvBenchmark benchmark = made(event);
    CompressedRecvBenchmark.PeersZlib jda = new CompressedRecvBenchmark.PeersZlib();
    CompressedRecvBenchmark.PeersZlib discord4j = new CompressedRecvBenchmark.PeersZlib();
    jda.setUp(benchmark);
    discord4j.setUp(benchmark);

    int dropped = 0;
    for (int i = 0; i < LAPS * Deflation.LAP; i++) {
      long sequence = Messages.FIRST_SEQUENCE + i % Deflation.LAP;
      assertThat(benchmark.jdaZlib(jda).getLong("s")).isEqualTo(sequence);
      GatewayPayload<?> payload = benchmark.discord4jZlib(discord4j);
      if (payload == null) {
        dropped++;
      } else {
        assertThat(payload.getSequence()).isEqualTo((int) sequence);
      }
    }
    // It drops events of a kind that it does not know, which are rare in the mix.
    assertThat(dropped).isLessThan(LAPS * Deflation.LAP / 100);
  }

  @ParameterizedTest
  @ValueSource(strings = {"MESSAGE_CREATE", Messages.MIXED})
  void zstdStreamGoesOnLapAfterLap(String event) {
    CompressedRecvBenchmark benchmark = made(event);
    List<byte[]> messages = Messages.of(event, Deflation.LAP);
    CompressedRecvBenchmark.Zstd ours = new CompressedRecvBenchmark.Zstd();
    CompressedRecvBenchmark.Zstd bare = new CompressedRecvBenchmark.Zstd();
    ours.setUp(benchmark);
    bare.setUp(benchmark);
    CompressedRecvBenchmark.Zstd direct = new CompressedRecvBenchmark.Zstd();
    direct.setUp(benchmark);

    for (int i = 0; i < LAPS * Deflation.LAP; i++) {
      int index = i % Deflation.LAP;
      assertThat(benchmark.recvZstd(ours)).isEqualTo(Messages.FIRST_SEQUENCE + index);
      assertThat(benchmark.bareZstd(bare)).isEqualTo(messages.get(index).length);
      assertThat(benchmark.bareZstdDirect(direct)).isEqualTo(messages.get(index).length);
    }
    ours.tearDown();
    bare.tearDown();
    direct.tearDown();
  }

  private static CompressedRecvBenchmark made(String event) {
    CompressedRecvBenchmark benchmark = new CompressedRecvBenchmark();
    benchmark.event = event;
    return benchmark;
  }
}
