package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.LocalCertificate;
import dev.sluice.gateway.testkit.LocalGateway;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class TlsTest extends Resources {

  /** Certificates to refuse, and a word of why. */
  @SuppressWarnings("ImmutableEnumChecker")
  private enum Bad {
    OF_ANOTHER_HOST(LocalCertificate::ofAnotherHost, "subject alternative names"),
    EXPIRED(LocalCertificate::expired, "CertificateExpiredException");

    private final Supplier<LocalCertificate> certificate;
    private final String reason;

    Bad(Supplier<LocalCertificate> certificate, String reason) {
      this.certificate = certificate;
      this.reason = reason;
    }
  }

  private final Recorder recorder = new Recorder();

  private static SslContext trusting(LocalCertificate certificate) throws Exception {
    return SslContextBuilder.forClient().trustManager(certificate.trustAnchor()).build();
  }

  private ShardManagerBuilder settings(LocalGateway gateway, SslContext context) {
    return ShardManager.builder(gateway.token(), Intents.of())
        .apiUri(gateway.apiUri())
        .apiRetryDelay(Duration.ofMillis(1))
        .sslContext(context)
        .shards(2)
        .eventSink(recorder)
        .listener(recorder)
        .configure(config -> config.maxBackoff(Duration.ofMillis(50)));
  }

  /** What a start meets that goes on trying. */
  private GatewayApiException apiFailure(ShardManager manager) throws Exception {
    CompletionStage<Void> start = manager.start();
    recorder.await("a failure of the API", () -> !recorder.apiFailures().isEmpty());
    assertThat(start.toCompletableFuture()).isNotDone();
    return recorder.apiFailures().get(0);
  }

  private static String reasonsOf(Throwable failure) {
    StringBuilder reasons = new StringBuilder();
    for (Throwable e = failure; e != null; e = e.getCause()) {
      reasons.append(e).append('\n');
    }
    return reasons.toString();
  }

  @Test
  void aTrustedCertificateServesTheApiAndTheGateway() throws Exception {
    LocalCertificate certificate = LocalCertificate.valid();
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .tls(certificate)
                .listener(recorder)
                .server(server -> server.maxConcurrency(2))
                .start());
    ShardManager manager = open(settings(gateway, trusting(certificate)).build());

    get(manager.start());
    get(manager.ready());
    get(gateway.killAllConnections());
    recorder.await("resumes", () -> recorder.resumes() == 2);
    get(
        gateway.dispatch(
            new ShardId(1, 2), "OVER_TLS", Frames.utf8("{\"a\":\"" + "x".repeat(100_000) + "\"}")));

    assertThat(recorder.awaitEvent(1, "OVER_TLS").data().path("a").asText()).hasSize(100_000);
    assertThat(gateway.uri().getScheme()).isEqualTo("wss");
    assertThat(recorder.failures()).isEmpty();
  }

  @Test
  void anUnknownAuthorityIsRefused() throws Exception {
    LocalGateway gateway = open(LocalGateway.builder().tls(LocalCertificate.valid()).start());
    ShardManager manager = open(settings(gateway, SslContextBuilder.forClient().build()).build());

    GatewayApiException failure = apiFailure(manager);

    assertThat(reasonsOf(failure)).contains("unable to find valid certification path");
  }

  @ParameterizedTest
  @EnumSource(Bad.class)
  void aBadCertificateOfTheApiIsNamed(Bad bad) throws Exception {
    LocalCertificate certificate = bad.certificate.get();
    LocalGateway gateway = open(LocalGateway.builder().tls(certificate).start());
    ShardManager manager = open(settings(gateway, trusting(certificate)).build());

    GatewayApiException failure = apiFailure(manager);

    assertThat(failure).hasMessageContaining(bad.reason);
  }

  @ParameterizedTest
  @EnumSource(Bad.class)
  void aBadCertificateOfTheGatewayIsNamedAndTheShardsGoOnTrying(Bad bad) throws Exception {
    LocalCertificate certificate = bad.certificate.get();
    LocalGateway gateway = open(LocalGateway.builder().tls(certificate).start());
    ShardManager manager =
        open(
            settings(gateway, trusting(certificate))
                .gatewayUri(gateway.uri())
                .maxConcurrency(2)
                .build());

    get(manager.start());
    recorder.await(
        "two failed dials of each shard",
        () ->
            recorder.failures().stream().filter(failure -> failure.shard() == 0).count() >= 2
                && recorder.failures().stream().filter(failure -> failure.shard() == 1).count()
                    >= 2);

    assertThat(recorder.failures())
        .allSatisfy(failure -> assertThat(reasonsOf(failure.cause())).contains(bad.reason));
    assertThat(get(gateway.stats()).baseDials()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"ws, the upgrade", "wss, the TLS handshake"})
  void aPeerThatTakesTheConnectionAndIsSilentIsLeftAtTheDeadline(String scheme, String phase)
      throws Exception {
    ScriptedGateway silent = open(new ScriptedGateway());
    ShardManager manager =
        open(
            ShardManager.builder("token", Intents.of())
                .gatewayUri(URI.create(scheme + "://127.0.0.1:" + silent.uri().getPort()))
                .shards(1)
                .maxConcurrency(1)
                .listener(recorder)
                .configure(config -> config.connectTimeout(Duration.ofMillis(500)))
                .build());

    get(manager.start());
    recorder.await("a failed dial", () -> !recorder.failures().isEmpty());

    assertThat(recorder.failures().get(0).cause())
        .hasMessage("dial: no outcome within PT0.5S, waited for " + phase);
  }
}
