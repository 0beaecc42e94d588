package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.in;
import static dev.sluice.gateway.Scenario.live;
import static dev.sluice.gateway.Scenario.scenario;
import static dev.sluice.gateway.Scenario.storedScenario;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Reconnect.Cause;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HeartbeatScenariosTest {

  private static final long INTERVAL = Scenario.INTERVAL_MILLIS;

  @ParameterizedTest
  @CsvSource({"0.0, 0", "0.25, 10312", "0.999, 41208"})
  void onlyTheFirstBeatIsJittered(double jitter, long firstMillis) {
    scenario()
        .open()
        .jitter(jitter)
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .advanceMillis(firstMillis + 1)
        .expectSent(Opcode.HEARTBEAT)
        .ack()
        .advanceMillis(INTERVAL - 2)
        .expectNothingSent()
        .advanceMillis(2)
        .expectSent(Opcode.HEARTBEAT);
  }

  @Test
  void beatsInEveryStateFromHelloOn() {
    for (GatewayState state :
        new GatewayState[] {
          GatewayState.WAIT_PERMIT,
          GatewayState.IDENTIFYING,
          GatewayState.RESUMING,
          GatewayState.READY
        }) {
      in(state).advanceMillis(INTERVAL).expectSent(Opcode.HEARTBEAT).expectState(state);
    }
  }

  @Test
  void carriesNullBeforeTheFirstEventAndThenTheLastSequence() {
    scenario()
        .jitter(0.5)
        .open()
        .hello(10_000)
        .expectSent(Opcode.IDENTIFY)
        .advanceMillis(5_000)
        .expectHeartbeatOf(null)
        .ack()
        .ready()
        .advanceMillis(10_000)
        .expectHeartbeatOf(1L)
        .ack()
        .dispatch(9, "TYPING_START", "{}")
        .advanceMillis(10_000)
        .expectHeartbeatOf(9L);
  }

  @Test
  void carriesTheStoredSequenceOnAResume() {
    storedScenario()
        .open()
        .hello()
        .expectSent(Opcode.RESUME)
        .advanceMillis(INTERVAL)
        .expectHeartbeatOf(40L);
  }

  @Test
  void carriesNullAgainAfterTheSessionIsDropped() {
    live()
        .event()
        .closed(4009)
        .open()
        .hello()
        .advanceMillis(INTERVAL)
        .expectSent(Opcode.IDENTIFY, Opcode.HEARTBEAT);
    live()
        .event()
        .invalidSession(false)
        .jitter(0)
        .open()
        .hello()
        .timeout()
        .expectSent(Opcode.HEARTBEAT);
  }

  @Test
  void overtakesTheIdentify() {
    scenario()
        .permitsGranted()
        .open()
        .hello()
        .advanceMillis(INTERVAL / 2 - 1)
        .oversleepMillis(2)
        .timeout()
        .permit()
        .expectSent(Opcode.HEARTBEAT, Opcode.IDENTIFY);
  }

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void answersARequestAtOnce(GatewayState state) {
    in(state).heartbeatRequest().expectSent(Opcode.HEARTBEAT).expectState(state);
  }

  @Test
  void aRequestTouchesNeitherTheTimerNorTheAckCheck() {
    Scenario scenario = live();
    long next = scenario.connection().nextTimeoutNanos();

    scenario.heartbeatRequest().expectSent(Opcode.HEARTBEAT);
    assertThat(scenario.connection().nextTimeoutNanos()).isEqualTo(next);

    // The requested beat was never acknowledged, which is not held against the peer.
    scenario.advanceMillis(INTERVAL).expectSent(Opcode.HEARTBEAT).ack();
    scenario.advanceMillis(INTERVAL).expectSent(Opcode.HEARTBEAT).expectState(GatewayState.READY);
  }

  @Test
  void answersARequestWhileAnAckIsOutstanding() {
    live()
        .advanceMillis(INTERVAL)
        .expectSent(Opcode.HEARTBEAT)
        .heartbeatRequest()
        .expectSent(Opcode.HEARTBEAT);
  }

  @Test
  void answersARequestOverTheSendBudget() {
    Scenario scenario = live();
    for (int i = 0; i < 130; i++) {
      assertThat(scenario.connection().queue(CommandScenariosTest.presence("a"))).isTrue();
    }
    scenario.drain();
    int commands = scenario.queued();

    scenario.heartbeatRequest();
    assertThat(scenario.queued()).isEqualTo(commands + 1);
  }

  @Test
  void theApplicationMayBeatByItself() {
    Scenario scenario = in(GatewayState.WAIT_HELLO);
    scenario.connection().queueHeartbeat();
    scenario.drain().expectNothingSent(); // the gateway has not said hello yet
    scenario.hello().expectSent(Opcode.HEARTBEAT, Opcode.IDENTIFY);

    scenario.connection().queueHeartbeat();
    scenario.drain().expectSent(Opcode.HEARTBEAT);
  }

  @Test
  void aWishForABeatEndsWithItsTransport() {
    Scenario scenario = live();
    scenario.connection().queueHeartbeat();
    scenario.connection().transportLost();

    scenario.open().hello().expectSent(Opcode.RESUME);
  }

  @Test
  void aSilentPeerIsAZombieAtTheNextBeat() {
    scenario()
        .jitter(1.0)
        .open()
        .hello(41_250)
        .expectSent(Opcode.IDENTIFY)
        .ready("session-1", "wss://resume.test")
        .advanceMillis(41_250)
        .expectSent(Opcode.HEARTBEAT)
        .advanceMillis(41_249)
        .expectState(GatewayState.READY)
        .advanceMillis(1)
        .expectClose(4900) // 1000 or 1001 would end the session
        .expectCause(Cause.ZOMBIE)
        .expectDelayMillis(0)
        .closed(4900)
        .expectOpen("wss://resume.test")
        .open()
        .hello(41_250)
        .expectSent(Opcode.RESUME);
  }

  @Test
  void anyMessageProvesLife() {
    live()
        .advanceMillis(INTERVAL)
        .expectSent(Opcode.HEARTBEAT)
        .recv("{\"op\":99,\"d\":null}")
        .advanceMillis(INTERVAL)
        .expectSent(Opcode.HEARTBEAT)
        .expectState(GatewayState.READY);
  }

  @Test
  void eventsWithoutAcksDoNotProveLifeForEver() {
    Scenario scenario = live().advanceMillis(INTERVAL / 2).expectSent(Opcode.HEARTBEAT);
    for (int beat = 1; beat < HeartbeatMonitor.MAX_UNACKED_INTERVALS; beat++) {
      scenario.event().advanceMillis(INTERVAL).expectSent(Opcode.HEARTBEAT);
    }

    scenario.event().advanceMillis(INTERVAL).expectClose(4900).expectCause(Cause.ZOMBIE);
  }

  @Test
  void measuresTheLatencyOfItsOwnBeats() {
    Scenario scenario = live().ack();
    assertThat(scenario.connection().heartbeatAcks()).isZero();

    scenario.advanceMillis(INTERVAL).expectSent(Opcode.HEARTBEAT);
    long latency = scenario.connection().nextTimeoutNanos();
    scenario.advanceMillis(40).ack();
    latency -= scenario.connection().nextTimeoutNanos();

    assertThat(latency).isEqualTo(40_000_000);
    assertThat(scenario.connection().heartbeatAcks()).isEqualTo(1);
    assertThat(scenario.connection().heartbeatLatencyNanos())
        .isGreaterThanOrEqualTo(40_000_000)
        .isEqualTo(scenario.connection().meanHeartbeatLatencyNanos());
  }

  // The driver's own pauses.

  @Test
  void aPauseIsNotTheDeathOfThePeer() {
    Scenario scenario = live();
    scenario.connection().readingPaused();

    scenario.advanceMillis(9 * 60_000).expectState(GatewayState.READY);
    assertThat(scenario.queued()).isEqualTo(13);

    scenario.connection().readingResumed();
    scenario.ack().advanceAcknowledgedMillis(300_000).expectState(GatewayState.READY);
  }

  @Test
  void aPauseExcusesForTenMinutes() {
    Scenario scenario = live();
    scenario.connection().readingPaused();

    scenario.advanceMillis(600_000).expectState(GatewayState.READY);
    scenario.advanceMillis(INTERVAL).expectClose(4900).expectCause(Cause.ZOMBIE);
  }

  @Test
  void aPeerThatDiesInAPauseIsFoundAfterIt() {
    Scenario scenario = live();
    scenario.connection().readingPaused();
    scenario.advanceMillis(120_000);
    scenario.connection().readingResumed();

    scenario.advanceMillis(INTERVAL - 1).expectState(GatewayState.READY);
    scenario.advanceMillis(INTERVAL + 1).expectClose(4900).expectCause(Cause.ZOMBIE);
  }

  @Test
  void aPauseThatOutlivesItsTransportCountsFromTheNewOnesStart() {
    Scenario scenario = live();
    scenario.connection().readingPaused();
    scenario.advanceMillis(600_000).lost().resume();

    scenario.advanceMillis(9 * 60_000).expectState(GatewayState.READY);
    scenario.advanceMillis(3 * 60_000).expectClose(4900).expectCause(Cause.ZOMBIE);
  }

  @Test
  void aPauseInAReplayIsNotASilenceOfTheGateway() {
    Scenario scenario = in(GatewayState.RESUMING).event();
    scenario.connection().readingPaused();
    scenario.advanceMillis(5 * 60_000).expectState(GatewayState.RESUMING);

    scenario.connection().readingResumed();
    scenario.advanceMillis(30_000).expectState(GatewayState.RESUMING).resumed();
    scenario.expectState(GatewayState.READY);
  }

  @Test
  void aReplayThatEndsInAPauseIsFoundAfterIt() {
    Scenario scenario = storedScenario().open().hello(1_000_000).event();
    scenario.connection().readingPaused();
    scenario.advanceMillis(119_000);
    scenario.connection().readingResumed();

    scenario.advanceMillis(59_000).expectState(GatewayState.RESUMING);
    scenario.advanceMillis(62_000).expectClose(4900).expectCause(Cause.TIMED_OUT);
  }

  @Test
  void aPauseBeforeHelloIsNotADeadUrl() {
    Scenario scenario = storedScenario().open();
    scenario.connection().readingPaused();

    scenario.advanceMillis(60_000).expectState(GatewayState.WAIT_HELLO);
    scenario.connection().readingResumed();
    scenario.advanceMillis(20_000).expectClose(4900).expectCause(Cause.TIMED_OUT);
  }

  @Test
  void readingAgainWithoutAPauseChangesNothing() {
    Scenario scenario = scenario().open().hello(3_000_000);
    scenario.connection().readingResumed();

    scenario.advanceMillis(60_000).expectClose(4900).expectCause(Cause.TIMED_OUT);
  }

  @Test
  void bytesOfAnUnfinishedMessageAreASignOfLife() {
    Scenario scenario = live().jitter(0);
    int generation = scenario.connection().generation();
    for (int beat = 0; beat < 3; beat++) {
      scenario.advanceMillis(41_250).expectState(GatewayState.READY);
      scenario.connection().bytesReceived(generation);
      scenario.connection().bytesReceived(generation - 1); // an older transport proves nothing
    }
    scenario.expectIgnored(3).advanceMillis(2 * 41_250).expectCause(Reconnect.Cause.ZOMBIE);
  }

  @Test
  void aGatewayThatTakesLongForReadyWhileBytesComeIsWaitedFor() {
    Scenario scenario = in(GatewayState.RESUMING).ack();
    for (int i = 0; i < 5; i++) {
      scenario.advanceMillis(30_000).connection().bytesReceived();
    }
    scenario.expectState(GatewayState.RESUMING);
  }

  @Test
  void bytesOfAnOlderTransportAreNoSignOfLife() {
    Scenario scenario = live().jitter(0);
    int generation = scenario.connection().generation();
    scenario.advanceMillis(41_250);
    scenario.connection().bytesReceived(generation - 1);
    scenario.advanceMillis(41_250);
    scenario.connection().bytesReceived(generation - 1);
    scenario.advanceMillis(41_250).expectCause(Reconnect.Cause.ZOMBIE);
  }

  // Suspicion.

  @Test
  void aTransportUnderSuspicionThatStaysSilentIsLeftAfterFiveSeconds() {
    live()
        .suspect()
        .expectSent(Opcode.HEARTBEAT)
        .advanceMillis(4_999)
        .expectState(GatewayState.READY)
        .advanceMillis(1)
        .expectClose(4900)
        .expectCause(Cause.ZOMBIE)
        .expectSessionKept();
  }

  @Test
  void aTransportUnderSuspicionThatAnswersIsKept() {
    live()
        .event()
        .suspect()
        .expectSent(Opcode.HEARTBEAT)
        .advanceMillis(1_000)
        .ack()
        .advanceAcknowledgedMillis(300_000)
        .expectState(GatewayState.READY);
  }

  @Test
  void whatCameBeforeTheSuspicionIsNoSignOfLife() {
    live().event().suspect().advanceMillis(5_000).expectClose(4900).expectCause(Cause.ZOMBIE);
    in(GatewayState.RESUMING)
        .event()
        .suspect()
        .advanceMillis(5_000)
        .expectClose(4900)
        .expectCause(Cause.ZOMBIE);
  }

  @Test
  void aSuspicionRestartsTheWaitForReady() {
    in(GatewayState.RESUMING)
        .advanceMillis(30_000)
        .ack()
        .advanceMillis(29_999) // a millisecond before the gateway's silence would be judged
        .suspect()
        .advanceMillis(4_000)
        .expectState(GatewayState.RESUMING)
        .ack()
        .advanceMillis(10_000)
        .expectState(GatewayState.RESUMING);
  }

  @Test
  void aSecondSuspicionDoesNotPutOffTheFirst() {
    live()
        .suspect()
        .advanceMillis(4_000)
        .suspect()
        .advanceMillis(1_000)
        .expectClose(4900)
        .expectCause(Cause.ZOMBIE);
  }

  @Test
  void aSuspicionWaitsWhileTheDriverDoesNotRead() {
    Scenario scenario = live();
    scenario.connection().readingPaused();
    scenario.suspect().advanceMillis(20_000).expectState(GatewayState.READY);

    scenario.connection().readingResumed();

    scenario.advanceMillis(10_000).expectState(GatewayState.READY);
    scenario.suspect().advanceMillis(5_000).expectClose(4900).expectCause(Cause.ZOMBIE);
  }

  @Test
  void aSuspicionWaitsForRoomToAsk() {
    Scenario scenario = live();
    for (int i = 0; i < 120; i++) {
      scenario.heartbeatRequest(); // as many as the budget leaves
    }

    scenario.suspect().advanceMillis(5_000).expectState(GatewayState.READY);
  }

  @ParameterizedTest
  @EnumSource(
      value = GatewayState.class,
      names = {"IDLE", "CONNECTING", "WAIT_HELLO", "CLOSING", "BACKOFF", "FATAL", "STOPPED"})
  void aSuspicionWithoutASessionToLoseChangesNothing(GatewayState state) {
    Scenario scenario = in(state);
    long timeout = scenario.connection().nextTimeoutNanos();

    scenario.suspect().expectNothingSent().expectState(state).expectIgnored(0);

    assertThat(scenario.connection().nextTimeoutNanos()).isEqualTo(timeout);
  }
}
