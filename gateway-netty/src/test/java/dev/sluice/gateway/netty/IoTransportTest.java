package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.LocalCertificate;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same on every transport that this machine has. */
final class IoTransportTest extends Resources {

  private static final int SHARDS = 4;

  private final Recorder recorder = new Recorder();

  static List<IoTransport> available() {
    return Stream.of(IoTransport.values()).filter(IoTransport::isAvailable).toList();
  }

  private EventLoopGroup group(IoTransport transport) {
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(2, transport.newIoHandlerFactory());
    open(
        () ->
            group
                .shutdownGracefully(0, 5, TimeUnit.SECONDS)
                .await(TIMEOUT_SECONDS, TimeUnit.SECONDS));
    return group;
  }

  @Test
  void theBestOneIsTheFirstThatIsAvailable() {
    assertThat(IoTransport.best()).isEqualTo(available().get(0));
  }

  @ParameterizedTest
  @MethodSource("available")
  void aGroupTellsItsTransport(IoTransport transport) {
    assertThat(IoTransport.of(group(transport))).isEqualTo(transport);
  }

  @ParameterizedTest
  @MethodSource("available")
  void resumesWithoutLossOverTls(IoTransport transport) throws Exception {
    EventLoopGroup group = group(transport);
    LocalCertificate certificate = LocalCertificate.valid();
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .tls(certificate)
                .listener(recorder)
                // Room for all that a busy machine may have to replay, and heartbeats that find a
                // dead peer in time: io_uring was seen not to report a reset.
                .server(
                    server ->
                        server
                            .maxConcurrency(SHARDS)
                            .replayMaxBytes(1 << 28)
                            .heartbeatInterval(Duration.ofSeconds(5)))
                .start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .sslContext(
                    SslContextBuilder.forClient().trustManager(certificate.trustAnchor()).build())
                .shards(SHARDS)
                .eventLoopGroup(group)
                .eventSink(recorder)
                .listener(recorder)
                .configure(config -> config.maxBackoff(Duration.ofMillis(100)))
                .build());
    get(manager.start());
    get(manager.ready());

    get(gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, 3, 400).withLargeEventEvery(300)));
    for (int times = 2; times <= 3; times++) {
      get(gateway.killAllConnections());
      for (int shard = 0; shard < SHARDS; shard++) {
        recorder.awaitState(shard, GatewayState.READY, times);
      }
    }
    get(gateway.stopTraffic());
    get(gateway.whenSent());
    for (int shard = 0; shard < SHARDS; shard++) {
      int id = shard;
      recorder.await("all events", () -> recorder.received(id).size() >= recorder.sent(id).size());
      assertThat(recorder.received(id)).isEqualTo(recorder.sent(id));
    }
    get(gateway.requestHeartbeats(shard -> true));
    recorder.await("a heartbeat", () -> recorder.heartbeats(0) > 0);
    get(manager.stop(StopMode.GOODBYE));

    assertThat(recorder.identifies()).isEqualTo(SHARDS);
    assertThat(recorder.sessionsEnded()).isEqualTo(SHARDS);
    assertThat(group.isShuttingDown()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("available")
  void aRefusedDialAndAHostNameAreTakenByAll(IoTransport transport) throws Exception {
    EventLoopGroup group = group(transport);
    LocalGateway gateway = open(LocalGateway.builder().listener(recorder).start());
    ShardManager nobody =
        open(
            ShardManager.builder("token", Intents.of())
                .gatewayUri(URI.create("ws://127.0.0.1:1"))
                .shards(1)
                .maxConcurrency(1)
                .eventLoopGroup(group)
                .listener(recorder)
                .build());
    get(nobody.start());
    recorder.await("a failed dial", () -> !recorder.failures().isEmpty());
    get(nobody.stop(StopMode.GOODBYE));

    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.of())
                .gatewayUri(URI.create("ws://localhost:" + gateway.uri().getPort()))
                .shards(1)
                .maxConcurrency(1)
                .eventLoopGroup(group)
                .eventSink(recorder)
                .build());
    get(manager.start());
    get(manager.ready());
    get(gateway.dispatch(new ShardId(0, 1), "HERE", Frames.utf8("{}")));

    recorder.awaitEvent(0, "HERE");
    assertThat(recorder.failures().get(0).cause()).hasMessageContaining("refused");
  }

  static List<IoTransport> missing() {
    return Stream.of(IoTransport.values()).filter(transport -> !transport.isAvailable()).toList();
  }

  private static ShardManagerBuilder settings() {
    return ShardManager.builder("token", Intents.of())
        .gatewayUri(URI.create("ws://127.0.0.1:1"))
        .shards(1)
        .maxConcurrency(1);
  }

  @ParameterizedTest
  @MethodSource("available")
  void theChosenOneIsUsed(IoTransport transport) throws Exception {
    ShardManager manager =
        open(settings().ioTransport(transport).eventLoopThreads(1).listener(recorder).build());

    get(manager.start());
    recorder.await("a failed dial", () -> !recorder.failures().isEmpty());

    EventLoopGroup group = manager.shards().iterator().next().context().eventLoop.parent();
    assertThat(IoTransport.of(group)).isEqualTo(transport);
    assertThat(group).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("missing") // there always is one: no system has both epoll and kqueue
  void oneThatIsNotAvailableFailsTheBuildAndSaysWhy(IoTransport transport) {
    assertThatThrownBy(() -> settings().ioTransport(transport).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("ioTransport: " + transport + " is not available: ")
        .hasCause(transport.unavailabilityCause());
  }

  @Test
  void oneBesideAGroupThatHasItsOwnIsRefused() {
    ShardManagerBuilder settings =
        settings().ioTransport(IoTransport.NIO).eventLoopGroup(group(IoTransport.NIO));

    assertThatThrownBy(settings::build)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("ioTransport: NIO (expected: none, eventLoopGroup has its own)");
  }

  @Test
  void aGroupOfTheApplicationOutlivesAStartThatFails() throws Exception {
    EventLoopGroup group = group(IoTransport.NIO);
    LocalGateway gateway = open(LocalGateway.start());
    ShardManager manager =
        ShardManager.builder("another-token", Intents.of())
            .apiUri(gateway.apiUri())
            .eventLoopGroup(group)
            .build();

    assertThatThrownBy(() -> get(manager.start())).hasMessageContaining("401");
    get(manager.stop(StopMode.GOODBYE));

    assertThat(group.isShuttingDown()).isFalse();
    assertThat(group.submit(() -> "alive").get()).isEqualTo("alive");
  }

  @Test
  void aGroupOfTheApplicationOutlivesAStopBeforeTheStart() throws Exception {
    EventLoopGroup group = group(IoTransport.NIO);
    ShardManager manager = settings().eventLoopGroup(group).build();

    get(manager.stop(StopMode.GOODBYE));

    assertThat(group.isShuttingDown()).isFalse();
    assertThat(group.submit(() -> "alive").get()).isEqualTo("alive");
  }
}
