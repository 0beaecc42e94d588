package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How long a fleet takes to start with the real windows, against a gateway that judges identifies
 * when they arrive, up to 50 ms after they were sent.
 */
final class StartUpTest extends Resources {

  private static final Duration MAX_DELAY = Duration.ofMillis(50);
  private static final Duration WINDOW = Duration.ofSeconds(5);

  @ParameterizedTest(name = "{0} shards, max_concurrency {1}")
  @CsvSource("32, 16")
  void aStartTakesTheFloorOfTheProtocol(int shards, int maxConcurrency) throws Exception {
    start(shards, maxConcurrency);
  }

  @Tag("soak")
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  @ParameterizedTest(name = "{0} shards, max_concurrency {1}")
  @CsvSource({"64, 16", "16, 1", "1000, 64"})
  void aLongStartTakesTheFloorOfTheProtocol(int shards, int maxConcurrency) throws Exception {
    start(shards, maxConcurrency);
  }

  private void start(int shards, int maxConcurrency) throws Exception {
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .server(
                    server ->
                        server.maxConcurrency(maxConcurrency).shards(shards).identifyWindow(WINDOW))
                .start());
    gateway.fault(Fault.delay(Fault.Direction.FROM_CLIENT, Duration.ZERO, MAX_DELAY)).start();
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .sessionStore(SessionStore.inMemory())
                .build());
    long windows = (shards + maxConcurrency - 1) / maxConcurrency;
    Duration floor = WINDOW.multipliedBy(windows);

    long startedAtNanos = System.nanoTime();
    get(manager.start());
    manager
        .ready()
        .toCompletableFuture()
        .get(floor.toSeconds() + TIMEOUT_SECONDS, TimeUnit.SECONDS);
    Duration took = Duration.ofNanos(System.nanoTime() - startedAtNanos);

    LocalGatewayStats stats = get(gateway.stats());
    System.out.printf(
        "%d shards at max_concurrency %d: ready after %d ms, floor %d ms, op 9: %d%n",
        shards, maxConcurrency, took.toMillis(), floor.toMillis(), stats.invalidSessionsSent());
    assertThat(stats.invalidSessionsSent()).isZero();
    assertThat(manager.stats().identifies()).isEqualTo(shards);
    assertThat(took).isLessThanOrEqualTo(floor.plus(floor.dividedBy(20)));
  }
}
