package dev.sluice.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.benchmarks.load.EventCounter;
import dev.sluice.benchmarks.load.LoadClient;
import dev.sluice.benchmarks.load.LoadTarget;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("slow")
@Timeout(60)
class PeerClientTest {

  /** All of the mix: even its rarest event is one of 5,000. */
  private static final int EVENTS = 20_000;

  @ParameterizedTest(name = "{0}, {1}, {2} shards")
  @CsvSource({
    "jda,       NONE,        1",
    "jda,       ZLIB_STREAM, 2",
    "discord4j, ZLIB_STREAM, 1",
    "discord4j, ZLIB_STREAM, 2",
    "kord,      NONE,        1",
    "kord,      ZLIB_STREAM, 2"
  })
  void receivesEveryEvent(String name, Compression compression, int shards) throws Exception {
    Dispatched dispatched = new Dispatched(shards);
    EventCounter counter = new EventCounter(shards);
    try (LocalGateway gateway = gateway(shards, dispatched);
        LoadClient client = client(name)) {
      client.start(target(gateway, compression, shards), counter);

      gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 1, Traffic.UNLIMITED)).get();
      dispatched.enough.get();
      gateway.stopTraffic().get();
      gateway.whenSent().get();

      for (int shard = 0; shard < shards; shard++) {
        while (counter.lastSequence(shard) < dispatched.last.get(shard)) {
          Thread.yield();
        }
        assertThat(counter.received(shard)).isEqualTo(dispatched.last.get(shard));
        assertThat(counter.lastSequence(shard)).isEqualTo(dispatched.last.get(shard));
      }
      assertThat(gateway.stats().get().identifies()).isEqualTo(shards);
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @CsvSource({"jda, ZSTD_STREAM", "discord4j, NONE", "discord4j, ZSTD_STREAM", "kord, ZSTD_STREAM"})
  void namesTheCompressionsThatItHas(String name, Compression compression) throws Exception {
    try (LocalGateway gateway = gateway(1, new Dispatched(1));
        LoadClient client = client(name)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> client.start(target(gateway, compression, 1), new EventCounter(1)))
          .withMessageStartingWith("compression: " + compression + " (expected: ");
    }
  }

  @Test
  void startsAShardAgainThatDiscord4jLost() throws Exception {
    EventCounter counter = new EventCounter(2);
    try (LocalGateway gateway = gateway(2, new Dispatched(2));
        LoadClient client = new Discord4jClient(Duration.ofSeconds(3))) {
      gateway.fault(Fault.noHello()).forNext(1).start();

      client.start(target(gateway, Compression.ZLIB_STREAM, 2), counter);

      assertThat(counter.received(0)).isPositive();
      assertThat(counter.received(1)).isPositive();
      assertThat(gateway.stats().get().baseDials()).isEqualTo(3);
    }
  }

  private static LoadClient client(String name) {
    return switch (name) {
      case "jda" -> new JdaClient();
      case "discord4j" -> new Discord4jClient();
      case "kord" -> new KordClient();
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static LocalGateway gateway(int shards, GatewayServerListener listener) {
    return LocalGateway.builder()
        .server(server -> server.shards(shards).maxConcurrency(shards))
        .listener(listener)
        .start();
  }

  private static LoadTarget target(LocalGateway gateway, Compression compression, int shards) {
    return new LoadTarget(gateway.uri(), gateway.apiUri(), gateway.token(), compression, shards);
  }

  /** What the gateway dispatched. */
  private static final class Dispatched implements GatewayServerListener {

    final AtomicLongArray last;
    final CompletableFuture<Void> enough =
        new CompletableFuture<Void>().orTimeout(30, TimeUnit.SECONDS);

    Dispatched(int shards) {
      last = new AtomicLongArray(shards);
    }

    @Override
    public void dispatched(ServerSession session, long sequence, String type, ByteBuffer d) {
      last.set(session.shard().id(), sequence);
      if (sequence * last.length() >= EVENTS) {
        enough.complete(null);
      }
    }
  }
}
