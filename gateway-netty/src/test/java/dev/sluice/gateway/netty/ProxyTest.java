package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.LocalCertificate;
import dev.sluice.gateway.testkit.LocalGateway;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Through a proxy, to hosts of which only the proxy knows where they are. */
final class ProxyTest extends Resources {

  private static final String USER = "shard";
  private static final String PASSWORD = "correct-horse";

  private enum Kind {
    HTTP {
      @Override
      LoopbackProxy start(int targetPort, @Nullable String credentials, boolean refusing) {
        return LoopbackProxy.http(targetPort, credentials, refusing);
      }

      @Override
      ProxySettings settings(int port) {
        return ProxySettings.httpConnect("127.0.0.1", port);
      }
    },
    SOCKS5 {
      @Override
      LoopbackProxy start(int targetPort, @Nullable String credentials, boolean refusing) {
        return LoopbackProxy.socks5(targetPort, credentials, refusing);
      }

      @Override
      ProxySettings settings(int port) {
        return ProxySettings.socks5("127.0.0.1", port);
      }
    };

    abstract LoopbackProxy start(int targetPort, @Nullable String credentials, boolean refusing);

    abstract ProxySettings settings(int port);
  }

  private final Recorder recorder = new Recorder();

  private ShardManagerBuilder settings(LocalGateway gateway) {
    return ShardManager.builder(gateway.token(), Intents.of())
        .shards(1)
        .eventSink(recorder)
        .listener(recorder)
        .configure(config -> config.maxBackoff(Duration.ofMillis(50)));
  }

