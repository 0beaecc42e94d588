package dev.sluice.gateway.testkit;

import static dev.sluice.gateway.testkit.TestClient.QUERY;
import static dev.sluice.gateway.testkit.TestClient.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertPathBuilderException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LocalGatewayTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final ShardId SHARD = new ShardId(1, 4);
  private static final String ZLIB_QUERY = QUERY + "&compress=zlib-stream";

  private final List<AutoCloseable> resources = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (int i = resources.size() - 1; i >= 0; i--) {
      resources.get(i).close();
    }
  }

  @Test
  void tellsTheUrlOfTheGateway() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());

    HttpResponse<String> response = http(gateway, "/gateway", null);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(json(response).path("url").asText()).isEqualTo(gateway.uri().toString());
  }

  @Test
  void tellsABotItsLimits() throws Exception {
    LocalGateway gateway =
        start(LocalGateway.builder().server(server -> server.shards(24).maxConcurrency(16)));

    HttpResponse<String> response = http(gateway, "/gateway/bot", "Bot " + gateway.token());

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(json(response).path("url").asText()).isEqualTo(gateway.uri().toString());
    assertThat(json(response).path("shards").asInt()).isEqualTo(24);
    assertThat(json(response).at("/session_start_limit/max_concurrency").asInt()).isEqualTo(16);
    assertThat(json(response).at("/session_start_limit/remaining").asInt()).isEqualTo(1000);
  }

  @Test
  void tellsTheBotItsUser() throws Exception {
    LocalGateway gateway =
        start(LocalGateway.builder().server(server -> server.applicationId(4_177)));

    HttpResponse<String> response = http(gateway, "/users/@me", "Bot " + gateway.token());

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(json(response).path("id").asText()).isEqualTo("4177");
    assertThat(json(response).path("bot").asBoolean()).isTrue();
    assertThat(json(response).path("username").asText()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          /gateway/bot, Bot wrong
          /gateway/bot, local-gateway-token
          /gateway/bot,
          /users/@me,   Bot wrong
          /users/@me,
          """)
  void tellsNothingWithoutTheToken(String path, @Nullable String authorization) throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());

    HttpResponse<String> response = http(gateway, path, authorization);

    assertThat(response.statusCode()).isEqualTo(401);
    assertThat(response.body()).isEqualTo("{\"message\": \"401: Unauthorized\", \"code\": 0}");
  }

  @Test
  void answersGatewayBotAsToldUntilRestored() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());

    get(gateway.respondToGatewayBot(502, "<html>Bad gateway"));
    HttpResponse<String> canned = http(gateway, "/gateway/bot", "Bot " + gateway.token());
    get(gateway.restoreGatewayBot());

    assertThat(canned.statusCode()).isEqualTo(502);
    assertThat(canned.body()).isEqualTo("<html>Bad gateway");
    assertThat(http(gateway, "/gateway/bot", "Bot " + gateway.token()).statusCode()).isEqualTo(200);
  }

  @Test
  void knowsNoOtherPath() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());

    assertThat(http(gateway, "/users/@you", "Bot " + gateway.token()).statusCode()).isEqualTo(404);
    assertThat(http(gateway, "/users/@you", null).statusCode()).isEqualTo(401);
    HttpRequest elsewhere = HttpRequest.newBuilder(gateway.apiUri().resolve("/api")).build();
    assertThat(send(elsewhere).statusCode()).isEqualTo(404);
  }

  @Test
  void theHandlerOfTheApiAnswersWhatIsNotAboutTheGateway() throws Exception {
    Queue<ApiRequest> asked = new ConcurrentLinkedQueue<>();
    LocalGateway gateway =
        start(
            LocalGateway.builder()
                .api(
                    request -> {
                      asked.add(request);
                      return new ApiResponse(201, "{\"id\":\"1\"}");
                    }));

    HttpResponse<String> refused =
        http(gateway, "PATCH", "/channels/42/messages", "Bot wrong", "unseen");
    HttpResponse<String> answered =
        http(gateway, "PUT", "/channels/a%20b?limit=1&q=%20", "Bot " + gateway.token(), "\u00e9");
    HttpResponse<String> ownToken = http(gateway, "DELETE", "/webhooks/1/t/messages/2", null, "");

    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(answered.statusCode()).isEqualTo(201);
    assertThat(answered.body()).isEqualTo("{\"id\":\"1\"}");
    assertThat(ownToken.statusCode()).isEqualTo(201);
    assertThat(asked)
        .containsExactly(
            new ApiRequest("PUT", "/channels/a b", "limit=1&q=%20", "\u00e9"),
            new ApiRequest("DELETE", "/webhooks/1/t/messages/2", "", ""));
    assertThat(asked.peek()).hasToString("PUT /channels/a b");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          POST | /interactions/18446744073709551615/a-token/callback | {"type":4,"data":{}} | 204 | 0
          POST | /interactions/1/a-token/callback?with_response=0    | {"type":5}           | 204 | 0
          POST | /interactions/1/a-token/callback                    | {"type":             | 400 | 50109
          POST | /interactions/1/a-token/callback                    | {"type":"4"}         | 400 | 50035
          POST | /interactions/1/a-token/callback                    | []                   | 400 | 50035
          PUT  | /interactions/1/a-token/callback                    | {"type":4}           | 404 | 0
          POST | /interactions/one/a-token/callback                  | {"type":4}           | 404 | 0
          POST | /interactions/1/callback                            | {"type":4}           | 404 | 0
          """)
  void takesAnswersToInteractions(
      String method, String path, String body, int expectedStatus, int expectedCode)
      throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());

    HttpResponse<String> response = http(gateway, method, path, null, body);

    assertThat(response.statusCode()).isEqualTo(expectedStatus);
    if (expectedStatus == 204) {
      assertThat(response.body()).isEmpty();
      assertThat(response.headers().firstValue("content-length")).isEmpty();
    } else {
      assertThat(json(response).path("code").asInt(-1)).isEqualTo(expectedCode);
    }
  }

  @Test
  void anAnswerOfTheApiHasAStatusAndPerhapsABody() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ApiResponse(199, ""))
        .withMessage("HTTP status: 199 (expected: 200..599)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ApiResponse(204, "{}"))
        .withMessage("body: 2 characters (expected: none with 204)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/?v=5&encoding=json", "/?v=10&encoding=bson", "/?v=10&encoding=etf&compress=br"})
  void refusesAQueryThatItDoesNotServe(String query) {
    LocalGateway gateway = start(LocalGateway.builder());

    assertThatThrownBy(() -> TestClient.dial(gateway.uri(), query))
        .hasCauseInstanceOf(WebSocketHandshakeException.class)
        .satisfies(e -> assertThat(handshakeStatus(e)).isEqualTo(400));
  }

  @Test
  void tellsWhatBecameOfAnEvent() throws Exception {
    LocalGateway gateway =
        start(
            LocalGateway.builder().guildCreates(false).server(server -> server.maxConcurrency(4)));
    long guild = gateway.guilds(SHARD)[0];
    byte[] message = "{\"guild_id\":\"%d\"}".formatted(guild).getBytes(UTF_8);
    assertThat(get(gateway.deliver(guild, "MESSAGE_CREATE", message))).isEmpty();
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));
    client.identify(gateway.token(), SHARD, Intents.of(Intent.GUILD_MESSAGES));
    String sessionId = client.expectDispatch("READY").at("/d/session_id").asText();

    List<Delivery> covered = get(gateway.deliver(guild, "MESSAGE_CREATE", message));
    List<Delivery> uncovered = get(gateway.deliver(guild, "GUILD_MEMBER_ADD", message));

    assertThat(covered)
        .containsExactly(
            new Delivery(SHARD, sessionId, Intents.of(Intent.GUILD_MESSAGES), 2, true));
    assertThat(uncovered)
        .containsExactly(
            new Delivery(SHARD, sessionId, Intents.of(Intent.GUILD_MESSAGES), 2, false));
    assertThat(client.expectDispatch("MESSAGE_CREATE").path("s").asLong()).isEqualTo(2);
    assertThatThrownBy(() -> get(gateway.deliver(guild, "not a name", message)))
        .hasCauseInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void forgetsSessionsWithAConnectionOrWithout() throws Exception {
    LocalGateway gateway =
        start(
            LocalGateway.builder().guildCreates(false).server(server -> server.maxConcurrency(4)));
    TestClient attached = open(TestClient.ready(gateway, SHARD));
    TestClient cut = open(TestClient.ready(gateway, new ShardId(2, 4)));
    get(gateway.killConnections(shard -> shard.id() == 2));
    assertThat(cut.awaitClose()).isEqualTo(TestClient.ABNORMAL);

    assertThat(get(gateway.forgetSessions(shard -> true))).isEqualTo(2);

    assertThat(attached.awaitClose()).isEqualTo(TestClient.ABNORMAL);
    assertThat(get(gateway.stats()).sessions()).isZero();
    assertThat(get(gateway.forgetSessions(shard -> true))).isZero();
  }

  @Test
  void takesSettingsOfTheServerFromSeveralPlaces() throws Exception {
    LocalGateway.Builder builder =
        LocalGateway.builder()
            .server(server -> server.shards(24))
            .server(server -> server.maxConcurrency(16));

    LocalGateway gateway = start(builder);

    JsonNode bot = json(http(gateway, "/gateway/bot", "Bot " + gateway.token()));
    assertThat(bot.path("shards").asInt()).isEqualTo(24);
    assertThat(bot.at("/session_start_limit/max_concurrency").asInt()).isEqualTo(16);
    assertThatThrownBy(() -> builder.server(server -> server.shards(1)).start())
        .hasMessage("shards: set already (expected: once)");
  }

  @Test
  void eachGenerationOfShardsGetsTheEventsOfAGuild() throws Exception {
    LocalGateway gateway =
        start(
            LocalGateway.builder()
                .guilds(8)
                .server(server -> server.maxConcurrency(8).sessionStartTotal(8)));
    long guild = gateway.guilds(ShardId.SINGLE)[5];
    ShardId ofTwo = new ShardId((int) ((guild >>> 22) % 2), 2);
    ShardId ofThree = new ShardId((int) ((guild >>> 22) % 3), 3);
    ShardId other = new ShardId(1 - ofTwo.id(), 2);
    assertThat(gateway.guilds(ShardId.SINGLE)).hasSize(8);
    assertThat(gateway.guilds(ofTwo).length + gateway.guilds(other).length).isEqualTo(8);
    assertThat(gateway.guilds(ofTwo)).contains(guild);
    List<TestClient> clients = new ArrayList<>();
    for (ShardId shard : List.of(ofTwo, ofThree, other)) {
      TestClient client = open(TestClient.ready(gateway, shard));
      for (int i = gateway.guilds(shard).length; i > 0; i--) {
        client.expectDispatch("GUILD_CREATE");
      }
      clients.add(client);
    }

    int given =
        get(
            gateway.dispatchToGuild(
                guild,
                "TYPING_START",
                "{\"a\":1,\"b\":2}".getBytes(UTF_8),
                "{\"b\":2,\"a\":1}".getBytes(UTF_8)));

    assertThat(given).isEqualTo(2);
    JsonNode first = clients.get(0).expectDispatch("TYPING_START").path("d");
    JsonNode second = clients.get(1).expectDispatch("TYPING_START").path("d");
    assertThat(first).isEqualTo(second);
    assertThat(first.toString()).isNotEqualTo(second.toString());
    get(gateway.whenSent());
    assertThat(clients.get(2).hasNext()).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> gateway.dispatchToGuild(guild, "TYPING_START"))
        .withMessage("d: no form (expected: >= 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LocalGateway.builder().guilds(0))
        .withMessage("guilds: 0 (expected: >= 1)");
  }

  @Test
  void identifyIsAnsweredWithReadyAndTheGuilds() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder().guildsPerShard(20));
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    client.identify(gateway.token(), SHARD);

    JsonNode ready = client.expectDispatch("READY");
    assertThat(ready.path("s").asLong()).isEqualTo(1);
    assertThat(ready.at("/d/resume_gateway_url").asText())
        .isEqualTo(gateway.resumeUri().toString());
    assertThat(ready.at("/d/guilds")).hasSize(20);
    for (JsonNode guild : ready.at("/d/guilds")) {
      JsonNode create = client.expectDispatch("GUILD_CREATE");
      assertThat(create.at("/d/id")).isEqualTo(guild.path("id"));
      assertThat((guild.path("id").asLong() >>> 22) % SHARD.count()).isEqualTo(SHARD.id());
    }
    get(gateway.whenSent());
    LocalGatewayStats stats = get(gateway.stats());
    assertThat(stats.identifies()).isEqualTo(1);
    assertThat(stats.sessions()).isEqualTo(1);
    assertThat(stats.connections()).isEqualTo(1);
    assertThat(stats.baseDials()).isEqualTo(1);
    assertThat(stats.resumeDials()).isZero();
    assertThat(stats.eventsDispatched()).isEqualTo(20);
    assertThat(stats.messagesSent()).isEqualTo(22);
    assertThat(stats.bytesSent()).isGreaterThan(stats.eventBytes());
  }

  @Test
  void aSecondIdentifyInABucketIsAnInvalidSession() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder().guildCreates(false));
    open(TestClient.ready(gateway, new ShardId(0, 2)));
    TestClient second = open(TestClient.dial(gateway.uri(), QUERY));

    second.identify(gateway.token(), new ShardId(1, 2));

    assertThat(second.expectOp(9).path("d").asBoolean(true)).isFalse();
    assertThat(get(gateway.stats()).identifiesRejected()).isEqualTo(1);
    assertThat(get(gateway.stats()).invalidSessionsSent()).isEqualTo(1);
  }

  @Test
  void aKilledClientResumesAndGetsWhatItMissed() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));
    client.identify(gateway.token(), SHARD);
    String sessionId = client.expectDispatch("READY").at("/d/session_id").asText();
    for (int i = 0; i < 4; i++) {
      client.expectDispatch("GUILD_CREATE");
    }
    get(gateway.whenSent());

    assertThat(get(gateway.killConnections(SHARD::equals))).isEqualTo(1);
    assertThat(client.awaitClose()).isEqualTo(TestClient.ABNORMAL);
    for (int i = 0; i < 3; i++) {
      assertThat(get(gateway.dispatch(SHARD, "TYPING_START", bytes("{\"n\":" + i + '}'))))
          .isEqualTo(6 + i);
    }
    TestClient resumed = open(TestClient.dial(gateway.resumeUri(), QUERY));
    resumed.resume(gateway.token(), sessionId, client.sequence());

    for (int i = 0; i < 3; i++) {
      JsonNode missed = resumed.expectDispatch("TYPING_START");
      assertThat(missed.path("s").asLong()).isEqualTo(6 + i);
      assertThat(missed.at("/d/n").asInt()).isEqualTo(i);
    }
    assertThat(resumed.expectDispatch("RESUMED").path("s").asLong()).isEqualTo(9);
    assertThat(get(gateway.stats()).resumes()).isEqualTo(1);
    assertThat(get(gateway.stats()).resumeDials()).isEqualTo(1);
  }

  @Test
  void anUnknownSessionIsInvalid() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());
    TestClient client = open(TestClient.dial(gateway.resumeUri(), QUERY));

    client.resume(gateway.token(), "0123456789abcdef0123456789abcdef", 7);

    assertThat(client.expectOp(9).path("d").asBoolean(true)).isFalse();
    assertThat(get(gateway.stats()).resumesRejected()).isEqualTo(1);
  }

  @Test
  void tooManyMessagesCloseWith4008() throws Exception {
    LocalGateway gateway =
        start(LocalGateway.builder().server(server -> server.sendLimit(5, Duration.ofHours(1))));
    TestClient client = open(TestClient.ready(gateway, SHARD));

    for (int i = 0; i < 5; i++) {
      client.send("{\"op\":1,\"d\":null}");
    }

    assertThat(client.awaitClose()).isEqualTo(4008);
  }

  @Test
  void aWrongTokenClosesWith4004() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    client.identify("wrong", SHARD);

    assertThat(client.awaitClose()).isEqualTo(4004);
  }

  @Test
  void anotherApiVersionClosesWith4012() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());

    TestClient client = open(TestClient.dial(gateway.uri(), "/?v=9&encoding=json"));

    assertThat(client.awaitClose()).isEqualTo(4012);
  }

  @Test
  void aPrivilegedIntentThatIsNotAllowedClosesWith4014() throws Exception {
    LocalGateway gateway =
        start(LocalGateway.builder().server(server -> server.allowedPrivilegedIntents()));
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    client.identify(gateway.token(), SHARD);

    assertThat(client.awaitClose()).isEqualTo(4014);
  }

  @Test
  void anExhaustedBudgetMayResetTheToken() throws Exception {
    LocalGateway gateway =
        start(
            LocalGateway.builder()
                .server(server -> server.sessionStartTotal(0).tokenResetWhenExhausted(true)));
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    client.identify(gateway.token(), SHARD);

    assertThat(client.awaitClose()).isEqualTo(4004);
    assertThat(http(gateway, "/gateway/bot", "Bot " + gateway.token()).statusCode()).isEqualTo(401);
  }

  @Test
  void aSessionThatNobodyResumesEndsByItself() throws Exception {
    CompletableFuture<ServerSession.EndReason> ended = new CompletableFuture<>();
    LocalGateway gateway =
        start(
            LocalGateway.builder()
                .listener(
                    new GatewayServerListener() {
                      @Override
                      public void sessionEnded(
                          ServerSession session, ServerSession.EndReason reason) {
                        ended.complete(reason);
                      }
                    })
                .server(server -> server.sessionLifetime(Duration.ofMillis(20))));
    open(TestClient.ready(gateway, SHARD));

    get(gateway.killAllConnections());

    assertThat(get(ended)).isEqualTo(ServerSession.EndReason.EXPIRED);
  }

  @Test
  void aClientThatDoesNotHeartbeatIsClosed() throws Exception {
    LocalGateway gateway =
        start(LocalGateway.builder().server(s -> s.heartbeatInterval(Duration.ofMillis(50))));
    TestClient client = open(TestClient.ready(gateway, SHARD));

    assertThat(client.awaitClose()).isEqualTo(4000);
  }

  @Test
  void closesReconnectsAndInvalidatesOnDemand() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder().guildCreates(false));
    TestClient client = open(TestClient.ready(gateway, SHARD));

    get(gateway.requestHeartbeats(shard -> true));
    client.expectOp(1);
    get(gateway.requestReconnect(shard -> true));
    client.expectOp(7);
    assertThat(get(gateway.requestReconnect(shard -> false))).isZero();
    get(gateway.closeConnections(SHARD::equals, 4009));

    assertThat(client.awaitClose()).isEqualTo(4009);
    assertThat(get(gateway.stats()).sessions()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void invalidatedSessionsAreKeptIfResumable(boolean resumable) throws Exception {
    LocalGateway gateway = start(LocalGateway.builder().guildCreates(false));
    TestClient client = open(TestClient.ready(gateway, SHARD));

    get(gateway.invalidateSessions(SHARD::equals, resumable));

    assertThat(client.expectOp(9).path("d").asBoolean()).isEqualTo(resumable);
    assertThat(get(gateway.stats()).sessions()).isEqualTo(resumable ? 1 : 0);
  }

  @Test
  void aCloseFrameOfTheClientIsAnswered() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder().guildCreates(false));
    TestClient client = open(TestClient.ready(gateway, SHARD));

    client.closeWith(1000);

    assertThat(client.awaitClose()).isEqualTo(1000);
    assertThat(get(gateway.stats()).sessions()).isZero();
  }

  @Test
  void zlibStreamInflatesToTheSameMessages() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());
    TestClient client = open(TestClient.dial(gateway.uri(), ZLIB_QUERY));
    client.identify(gateway.token(), SHARD);
    client.expectDispatch("READY");
    for (int i = 0; i < 4; i++) {
      client.expectDispatch("GUILD_CREATE");
    }
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, 4, 0, 1);
    generator.largeMembersChunk(SHARD);
    byte[] d = new byte[generator.data().remaining()];
    generator.data().get(d);

    get(gateway.dispatch(SHARD, generator.type(), d));

    assertThat(client.expectDispatch("GUILD_MEMBERS_CHUNK").path("d"))
        .isEqualTo(MAPPER.readTree(d));
    LocalGatewayStats stats = get(gateway.stats());
    assertThat(stats.bytesSent()).isLessThan(stats.eventBytes() / 3);
  }

  @Test
  void sendsWhateverItIsTold() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder().guildCreates(false));
    TestClient client = open(TestClient.ready(gateway, SHARD));

    get(gateway.sendPayload(SHARD, bytes("{\"op\":99}")));
    get(gateway.sendRaw(SHARD, FrameType.TEXT, bytes("{\"op\":98}")));

    client.expectOp(99);
    client.expectOp(98);
  }

  @Test
  void tlsIsTrustedByThoseWhoTrustTheAuthority() throws Exception {
    LocalCertificate certificate = LocalCertificate.valid();
    LocalGateway gateway = start(LocalGateway.builder().tls(certificate));
    HttpClient trusting = HttpClient.newBuilder().sslContext(certificate.clientContext()).build();

    TestClient client = open(TestClient.dial(trusting, gateway.uri(), ZLIB_QUERY));
    client.identify(gateway.token(), SHARD);

    assertThat(gateway.uri().getScheme()).isEqualTo("wss");
    assertThat(client.expectDispatch("READY").at("/d/resume_gateway_url").asText())
        .isEqualTo(gateway.resumeUri().toString());
    assertThat(http(trusting, gateway, "/gateway", null).statusCode()).isEqualTo(200);
    get(gateway.killConnections(SHARD::equals));
    assertThat(client.awaitClose()).isEqualTo(TestClient.ABNORMAL);
    assertThatThrownBy(() -> TestClient.dial(gateway.uri(), QUERY))
        .hasRootCauseInstanceOf(CertPathBuilderException.class);
  }

  @Test
  void tlsOfAnotherHostIsRefused() {
    assertRefused(LocalCertificate.ofAnotherHost(), "127.0.0.1");
  }

  @Test
  void expiredTlsIsRefused() {
    assertRefused(LocalCertificate.expired(), "NotAfter");
  }

  private void assertRefused(LocalCertificate certificate, String reason) {
    LocalGateway gateway = start(LocalGateway.builder().tls(certificate));
    HttpClient trusting = HttpClient.newBuilder().sslContext(certificate.clientContext()).build();

    assertThatThrownBy(() -> TestClient.dial(trusting, gateway.uri(), QUERY))
        .hasCauseInstanceOf(SSLHandshakeException.class)
        .rootCause()
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @EnumSource(TrafficMix.class)
  void trafficReachesItsClientsInOrder(TrafficMix mix) throws Exception {
    Queue<String> log = new ConcurrentLinkedQueue<>();
    LocalGateway gateway =
        start(
            LocalGateway.builder()
                .listener(logTo(log))
                .server(server -> server.maxConcurrency(2).replayMaxBytes(1 << 29)));
    TestClient plain = open(TestClient.dial(gateway.uri(), QUERY));
    plain.identify(gateway.token(), new ShardId(0, 2));
    plain.expectDispatch("READY");
    TestClient zlib = open(TestClient.dial(gateway.uri(), ZLIB_QUERY));
    zlib.identify(gateway.token(), new ShardId(1, 2));
    zlib.expectDispatch("READY");

    get(gateway.startTraffic(Traffic.of(mix, 7, 5_000).withLargeEventEvery(250)));
    takeInOrder(plain, 500);
    takeInOrder(zlib, 500);
    get(gateway.stopTraffic());
    get(gateway.whenSent());

    LocalGatewayStats stats = get(gateway.stats());
    takeInOrder(plain, (int) (newest(log, "0/2") - plain.sequence()));
    takeInOrder(zlib, (int) (newest(log, "1/2") - zlib.sequence()));
    assertThat(plain.sequence() + zlib.sequence()).isEqualTo(stats.eventsDispatched() + 2);
  }

  @Test
  void unlimitedTrafficGoesAsFastAsTheClientReads() throws Exception {
    LocalGateway gateway =
        start(LocalGateway.builder().server(server -> server.replayCapacity(200)));
    TestClient client = open(TestClient.ready(gateway, SHARD));

    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 7, Traffic.UNLIMITED)));
    takeInOrder(client, 5_000);
    get(gateway.stopTraffic());

    assertThat(get(gateway.stats()).sessions()).isEqualTo(1);
    assertThat(get(gateway.stats()).trafficOwed()).isZero();
  }

  @Test
  void trafficStartsOnceAtATime() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 7, 10)));

    assertThatThrownBy(() -> get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 8, 10))))
        .hasRootCauseInstanceOf(IllegalStateException.class);

    get(gateway.stopTraffic());
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 8, 10)));
  }

  @Test
  void dispatchNeedsASession() {
    LocalGateway gateway = start(LocalGateway.builder());

    assertThatThrownBy(() -> get(gateway.dispatch(SHARD, "TYPING_START", bytes("{}"))))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("shard: 1/4 (expected: one with a session)");
  }

  @Test
  void closingCutsTheClientsAndFreesThePort() throws Exception {
    LocalGateway gateway = start(LocalGateway.builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));

    gateway.close();

    assertThat(client.awaitClose()).isEqualTo(TestClient.ABNORMAL);
    assertThatThrownBy(() -> TestClient.dial(gateway.uri(), QUERY))
        .hasCauseInstanceOf(ConnectException.class);
    assertThatThrownBy(() -> get(gateway.stats()))
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasRootCauseMessage("event executor terminated");
  }

  @Test
  void aTakenPortIsAnError() {
    LocalGateway gateway = start(LocalGateway.builder());
    int port = gateway.uri().getPort();

    assertThatThrownBy(() -> LocalGateway.builder().port(port).start())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("port: " + port + " (expected: one that is free)");
  }

  @Test
  void rejectsValuesOutOfRange() {
    LocalGateway gateway = start(LocalGateway.builder());

    assertThatThrownBy(() -> LocalGateway.builder().port(65_536))
        .hasMessage("port: 65536 (expected: 0..65535)");
    assertThatThrownBy(() -> LocalGateway.builder().guildsPerShard(0))
        .hasMessage("guildsPerShard: 0 (expected: 1..2500)");
    assertThatThrownBy(() -> Traffic.of(TrafficMix.NO_PRESENCES, 1, 0))
        .hasMessage("eventsPerSecond: 0 (expected: >= 1)");
  }

  private static void takeInOrder(TestClient client, int events) throws InterruptedException {
    for (int i = 0; i < events; i++) {
      long before = client.sequence();
      client.expectOp(0);
      assertThat(client.sequence()).isEqualTo(before + 1);
    }
  }

  private static GatewayServerListener logTo(Queue<String> log) {
    return new GatewayServerListener() {
      @Override
      public void dispatched(ServerSession session, long sequence, String type, ByteBuffer d) {
        log.add(session.shard() + " " + sequence);
      }
    };
  }

  private static long newest(Queue<String> log, String shard) {
    return log.stream()
        .filter(entry -> entry.startsWith(shard))
        .mapToLong(entry -> Long.parseLong(entry.substring(shard.length() + 1)))
        .max()
        .orElseThrow();
  }

  private LocalGateway start(LocalGateway.Builder builder) {
    LocalGateway gateway = builder.start();
    resources.add(gateway);
    return gateway;
  }

  private TestClient open(TestClient client) {
    resources.add(client);
    return client;
  }

  private static int handshakeStatus(Throwable e) {
    return e.getCause() instanceof WebSocketHandshakeException handshake
        ? handshake.getResponse().statusCode()
        : 0;
  }

  private static HttpResponse<String> http(
      LocalGateway gateway, String path, @Nullable String authorization) throws Exception {
    return http(HttpClient.newHttpClient(), gateway, path, authorization);
  }

  private static HttpResponse<String> http(
      HttpClient client, LocalGateway gateway, String path, @Nullable String authorization)
      throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(gateway.apiUri() + path));
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> http(
      LocalGateway gateway, String method, String path, @Nullable String authorization, String body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(gateway.apiUri() + path))
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    return send(request.build());
  }

  private static HttpResponse<String> send(HttpRequest request) throws Exception {
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
  }

  private static JsonNode json(HttpResponse<String> response) throws Exception {
    return MAPPER.readTree(response.body());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
