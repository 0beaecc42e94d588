package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.testkit.ActiveFault;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No transport lasts, again and again, which the sessions must survive. */
final class ReconnectStormTest extends Resources {

  /** What ends each transport soon after its session began or went on. */
  @SuppressWarnings("ImmutableEnumChecker")
  private enum Storm {
    RECONNECT_REQUESTS(Fault.reconnectRequest()),
    CLOSES(Fault.close(4000)),
    RESETS(Fault.reset());

    private final Fault fault;

    Storm(Fault fault) {
      this.fault = fault;
    }
  }

  private static final int SHARDS = 16;
  private static final int ROUNDS = 3;

  private final Recorder recorder = new Recorder();

  @ParameterizedTest
  @EnumSource(Storm.class)
  void everySessionSurvives(Storm storm) throws Exception {
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
    ActiveFault fault = gateway.fault(storm.fault).after(Duration.ofMillis(20)).start();
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .eventSink(recorder)
                .listener(recorder)
                .configure(config -> config.maxBackoff(Duration.ofMillis(200)))
                .build());
    get(manager.start());
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 6, 200)));
    get(fault.struck(ROUNDS * SHARDS));
    fault.close();
    recorder.await(
        "all shards",
        () ->
            manager.stats().shards(GatewayState.READY) == SHARDS
                && recorder.identifies() == SHARDS
                && recorder.identifies() + recorder.resumes() > fault.strikes());
    get(gateway.stopTraffic());
    get(gateway.whenSent());

    LocalGatewayStats stats = get(gateway.stats());
    assertThat(stats.identifies()).isEqualTo(SHARDS);
    assertThat(stats.invalidSessionsSent()).isZero();
    for (int shard = 0; shard < SHARDS; shard++) {
      int id = shard;
      recorder.await(
          "all events of shard " + id,
          () -> recorder.received(id).size() >= recorder.sent(id).size());
      assertThat(recorder.received(id)).isEqualTo(recorder.sent(id));
    }
  }
}
