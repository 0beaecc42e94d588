package dev.sluice.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.benchmarks.results.FloodResult;
import dev.sluice.benchmarks.results.ResultFile;
import dev.sluice.testkit.brokers.NatsServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("broker")
final class FleetThroughputTest {

  @TempDir Path directory;

  @Test
  void everyEventIsAcknowledged() throws Exception {
    Path out = directory.resolve("out.jsonl");

    int failures =
        FleetThroughput.run(
            "--heap=-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "--clients=kafka,kafka-exactly-once,nats,bare-kafka,bare-nats",
            "--shards=2",
            "--events=2000",
            "--warm-up-events=2000",
            "--floods=2",
            "--rounds=1",
            "--out=" + out);

    assertThat(failures).isZero();
    List<FloodResult> results = ResultFile.read(out).get(0).of(FloodResult.class);
    assertThat(results).hasSize(NatsServer.find().isPresent() ? 5 : 3);
    assertThat(results)
        .allSatisfy(
            result -> {
              assertThat(result.received()).isEqualTo(4_000);
              assertThat(result.cpuNanosPerEvent()).isPositive();
            });
  }
}
