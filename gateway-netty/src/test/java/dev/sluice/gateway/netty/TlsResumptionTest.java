package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.testkit.LocalCertificate;
import dev.sluice.gateway.testkit.LocalGateway;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslEngine;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Shards that dial again take up the TLS sessions of those before them. */
final class TlsResumptionTest extends Resources {

  private static final int SHARDS = 8;

  private final Recorder recorder = new Recorder();
  // Handshakes since the last cut.
  private final AtomicInteger full = new AtomicInteger();
  private final AtomicInteger resumed = new AtomicInteger();

  private final class Counter extends ChannelInboundHandlerAdapter {

    private final long addedAtMillis = System.currentTimeMillis();

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
      if (event instanceof SslHandshakeCompletionEvent) {
        SslHandler tls = ctx.pipeline().get(SslHandler.class);
        (isResumed(tls) ? resumed : full).incrementAndGet();
      }
      ctx.fireUserEventTriggered(event);
    }

    /** Netty knows, and the JDK gives a resumed session the age of the first. */
    private boolean isResumed(SslHandler tls) throws ReflectiveOperationException {
      if (tls.engine() instanceof OpenSslEngine engine) {
        Method isSessionReused =
            engine.getClass().getSuperclass().getDeclaredMethod("isSessionReused");
        isSessionReused.setAccessible(true);
        return (boolean) isSessionReused.invoke(engine);
      }
      return tls.engine().getSession().getCreationTime() < addedAtMillis;
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = SslProvider.class,
      names = {"JDK", "OPENSSL"})
  void shardsThatDialAgainResumeTheSessionsOfTls(SslProvider provider) throws Exception {
    assumeThat(provider == SslProvider.JDK || OpenSsl.isAvailable())
        .as("%s: netty-tcnative is not on the class path", provider)
        .isTrue();
    LocalCertificate certificate = LocalCertificate.valid();
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .tls(certificate)
                .server(server -> server.maxConcurrency(SHARDS))
                .start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.of())
                .apiUri(gateway.apiUri())
                .shards(SHARDS)
                .sslContext(
                    ShardManagerBuilder.tlsDefaults(
                            SslContextBuilder.forClient().sslProvider(provider))
                        .trustManager(certificate.trustAnchor())
                        .build())
                .listener(recorder)
                .pipeline(
                    new PipelineCustomizer() {
                      @Override
                      public void onConnect(Shard shard, ChannelPipeline pipeline) {
                        pipeline.addAfter(PipelineNames.SSL, "counter", new Counter());
                      }
                    })
                .configure(config -> config.maxBackoff(Duration.ofMillis(50)))
                .build());
    get(manager.start());
    get(manager.ready());

    for (int times = 2; times <= 4; times++) { // the first one meets the resume host
      full.set(0);
      resumed.set(0);
      get(gateway.killAllConnections());
      for (int shard = 0; shard < SHARDS; shard++) {
        recorder.awaitState(shard, GatewayState.READY, times);
      }
    }

    assertThat(recorder.failures()).isEmpty();
    assertThat(full.get() + resumed.get()).isEqualTo(SHARDS);
    // The JDK keeps one ticket for each host, so of shards that dial at once only some resume.
    assertThat(resumed).hasValueGreaterThanOrEqualTo(provider == SslProvider.JDK ? 1 : SHARDS);
  }
}
