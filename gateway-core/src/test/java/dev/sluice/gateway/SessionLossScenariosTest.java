package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.RESUME_URL;
import static dev.sluice.gateway.Scenario.in;
import static dev.sluice.gateway.Scenario.live;
import static dev.sluice.gateway.Scenario.scenario;
import static dev.sluice.gateway.Scenario.session;
import static dev.sluice.gateway.Scenario.storedScenario;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The application is told of the gap when a session is lost, and of nothing else. */
class SessionLossScenariosTest {

  private static SessionLost lost(Scenario scenario) {
    SessionLost lost = scenario.connection().pollSessionLost();
    assertThat(lost).isNotNull();
    assertThat(scenario.connection().pollSessionLost()).as("told once").isNull();
    return lost;
  }

  private static void nothingLost(Scenario scenario) {
    assertThat(scenario.connection().pollSessionLost()).isNull();
  }

  @Test
  void namesTheLastSequenceThatWasHandled() {
    Scenario scenario = live().event(); // READY is 1, the event 2
    scenario.event().dispatch().defer(); // 3, still being handled
    scenario.event().invalidSession(false);

    assertThat(lost(scenario))
        .isEqualTo(new SessionLost("session-1", 1, 2, 4, "gateway invalidated it"));
  }

  @ParameterizedTest
  @ValueSource(ints = {4003, 4006, 4007, 4009})
  void isToldOfACloseCodeThatEndsTheSession(int code) {
    Scenario scenario = live().closed(code);

    assertThat(lost(scenario).reason()).startsWith("gateway closed with " + code);
  }

  @ParameterizedTest
  @EnumSource(names = {"RESUMING", "READY"})
  void isToldOfASessionThatAnotherReplaces(GatewayState state) {
    Scenario scenario = in(state);
    String before = scenario.connection().sessionId();
    scenario.ready("session-2", null);

    SessionLost lost = lost(scenario);
    assertThat(lost.sessionId()).isEqualTo(before);
    assertThat(lost.reason()).isEqualTo("gateway started another session");
    assertThat(scenario.connection().sessionEpoch()).isEqualTo(2);
  }

  @Test
  void isToldOfASessionThatNeverAnswersAResume() {
    Scenario scenario = storedScenario();
    for (int i = 0; i < ReconnectLadder.MAX_RESUME_FAILURES; i++) {
      nothingLost(scenario);
      scenario.open().hello().expectSent(Opcode.RESUME).lost();
    }

    assertThat(lost(scenario))
        .isEqualTo(
            new SessionLost(
                "session-0",
                1,
                40,
                40,
                "5 RESUMEs without an answer: transport lost without a close frame"));
  }

  @Test
  void isToldOfAMessageThatBreaksTheStreamAgainAndAgain() {
    Scenario scenario = live().event().recv("{");
    nothingLost(scenario);
    scenario.open().hello().recv("{");

    assertThat(lost(scenario).reason()).startsWith("the stream broke again behind sequence 2: ");
  }

  @Test
  void isToldOfAStoredSessionThatDoesNotMatch() {
    Scenario scenario = scenario().session(session(40)).shard(1, 2);

    assertThat(lost(scenario))
        .isEqualTo(
            new SessionLost(
                "session-0",
                0,
                40,
                40,
                session(40)
                    .mismatch(
                        GatewayConfig.builder(Scenario.TOKEN, Scenario.INTENTS).build(),
                        new ShardId(1, 2))));
  }

  @Test
  void isNotToldOfWhatCanBeResumedOrNeverWas() {
    nothingLost(live().lost());
    nothingLost(live().closed(1000).open().hello().resumed());
    nothingLost(live().invalidSession(true));
    nothingLost(live().reconnectRequest());
    nothingLost(in(GatewayState.IDENTIFYING).invalidSession(false));
    nothingLost(in(GatewayState.IDENTIFYING).closed(4009));
    nothingLost(storedScenario().dialFails(503).dialFails(0).expectOpen(RESUME_URL));
  }

  @Test
  void isNotToldOfAGoodbye() {
    nothingLost(live().stop(StopMode.GOODBYE));
    nothingLost(live().stop(StopMode.RESTART));
  }
}
