package dev.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResumeTest {

  private TestGateway gateway = new TestGateway();

  private static String resumed(long sequence) {
    return "{\"t\":\"RESUMED\",\"s\":"
        + sequence
        + ",\"op\":0,\"d\":{\"_trace\":[\"[\\\"gateway-sluice-1\\\",{\\\"micros\\\":0.0}]\"]}}";
  }

  private TestClient reconnect() {
    TestClient client = gateway.connect();
    assertThat(client.take()).isEqualTo(TestClient.HELLO);
    return client;
  }

  @Test
  void missedEventsAreReplayedThenResumedThenLiveEvents() {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();
    client.dispatch(); // 2
    assertThat(client.takeAll()).containsExactly(TestClient.event(2));
    client.dispatch(); // 3, written but lost on its way
    client.takeAll();
    client.connection.transportLost();
    session.dispatch("EVENT", TestGateway.utf8("4"));

    TestClient next = reconnect();
    next.resume(session.id(), 2);
    next.dispatch(); // 6, while the replay is not written yet

    assertThat(next.takeAll())
        .containsExactly(TestClient.event(3), TestClient.event(4), resumed(5), TestClient.event(6));
    assertThat(session.connection()).isSameAs(next.connection);
    assertThat(gateway.told).containsSubsequence("disconnected 1006", "resumed 2");
    assertThat(gateway.server.gatewayBot().remaining()).isEqualTo(999);
  }

  @Test
  void resumedIsNotReplayed() {
    TestClient first = gateway.connectReady();
    ServerSession session = first.session();
    first.connection.recvCloseCode(4900);
    TestClient second = reconnect();
    second.resume(session.id(), 1);
    second.dispatch(); // 3
    second.connection.transportLost(); // before anything was written
    session.dispatch("EVENT", TestGateway.utf8("4"));

    TestClient third = reconnect();
    third.resume(session.id(), 1);

    assertThat(third.takeAll())
        .containsExactly(TestClient.event(3), TestClient.event(4), resumed(5));
  }

  @Test
  void gapOfAnEarlierResumedIsPassedOver() {
    TestClient first = gateway.connectReady();
    ServerSession session = first.session();
    first.dispatch(); // 2
    first.connection.transportLost();
    TestClient second = reconnect();
    second.resume(session.id(), 2); // RESUMED is 3
    second.dispatch(); // 4
    second.connection.transportLost();

    TestClient third = reconnect();
    third.resume(session.id(), 3);

    assertThat(third.takeAll()).containsExactly(TestClient.event(4), resumed(5));
  }

  @Test
  void resumingCountsAgainstNoIdentifyWindow() {
    TestClient client = gateway.connectReady();
    String id = client.session().id();
    client.connection.transportLost();

    TestClient next = reconnect();
    next.resume(id, 1);

    assertThat(next.takeAll()).containsExactly(resumed(2));
  }

  @Test
  void resumeOfAnAttachedSessionDropsTheOlderConnection() {
    TestClient older = gateway.connectReady();
    ServerSession session = older.session();
    older.dispatch();

    TestClient next = reconnect();
    next.resume(session.id(), 1);

    assertThat(older.connection.closeCode()).isEqualTo(4000);
    assertThat(older.takeAll()).isEmpty();
    assertThat(next.takeAll()).containsExactly(TestClient.event(2), resumed(3));
    older.connection.recvCloseCode(1000);
    assertThat(session.connection()).isSameAs(next.connection);
    assertThat(session.ended()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1001})
  void sessionEndsWhenTheClientClosesForGood(int code) {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();

    client.connection.recvCloseCode(code);

    assertThat(session.ended()).isTrue();
    assertThat(gateway.server.sessions()).isEmpty();
    assertThat(gateway.told).endsWith("sessionEnded CLIENT_CLOSED", "disconnected " + code);
    TestClient next = reconnect();
    next.resume(session.id(), 1);
    assertThat(next.takeAll()).containsExactly(TestClient.INVALID);
    assertThat(next.connection.closeCode()).isZero();
    assertThat(gateway.told).endsWith("resumeRejected " + session.id());
  }

  @ParameterizedTest
  @ValueSource(ints = {1005, 1006, 4000, 4900, 3000})
  void anyOtherCodeKeepsTheSession(int code) {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();

    client.connection.recvCloseCode(code);

    assertThat(session.connection()).isNull();
    assertThat(gateway.server.sessions()).containsExactly(session);
  }

  @ParameterizedTest(name = "closed by the server with {0}: ended {1}")
  @CsvSource({
    "1000, false",
    "1001, false",
    "4000, false",
    "4003, true",
    "4009, true",
    "4004, true"
  })
  void closeCodeOfTheServerDecidesOnTheSession(int code, boolean ended) {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();

    client.connection.close(code);

    assertThat(session.ended()).isEqualTo(ended);
    assertThat(session.connection()).isNull();
  }

  @Test
  void detachedSessionExpires() {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();
    gateway.advanceMillis(1);
    client.connection.transportLost();

    gateway.advance(Duration.ofMinutes(3).minusMillis(1));
    assertThat(gateway.server.sessions()).containsExactly(session);

    gateway.advanceMillis(1);
    TestClient next = reconnect();
    next.resume(session.id(), 1);
    assertThat(next.takeAll()).containsExactly(TestClient.INVALID);
    assertThat(gateway.told).contains("sessionEnded EXPIRED");
    assertThat(session.dispatch("EVENT", TestGateway.utf8("0"))).isEqualTo(1);
  }

  @Test
  void refusedResumeMayBeClosed() {
    gateway = new TestGateway(TestGateway.config().closeRefusedResumes(true).replayCapacity(1));
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();
    client.connection.transportLost();
    session.dispatch("EVENT", TestGateway.utf8("2"));
    session.dispatch("EVENT", TestGateway.utf8("3"));

    TestClient unknown = reconnect();
    unknown.resume("unknown", 1);
    TestClient late = reconnect();
    late.resume(session.id(), 1);
    TestClient next = reconnect();
    next.resume(session.id(), 2);

    assertThat(unknown.connection.closeCode()).isEqualTo(4009);
    assertThat(late.connection.closeCode()).isEqualTo(4009);
    assertThat(gateway.told).contains("resumeRejected unknown", "resumeRejected " + session.id());
    assertThat(next.takeAll()).containsExactly(TestClient.event(3), resumed(4));
  }

  @Test
  void outageWithholdsTheReplayUntilItEnds() {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();
    client.connection.transportLost();
    session.dispatch("EVENT", TestGateway.utf8("2"));
    gateway.server.beginOutage();

    TestClient next = reconnect();
    next.resume(session.id(), 1);
    next.heartbeat();
    assertThat(next.takeAll()).containsExactly(TestClient.ACK);
    gateway.server.endOutage();

    assertThat(next.takeAll()).containsExactly(TestClient.event(2), resumed(3));
  }

  @Test
  void serverHasATimeoutForTheSessionsThatNobodyResumes() {
    assertThat(gateway.server.nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
    gateway.connectReady().connection.transportLost();
    assertThat(gateway.server.nextTimeoutNanos()).isEqualTo(180_000_000_000L);
    gateway.server.onTimeout();
    gateway.advanceMillis(180_001);
    assertThat(gateway.told).doesNotContain("sessionEnded EXPIRED");
    assertThat(gateway.server.nextTimeoutNanos()).isZero();

    gateway.server.onTimeout();

    assertThat(gateway.told).contains("sessionEnded EXPIRED");
    assertThat(gateway.server.nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void sessionsWithoutAConnectionAreBounded() {
    gateway = new TestGateway(TestGateway.config().maxDetachedSessions(2).maxConcurrency(3));
    List<ServerSession> sessions = new ArrayList<>();
    for (int shard = 0; shard < 3; shard++) {
      TestClient client = gateway.connect();
      client.identify(shard, 3);
      sessions.add(client.session());
      client.connection.transportLost();
    }

    assertThat(gateway.server.sessions()).containsExactly(sessions.get(1), sessions.get(2));
    assertThat(sessions.get(0).ended()).isTrue();
  }

  @Test
  void sessionThatEndsAnywayPushesOutNoOther() {
    gateway = new TestGateway(TestGateway.config().maxDetachedSessions(1).maxConcurrency(2));
    TestClient away = gateway.connectReady();
    ServerSession kept = away.session();
    away.connection.transportLost();
    TestClient client = gateway.connect();
    client.identify(1, 2);

    client.connection.recvCloseCode(1000);

    assertThat(gateway.server.sessions()).containsExactly(kept);
    assertThat(gateway.told).contains("sessionEnded CLIENT_CLOSED");
  }

  @Test
  void lifetimeStartsAnewWithEachDetachment() {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();
    client.connection.transportLost();
    gateway.advance(Duration.ofMinutes(2));
    TestClient next = reconnect();
    next.resume(session.id(), 1);
    next.connection.transportLost();

    gateway.advance(Duration.ofMinutes(2));

    assertThat(gateway.server.sessions()).containsExactly(session);
  }

  @Test
  void dispatchToAnExpiredSessionEndsIt() {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();
    client.connection.transportLost();
    gateway.advance(Duration.ofMinutes(3));

    assertThat(session.dispatch("EVENT", TestGateway.utf8("0"))).isEqualTo(1);
    assertThat(session.ended()).isTrue();
  }

  @ParameterizedTest(name = "seq {0}")
  @ValueSource(strings = {"3", "-1", "99999999999999999999"})
  void sequenceThatWasNotReachedIsClosed(String sequence) {
    TestClient client = gateway.connectReady();
    String id = client.session().id();
    client.dispatch(); // 2
    client.connection.transportLost();

    TestClient next = reconnect();
    next.resumeWith('"' + id + '"', sequence);

    assertThat(next.connection.closeCode()).isEqualTo(4007);
  }

  @ParameterizedTest(name = "session_id {0}, seq {1}")
  @CsvSource({"null, 1", "7, 1", "'\"a\"', null", "'\"a\"', '\"1\"'", "'\"a\"', 1.5"})
  void malformedResumeIsClosed(String sessionId, String sequence) {
    TestClient client = reconnect();

    client.resumeWith(sessionId, sequence);

    assertThat(client.connection.closeCode()).isEqualTo(4001);
  }

  @Test
  void resumeOnAnIdentifiedConnectionIsClosed() {
    TestClient client = gateway.connectReady();

    client.resume(client.session().id(), 1);

    assertThat(client.connection.closeCode()).isEqualTo(4005);
  }

  @Test
  void connectionMayIdentifyAfterARefusedResume() {
    TestClient client = reconnect();
    client.resume("gone", 5);
    assertThat(client.takeAll()).containsExactly(TestClient.INVALID);

    client.identify();

    assertThat(client.take()).startsWith("{\"t\":\"READY\",\"s\":1,");
  }

  @Test
  void eventsThatTheRingDroppedCannotBeReplayed() {
    gateway = new TestGateway(TestGateway.config().replayCapacity(2));
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();
    client.connection.transportLost();
    for (int sequence = 2; sequence <= 4; sequence++) {
      session.dispatch("EVENT", TestGateway.utf8(Integer.toString(sequence)));
    }

    TestClient tooOld = reconnect();
    tooOld.resume(session.id(), 1);
    assertThat(tooOld.takeAll()).containsExactly(TestClient.INVALID);

    TestClient inTime = reconnect();
    inTime.resume(session.id(), 2);
    assertThat(inTime.takeAll())
        .containsExactly(TestClient.event(3), TestClient.event(4), resumed(5));
  }

  @Test
  void readyIsNeverReplayed() {
    TestClient client = gateway.connectReady();
    String id = client.session().id();
    client.connection.transportLost();

    TestClient next = reconnect();
    next.resume(id, 0);

    assertThat(next.takeAll()).containsExactly(TestClient.INVALID);
  }

  @Test
  void slowClientThatTheRingOvertakesIsClosedAndItsSessionEnded() {
    gateway = new TestGateway(TestGateway.config().replayCapacity(2));
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();
    client.dispatch(); // 2
    client.dispatch(); // 3
    assertThat(client.connection.closeCode()).isZero();
    assertThat(client.take()).isEqualTo(TestClient.event(2));
    client.dispatch(); // 4 drops 2, which was taken
    assertThat(client.connection.closeCode()).isZero();

    client.dispatch(); // 5 drops 3, which was not

    assertThat(client.connection.closeCode()).isEqualTo(4000);
    assertThat(client.takeAll()).isEmpty();
    assertThat(session.ended()).isTrue();
    assertThat(gateway.told).endsWith("sessionEnded OVERRUN", "disconnected 4000");
    TestClient next = reconnect();
    next.resume(session.id(), 3);
    assertThat(next.takeAll()).containsExactly(TestClient.INVALID);
  }

  @Test
  void fullRingDoesNotLoseAnEventToResumed() {
    gateway = new TestGateway(TestGateway.config().replayCapacity(2));
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();
    client.dispatch(); // 2
    client.dispatch(); // 3
    client.connection.transportLost();

    TestClient next = reconnect();
    next.resume(session.id(), 1);

    assertThat(next.takeAll())
        .containsExactly(TestClient.event(2), TestClient.event(3), resumed(4));
  }

  @Test
  void invalidatedSessionCannotBeResumed() {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();
    client.connection.transportLost();

    session.invalidate();
    session.invalidate();

    assertThat(gateway.told).containsOnlyOnce("sessionEnded INVALIDATED");
    TestClient next = reconnect();
    next.resume(session.id(), 1);
    assertThat(next.takeAll()).containsExactly(TestClient.INVALID);
  }

  @Test
  void invalidatingAnAttachedSessionTellsTheClient() {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();

    session.invalidate();

    assertThat(client.takeAll()).containsExactly(TestClient.INVALID);
    assertThat(client.connection.session()).isNull();
    assertThat(client.connection.closeCode()).isZero();
    assertThat(session.ended()).isTrue();
  }

  @Test
  void resumableInvalidSessionMayBeResumedOnTheSameConnection() {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();

    client.connection.invalidSession(true);
    client.resume(session.id(), 1);

    assertThat(client.takeAll())
        .isEqualTo(List.of("{\"t\":null,\"s\":null,\"op\":9,\"d\":true}", resumed(2)));
  }

  @Test
  void sessionThatEndsWhileItsOlderConnectionClosesIsNotResumed() {
    GatewayServerListener ending =
        new GatewayServerListener() {
          @Override
          public void disconnected(GatewayServerConnection connection, int code) {
            sessions.forEach(ServerSession::invalidate);
          }

          @Override
          public void identified(ServerSession session) {
            sessions.add(session);
          }

          private final List<ServerSession> sessions = new java.util.ArrayList<>();
        };
    GatewayServer server =
        GatewayServer.create(TestGateway.config().build(), ending, () -> 0, () -> 7);
    TestClient older = new TestClient(server.accept(null));
    older.identify();
    String id = older.session().id();
    TestClient next = new TestClient(server.accept(null));
    next.take();

    next.resume(id, 1);

    assertThat(next.takeAll()).containsExactly(TestClient.INVALID);
  }
}