  private Throwable dialFailure(ShardManagerBuilder settings) throws Exception {
    ShardManager manager =
        open(settings.gatewayUri(URI.create("ws://gateway.invalid")).maxConcurrency(1).build());
    get(manager.start());
    recorder.await("a failed dial", () -> !recorder.failures().isEmpty());
    return recorder.failures().get(0).cause();
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void theProxyResolvesTheHostsOfTheApiAndTheGateway(Kind kind) throws Exception {
    LocalGateway gateway = open(LocalGateway.start());
    LoopbackProxy proxy = open(kind.start(gateway.uri().getPort(), null, false));
    ShardManager manager =
        open(
            settings(gateway)
                .apiUri(URI.create("http://api.invalid/api/v10"))
                .proxy(kind.settings(proxy.port()))
                .build());

    get(manager.start());
    get(manager.ready());
    get(gateway.dispatch(new ShardId(0, 1), "THROUGH", Frames.utf8("{}")));
    recorder.awaitEvent(0, "THROUGH");
    get(gateway.killAllConnections());
    recorder.awaitState(0, GatewayState.READY, 2);

    assertThat(proxy.destinations())
        .hasSize(3)
        .startsWith("api.invalid:80", "127.0.0.1:" + gateway.uri().getPort());
    assertThat(recorder.failures()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void tlsIsWithTheGatewayThroughTheProxy(Kind kind) throws Exception {
    LocalCertificate certificate = LocalCertificate.valid();
    LocalGateway gateway = open(LocalGateway.builder().tls(certificate).start());
    LoopbackProxy proxy = open(kind.start(gateway.uri().getPort(), USER + ':' + PASSWORD, false));
    ShardManager manager =
        open(
            settings(gateway)
                .apiUri(gateway.apiUri())
                .sslContext(
                    SslContextBuilder.forClient().trustManager(certificate.trustAnchor()).build())
                .proxy(kind.settings(proxy.port()).credentials(USER, PASSWORD))
                .build());

    get(manager.start());
    get(manager.ready());

    assertThat(proxy.destinations()).hasSize(2);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aRefusalNamesTheProxyAndWhatItSaid(Kind kind) throws Exception {
    LocalGateway gateway = open(LocalGateway.start());
    LoopbackProxy proxy = open(kind.start(gateway.uri().getPort(), null, true));

    Throwable failure = dialFailure(settings(gateway).proxy(kind.settings(proxy.port())));

    assertThat(failure)
        .hasMessageStartingWith(kind + " proxy 127.0.0.1:" + proxy.port() + ": ")
        .hasMessageContaining(kind == Kind.HTTP ? "403" : "FORBIDDEN")
        .hasMessageContaining("gateway.invalid");
    assertThat(proxy.destinations()).contains("gateway.invalid:80");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void wrongCredentialsAreNamedButThePasswordIsNot(Kind kind) throws Exception {
    LocalGateway gateway = open(LocalGateway.start());
    LoopbackProxy proxy = open(kind.start(gateway.uri().getPort(), USER + ':' + PASSWORD, false));

    Throwable failure =
        dialFailure(
            settings(gateway).proxy(kind.settings(proxy.port()).credentials(USER, "a-wrong-one")));

    assertThat(failure)
        .hasMessageStartingWith(kind + " proxy 127.0.0.1:" + proxy.port() + ": ")
        .hasMessageContaining(kind == Kind.HTTP ? "407" : "FAILURE");
    for (Throwable e = failure; e != null; e = e.getCause()) {
      assertThat(e.toString()).doesNotContain("a-wrong-one");
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void missingCredentialsAreNamed(Kind kind) throws Exception {
    LocalGateway gateway = open(LocalGateway.start());
    LoopbackProxy proxy = open(kind.start(gateway.uri().getPort(), USER + ':' + PASSWORD, false));

    Throwable failure = dialFailure(settings(gateway).proxy(kind.settings(proxy.port())));

    assertThat(failure)
        .hasMessageStartingWith(kind + " proxy 127.0.0.1:" + proxy.port() + ": ")
        .hasMessageContaining(kind == Kind.HTTP ? "407" : "unexpected authMethod");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aProxyThatIsNotThereIsNamed(Kind kind) throws Exception {
    LocalGateway gateway = open(LocalGateway.start());

    Throwable failure = dialFailure(settings(gateway).proxy(kind.settings(1)));

    assertThat(failure)
        .hasMessageStartingWith(kind + " proxy 127.0.0.1:1: ")
        .hasMessageContaining("refused");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aProxyThatNeverAnswersIsLeftAtTheDeadline(Kind kind) throws Exception {
    LocalGateway gateway = open(LocalGateway.start());
    ScriptedGateway silent = open(new ScriptedGateway());

    Throwable failure =
        dialFailure(
            settings(gateway)
                .proxy(kind.settings(silent.uri().getPort()))
                .configure(config -> config.connectTimeout(Duration.ofMillis(200))));

    assertThat(failure).hasMessage("dial: no outcome within PT0.2S, waited for the connection");
  }

  @Test
  void settingsShowEverythingButThePassword() {
    assertThat(ProxySettings.httpConnect("proxy.test", 3128))
        .hasToString("HTTP proxy proxy.test:3128");
    assertThat(ProxySettings.socks5("proxy.test", 1080).credentials("me", PASSWORD))
        .hasToString("SOCKS5 proxy me@proxy.test:1080");
  }

  @Test
  void whatNoProxyTakesIsRefused() {
    ProxySettings http = ProxySettings.httpConnect("proxy.test", 3128);
    ProxySettings socks = ProxySettings.socks5("proxy.test", 1080);

    assertThatThrownBy(() -> ProxySettings.httpConnect(" ", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("host: ' ' (expected: a name or an address)");
    assertThatThrownBy(() -> ProxySettings.socks5("x", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("port: 0 (expected: 1..65535)");
    assertThatThrownBy(() -> ProxySettings.socks5("x", 65536))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("port: 65536 (expected: 1..65535)");
    assertThatThrownBy(() -> http.credentials("", PASSWORD))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("user: '' (expected: not empty)");
    assertThatThrownBy(() -> http.credentials("a:b", PASSWORD))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("user: a:b (expected: no colon, as HTTP wants)");
    assertThatThrownBy(() -> socks.credentials("me", "x".repeat(256)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: <= 255 ASCII characters each");
    assertThatThrownBy(() -> socks.credentials("mü", PASSWORD))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: <= 255 ASCII characters each");
  }
}
