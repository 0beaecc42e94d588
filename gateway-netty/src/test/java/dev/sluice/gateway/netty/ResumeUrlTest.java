package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.testkit.ActiveFault;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGateway.Endpoint;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A host that READY named for resuming is gone for good, which the sessions must survive. */
final class ResumeUrlTest extends Resources {

  private static final int SHARDS = 32;
  private static final int CUTS = 2;

  private final Recorder recorder = new Recorder();

  @Test
  void everyShardComesBackThroughTheBaseUrl() throws Exception {
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .guildsPerShard(1)
                .listener(recorder)
                .server(
                    server ->
                        server
                            .shards(SHARDS)
                            .maxConcurrency(SHARDS)
                            .sessionStartTotal(SHARDS)
                            .replayCapacity(100_000))
                .start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .eventSink(recorder)
                .listener(recorder)
                .configure(config -> config.maxBackoff(Duration.ofSeconds(1)))
                .build());
    get(manager.start());
    get(manager.ready());
    ActiveFault fault = gateway.fault(Fault.refusal(503)).at(Endpoint.RESUME).start();
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 4, 200)));

    for (int cut = 1; cut <= CUTS; cut++) {
      int times = cut + 1;
      get(gateway.killAllConnections());
      for (int shard = 0; shard < SHARDS; shard++) {
        recorder.awaitState(shard, GatewayState.READY, times);
      }
    }
    get(gateway.stopTraffic());
    get(gateway.whenSent());

    LocalGatewayStats stats = get(gateway.stats());
    assertThat(stats.identifies()).as("those of the start").isEqualTo(SHARDS);
    assertThat(stats.invalidSessionsSent()).isZero();
    assertThat(stats.resumes()).isEqualTo(CUTS * (long) SHARDS);
    assertThat(stats.resumeDials()).isEqualTo(fault.strikes()).isGreaterThanOrEqualTo(SHARDS);
    for (int shard = 0; shard < SHARDS; shard++) {
      int id = shard;
      recorder.await(
          "all events of shard " + id,
          () -> recorder.received(id).size() >= recorder.sent(id).size());
      assertThat(recorder.received(id)).isEqualTo(recorder.sent(id));
    }
  }
}
