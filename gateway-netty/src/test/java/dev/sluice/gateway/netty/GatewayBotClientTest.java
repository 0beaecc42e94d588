package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.LocalGateway;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The start, when GET /gateway/bot does not answer as it should. */
final class GatewayBotClientTest extends Resources {

  private static final String TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.secret-token";

  private final Recorder recorder = new Recorder();

  private ShardManager manager(URI apiUri) {
    return open(
        ShardManager.builder(TOKEN, Intents.of())
            .apiUri(apiUri)
            .apiRetryDelay(Duration.ofMillis(1))
            .listener(recorder)
            .build());
  }

  private static String answerOf(LocalGateway gateway) {
    String limit = "{\"total\":9,\"remaining\":9,\"reset_after\":0,\"max_concurrency\":1}";
    String body =
        "{\"url\":\"" + gateway.uri() + "\",\"shards\":1,\"session_start_limit\":" + limit + '}';
    return http(200, "", body);
  }

  /** Waits for more attempts than anybody would call a hiccup, and stops the manager then. */
  private GatewayApiException lastOfMany(ShardManager manager, CompletionStage<Void> start)
      throws Exception {
    recorder.await("six attempts", () -> recorder.apiFailures().size() >= 6);
    assertThat(start.toCompletableFuture()).isNotDone();

    get(manager.stop(StopMode.GOODBYE));

    assertThatThrownBy(() -> get(start)).hasMessageContaining("stopped before it started");
    return recorder.apiFailures().get(5);
  }

  private static GatewayApiException failureOf(CompletionStage<Void> start) {
    Throwable failure = catchThrowable(() -> get(start)).getCause();
    assertThat(failure).isInstanceOf(GatewayApiException.class);
    for (Throwable e = failure; e != null; e = e.getCause()) {
      assertThat(e.toString()).doesNotContain(TOKEN);
    }
    return (GatewayApiException) failure;
  }

  private ScriptedGateway.Peer answer(ScriptedGateway api, String response) throws Exception {
    ScriptedGateway.Peer asked = open(api.accept());
    asked.write(Frames.utf8(response));
    asked.close();
    return asked;
  }

  private static URI apiOf(ScriptedGateway api) {
    return URI.create("http://127.0.0.1:" + api.uri().getPort() + "/api/v10");
  }

  private static String http(int status, String headers, String body) {
    return "HTTP/1.1 "
        + status
        + " Whatever\r\n"
        + headers
        + "Content-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  @Test
  void aRefusedTokenIsClearAndNotTriedAgain() {
    LocalGateway gateway = open(LocalGateway.start());

    GatewayApiException failure = failureOf(manager(gateway.apiUri()).start());

    assertThat(failure.httpStatus()).isEqualTo(401);
    assertThat(failure)
        .hasMessage(
            "GET %s/gateway/bot answered HTTP 401 (expected: 200): the token was refused",
            gateway.apiUri());
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404})
  void whatWillNotPassIsAskedOnce(int status) throws Exception {
    ScriptedGateway api = open(new ScriptedGateway());
    CompletionStage<Void> start = manager(apiOf(api)).start();

    ScriptedGateway.Peer asked = answer(api, http(status, "", ""));

    assertThat(failureOf(start).httpStatus()).isEqualTo(status);
    assertThat(api.hasDial()).isFalse();
    assertThat(asked.requestLine).isEqualTo("GET /api/v10/gateway/bot HTTP/1.1");
    assertThat(asked.headers)
        .containsEntry("authorization", "Bot " + TOKEN)
        .containsEntry("host", "127.0.0.1:" + api.uri().getPort());
    assertThat(asked.headers.get("user-agent")).startsWith("DiscordBot (");
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 502, 503, 520})
  void whatMayPassIsAskedForUntilItPasses(int status) throws Exception {
    ScriptedGateway api = open(new ScriptedGateway());
    LocalGateway gateway = open(LocalGateway.builder().token(TOKEN).start());
    ShardManager manager = manager(apiOf(api));
    CompletionStage<Void> start = manager.start();

    for (int i = 0; i < 6; i++) {
      answer(api, http(status, "Retry-After: 0.001\r\n", "<html>"));
    }
    answer(api, answerOf(gateway));

    get(start);
    get(manager.ready());
    assertThat(recorder.apiFailures())
        .hasSize(6)
        .allSatisfy(
            failure ->
                assertThat(failure).hasMessageContaining("HTTP " + status + " (expected: 200)"));
  }

  @Test
  void aRetryAfterThatIsADateIsNoObstacle() throws Exception {
    ScriptedGateway api = open(new ScriptedGateway());
    LocalGateway gateway = open(LocalGateway.builder().token(TOKEN).start());
    CompletionStage<Void> start = manager(apiOf(api)).start();

    answer(api, http(503, "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", ""));
    answer(api, answerOf(gateway));

    get(start);
  }

  @Test
  void aConnectionThatIsRefusedIsTriedAgain() throws Exception {
    ShardManager manager = manager(URI.create("http://127.0.0.1:1/api/v10"));

    GatewayApiException failure = lastOfMany(manager, manager.start());

    assertThat(failure.httpStatus()).isZero();
    assertThat(failure)
        .hasMessageContaining("GET http://127.0.0.1:1/api/v10/gateway/bot failed")
        .hasMessageContaining("refused");
  }

  @Test
  void aConnectionThatEndsWithoutAnAnswerIsTriedAgain() throws Exception {
    ScriptedGateway api = open(new ScriptedGateway());
    ShardManager manager = manager(apiOf(api));
    CompletionStage<Void> start = manager.start();

    for (int i = 0; i < 6; i++) {
      answer(api, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{");
    }

    assertThat(lastOfMany(manager, start)).hasMessageContaining("closed");
  }

  @Test
  void aManagerThatIsStoppedWhileItAsksLetsGoOfTheConnection() throws Exception {
    ScriptedGateway api = open(new ScriptedGateway());
    ShardManager manager = manager(apiOf(api));
    CompletionStage<Void> start = manager.start();
    ScriptedGateway.Peer asked = open(api.accept());

    get(manager.stop(StopMode.GOODBYE));

    assertThatThrownBy(() -> get(start)).hasMessageContaining("stopped before it started");
    assertThat(asked.awaitClose()).isEqualTo(ScriptedGateway.ABNORMAL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"<html>not JSON", "{}", "{\"url\":\"ws://127.0.0.1\",\"shards\":1000000000}", ""})
  void aBodyThatIsNoAnswerIsNamedAndNotAskedForAgain(String body) throws Exception {
    ScriptedGateway api = open(new ScriptedGateway());
    CompletionStage<Void> start = manager(apiOf(api)).start();

    answer(api, http(200, "", body));

    GatewayApiException failure = failureOf(start);
    assertThat(failure.httpStatus()).isEqualTo(200);
    assertThat(failure).hasMessageContaining("/gateway/bot answered ");
    assertThat(api.hasDial()).isFalse();
  }

  @Test
  void aBodyWithoutEndIsRefused() throws Exception {
    ScriptedGateway api = open(new ScriptedGateway());
    CompletionStage<Void> start = manager(apiOf(api)).start();

    ScriptedGateway.Peer asked = open(api.accept());
    asked.write(Frames.utf8("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"));

    assertThat(failureOf(start)).hasMessageContaining("too long (expected: <= 65536)");
  }

  @Test
  void readyFailsAsTheStartDoes() {
    ShardManager manager = manager(open(LocalGateway.start()).apiUri());
    failureOf(manager.start());

    assertThatThrownBy(() -> get(manager.ready())).hasMessageContaining("401");
  }
}
