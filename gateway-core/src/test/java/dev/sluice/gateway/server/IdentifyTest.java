package dev.sluice.gateway.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdentifyTest {

  @Test
  void helloComesFirst() {
    TestClient client = new TestGateway().connect();

    assertThat(client.takeAll()).containsExactly(TestClient.HELLO);
    assertThat(client.connection.session()).isNull();
  }

  @Test
  void identifyStartsASession() throws Exception {
    TestGateway gateway =
        new TestGateway(
            TestGateway.config()
                .applicationId(42)
                .gatewayUrl("ws://base.test")
                .resumeGatewayUrl("ws://resume.test")
                .guilds(shard -> new long[] {shard.id(), -1}));
    TestClient client = gateway.connect();
    client.take();

    client.identify(3, 16);

    String message = client.take();
    assertThat(message).startsWith("{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,");
    JsonNode ready = new ObjectMapper().readTree(message).get("d");
    assertThat(ready.get("session_id").textValue())
        .matches("[0-9a-f]{32}")
        .isEqualTo(client.session().id());
    assertThat(ready.get("resume_gateway_url").textValue()).isEqualTo("ws://resume.test");
    assertThat(ready.get("shard")).hasToString("[3,16]");
    assertThat(ready.get("guilds"))
        .hasToString(
            "[{\"unavailable\":true,\"id\":\"3\"},"
                + "{\"unavailable\":true,\"id\":\"18446744073709551615\"}]");
    assertThat(ready.get("user").get("id").textValue()).isEqualTo("42");
    assertThat(ready.get("application").get("id").textValue()).isEqualTo("42");
    assertThat(ready.get("application").get("flags").isInt()).isTrue();
    assertThat(ready.get("session_type").textValue()).isEqualTo("normal");
    assertThat(message).doesNotContain(TestGateway.TOKEN);
    assertThat(client.connection.send()).isNull();

    ServerSession session = client.session();
    assertThat(session.shard()).isEqualTo(new ShardId(3, 16));
    assertThat(session.intents()).isEqualTo(Intents.all());
    assertThat(session.sequence()).isEqualTo(1);
    assertThat(session.connection()).isSameAs(client.connection);
    assertThat(gateway.server.sessions()).containsExactly(session);
    assertThat(gateway.told).containsExactly("connected", "identified 3/16");
  }

  @Test
  void theListenerIsToldWhatReadyCarries() {
    List<String> told = new ArrayList<>();
    GatewayServerListener listener =
        new GatewayServerListener() {
          @Override
          public void readyQueued(ServerSession session, ByteBuffer d) {
            told.add("{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":" + UTF_8.decode(d) + '}');
          }

          @Override
          public void identified(ServerSession session) {
            told.add("identified " + session.shard());
          }
        };
    GatewayServer server =
        GatewayServer.create(TestGateway.config().build(), listener, () -> 0, () -> 7);
    TestClient client = new TestClient(server.accept(null));
    client.take();

    client.identify(0, 2);

    assertThat(told).containsExactly(client.take(), "identified 0/2");
  }

  @Test
  void sessionIdsDifferEvenIfChanceDoesNot() {
    GatewayServer server =
        GatewayServer.create(
            TestGateway.config().maxConcurrency(2).build(),
            new GatewayServerListener() {},
            () -> 0,
            () -> 7);
    TestClient first = new TestClient(server.accept(null));
    TestClient second = new TestClient(server.accept(null));

    first.identify(0, 2);
    second.identify(1, 2);

    assertThat(first.session().id()).isNotEqualTo(second.session().id());
  }

  @Test
  void shardIsOptional() {
    TestClient client = new TestGateway().connect();

    client.identifyWith("\"intents\":0");

    assertThat(client.session().shard()).isEqualTo(ShardId.SINGLE);
  }

  @Test
  void intentsMayBeANumberInAString() {
    TestClient client = new TestGateway().connect();

    client.identifyWith("\"intents\":\"513\"");

    assertThat(client.session().intents()).isEqualTo(new Intents(513));
  }

  @ParameterizedTest(name = "{0} -> {1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "intents":513,"shard":[16,16]     | 4010
          "intents":513,"shard":[-1,16]     | 4010
          "intents":513,"shard":[0,0]       | 4010
          "intents":513,"shard":[0]         | 4010
          "intents":513,"shard":[0,1,2]     | 4010
          "intents":513,"shard":["0","1"]   | 4010
          "intents":513,"shard":7           | 4010
          "intents":513,"shard":null        | 4010
          "shard":[0,1]                     | 4013
          "intents":"131072"                | 4013
          "intents":"-1"                    | 4013
          "intents":"0x201"                 | 4013
          "intents":"99999999999"           | 4013
          "intents":""                      | 4013
          "intents":1.5                     | 4013
          "intents":null                    | 4013
          "intents":-1                      | 4013
          "intents":131072                  | 4013
          "intents":99999999999             | 4013
          "intents":0,"compress":1                                                  | 4001
          "intents":0,"compress":null                                               | 4001
          "intents":0,"large_threshold":49                                          | 4001
          "intents":0,"large_threshold":251                                         | 4001
          "intents":0,"large_threshold":"50"                                        | 4001
          "intents":0,"presence":null                                               | 4001
          "intents":0,"presence":{"activities":[],"status":"idle","afk":false}      | 4001
          "intents":0,"properties":"linux"                                          | 4001
          "intents":0,"properties":{"os":1}                                         | 4001
          "intents":0,"properties":{"$browser":null}                                | 4001
          """)
  void malformedIdentifyIsClosed(String fields, int code) {
    TestGateway gateway = new TestGateway();
    TestClient client = gateway.connect();

    client.identifyWith(fields);

    assertThat(client.connection.closeCode()).isEqualTo(code);
    assertThat(gateway.server.sessions()).isEmpty();
    assertThat(gateway.server.gatewayBot().remaining()).isEqualTo(1000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bot MTk4.cl2.Fm3q", "MTk4.cl2.Fm3", "", "mtk4.cl2.fm3q"})
  void onlyTheBareTokenIsRight(String token) {
    TestGateway gateway = new TestGateway();
    TestClient identifying = gateway.connect();
    TestClient resuming = gateway.connect();

    identifying.send(
        "{\"op\":2,\"d\":{\"token\":\"" + token + "\",\"properties\":{},\"intents\":0}}");
    resuming.send("{\"op\":6,\"d\":{\"token\":\"" + token + "\",\"session_id\":\"a\",\"seq\":1}}");

    assertThat(identifying.connection.closeCode()).isEqualTo(4004);
    assertThat(resuming.connection.closeCode()).isEqualTo(4004);
  }

  @Test
  void secondIdentifyIsClosedAndTheSessionKept() {
    TestGateway gateway = new TestGateway();
    TestClient client = gateway.connectReady();

    client.identify();

    assertThat(client.connection.closeCode()).isEqualTo(4005);
    assertThat(gateway.server.sessions()).hasSize(1);
  }

  @Test
  void moreThan2500GuildsAreTooMany() {
    TestGateway gateway =
        new TestGateway(
            TestGateway.config()
                .maxConcurrency(2)
                .guilds(shard -> new long[shard.id() == 0 ? 2500 : 2501]));
    TestClient large = gateway.connect();
    TestClient tooLarge = gateway.connect();

    large.identify(0, 2);
    tooLarge.identify(1, 2);

    assertThat(large.connection.closeCode()).isZero();
    assertThat(tooLarge.connection.closeCode()).isEqualTo(4011);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"compress\":false,\"large_threshold\":50",
        "\"compress\":true,\"large_threshold\":250,\"capabilities\":1,\"client_state\":{}",
        "\"presence\":{\"since\":null,\"activities\":[{\"name\":\"x\",\"type\":3}],"
            + "\"status\":\"online\",\"afk\":false}",
        "\"properties\":{\"$os\":\"linux\",\"$browser\":\"x\",\"$device\":\"x\",\"x\":1}",
        "\"properties\":{}",
      })
  void optionalFieldsAreAccepted(String fields) {
    TestClient client = new TestGateway().connect();

    client.identifyWith("\"intents\":0," + fields);

    assertThat(client.session().intents()).isEqualTo(Intents.of());
  }

  @Test
  void shardCountOfALargeBotIsAMultiple() {
    TestGateway gateway = new TestGateway(TestGateway.config().shards(32).shardMultiple(16));
    TestClient right = gateway.connect();
    TestClient wrong = gateway.connect();

    wrong.identify(0, 24);
    right.identify(0, 48);

    assertThat(wrong.connection.closeCode()).isEqualTo(4010);
    assertThat(right.session().shard()).isEqualTo(new ShardId(0, 48));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @CsvSource({"1, 0", "2, 0", "3, 0", "256, 4014", "32768, 4014", "33026, 4014", "131074, 4013"})
  void privilegedIntentIsOnlyForThoseWhoHaveIt(int intents, int code) {
    TestGateway gateway =
        new TestGateway(TestGateway.config().allowedPrivilegedIntents(Intent.GUILD_MEMBERS));
    TestClient client = gateway.connect();

    client.identifyWith("\"intents\":" + intents);

    assertThat(client.connection.closeCode()).isEqualTo(code);
    assertThat(gateway.server.gatewayBot().remaining()).isEqualTo(code == 0 ? 999 : 1000);
  }

  @Test
  void bucketAdmitsOneIdentifyInAWindow() {
    TestGateway gateway = new TestGateway();
    gateway.connectReady();
    TestClient second = gateway.connect();
    second.take();

    gateway.advanceMillis(4_999);
    second.identify();
    assertThat(second.takeAll()).containsExactly(TestClient.INVALID);
    assertThat(second.connection.closeCode()).isZero();
    assertThat(gateway.told).endsWith("identifyRejected 0/1");

    gateway.advanceMillis(1);
    second.identify();
    assertThat(second.take()).startsWith("{\"t\":\"READY\"");
    assertThat(gateway.server.gatewayBot().remaining()).isEqualTo(998);
  }

  @Test
  void bucketsAreIndependent() {
    TestGateway gateway = new TestGateway(TestGateway.config().maxConcurrency(2));
    List<TestClient> clients =
        List.of(gateway.connect(), gateway.connect(), gateway.connect(), gateway.connect());

    for (int shard = 0; shard < clients.size(); shard++) {
      clients.get(shard).identify(shard, clients.size());
    }

    assertThat(gateway.told)
        .containsSubsequence(
            "identified 0/4", "identified 1/4", "identifyRejected 2/4", "identifyRejected 3/4");
  }

  @Test
  void exhaustedBudgetIsAnsweredWithInvalidSessionUntilThePeriodEnds() {
    TestGateway gateway = new TestGateway(TestGateway.config().sessionStartTotal(1));
    assertThat(gateway.server.gatewayBot().resetAfter()).isZero();
    gateway.connectReady();
    gateway.advance(Duration.ofSeconds(5));
    assertThat(gateway.server.gatewayBot())
        .isEqualTo(
            new GatewayBot(
                URI.create("ws://127.0.0.1"), 1, 1, 0, Duration.ofMillis(86_395_000), 1));

    TestClient refused = gateway.connect();
    refused.take();
    refused.identify();
    assertThat(refused.takeAll()).containsExactly(TestClient.INVALID);
    assertThat(gateway.told).endsWith("budgetExhausted 0/1");

    gateway.advance(Duration.ofSeconds(86_395));
    assertThat(gateway.server.gatewayBot())
        .isEqualTo(new GatewayBot(URI.create("ws://127.0.0.1"), 1, 1, 1, Duration.ZERO, 1));
    gateway.connectReady();
    assertThat(gateway.server.gatewayBot().remaining()).isZero();
  }

  @Test
  void exhaustedBudgetMayResetTheToken() {
    TestGateway gateway =
        new TestGateway(TestGateway.config().sessionStartTotal(2).tokenResetWhenExhausted(true));
    ServerSession away = gateway.connectReady().session();
    gateway.advance(Duration.ofSeconds(5));
    Objects.requireNonNull(away.connection()).transportLost();
    TestClient live = gateway.connectReady();
    ServerSession attached = live.session();
    TestClient waiting = gateway.connect();
    gateway.advance(Duration.ofSeconds(5));

    TestClient refused = gateway.connect();
    refused.identify();

    for (TestClient client : List.of(live, waiting, refused)) {
      assertThat(client.connection.closeCode()).isEqualTo(4004);
    }
    assertThat(List.of(away, attached)).allMatch(ServerSession::ended);
    assertThat(gateway.server.connections()).isEmpty();
    assertThat(gateway.server.sessions()).isEmpty();
    assertThat(gateway.told)
        .containsOnlyOnce("budgetExhausted 0/1")
        .filteredOn("sessionEnded TOKEN_RESET"::equals)
        .hasSize(2);
    assertThat(gateway.server.isToken(TestGateway.TOKEN)).isFalse();

    TestClient identifying = gateway.connect();
    TestClient resuming = gateway.connect();
    identifying.identify();
    resuming.resume(attached.id(), 1);
    assertThat(identifying.connection.closeCode()).isEqualTo(4004);
    assertThat(resuming.connection.closeCode()).isEqualTo(4004);
  }

  @Test
  void replacedTokenIsTheOnlyOneThatIsRight() {
    TestGateway gateway = new TestGateway();
    gateway.server.resetToken();
    gateway.server.replaceToken("new");
    assertThat(gateway.server.isToken(TestGateway.TOKEN)).isFalse();

    TestClient client = gateway.connect();
    client.send("{\"op\":2,\"d\":{\"token\":\"new\",\"properties\":{},\"intents\":0}}");

    assertThat(client.connection.session()).isNotNull();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> gateway.server.replaceToken(""))
        .withMessage("token: empty (expected: a bot token)");
    assertThat(gateway.server.isToken("new")).isTrue();
  }

  @Test
  void listenerMayInvalidateWhatItIsToldOf() {
    GatewayServer server =
        GatewayServer.create(
            TestGateway.config().build(),
            new GatewayServerListener() {
              @Override
              public void identified(ServerSession session) {
                Objects.requireNonNull(session.connection()).invalidSession(false);
              }
            },
            () -> 0,
            () -> 7);
    TestClient client = new TestClient(server.accept(null));
    client.take();

    client.identify();

    assertThat(client.takeAll()).containsExactly(TestClient.INVALID);
    assertThat(server.sessions()).isEmpty();
  }

  @Test
  void outageWithholdsReadyUntilItEnds() {
    TestGateway gateway = new TestGateway();
    TestClient live = gateway.connectReady();
    gateway.advance(Duration.ofSeconds(5));
    gateway.server.beginOutage();
    TestClient client = gateway.connect();
    client.identify();
    client.dispatch();

    assertThat(client.connection.isWithheld()).isTrue();
    assertThat(live.connection.isWithheld()).isFalse();
    client.heartbeat();
    live.dispatch();
    assertThat(client.takeAll()).containsExactly(TestClient.HELLO, TestClient.ACK);
    assertThat(live.takeAll()).containsExactly(TestClient.event(2));
    gateway.advanceMillis(60_000);
    client.heartbeat();
    assertThat(client.takeAll()).containsExactly(TestClient.ACK);

    gateway.server.endOutage();
    gateway.server.endOutage();

    assertThat(client.connection.isWithheld()).isFalse();
    assertThat(client.take()).startsWith("{\"t\":\"READY\"");
    assertThat(client.takeAll()).containsExactly(TestClient.event(2));
  }

  @Test
  void periodRunsFromTheStartWhenSessionStartsAreMissing() {
    TestGateway gateway = new TestGateway(TestGateway.config().sessionStartRemaining(961));
    gateway.advanceMillis(400);

    assertThat(gateway.server.gatewayBot().toJson())
        .isEqualTo(
            "{\"url\":\"ws://127.0.0.1\",\"shards\":1,\"session_start_limit\":{\"total\":1000,"
                + "\"remaining\":961,\"reset_after\":86399600,\"max_concurrency\":1}}");
  }

  @Test
  void listenerMayDispatchAtOnce() {
    GatewayServer server =
        GatewayServer.create(
            TestGateway.config().build(),
            new GatewayServerListener() {
              @Override
              public void identified(ServerSession session) {
                session.dispatch("EVENT", TestGateway.utf8("2"));
              }
            },
            () -> 0,
            () -> 7);
    TestClient client = new TestClient(server.accept(null));
    client.take();

    client.identify();

    List<String> messages = client.takeAll();
    assertThat(messages).hasSize(2);
    assertThat(messages.get(0)).startsWith("{\"t\":\"READY\"");
    assertThat(messages.get(1)).isEqualTo(TestClient.event(2));
  }
}
