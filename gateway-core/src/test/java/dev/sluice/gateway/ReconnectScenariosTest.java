package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.BASE;
import static dev.sluice.gateway.Scenario.RESUME_URL;
import static dev.sluice.gateway.Scenario.in;
import static dev.sluice.gateway.Scenario.live;
import static dev.sluice.gateway.Scenario.scenario;
import static dev.sluice.gateway.Scenario.storedScenario;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.Reconnect.Cause;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReconnectScenariosTest {

  // Dials.

  @Test
  void aFailedDialBacksOff() {
    scenario()
        .jitter(1)
        .dialFails(0)
        .expectState(GatewayState.BACKOFF)
        .expectClose(0)
        .expectCause(Cause.DIAL_FAILED)
        .expectDelayMillis(1_000)
        .dialFails(503)
        .expectDelayMillis(1_000)
        .dialFails(429)
        .expectDelayMillis(2_000)
        .dialFails(0)
        .expectDelayMillis(4_000)
        .expectOpen(BASE);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404, 499})
  void aDialThatIsRefusedWaitsLong(int httpStatus) {
    Scenario scenario = scenario().jitter(0).dialFails(httpStatus).expectDelayMillis(30_000);

    assertThat(scenario.connection().reconnect().detail()).contains("HTTP " + httpStatus);
    scenario.jitter(1).dialFails(httpStatus).expectDelayMillis(60_000);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 429, 500, 503})
  void aDialThatMaySucceedSoonDoesNotWaitLong(int httpStatus) {
    scenario().jitter(0).dialFails(httpStatus).expectDelayMillis(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 400, 404, 429, 503})
  void aDeadResumeUrlGivesWayToTheBaseAndTheSessionIsResumedThere(int httpStatus) {
    storedScenario()
        .expectOpen(RESUME_URL)
        .jitter(0)
        .dialFails(httpStatus)
        .expectOpen(BASE)
        .expectDelayMillis(0)
        .open()
        .hello()
        .expectSent(Opcode.RESUME);
  }

  @Test
  void aDialWithoutAnOutcomeIsGivenUp() {
    storedScenario()
        .dial()
        .advanceMillis(9_999)
        .expectState(GatewayState.CONNECTING)
        .advanceMillis(1)
        .expectClose(0)
        .expectCause(Cause.DIAL_FAILED)
        .expectOpen(BASE)
        .expectSessionKept();
  }

  @Test
  void theConnectDeadlineEndsWithTheDial() {
    scenario().open().advanceMillis(15_000).expectState(GatewayState.WAIT_HELLO);
  }

  // HELLO, READY, RESUMED.

  @Test
  void aGatewayWithoutHelloIsLeft() {
    storedScenario()
        .open()
        .advanceMillis(19_999)
        .expectState(GatewayState.WAIT_HELLO)
        .advanceMillis(1)
        .expectClose(4900)
        .expectCause(Cause.TIMED_OUT)
        .expectOpen(BASE)
        .expectSessionKept();
  }

  @Test
  void aResumeUrlThatClosesBeforeHelloGivesWayToTheBase() {
    storedScenario().open().lost().expectOpen(BASE).open().hello().expectSent(Opcode.RESUME);
    storedScenario().open().closed(1001).expectOpen(BASE).expectSessionKept();
  }

  @Test
  void whenTheBaseUrlFailsTooTheFaultIsNotTheResumeUrls() {
    storedScenario()
        .open()
        .lost()
        .expectOpen(BASE)
        .open()
        .lost()
        .expectOpen(RESUME_URL)
        .dialFails(0)
        .expectOpen(BASE)
        .dialFails(503)
        .expectOpen(RESUME_URL)
        .expectSessionKept()
        .open()
        .hello()
        .resumed()
        .lost()
        .expectOpen(RESUME_URL);
  }

  @Test
  void aResumeUrlIsForgottenOnceTheBaseUrlAnsweredInItsPlace() {
    storedScenario()
        .dialFails(503)
        .open()
        .hello()
        .expectSent(Opcode.RESUME)
        .resumed()
        .lost()
        .expectOpen(BASE)
        .expectSessionKept();
  }

  @Test
  void aReconnectRequestBeforeHelloKeepsTheUrl() {
    storedScenario().open().reconnectRequest().expectClose(4900).expectOpen(RESUME_URL);
  }

  @Test
  void theApplicationCanLeaveATransportAndResumes() {
    Scenario live = live();

    assertThat(live.connection().requestReconnect()).isTrue();

    live.expectClose(4900).expectOpen(RESUME_URL).expectCause(Cause.REQUESTED).expectSessionKept();
    assertThat(live.connection().requestReconnect()).as("once there is none to leave").isFalse();
  }

  @Test
  void aSilentGatewayIsLeftAfterAnIdentify() {
    scenario()
        .open()
        .hello(3_000_000)
        .advanceMillis(59_999)
        .expectState(GatewayState.IDENTIFYING)
        .advanceMillis(1)
        .expectClose(4900)
        .expectCause(Cause.TIMED_OUT)
        .expectOpen(BASE);
  }

  @Test
  void aSilentGatewayIsLeftAfterAResume() {
    storedScenario()
        .open()
        .hello(3_000_000)
        .advanceMillis(60_000)
        .expectClose(4900)
        .expectCause(Cause.TIMED_OUT)
        .expectSessionKept()
        .expectOpen(RESUME_URL);
  }

  @Test
  void anOutageThatKeepsAcknowledgingSpendsNoSecondIdentify() {
    scenario()
        .open()
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .advanceAcknowledgedMillis(Duration.ofMinutes(5).toMillis())
        .expectNothingSent()
        .expectState(GatewayState.IDENTIFYING)
        .ready()
        .expectState(GatewayState.READY);
  }

  @Test
  void anOutageThatKeepsAcknowledgingDoesNotEndAResume() {
    in(GatewayState.RESUMING)
        .advanceAcknowledgedMillis(Duration.ofMinutes(5).toMillis())
        .expectState(GatewayState.RESUMING)
        .resumed()
        .expectState(GatewayState.READY);
  }

  @Test
  void theSessionDeadlineEndsWithTheSession() {
    live().advanceAcknowledgedMillis(600_000).expectState(GatewayState.READY);
  }

  // Close codes. https://discord.com/developers/docs/topics/opcodes-and-status-codes

  @ParameterizedTest
  @CsvSource({
    // What the gateway, a proxy or the network ends a transport with.
    "1000, CLOSED",
    "1001, CLOSED",
    "1005, CLOSED",
    "1006, LOST",
    "1009, CLOSED",
    // Discord's own; 4015 and 4016 are of user accounts.
    "4000, CLOSED",
    "4001, CLOSED",
    "4002, CLOSED",
    "4005, CLOSED",
    "4015, CLOSED",
    "4016, CLOSED",
    // Unknown ones.
    "4900, CLOSED",
    "4999, CLOSED",
    "3000, CLOSED",
    "1002, CLOSED",
    "0, CLOSED",
    "-7, CLOSED",
  })
  void resumesAtOnceAfter(int code, Cause cause) {
    Scenario scenario =
        live()
            .jitter(1)
            .closed(code)
            .expectClose(0)
            .expectCause(cause)
            .expectDelayMillis(0)
            .expectOpen(RESUME_URL)
            .expectSessionKept();

    assertThat(scenario.connection().failed()).isNull();
    if (code != 1006) {
      assertThat(scenario.connection().reconnect().detail()).contains(String.valueOf(code));
    }
    scenario.open().hello().expectSent(Opcode.RESUME);
  }

  @ParameterizedTest
  @ValueSource(ints = {1011, 1012, 1013})
  void resumesWithBackoffAfterTroubleOfTheServer(int code) {
    live()
        .jitter(1)
        .closed(code)
        .expectDelayMillis(1_000)
        .expectOpen(RESUME_URL)
        .expectSessionKept();
    live().jitter(0.25).closed(code).expectDelayMillis(250);
  }

  @Test
  void resumesAfterAPauseWhenItSentTooMuch() {
    live().jitter(0).closed(4008).expectDelayMillis(5_000).expectOpen(RESUME_URL);
    live().jitter(1).closed(4008).expectDelayMillis(10_000).expectSessionKept();
  }

  @ParameterizedTest
  @ValueSource(ints = {4003, 4006, 4007, 4009})
  void startsANewSessionOnTheBaseAfter(int code) {
    for (GatewayState state : new GatewayState[] {GatewayState.RESUMING, GatewayState.READY}) {
      in(state)
          .closed(code)
          .expectState(GatewayState.BACKOFF)
          .expectSessionDropped()
          .expectOpen(BASE)
          .advanceMillis(6_000)
          .open()
          .hello()
          .expectState(GatewayState.IDENTIFYING);
    }
  }

  @Test
  void aSecondIdentifyWithoutASessionStartsANewOne() {
    in(GatewayState.IDENTIFYING).closed(4005).expectOpen(BASE).expectSessionDropped();
  }

  @ParameterizedTest
  @CsvSource({
    "4004, AUTHENTICATION_FAILED",
    "4010, INVALID_SHARD",
    "4011, SHARDING_REQUIRED",
    "4012, INVALID_API_VERSION",
    "4013, INVALID_INTENTS",
    "4014, DISALLOWED_INTENTS",
  })
  void givesUpAfter(int code, CloseCode failed) {
    for (GatewayState state :
        new GatewayState[] {
          GatewayState.WAIT_HELLO,
          GatewayState.WAIT_PERMIT,
          GatewayState.IDENTIFYING,
          GatewayState.RESUMING,
          GatewayState.READY
        }) {
      Scenario scenario = in(state).closed(code).expectState(GatewayState.FATAL);

      assertThat(scenario.connection().failed()).isEqualTo(failed);
      assertThat(scenario.connection().shouldReconnect()).isFalse();
      scenario.advanceMillis(3_600_000).expectState(GatewayState.FATAL).expectNothingSent();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void anyEndOfATransportLeadsToTheNext(GatewayState state) {
    in(state).lost().expectClose(0).expectCause(Cause.LOST).expectIgnored(0);
    in(state).closed(1005).expectClose(0).expectCause(Cause.CLOSED);
    in(state).closed(4000).expectClose(0).expectCause(Cause.CLOSED);
  }

  @Test
  void aLostTransportResumesAtOnce() {
    live().jitter(1).lost().expectDelayMillis(0).expectOpen(RESUME_URL).expectSessionKept();
  }

  @Test
  void aSessionWithoutAUsableUrlResumesOnTheBase() {
    for (String url :
        new String[] {null, "", "nonsense", "https://resume.test", "ws://resume.test", "wss://"}) {
      scenario()
          .open()
          .hello()
          .ready("session-1", url)
          .expectState(GatewayState.READY)
          .lost()
          .expectOpen(BASE)
          .expectSessionKept();
    }
  }

  @Test
  void theResumeUrlIsNormalised() {
    scenario()
        .open()
        .hello()
        .ready("session-1", "wss://resume.test/?v=9&encoding=etf")
        .lost()
        .expectOpen(RESUME_URL);
  }

  // op 7

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void aReconnectRequestIsFollowedAtOnce(GatewayState state) {
    Scenario scenario = in(state).jitter(0);
    String session = scenario.connection().sessionId();

    scenario
        .reconnectRequest()
        .expectClose(4900)
        .expectCause(Cause.REQUESTED)
        .expectDelayMillis(0)
        .expectOpen(session == null ? BASE : RESUME_URL);

    assertThat(scenario.connection().sessionId()).isEqualTo(session);
    scenario.closed(1000).expectIgnored(1).expectState(GatewayState.BACKOFF);
  }

  @Test
  void aReconnectRequestOfALiveSessionDoesNotWait() {
    live().jitter(1).reconnectRequest().expectDelayMillis(0);
  }

  // op 9

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void anInvalidSessionIsDroppedAndWaitsOneToFiveSeconds(GatewayState state) {
    in(state)
        .jitter(0)
        .invalidSession(false)
        .expectClose(1000) // it is dead anyway
        .expectCause(Cause.INVALID_SESSION)
        .expectDelayMillis(1_000)
        .expectSessionDropped();
    in(state).jitter(1).invalidSession(false).expectDelayMillis(5_000);
  }

  @ParameterizedTest
  @EnumSource(names = {"RESUMING", "READY"})
  void anInvalidSessionThatMayLiveIsKeptAndWaitsOneToFiveSeconds(GatewayState state) {
    in(state)
        .jitter(0)
        .invalidSession(true)
        .expectClose(4900)
        .expectCause(Cause.INVALID_SESSION)
        .expectDelayMillis(1_000)
        .expectOpen(RESUME_URL)
        .expectSessionKept()
        .open()
        .hello()
        .expectState(GatewayState.RESUMING);
    in(state).jitter(1).invalidSession(true).expectDelayMillis(5_000).expectSessionKept();
  }

  @Test
  void aSessionThatMayLiveIsKeptAlsoBeforeHello() {
    storedScenario().open().invalidSession(true).expectClose(4900).expectSessionKept();
  }

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING"})
  void aRefusedIdentifyNeedsANewPermitWhateverItSays(GatewayState state) {
    Scenario scenario =
        in(state).invalidSession(true).expectSessionDropped().expectClose(1000).open().hello();

    assertThat(scenario.connection().sessionId()).isNull();
    if (state == GatewayState.WAIT_PERMIT) {
      assertThat(scenario.connection().identifyWanted()).isTrue();
      scenario.expectNothingSent().permit();
    }
    scenario.advanceMillis(6_000).expectState(GatewayState.IDENTIFYING);
  }

  @Test
  void anythingButTrueMeansThatTheSessionIsDead() {
    for (String d : new String[] {"null", "1", "\"true\"", "{}", "[true]"}) {
      live().recv("{\"op\":9,\"d\":" + d + '}').expectSessionDropped();
    }
    live().recv("{\"op\":9}").expectSessionDropped();
  }

  // The ladder.

  @Test
  void resumesAtOnceThenBacksOffUpToTheCap() {
    Scenario scenario = live().jitter(1).lost().expectDelayMillis(0);
    for (long delay : new long[] {1, 2, 4, 8, 16, 32, 60, 60}) {
      scenario.open().hello().event().lost().expectDelayMillis(delay * 1_000);
    }
    scenario.expectSessionKept();
  }

  @Test
  void theBackoffStartsOverOnlyAfterAStablePeriod() {
    Scenario scenario = live().jitter(1).lost().resume().lost().expectDelayMillis(1_000);

    scenario.resume().advanceMillis(29_999).lost().expectDelayMillis(2_000);
    scenario.resume().advanceMillis(30_000).lost().expectDelayMillis(0);
  }

  @Test
  void fiveResumesInARowWithoutAnAnswerDropTheSession() {
    Scenario scenario = storedScenario().jitter(0);
    for (int i = 0; i < 4; i++) {
      scenario.open().hello().lost().expectSessionKept().expectOpen(RESUME_URL);
    }
    scenario.open().hello().lost().expectSessionDropped();
  }

  @Test
  void aResumeThatIsAnsweredIsNoFailure() {
    Scenario scenario = storedScenario().jitter(0);
    for (int i = 0; i < 20; i++) {
      scenario.open().hello().event().lost().expectSessionKept();
    }
  }

  @Test
  void aResumeThatWasNeverSentIsNoFailure() {
    Scenario scenario = storedScenario().jitter(0);
    for (int i = 0; i < 20; i++) {
      scenario.open();
      scenario.connection().recv("{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
      scenario.connection().transportLost();
      scenario.expectSessionKept();
    }
  }

  @Test
  void aCloseCodeThatDeniesTheSessionKeepsItWhileWeClose() {
    live()
        .stop(StopMode.RESTART)
        .closed(4009)
        .expectState(GatewayState.STOPPED)
        .expectSessionKept();
  }

  @Test
  void aDialThatFailsIsNoFailureOfTheSession() {
    Scenario scenario = storedScenario().jitter(0);
    for (int i = 0; i < 20; i++) {
      scenario.dialFails(503).expectSessionKept();
      scenario.open().lost().expectSessionKept();
    }
  }

  @Test
  void aStreamThatBreaksTwiceAtTheSamePositionDropsTheSession() {
    live()
        .event()
        .recv("garbage")
        .expectClose(4900)
        .expectSessionKept()
        .open()
        .hello()
        .recv("garbage")
        .expectClose(4900)
        .expectSessionDropped();
  }

  @Test
  void aStreamThatBreaksElsewhereKeepsTheSession() {
    live()
        .event()
        .recv("garbage")
        .open()
        .hello()
        .event()
        .recv("garbage")
        .expectSessionKept()
        .open()
        .hello()
        .resumed()
        .advanceMillis(30_000)
        .recv("garbage")
        .expectSessionKept();
  }

  @Test
  void nothingTransientIsEverFinal() {
    Scenario scenario = scenario().jitter(1);
    for (int i = 0; i < 200; i++) {
      switch (i % 4) {
        case 0 -> scenario.dialFails(500);
        case 1 -> scenario.open().lost();
        case 2 -> scenario.open().recv("garbage");
        default -> scenario.open().hello(3_000_000).advanceMillis(120_000);
      }
      scenario.expectState(GatewayState.BACKOFF);
      assertThat(scenario.connection().reconnect().delayNanos()).isLessThan(60_000_000_001L);
    }
  }

  // The base URL.

  @Test
  void aNewBaseUrlIsDialledFromTheNextDialOn() {
    Scenario scenario = in(GatewayState.IDENTIFYING).lost().expectOpen(BASE);
    Reconnect before = scenario.connection().reconnect();

    scenario.connection().gatewayUri(URI.create("wss://other.test/?x=1"));

    scenario.expectOpen("wss://other.test");
    Reconnect after = scenario.connection().reconnect();
    assertThat(after.delayNanos()).isEqualTo(before.delayNanos());
    assertThat(after.cause()).isEqualTo(before.cause());
    scenario.dialFails(0).expectOpen("wss://other.test");
  }

  @Test
  void aNewBaseUrlLeavesAResumeToTheResumeUrl() {
    Scenario scenario = live();
    scenario.connection().gatewayUri(URI.create("wss://other.test"));
    scenario.lost().expectOpen(RESUME_URL).dialFails(0).expectOpen("wss://other.test");
  }

  @Test
  void refusesABaseUrlThatIsNone() {
    GatewayConnection connection = live().connection();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> connection.gatewayUri(URI.create("https://other.test")))
        .withMessage("gatewayUri: https://other.test (expected: wss://host)");
  }

  @Test
  void saysWhetherReadyOrResumedDidNotCome() {
    Scenario identifying = scenario().open().hello(3_000_000).expectSent(Opcode.IDENTIFY);
    assertThat(identifying.advanceMillis(60_000).connection().reconnect().detail())
        .startsWith("no READY and nothing else within");
    Scenario resuming = storedScenario().open().hello(3_000_000).expectSent(Opcode.RESUME);
    assertThat(resuming.advanceMillis(60_000).connection().reconnect().detail())
        .startsWith("no RESUMED and nothing else within");
  }
}
