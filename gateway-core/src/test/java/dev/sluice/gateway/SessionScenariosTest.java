package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.in;
import static dev.sluice.gateway.Scenario.scenario;
import static dev.sluice.gateway.Scenario.storedScenario;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How sessions start, go on and end, where the driver grants the permits and the budget counts. */
class SessionScenariosTest {

  private static Scenario livePermitted() {
    return scenario().permitsGranted().open().hello().permit().expectSent(Opcode.IDENTIFY).ready();
  }

  // Permits.

  @Test
  void aResumeNeedsNoPermit() {
    Scenario scenario = storedScenario().permitsGranted().open().hello();

    assertThat(scenario.connection().identifyWanted()).isFalse();
    scenario.expectSent(Opcode.RESUME).permit().expectIgnored(1).resumed();
    scenario.expectState(GatewayState.READY);
  }

  static Stream<UnaryOperator<Scenario>> endsOfASession() {
    return Stream.of(
        scenario -> scenario.closed(4003),
        scenario -> scenario.closed(4007),
        scenario -> scenario.closed(4009),
        scenario -> scenario.invalidSession(false),
        scenario -> scenario.lost().open().hello().forget().closed(4007),
        scenario -> scenario.lost().open().hello().forget().invalidSession(false));
  }

  @ParameterizedTest
  @MethodSource("endsOfASession")
  void everyNewSessionNeedsANewPermit(UnaryOperator<Scenario> end) {
    Scenario scenario = end.apply(livePermitted()).expectSessionDropped().open().hello();

    scenario.expectState(GatewayState.WAIT_PERMIT).expectNothingSent();
    assertThat(scenario.connection().identifyWanted()).isTrue();
    scenario.permit().expectSent(Opcode.IDENTIFY).ready().expectState(GatewayState.READY);
  }

  @ParameterizedTest
  @MethodSource("endsOfASession")
  void aBeatCarriesNullOnceItsSessionHasEnded(UnaryOperator<Scenario> end) {
    end.apply(livePermitted().event())
        .open()
        .hello()
        .advanceMillis(Scenario.INTERVAL_MILLIS)
        .expectHeartbeatOf(null);
  }

  // The answers to RESUME.

  @Test
  void aSessionThatIsInvalidAgainAndAgainIsGivenUp() {
    Scenario scenario = storedScenario().jitter(0);
    int refusals = 0;
    while (scenario.connection().sessionId() != null) {
      scenario.open().hello().expectSent(Opcode.RESUME).invalidSession(true);
      assertThat(++refusals).isLessThanOrEqualTo(20);
    }

    assertThat(refusals).isGreaterThan(1);
    scenario.expectSessionDropped().open().hello().expectSent(Opcode.IDENTIFY);
  }

  // What is sent.

  @Test
  void anIdentifySaysWhatTheConfigurationSays() {
    scenario()
        .config(config -> config.clientName("brasslamp").largeThreshold(250))
        .shard(2, 5)
        .open()
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .expectSentData(
            d -> {
              JsonNode properties = d.get("properties");
              assertThat(properties.fieldNames())
                  .toIterable()
                  .containsExactly("os", "browser", "device");
              assertThat(properties.get("os").textValue()).isNotEmpty();
              assertThat(properties.get("browser").textValue()).isEqualTo("brasslamp");
              assertThat(properties.get("device").textValue()).isEqualTo("brasslamp");
              assertThat(d.get("large_threshold").intValue()).isEqualTo(250);
              assertThat(d.get("shard")).hasToString("[2,5]");
            });
  }

  @ParameterizedTest
  @ValueSource(ints = {4001, 4002})
  void whatTheGatewayRefusedIsNotSentAgain(int code) {
    in(GatewayState.READY)
        .queue(GatewayCommand.UpdateVoiceState.leave(1))
        .expectSent(Opcode.VOICE_STATE_UPDATE)
        .closed(code)
        .open()
        .hello()
        .expectSent(Opcode.RESUME)
        .resumed()
        .expectState(GatewayState.READY)
        .expectNothingSent();
  }

  @Test
  void aResumeCountsAgainstTheBudget() {
    Scenario scenario = storedScenario().open().hello().resumed();
    for (int i = 0; i < 130; i++) {
      scenario.connection().queue(GatewayCommand.UpdateVoiceState.leave(1));
    }

    assertThat(scenario.drain().queued()).isEqualTo(117); // 120 - 2 beats - 1 requested
  }
}
