package dev.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.FrameType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GatewayServerConnectionTest {

  private final TestGateway gateway = new TestGateway();

  // What a client may send.

  @Test
  void heartbeatsAreAcknowledgedBeforeAndAfterIdentify() {
    TestClient client = gateway.connect();
    client.take();

    client.heartbeat();
    assertThat(client.takeAll()).containsExactly(TestClient.ACK);
    client.identify();
    client.takeAll();
    client.send("{\"op\":1,\"d\":1}");

    assertThat(client.takeAll()).containsExactly(TestClient.ACK);
    assertThat(gateway.told).endsWith("received HEARTBEAT 1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"op\":3,\"d\":{\"since\":null,\"activities\":[],\"status\":\"idle\",\"afk\":true}}",
        "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":null,\"self_mute\":false,"
            + "\"self_deaf\":true}}",
        "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":\"2\",\"self_mute\":false,"
            + "\"self_deaf\":true}}",
        "{\"op\":3,\"d\":{\"since\":1785436927318,\"activities\":[{\"name\":\"Custom Status\","
            + "\"type\":4,\"state\":\"counting\",\"url\":null,\"emoji\":7}],"
            + "\"status\":\"invisible\",\"afk\":true}}",
        "{\"op\":8,\"d\":{\"guild_id\":18446744073709551615,\"user_ids\":2}}",
        "{\"op\":8,\"d\":{\"guild_id\":\"1\",\"user_ids\":[]}}",
        "{\"op\":8,\"d\":{\"guild_id\":\"1\",\"query\":\"\",\"limit\":0}}",
        "{\"op\":8,\"d\":{\"guild_id\":\"1\",\"user_ids\":[\"2\"]}}",
        "{\"op\":8,\"d\":{\"guild_id\":\"1\",\"user_ids\":\"2\"}}",
        "{\"op\":31,\"d\":{\"guild_ids\":[\"1\"]}}",
        "{\"op\":43,\"d\":{\"guild_id\":\"1\",\"fields\":[\"status\"]}}",
      })
  void commandIsAcceptedAndReportedButOnlyAfterIdentify(String command) {
    TestClient early = gateway.connect();
    early.send(command);
    assertThat(early.connection.closeCode()).isEqualTo(4003);

    TestClient client = gateway.connectReady();
    client.send(command);

    assertThat(client.connection.closeCode()).isZero();
    assertThat(client.takeAll()).isEmpty();
    String d = command.substring(command.indexOf("\"d\":") + 4, command.length() - 1);
    assertThat(gateway.told.get(gateway.told.size() - 1)).startsWith("received ").endsWith(d);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"op":0,"d":null}       | 4001
          {"op":5,"d":null}       | 4001
          {"op":7,"d":null}       | 4001
          {"op":9,"d":false}      | 4001
          {"op":10,"d":{}}        | 4001
          {"op":11,"d":null}      | 4001
          {"op":-1,"d":null}      | 4001
          {"op":4294967297}       | 4001
          {"op":"1","d":null}     | 4001
          {"op":null,"d":null}    | 4001
          {"d":null}              | 4001
          {"op":1,"d":"1"}        | 4001
          {"op":1,"d":1.5}        | 4001
          {"op":2,"d":null}       | 4001
          {"op":2,"d":{"token":"x"}} | 4001
          {"op":2,"d":{"properties":{}}} | 4001
          {"op":6,"d":[]}         | 4001
          {"op":6,"d":{"token":"x","session_id":"y"}}         | 4001
          {"op":6,"d":{"token":"x","session_id":1,"seq":1}}   | 4001
          {"op":6,"d":{"session_id":"y","seq":1}}             | 4001
          {"op":3}                | 4003
          {"op":4,"d":null}       | 4003
          {"op":8,"d":{}}         | 4003
          {"op":31,"d":{}}        | 4003
          {"op":43,"d":{}}        | 4003
          {"op":1,"d":null        | 4002
          {"op":1,"d":null}}      | 4002
          {"op":1} {"op":1}       | 4002
          [1]                     | 4002
          1                       | 4002
          null                    | 4002
          ''                      | 4002
          nonsense                | 4002
          """)
  void malformedPayloadIsClosed(String payload, int code) {
    TestClient client = gateway.connect();

    client.send(payload);

    assertThat(client.connection.closeCode()).isEqualTo(code);
    assertThat(gateway.told).endsWith("disconnected " + code);
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        """
        {"op":3,"d":null}""",
        """
        {"op":3,"d":{"activities":[],"status":"idle","afk":true}}""",
        """
        {"op":3,"d":{"since":null,"status":"idle","afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[],"afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[],"status":"idle"}}""",
        """
        {"op":3,"d":{"since":-1,"activities":[],"status":"idle","afk":true}}""",
        """
        {"op":3,"d":{"since":1.5,"activities":[],"status":"idle","afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":{},"status":"idle","afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[],"status":"away","afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[],"status":null,"afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[],"status":"idle","afk":"true"}}""",
        """
        {"op":3,"d":{"since":null,"activities":["x"],"status":"idle","afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[{"type":0}],"status":"idle","afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[{"name":"","type":0}],"status":"idle","afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[{"name":"x"}],"status":"idle","afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[{"name":"x","type":6}],"status":"idle","afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[{"name":"x","type":0,"state":1}],"status":"dnd",\
        "afk":true}}""",
        """
        {"op":3,"d":{"since":null,"activities":[{"name":"x","type":1,"url":1}],"status":"dnd",\
        "afk":true}}""",
        """
        {"op":4,"d":{"guild_id":"1","self_mute":false,"self_deaf":true}}""",
        """
        {"op":4,"d":{"channel_id":"1","self_mute":false,"self_deaf":true}}""",
        """
        {"op":4,"d":{"guild_id":"1","channel_id":"x","self_mute":false,"self_deaf":true}}""",
        """
        {"op":4,"d":{"guild_id":"1","channel_id":"2","self_mute":0,"self_deaf":true}}""",
        """
        {"op":4,"d":{"guild_id":"1","channel_id":"2","self_mute":false}}""",
        """
        {"op":8,"d":{"guild_id":"1","query":""}}""",
        """
        {"op":8,"d":{"guild_id":"1","query":"","limit":-1}}""",
        """
        {"op":8,"d":{"guild_id":"1","query":"","limit":"0"}}""",
        """
        {"op":8,"d":{"guild_id":"1","query":null,"limit":0}}""",
        """
        {"op":8,"d":{"guild_id":"1"}}""",
        """
        {"op":8,"d":{"query":"","limit":0}}""",
        """
        {"op":8,"d":{"guild_id":["1"],"user_ids":[]}}""",
        """
        {"op":8,"d":{"guild_id":"1","user_ids":["x"]}}""",
        """
        {"op":8,"d":{"guild_id":"1","user_ids":""}}""",
        """
        {"op":8,"d":{"guild_id":"1","user_ids":"18446744073709551616"}}""",
        """
        {"op":8,"d":{"guild_id":-1,"user_ids":"2"}}""",
        """
        {"op":8,"d":{"guild_id":"1","user_ids":"2","presences":1}}""",
        """
        {"op":31,"d":{"guild_ids":"1"}}""",
        """
        {"op":31,"d":{"guild_ids":["1",null]}}""",
        """
        {"op":43,"d":{"guild_id":"1"}}""",
        """
        {"op":43,"d":{"guild_id":"1","fields":[1]}}""",
        """
        {"op":43,"d":{"fields":["status"]}}""",
        """
        {"op":1,"d":-1}""",
        """
        {"op":1,"d":99999999999999999999}""",
      })
  void malformedCommandIsClosedAndTheSessionKept(String command) {
    TestClient client = gateway.connectReady();

    client.send(command);

    assertThat(client.connection.closeCode()).isEqualTo(4001);
    assertThat(gateway.server.sessions()).hasSize(1);
  }

  @Test
  void malformedUtf8IsClosed() {
    TestClient client = gateway.connect();

    client.connection.recv(
        FrameType.TEXT,
        ByteBuffer.wrap("{\"op\":1,\"d\":\"\u00ff\"}".getBytes(StandardCharsets.ISO_8859_1)));

    assertThat(client.connection.closeCode()).isEqualTo(4002);
  }

  @Test
  void binaryIsClosed() {
    TestClient client = gateway.connect();

    client.connection.recv(FrameType.BINARY, TestGateway.utf8("{\"op\":1,\"d\":null}"));

    assertThat(client.connection.closeCode()).isEqualTo(4002);
  }

  @Test
  void messageMayHave4096Bytes() {
    TestClient client = gateway.connect();
    String largest = "{\"op\":1,\"d\":null}" + " ".repeat(4096 - 17);

    client.send(largest);
    assertThat(client.connection.closeCode()).isZero();
    client.send(largest + ' ');
    assertThat(client.connection.closeCode()).isEqualTo(4002);
  }

  @Test
  void messageIsConsumedAndItsBoundsAreKept() {
    TestClient client = gateway.connect();
    client.take();
    ByteBuffer message = TestGateway.utf8("xx{\"op\":1,\"d\":null}xx");
    message.position(2).limit(19);

    client.connection.recv(FrameType.TEXT, message.asReadOnlyBuffer());
    client.connection.recv(FrameType.TEXT, message);

    assertThat(client.takeAll()).containsExactly(TestClient.ACK, TestClient.ACK);
    assertThat(message.hasRemaining()).isFalse();
  }

  @Test
  void sendLimitSlides() {
    TestClient client = gateway.connect();
    client.heartbeat();
    gateway.advanceMillis(30_000);
    for (int sent = 1; sent < 120; sent++) {
      client.heartbeat();
    }
    gateway.advanceMillis(30_000);
    client.heartbeat(); // the first one is 60 s old
    assertThat(client.connection.closeCode()).isZero();

    gateway.advanceMillis(29_999);
    client.heartbeat(); // the 120 before it are younger

    assertThat(client.connection.closeCode()).isEqualTo(4008);
  }

  @Test
  void sendLimitIsOfOneConnection() {
    TestClient first = gateway.connect();
    TestClient second = gateway.connect();

    for (int sent = 0; sent < 120; sent++) {
      first.heartbeat();
      second.heartbeat();
    }

    assertThat(first.connection.closeCode()).isZero();
    assertThat(second.connection.closeCode()).isZero();
  }

  @Test
  void clientThatDoesNotReadIsClosed() {
    TestClient client = gateway.connectReady();

    for (int queued = 0; queued < 1024; queued++) {
      client.connection.requestHeartbeat();
    }
    assertThat(client.connection.closeCode()).isZero();
    client.connection.requestHeartbeat();

    assertThat(client.connection.closeCode()).isEqualTo(4000);
    assertThat(gateway.server.sessions()).hasSize(1);
  }

  // Time.

  @Test
  void missedHeartbeatsCloseAfterOneAndAHalfIntervals() {
    TestClient client = gateway.connectReady();
    assertThat(client.connection.nextTimeoutNanos()).isEqualTo(61_875_000_000L);
    gateway.advanceMillis(61_874);
    client.heartbeat();
    gateway.advanceMillis(61_874);
    assertThat(client.connection.nextTimeoutNanos()).isEqualTo(1_000_000);
    assertThat(client.connection.closeCode()).isZero();

    gateway.advanceMillis(1);

    assertThat(client.connection.closeCode()).isEqualTo(4000);
    assertThat(client.connection.nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(gateway.server.sessions()).hasSize(1);
  }

  @Test
  void otherPayloadsAreNoHeartbeats() {
    TestClient client = gateway.connectReady();
    gateway.advanceMillis(60_000);
    client.send("{\"op\":31,\"d\":{\"guild_ids\":[]}}");

    gateway.advanceMillis(1_875);

    assertThat(client.connection.closeCode()).isEqualTo(4000);
  }

  @Test
  void connectionWithoutSessionIsClosedAfterTheIdentifyTimeout() {
    TestGateway impatient =
        new TestGateway(TestGateway.config().identifyTimeout(Duration.ofSeconds(10)));
    TestClient silent = impatient.connect();
    TestClient identified = impatient.connect();
    identified.identify();
    assertThat(silent.connection.nextTimeoutNanos()).isEqualTo(10_000_000_000L);

    impatient.advanceMillis(9_999);
    assertThat(silent.connection.closeCode()).isZero();
    impatient.advanceMillis(1);

    assertThat(silent.connection.closeCode()).isEqualTo(4000);
    assertThat(identified.connection.closeCode()).isZero();
  }

  @Test
  void identifyTimeoutStartsAnewWithInvalidSession() {
    TestGateway impatient =
        new TestGateway(TestGateway.config().identifyTimeout(Duration.ofSeconds(10)));
    TestClient client = impatient.connectReady();
    impatient.advanceMillis(20_000);

    client.connection.invalidSession(false);

    assertThat(client.connection.nextTimeoutNanos()).isEqualTo(10_000_000_000L);
  }

  @Test
  void earlyAndRepeatedTimeoutsAreHarmless() {
    TestClient client = gateway.connect();

    client.connection.onTimeout();
    assertThat(client.connection.closeCode()).isZero();
    gateway.advanceMillis(61_875);
    client.connection.onTimeout();

    assertThat(gateway.told).containsExactly("connected", "disconnected 4000");
  }

  // What the application makes a connection send.

  @Test
  void reconnectAndHeartbeatRequestAreSent() {
    TestClient client = gateway.connectReady();

    client.connection.reconnect();
    client.connection.requestHeartbeat();

    assertThat(client.takeAll())
        .containsExactly(
            "{\"t\":null,\"s\":null,\"op\":7,\"d\":null}",
            "{\"t\":null,\"s\":null,\"op\":1,\"d\":null}");
    assertThat(client.connection.closeCode()).isZero();
  }

  @Test
  void clientThatIgnoresReconnectIsClosedAfterTheGrace() {
    TestClient client = gateway.connectReady();
    client.connection.reconnect();
    gateway.advanceMillis(4_000);
    client.connection.reconnect(); // does not start the grace anew
    assertThat(client.connection.nextTimeoutNanos()).isEqualTo(1_000_000_000);
    gateway.advanceMillis(999);
    assertThat(client.connection.closeCode()).isZero();

    gateway.advanceMillis(1);

    assertThat(client.connection.closeCode()).isEqualTo(1001);
    assertThat(gateway.server.sessions()).hasSize(1);
  }

  @Test
  void helloMayComeAgain() {
    TestClient client = gateway.connectReady();

    client.connection.hello();

    assertThat(client.takeAll()).containsExactly(TestClient.HELLO);
  }

  @Test
  void reconnectMayPrecedeHello() {
    TestClient client = connectWith(GatewayServerConnection::reconnect);

    assertThat(client.takeAll())
        .containsExactly("{\"t\":null,\"s\":null,\"op\":7,\"d\":null}", TestClient.HELLO);
  }

  @Test
  void reconnectMayReplaceHello() {
    TestClient client =
        connectWith(
            connection -> {
              connection.withholdHello();
              connection.reconnect();
            });

    assertThat(client.takeAll()).containsExactly("{\"t\":null,\"s\":null,\"op\":7,\"d\":null}");
    client.connection.hello();
    assertThat(client.takeAll()).containsExactly(TestClient.HELLO);
  }

  private static TestClient connectWith(Consumer<GatewayServerConnection> fault) {
    GatewayServerListener listener =
        new GatewayServerListener() {
          @Override
          public void connected(GatewayServerConnection connection) {
            fault.accept(connection);
          }
        };
    GatewayServer server =
        GatewayServer.create(TestGateway.config().build(), listener, () -> 0, () -> 7);
    return new TestClient(server.accept(null));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void liveSessionMayBeInvalidated(boolean resumable) {
    TestClient client = gateway.connectReady();
    ServerSession session = client.session();

    client.connection.invalidSession(resumable);

    assertThat(client.takeAll())
        .containsExactly("{\"t\":null,\"s\":null,\"op\":9,\"d\":" + resumable + '}');
    assertThat(session.ended()).isEqualTo(!resumable);
    client.send("{\"op\":31,\"d\":{\"guild_ids\":[]}}");
    assertThat(client.connection.closeCode()).isEqualTo(4003);
  }

  @Test
  void dispatchIsSentAndReported() {
    TestClient client = gateway.connectReady();
    ByteBuffer d = TestGateway.utf8("x{\"content\":\"h\u00e9\"}x");
    d.position(1).limit(d.limit() - 1);

    long sequence = client.session().dispatch("MESSAGE_CREATE", d.asReadOnlyBuffer());

    assertThat(sequence).isEqualTo(2);
    assertThat(client.session().sequence()).isEqualTo(2);
    assertThat(client.takeAll())
        .containsExactly(
            "{\"t\":\"MESSAGE_CREATE\",\"s\":2,\"op\":0,\"d\":{\"content\":\"h\u00e9\"}}");
    assertThat(d.position()).isEqualTo(1);
    assertThat(gateway.told).endsWith("dispatched 2 MESSAGE_CREATE {\"content\":\"h\u00e9\"}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "message", "A\"B", "A B", "\u00c4"})
  void eventNamesAreChecked(String type) {
    ServerSession session = gateway.connectReady().session();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.dispatch(type, TestGateway.utf8("1")))
        .withMessage("type: " + type + " (expected: upper-case letters, digits and underscores)");
    assertThat(session.sequence()).isEqualTo(1);
  }

  @Test
  void eventWithoutDataIsRefused() {
    ServerSession session = gateway.connectReady().session();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.dispatch("EVENT", ByteBuffer.allocate(0)))
        .withMessage("d: 0 bytes (expected: one JSON value)");
  }

  @Test
  void messagesBesideTheEventsOvertakeThem() {
    TestClient client = gateway.connectReady();
    client.dispatch();
    client.heartbeat();

    assertThat(client.takeAll()).containsExactly(TestClient.ACK, TestClient.event(2));
  }

  @Test
  void closingSendsWhatIsQueuedButNoMoreEvents() {
    TestClient client = gateway.connectReady();
    client.dispatch();
    client.connection.reconnect();

    client.connection.close(4000);
    client.connection.requestHeartbeat();

    assertThat(client.connection.closeCode()).isEqualTo(4000);
    assertThat(client.takeAll()).containsExactly("{\"t\":null,\"s\":null,\"op\":7,\"d\":null}");
    assertThat(gateway.server.connections()).isEmpty();
  }

  @Test
  void closedConnectionIgnoresInput() {
    TestClient client = gateway.connectReady();
    client.connection.close(4000);

    client.heartbeat();
    client.send("nonsense");
    client.connection.close(4001);
    client.connection.recvCloseCode(1000);
    client.connection.transportLost();

    assertThat(client.connection.closeCode()).isEqualTo(4000);
    assertThat(client.takeAll()).isEmpty();
    assertThat(gateway.server.sessions()).hasSize(1);
    assertThat(gateway.told).endsWith("identified 0/1", "disconnected 4000");
  }

  @Test
  void lostConnectionDoesNothing() {
    TestClient client = gateway.connect();

    client.connection.transportLost();
    client.connection.reconnect();
    client.connection.invalidSession(false);
    client.heartbeat();

    assertThat(client.connection.send()).isNull();
    assertThat(client.connection.closeCode()).isZero();
    assertThat(client.connection.nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(gateway.server.connections()).isEmpty();
    assertThat(gateway.told).containsExactly("connected", "disconnected 1006");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 999, 1005, 1006, 5000})
  void closeCodesThatNoFrameCarriesAreRefused(int code) {
    TestClient client = gateway.connect();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> client.connection.close(code))
        .withMessage("close code: " + code + " (expected: 1000..4999, not 1005 or 1006)");
    assertThat(client.connection.closeCode()).isZero();
  }

  @Test
  void faultsAreSentAsTheyAre() {
    TestClient client = gateway.connectReady();

    client.connection.sendPayload(TestGateway.utf8("{\"op\":"));
    client.connection.sendRaw(FrameType.BINARY, ByteBuffer.wrap(new byte[] {1, 2}));

    assertThat(client.take()).isEqualTo("{\"op\":");
    ServerFrame raw = client.connection.send();
    assertThat(raw)
        .isEqualTo(new ServerFrame(FrameType.BINARY, ByteBuffer.wrap(new byte[] {1, 2})));
  }

  @Test
  void heartbeatsMayGoUnansweredAndStillCountAsSignsOfLife() {
    TestClient client = gateway.connectReady();

    client.connection.acknowledgeHeartbeats(false);
    gateway.advanceMillis(61_874);
    client.heartbeat();
    gateway.advanceMillis(61_874);
    assertThat(client.takeAll()).isEmpty();
    assertThat(client.connection.closeCode()).isZero();

    client.connection.acknowledgeHeartbeats(true);
    client.heartbeat();
    assertThat(client.takeAll()).containsExactly(TestClient.ACK);
  }

  @Test
  void aListenerDecidesOnTheAckOfTheHeartbeatThatItIsToldOf() {
    List<GatewayServerConnection> heartbeats = new ArrayList<>();
    GatewayServer server =
        GatewayServer.create(
            TestGateway.config().build(),
            new GatewayServerListener() {
              @Override
              public void heartbeat(GatewayServerConnection connection) {
                heartbeats.add(connection);
                connection.acknowledgeHeartbeats(heartbeats.size() > 1);
              }
            },
            () -> 0,
            new SplittableRandom(17));
    TestClient client = new TestClient(server.accept("v=10&encoding=json"));

    client.heartbeat();
    assertThat(client.takeAll()).containsExactly(TestClient.HELLO);
    client.heartbeat();

    assertThat(client.takeAll()).containsExactly(TestClient.ACK);
    assertThat(heartbeats).containsExactly(client.connection, client.connection);
  }

  @Test
  void aGreetingIsWithheldFromOneConnection() {
    TestClient live = gateway.connectReady();
    gateway.advance(Duration.ofSeconds(5));
    TestClient client = gateway.connect();
    client.connection.withholdGreeting(true);
    client.identify();
    client.dispatch();
    live.connection.withholdGreeting(true);
    live.dispatch();

    assertThat(client.connection.isWithheld()).isTrue();
    assertThat(live.connection.isWithheld()).as("READY was sent").isFalse();
    assertThat(client.takeAll()).containsExactly(TestClient.HELLO);
    assertThat(live.takeAll()).containsExactly(TestClient.event(2));
    gateway.server.beginOutage();
    client.connection.withholdGreeting(false);
    assertThat(client.takeAll()).as("the outage goes on").isEmpty();
    gateway.server.endOutage();

    assertThat(client.take()).startsWith("{\"t\":\"READY\"");
    assertThat(client.takeAll()).containsExactly(TestClient.event(2));
  }

  // How the driver learns that there is something to do.

  @Test
  void outputIsReportedOnceUntilItIsDrained() {
    List<GatewayServerConnection> pending = new ArrayList<>();
    GatewayServer server =
        GatewayServer.create(
            TestGateway.config().build(),
            new GatewayServerListener() {
              @Override
              public void outputPending(GatewayServerConnection connection) {
                pending.add(connection);
              }
            },
            () -> 0,
            () -> 7);
    TestClient client = new TestClient(server.accept(null));
    assertThat(pending).isEmpty();
    client.takeAll();
    client.identify();
    client.takeAll();
    assertThat(pending).containsExactly(client.connection);

    client.dispatch();
    client.dispatch();
    assertThat(pending).hasSize(2);
    client.take();
    client.dispatch();
    assertThat(pending).hasSize(2);
    client.takeAll();
    client.connection.close(4000);
    assertThat(pending).hasSize(3);
  }

  @Test
  void driverMayDrainWhenItIsTold() {
    List<String> written = new ArrayList<>();
    GatewayServer server =
        GatewayServer.create(
            TestGateway.config().replayCapacity(1).build(),
            new GatewayServerListener() {
              @Override
              public void outputPending(GatewayServerConnection connection) {
                written.addAll(new TestClient(connection).takeAll());
              }
            },
            () -> 0,
            () -> 7);
    TestClient client = new TestClient(server.accept(null));
    client.takeAll();
    client.identify();
    client.dispatch();
    client.dispatch();

    assertThat(written).hasSize(3).endsWith(TestClient.event(2), TestClient.event(3));
  }

  // The query.

  @ParameterizedTest
  @ValueSource(strings = {"", "v=10", "encoding=json&v=10", "v=10&other=1&x", "&"})
  void queryIsLenientAboutWhatItLeavesOut(String query) {
    assertThat(gateway.connect(query).take()).isEqualTo(TestClient.HELLO);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v=9&encoding=json", "encoding=json&v=11", "v=", "v", "v=ten"})
  void otherApiVersionIsClosed(String query) {
    TestClient client = gateway.connect(query);

    assertThat(client.connection.closeCode()).isEqualTo(4012);
    assertThat(client.takeAll()).isEmpty();
    assertThat(gateway.server.connections()).isEmpty();
    assertThat(gateway.told).containsExactly("connected", "disconnected 4012");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      textBlock =
          """
          v=5&encoding=json,              v: 5 (expected: 10)
          v=10&encoding=bson,             encoding: bson (expected: json or etf)
          encoding=ETF,                   encoding: ETF (expected: json or etf)
          compress=gzip,                  compress: gzip (expected: zlib-stream or zstd-stream)
          compress=,                      compress:  (expected: zlib-stream or zstd-stream)
          """)
  void queryForWhatIsNotServedIsRefused(String query, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> gateway.server.accept(query))
        .withMessage(message);
    assertThat(gateway.server.connections()).isEmpty();
    assertThat(gateway.told).isEmpty();
  }
}
