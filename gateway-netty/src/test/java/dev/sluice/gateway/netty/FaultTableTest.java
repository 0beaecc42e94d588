package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.ActiveFault;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.Fault.Direction;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGateway.Endpoint;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a shard answers to each fault of a connection, as the gateway sees it: RESUME or IDENTIFY,
 * on which URL, with which close code before it, and how soon.
 */
@Tag("slow")
final class FaultTableTest extends Resources {

  private enum Answer {
    RESUME,
    IDENTIFY
  }

  private static final Logger figures = LoggerFactory.getLogger("figures");
  private static final ShardId STRUCK = new ShardId(1, 2);
  private static final Queue<String> TABLE = new ConcurrentLinkedQueue<>();

  private final Recorder recorder = new Recorder();

  @AfterAll
  static void printTable() {
    figures.info(
        "\n| fault | close code that the gateway saw | answer | on the URL for | after |"
            + "\n|---|---|---|---|---|\n{}",
        String.join("\n", TABLE));
  }

  /*
   * The code is whichever side closed first: of the gateway, ours, or 1006 for neither; none where
   * the gateway cannot have seen it. The wait is the least and the most that we choose to wait,
   * with a heartbeat interval of 1 s. A silent peer is told sooner than after an interval only
   * because a heartbeat may be under way when it falls silent.
   */
  @ParameterizedTest(name = "{0}: {2} on the URL for {3}")
  @CsvSource(
      delimiter = '|',
      useHeadersInDisplayName = false,
      textBlock =
          """
          close 1000           | 1000 | RESUME   | RESUME | 0    | 0
          close 1001           | 1001 | RESUME   | RESUME | 0    | 0
          close 1011           | 1011 | RESUME   | RESUME | 0    | 1000
          close 4000           | 4000 | RESUME   | RESUME | 0    | 0
          close 4001           | 4001 | RESUME   | RESUME | 0    | 0
          close 4002           | 4002 | RESUME   | RESUME | 0    | 0
          close 4003           | 4003 | IDENTIFY | BASE   | 0    | 1000
          close 4005           | 4005 | RESUME   | RESUME | 0    | 0
          close 4007           | 4007 | IDENTIFY | BASE   | 0    | 1000
          close 4008           | 4008 | RESUME   | RESUME | 5000 | 10000
          close 4009           | 4009 | IDENTIFY | BASE   | 0    | 1000
          close 4321           | 4321 | RESUME   | RESUME | 0    | 0
          op 7                 | 4900 | RESUME   | RESUME | 0    | 0
          op 9 true            | 4900 | RESUME   | RESUME | 1000 | 5000
          op 9 false           | 1000 | IDENTIFY | BASE   | 1000 | 5000
          TCP cut              | 1006 | RESUME   | RESUME | 0    | 0
          cut in a message     | 1006 | RESUME   | RESUME | 0    | 0
          truncated message    | 4900 | RESUME   | RESUME | 0    | 0
          corrupt message      | 4900 | RESUME   | RESUME | 0    | 0
          no ACKs              | 4900 | RESUME   | RESUME | 500  | 3000
          half-open            |      | RESUME   | RESUME | 500  | 3000
          stalled              |      | RESUME   | RESUME | 500  | 3000
          resume URL 503       | 1006 | RESUME   | BASE   | 0    | 1000
          resume URL is silent | 1006 | RESUME   | BASE   | 1000 | 2000
          no HELLO             | 1006 | RESUME   | BASE   | 1000 | 2000
          """)
  void isAnsweredWith(
      String fault,
      @Nullable Integer closeCode,
      Answer answer,
      Endpoint endpoint,
      long leastMillis,
      long mostMillis)
      throws Exception {
    LocalGateway gateway = gateway();
    start(gateway);

    long faultNanos = System.nanoTime();
    strike(gateway, fault);
    recorder.await("an answer", () -> recorder.starts(STRUCK.id()).size() == 2);
    recorder.awaitState(STRUCK.id(), GatewayState.READY, 2);

    Recorder.Start answered = recorder.starts(STRUCK.id()).get(1);
    LocalGatewayStats stats = get(gateway.stats());
    assertThat(answered.resumed()).isEqualTo(answer == Answer.RESUME);
    assertThat(stats.identifies()).isEqualTo(answer == Answer.RESUME ? 2 : 3);
    assertThat(stats.invalidSessionsSent()).isZero();
    assertThat(stats.baseDials()).isEqualTo(endpoint == Endpoint.BASE ? 3 : 2);
    if (closeCode != null) {
      assertThat(recorder.clientCloseCodes().get(0)).isEqualTo(closeCode);
    }
    long afterMillis = TimeUnit.NANOSECONDS.toMillis(answered.nanos() - faultNanos);
    assertThat(afterMillis)
        .isBetween(leastMillis, mostMillis + TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS / 2));
    assertThat(recorder.reconnects(0)).as("of the other shard").isEmpty();
    if (answer == Answer.RESUME) {
      get(gateway.dispatch(STRUCK, "LAST", Frames.utf8("{}")));
      recorder.awaitEvent(STRUCK.id(), "LAST");
      assertThat(recorder.received(STRUCK.id())).isEqualTo(recorder.sent(STRUCK.id()));
    }
    TABLE.add(
        "| %s | %s | %s | %s | %d ms |"
            .formatted(fault, closeCode == null ? "-" : closeCode, answer, endpoint, afterMillis));
  }

  @ParameterizedTest
  @ValueSource(ints = {4004, 4010, 4011, 4012, 4013, 4014})
  void isNotAnsweredAfterAFatalCloseCode(int closeCode) throws Exception {
    LocalGateway gateway = gateway();
    ShardManager manager = start(gateway);

    get(gateway.closeConnections(STRUCK::equals, closeCode));
    recorder.awaitState(STRUCK.id(), GatewayState.FATAL); // which nothing leaves

    assertThat(recorder.reconnects(STRUCK.id())).isEmpty();
    assertThat(recorder.reconnects(0)).isEmpty();
    assertThat(manager.stats().shards(GatewayState.READY)).isEqualTo(1);
    LocalGatewayStats stats = get(gateway.stats());
    assertThat(stats.baseDials() + stats.resumeDials()).isEqualTo(2);
    TABLE.add("| close %d | %d | none | - | - |".formatted(closeCode, closeCode));
  }

  /** An outage behind the gateway: another RESUME would be as useless, an IDENTIFY a waste. */
  @Test
  void isWaitingForALateResumedWhileHeartbeatsAreAcknowledged() throws Exception {
    LocalGateway gateway = gateway();
    start(gateway);

    ActiveFault outage = gateway.fault(Fault.noReady()).start();
    get(gateway.killConnections(STRUCK::equals));
    get(outage.struck(1));
    long heartbeats = recorder.heartbeats(STRUCK.id());
    recorder.await("heartbeats", () -> recorder.heartbeats(STRUCK.id()) > heartbeats + 4);
    outage.close();
    recorder.awaitState(STRUCK.id(), GatewayState.READY, 2);

    assertThat(recorder.starts(STRUCK.id())).hasSize(2);
    assertThat(recorder.reconnects(STRUCK.id())).as("the cut").hasSize(1);
    TABLE.add("| RESUMED late, with ACKs | - | none, waits | - | - |");
  }

  @Test
  void isAnotherResumeIfNothingAnswersTheFirst() throws Exception {
    LocalGateway gateway = gateway();
    start(gateway);

    ActiveFault noResumed = gateway.fault(Fault.noReady()).forNext(1).start();
    gateway.fault(Fault.noAcks()).on(STRUCK::equals).start();
    get(gateway.killConnections(STRUCK::equals));
    get(noResumed.struck(1));
    recorder.awaitState(STRUCK.id(), GatewayState.READY, 2);

    List<Recorder.Start> starts = recorder.starts(STRUCK.id());
    long afterNanos = starts.get(2).nanos() - starts.get(1).nanos();
    assertThat(starts).hasSize(3);
    assertThat(starts.get(2).resumed()).isTrue();
    assertThat(afterNanos).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(500));
    TABLE.add(
        "| no RESUMED, no ACKs | 4900 | RESUME | RESUME | %d ms |"
            .formatted(TimeUnit.NANOSECONDS.toMillis(afterNanos)));
  }

  @Test
  void isNoneToLateAcksAmongEvents() throws Exception {
    LocalGateway gateway = gateway();
    start(gateway);

    ActiveFault late =
        gateway.fault(Fault.lateAcks(Duration.ofMillis(2500))).on(STRUCK::equals).start();
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 5, 40)));
    get(late.struck(4));

    assertThat(recorder.reconnects(STRUCK.id())).isEmpty();
    TABLE.add("| ACKs 2.5 intervals late, among events | - | none, stays | - | - |");
  }

  private static void strike(LocalGateway gateway, String fault) throws Exception {
    switch (fault) {
      case "op 7" -> get(gateway.requestReconnect(STRUCK::equals));
      case "op 9 true" -> get(gateway.invalidateSessions(STRUCK::equals, true));
      case "op 9 false" -> get(gateway.invalidateSessions(STRUCK::equals, false));
      case "TCP cut" -> get(gateway.killConnections(STRUCK::equals));
      case "cut in a message" -> strikeMessage(gateway, Fault.cutInMessage());
      case "truncated message" -> strikeMessage(gateway, Fault.truncatedMessage());
      case "corrupt message" -> strikeMessage(gateway, Fault.corruptMessage());
      case "no ACKs" -> once(gateway, Fault.noAcks(), 10);
      case "half-open" -> once(gateway, Fault.halfOpen(Direction.BOTH), 1);
      case "stalled" -> once(gateway, Fault.stall(Direction.BOTH), 1);
      case "resume URL 503" -> {
        gateway.fault(Fault.refusal(503)).at(Endpoint.RESUME).start();
        get(gateway.killConnections(STRUCK::equals));
      }
      case "resume URL is silent" -> {
        gateway.fault(Fault.noUpgrade()).at(Endpoint.RESUME).start();
        get(gateway.killConnections(STRUCK::equals));
      }
      case "no HELLO" -> {
        gateway.fault(Fault.noHello()).at(Endpoint.RESUME).start();
        get(gateway.killConnections(STRUCK::equals));
      }
      default -> {
        assertThat(fault).startsWith("close ");
        int closeCode = Integer.parseInt(fault.substring("close ".length()));
        get(gateway.closeConnections(STRUCK::equals, closeCode));
      }
    }
  }

  private static void once(LocalGateway gateway, Fault fault, int times) {
    gateway.fault(fault).on(STRUCK::equals).forNext(times).start();
  }

  private static void strikeMessage(LocalGateway gateway, Fault fault) throws Exception {
    once(gateway, fault, 1);
    get(gateway.dispatch(STRUCK, "STRUCK", Frames.utf8("{\"text\":\"" + "x".repeat(500) + "\"}")));
  }

  private LocalGateway gateway() {
    return open(
        LocalGateway.builder()
            .guildCreates(false)
            .listener(recorder)
            .server(
                server ->
                    server
                        .maxConcurrency(2)
                        .identifyWindow(Duration.ofNanos(1))
                        .heartbeatInterval(Duration.ofSeconds(1)))
            .start());
  }

  private ShardManager start(LocalGateway gateway) throws Exception {
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .shards(2)
                .identifyLimiter(new ShardManagerTest.UnlimitedIdentifies())
                .eventSink(recorder)
                .listener(recorder)
                .configure(
                    config ->
                        config
                            .connectTimeout(Duration.ofSeconds(1))
                            .helloTimeout(Duration.ofSeconds(1))
                            .sessionTimeout(Duration.ofSeconds(3))
                            .closeTimeout(Duration.ofMillis(100)))
                .build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }
}
