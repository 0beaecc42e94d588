package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Sessions that end again and again, over sockets. */
final class IdentifyBreakerManagerTest extends Resources {

  private static final int SHARDS = 4;

  private final Recorder recorder = new Recorder();

  private LocalGateway gateway() {
    return open(
        LocalGateway.builder()
            .listener(recorder)
            .server(server -> server.maxConcurrency(SHARDS).identifyWindow(Duration.ofMillis(1)))
            .start());
  }

  private ShardManager ready(LocalGateway gateway, int anHour, int ofAShard) throws Exception {
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .shards(SHARDS)
                .eventSink(recorder)
                .listener(recorder)
                .identifyLimiter(new ShardManagerTest.UnlimitedIdentifies())
                .configure(config -> config.maxBackoff(Duration.ofMillis(200)))
                .identifyBreaker(anHour, ofAShard)
                .build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  private void endSession(LocalGateway gateway, int shard) throws Exception {
    get(gateway.closeConnections(id -> id.id() == shard, 4009));
  }

  /** Waits for what nobody tells, a round trip to the gateway at a time. */
  private static void await(LocalGateway gateway, BooleanSupplier condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - deadline).as("nanoseconds late").isNegative();
      get(gateway.stats());
    }
  }

  @Test
  void theFirstIdentifiesOfAStartTripNothing() throws Exception {
    ShardManager manager = ready(gateway(), 1, 1);

    assertThat(manager.identifyBreaker().fleetBlocked()).isFalse();
    assertThat(manager.identifyBreaker().identifiesInTheLastHour()).isZero();
    assertThat(manager.identifyBreaker().blockedShards()).isEmpty();
  }

  @Test
  void tooManyIdentifiesStopAllAndResumesGoOnUntilAHandReleases() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(gateway, 2, 5);
    for (int shard = 0; shard < 2; shard++) {
      endSession(gateway, shard);
      recorder.awaitState(shard, GatewayState.READY, 2);
    }

    endSession(gateway, 2);
    await(gateway, () -> manager.identifyBreaker().fleetBlocked());
    get(gateway.closeConnections(id -> id.id() == 3, 4000));
    recorder.awaitState(3, GatewayState.READY, 2);

    assertThat(recorder.resumes()).isEqualTo(1);
    assertThat(recorder.identifies()).isEqualTo(SHARDS + 2);
    assertThat(manager.shard(2).state()).isEqualTo(GatewayState.BACKOFF);
    assertThat(manager.identifyBreaker().identifiesInTheLastHour()).isEqualTo(2);

    assertThat(manager.health().reasons()).anyMatch(reason -> reason.contains("limit: 2"));

    manager.releaseIdentifyBreaker();

    recorder.awaitState(2, GatewayState.READY, 2);
    assertThat(manager.health().reasons()).noneMatch(reason -> reason.contains("limit: 2"));
    assertThat(recorder.identifies()).isEqualTo(SHARDS + 3);
    assertThat(manager.identifyBreaker().fleetBlocked()).isFalse();
  }

  @Test
  void aShardWhoseSessionsDoNotLastIsBlockedAlone() throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = ready(gateway, 100, 1);
    endSession(gateway, 1);
    recorder.awaitState(1, GatewayState.READY, 2);
    endSession(gateway, 1);
    await(
        gateway, () -> manager.identifyBreaker().blockedShards().contains(new ShardId(1, SHARDS)));

    endSession(gateway, 2);
    recorder.awaitState(2, GatewayState.READY, 2);
    assertThat(manager.identifyBreaker().fleetBlocked()).isFalse();

    assertThat(manager.health().reasons()).anyMatch(reason -> reason.contains("1/4"));

    manager.releaseIdentifyBreaker();

    recorder.awaitState(1, GatewayState.READY, 3);
  }
}
