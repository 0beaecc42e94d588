package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.BASE;
import static dev.sluice.gateway.Scenario.in;
import static dev.sluice.gateway.Scenario.scenario;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the gateway says, as it says it: with undocumented keys, and without optional ones. */
class SamplePayloadScenariosTest {

  private static final String SESSION_ID = "1ab772b0317f15c3ea8b4f5949406602";
  private static final String RESUME_URL = "wss://gateway-us-east1-b.discord.gg";

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSessionStartsIsReplayedAndGoesOn(boolean compressed) {
    Scenario scenario = compressed ? scenario().compressed() : scenario();
    scenario
        .open()
        .recv(Payloads.text("_HELLO"))
        .expectSent(Opcode.IDENTIFY)
        .recv(Payloads.text("READY"))
        .expectDispatch(EventType.READY)
        .expectState(GatewayState.READY);
    GatewaySession session = scenario.connection().session();
    assertThat(session).isNotNull();
    assertThat(session.sessionId()).isEqualTo(SESSION_ID);
    assertThat(session.applicationId()).isEqualTo(849437156969951983L);

    scenario
        .recv(Payloads.text("_RECONNECT"))
        .expectClose(4900)
        .expectOpen(RESUME_URL)
        .open()
        .recv(Payloads.text("_HELLO"))
        .expectSent(Opcode.RESUME)
        .expectSentData(d -> assertThat(d.get("session_id").asText()).isEqualTo(SESSION_ID))
        .recv(Payloads.text("MESSAGE_CREATE"))
        .expectDispatch(EventType.MESSAGE_CREATE)
        .recv(Payloads.text("RESUMED"))
        .expectDispatch(EventType.RESUMED)
        .expectState(GatewayState.READY)
        .recv(Payloads.text("_HEARTBEAT_REQUEST"))
        .expectSent(Opcode.HEARTBEAT)
        .recv(Payloads.text("_INVALID_SESSION_true"))
        .expectSessionKept()
        .open()
        .recv(Payloads.text("_HELLO"))
        .expectSent(Opcode.RESUME)
        .recv(Payloads.text("_INVALID_SESSION_false"))
        .expectSessionDropped()
        .expectOpen(BASE)
        .expectMalformed(0)
        .expectIgnored(0);
  }

  static Stream<String> acks() {
    return Stream.of(
        Payloads.text("_HEARTBEAT_ACK"), "{\"op\":11}", "{\"d\":{},\"op\":11,\"x\":1}");
  }

  @ParameterizedTest
  @MethodSource("acks")
  void anAckNeedsNoData(String ack) {
    Scenario scenario =
        in(GatewayState.READY)
            .advanceMillis(Scenario.INTERVAL_MILLIS)
            .expectSent(Opcode.HEARTBEAT)
            .recv(ack);

    assertThat(scenario.connection().heartbeatAcks()).isEqualTo(1);
  }

  @Test
  void aRequestNeedsNoData() {
    in(GatewayState.READY).recv("{\"op\":1}").expectSent(Opcode.HEARTBEAT);
    in(GatewayState.READY).recv("{\"op\":7}").expectClose(4900).expectSessionKept();
  }
}
