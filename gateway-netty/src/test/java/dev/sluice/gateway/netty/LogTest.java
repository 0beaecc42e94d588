package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One line for each change in the life of a shard, with its keys, and none for an event. */
final class LogTest extends Resources {

  private final Recorder recorder = new Recorder();

  private LocalGateway gateway() {
    return open(
        LocalGateway.builder()
            .listener(recorder)
            .server(server -> server.maxConcurrency(16).heartbeatInterval(Duration.ofSeconds(1)))
            .start());
  }

  private ShardManager ready(LocalGateway gateway, EventSink sink) throws Exception {
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .shards(1)
                .eventSink(sink)
                .listener(recorder)
                .configure(config -> config.maxBackoff(Duration.ofMillis(50)))
                .build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  private static List<CapturedLog.Line> ofShard(CapturedLog log, Level atLeast) {
    return log.lines().stream()
        .filter(line -> line.keys().containsKey("shard") && line.level().isGreaterOrEqual(atLeast))
        .toList();
  }

  @Test
  void everyChangeOfAShardsLifeIsOneLineWithKeys() throws Exception {
    LocalGateway gateway = gateway();
    CapturedLog log = open(new CapturedLog("dev.sluice.gateway.netty", Level.INFO));
    ShardManager manager = ready(gateway, recorder);

    get(gateway.requestReconnect(shard -> true));
    recorder.awaitState(0, GatewayState.READY, 2);
    gateway.fault(Fault.invalidSession(false)).at(LocalGateway.Endpoint.RESUME).forNext(1).start();
    get(gateway.closeConnections(shard -> true, 4000));
    recorder.awaitState(0, GatewayState.READY, 3);
    get(manager.stop(StopMode.GOODBYE));

    List<CapturedLog.Line> lines = ofShard(log, Level.INFO);
    assertThat(lines)
        .allSatisfy(
            line -> {
              assertThat(line.keys()).containsEntry("shard", "0").containsEntry("shards", "1");
              assertThat(line.text()).contains("shard 0/1: "); // for layouts without keys
            });
    assertThat(lines)
        .extracting(CapturedLog.Line::text)
        .satisfiesExactly(
            text -> assertThat(text).endsWith("ready with a new session"),
            text -> assertThat(text).contains("REQUESTED").contains("dials again in"),
            text -> assertThat(text).contains("resumed, 0 events replayed"),
            text -> assertThat(text).contains("CLOSED").contains("4000"),
            text -> assertThat(text).contains("INVALID_SESSION"),
            text -> assertThat(text).contains("session lost after sequence"),
            text -> assertThat(text).endsWith("ready with a new session"),
            text -> assertThat(text).endsWith("stopped"));
    assertThat(lines.get(1).keys()).containsEntry("cause", "REQUESTED").containsKey("delay_ms");
    assertThat(lines.get(2).keys()).containsEntry("replayed", "0");
    assertThat(lines.get(5).level()).isEqualTo(Level.WARN);
    assertThat(lines.get(5).keys()).containsKeys("handled", "received");
  }

  @Test
  void aFatalCloseIsAnErrorWithItsCode() throws Exception {
    LocalGateway gateway = gateway();
    ready(gateway, recorder);
    CapturedLog log = open(new CapturedLog("dev.sluice.gateway.netty", Level.INFO));

    get(gateway.closeConnections(shard -> true, 4010));
    recorder.awaitState(0, GatewayState.FATAL);

    assertThat(log.lines())
        .anySatisfy(
            line -> {
              assertThat(line.level()).isEqualTo(Level.ERROR);
              assertThat(line.keys()).containsEntry("close_code", "4010");
              assertThat(line.text()).contains("gateway closed with 4010");
            });
  }

  @Test
  void eventsAreNotLogged() throws Exception {
    LocalGateway gateway = gateway();
    ready(gateway, recorder);
    CapturedLog log = open(new CapturedLog("dev.sluice", Level.TRACE));

    get(gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, 1, 2000)));
    recorder.await(
        "events and heartbeats",
        () -> recorder.received(0).size() >= 500 && recorder.heartbeats(0) >= 2);
    get(gateway.stopTraffic());
    get(gateway.whenSent());

    assertThat(log.lines()).filteredOn(line -> !line.text().contains(".testkit.")).isEmpty();
  }

  @Test
  void aHandlerThatAlwaysThrowsDoesNotFloodTheLog() throws Exception {
    LocalGateway gateway = gateway();
    CapturedLog log = open(new CapturedLog("dev.sluice.gateway.netty", Level.INFO));
    ShardManager manager =
        ready(
            gateway,
            (shard, dispatch) -> {
              recorder.offer(shard, dispatch);
              throw new IllegalStateException("broken handler");
            });

    get(gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, 1, 2000)));
    recorder.await("events", () -> recorder.received(0).size() >= 200);
    get(gateway.stopTraffic());

    assertThat(log.lines()).filteredOn(line -> line.contains("broken handler")).hasSize(1);
    assertThat(manager.stats().handlerFailures()).isGreaterThanOrEqualTo(200);
  }

  @Test
  void aLongPauseIsReportedOnceAndItsEnd() {
    EmbeddedShard embedded = new EmbeddedShard();
    CapturedLog log = open(new CapturedLog("dev.sluice.gateway.netty", Level.INFO));
    PauseWatch pauses = embedded.context.pauses;
    long second = 1_000_000_000L;

    pauses.began(embedded.shard, 0);
    pauses.check(9 * second);
    assertThat(log.lines()).isEmpty();
    pauses.check(11 * second);
    pauses.check(12 * second);
    pauses.ended(embedded.shard, 30 * second);
    pauses.began(embedded.shard, 40 * second);
    pauses.ended(embedded.shard, 41 * second);

    assertThat(log.lines())
        .extracting(CapturedLog.Line::text)
        .satisfiesExactly(
            text -> assertThat(text).contains("shard 0/1: has read nothing for 11000 ms"),
            text -> assertThat(text).contains("shard 0/1: reads on after a pause of 30000 ms"));
    assertThat(log.lines().get(0).level()).isEqualTo(Level.WARN);
    assertThat(log.lines().get(1).keys()).containsEntry("paused_ms", "30000");
    assertThat(embedded.context.figures.get(Figure.PAUSES)).isEqualTo(2);
    assertThat(embedded.context.figures.get(Figure.PAUSED_NANOS)).isEqualTo(31 * second);
    embedded.channel.finishAndReleaseAll();
  }
}
