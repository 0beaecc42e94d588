package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** When a stored session was first and last seen, by the wall clock of the configuration. */
class SessionDatesTest {

  private static final Instant READY = Instant.parse("2026-11-23T10:00:00Z");
  private static final Instant LATER = READY.plusSeconds(60);
  private static final Instant MUCH_LATER = READY.plusSeconds(3_600);

  private Instant now = READY;
  private final GatewayConnection connection =
      GatewayConnection.create(
          GatewayConfig.builder(Scenario.TOKEN, Scenario.INTENTS)
              .compression(Compression.NONE)
              .instantSource(() -> now)
              .build(),
          new ManualClock(),
          new ScriptedRandom(0.5));

  private void becomeReady() {
    connection.connecting();
    assertThat(connection.opened()).isEqualTo(1);
    connection.recv("{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
    assertThat(connection.send()).isNotNull();
    connection.recv("{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"session-1\"}}");
  }

  private void isLastSeenWhen(Consumer<GatewayConnection> transportEnds) {
    becomeReady();
    now = LATER;
    transportEnds.accept(connection);
    now = MUCH_LATER;

    @Nullable GatewaySession session = connection.session();
    assertThat(session).isNotNull();
    assertThat(session.firstSeen()).isEqualTo(READY);
    assertThat(session.lastSeen()).isEqualTo(LATER);
  }

  @Test
  void aLiveSessionIsSeenNow() {
    becomeReady();
    now = LATER;

    assertThat(connection.session()).extracting(GatewaySession::lastSeen).isEqualTo(LATER);
  }

  @Test
  void aSessionIsLastSeenWhenItsTransportWasLost() {
    isLastSeenWhen(GatewayConnection::transportLost);
    connection.connecting();
    connection.connectFailed(0);
    assertThat(connection.session()).extracting(GatewaySession::lastSeen).isEqualTo(LATER);
  }

  @Test
  void aSessionIsLastSeenWhenItWasStopped() {
    isLastSeenWhen(connection -> connection.stop(StopMode.RESTART));
  }

  @Test
  void aSessionIsLastSeenWhenTheGatewayClosedForGood() {
    isLastSeenWhen(connection -> connection.recvCloseCode(4014));
  }

  @Test
  void everyTransportHasAGenerationOfItsOwn() {
    becomeReady();
    connection.transportLost();
    connection.connecting();
    assertThat(connection.opened()).isEqualTo(2);
    assertThat(connection.generation()).isEqualTo(2);
  }
}
