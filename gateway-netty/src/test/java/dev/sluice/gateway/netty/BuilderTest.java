package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intents;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import io.netty.handler.ssl.SslContext;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class BuilderTest {

  private static Arguments bad(Consumer<ShardManagerBuilder> setting, String message) {
    return arguments(setting, message);
  }

  static Arguments[] badValues() {
    Duration tooLong = Duration.ofDays(1).plusNanos(1);
    return new Arguments[] {
      bad(b -> b.shards(0), "shards: 0 (expected: >= 1)"),
      bad(b -> b.maxConcurrency(0), "maxConcurrency: 0 (expected: >= 1)"),
      bad(b -> b.maxShardsLoading(0), "maxShardsLoading: 0 (expected: >= 1)"),
      bad(b -> b.eventTypes(Set.of()), "eventTypes: none (expected: at least one)"),
      bad(b -> b.identifyBreaker(0, 1), "identifyBreaker.anHour: 0 (expected: >= 1)"),
      bad(b -> b.identifyBreaker(1, 0), "identifyBreaker.ofAShard: 0 (expected: >= 1)"),
      bad(b -> b.guildsTimeout(Duration.ZERO), "guildsTimeout: PT0S (expected: PT0.001S..PT24H)"),
      bad(
          b -> b.guildsTimeout(Duration.ofMillis(-1)),
          "guildsTimeout: PT-0.001S (expected: PT0.001S..PT24H)"),
      bad(
          b -> b.guildsTimeout(tooLong),
          "guildsTimeout: PT24H0.000000001S (expected: PT0.001S..PT24H)"),
      bad(b -> b.eventLoopThreads(-1), "eventLoopThreads: -1 (expected: >= 1)"),
      bad(
          b -> b.apiRetryDelay(Duration.ofMillis(-1)),
          "apiRetryDelay: PT-0.001S (expected: PT0S..PT24H)"),
      bad(
          b -> b.apiRetryDelay(tooLong),
          "apiRetryDelay: PT24H0.000000001S (expected: PT0S..PT24H)"),
      bad(
          b -> b.apiRefreshInterval(Duration.ofMillis(-1)),
          "apiRefreshInterval: PT-0.001S (expected: PT0S..PT24H)"),
      bad(
          b -> b.drainTimeout(Duration.ofSeconds(-1)),
          "drainTimeout: PT-1S (expected: PT0S..PT24H)"),
      bad(
          b -> b.drainTimeout(Duration.ofSeconds(Long.MAX_VALUE)),
          "drainTimeout: PT2562047788015215H30M7S (expected: PT0S..PT24H)"),
      bad(
          b -> b.checkpointInterval(Duration.ZERO),
          "checkpointInterval: PT0S (expected: PT0.001S..PT24H)"),
      bad(
          b -> b.checkpointInterval(Duration.ofSeconds(-1)),
          "checkpointInterval: PT-1S (expected: PT0.001S..PT24H)"),
      bad(
          b -> b.maxLoopLag(Duration.ofMillis(999)),
          "maxLoopLag: PT0.999S (expected: PT1S..PT24H)"),
      bad(b -> b.readyShare(1.01), "readyShare: 1.01 (expected: 0..1)"),
      bad(b -> b.readyShare(Double.NaN), "readyShare: NaN (expected: 0..1)"),
      bad(b -> b.apiUri(URI.create("ftp://x")), "apiUri: ftp://x (expected: https://host/path)"),
      bad(
          b -> b.apiUri(URI.create("http://x:70000")),
          "apiUri: http://x:70000 (expected: https://host/path)"),
      bad(
          b -> b.apiUri(URI.create("https:///x")),
          "apiUri: https:///x (expected: https://host/path)"),
      bad(
          b -> b.gatewayUri(URI.create("ws://x:70000")),
          "gatewayUri: ws://x:70000 (expected: wss://host)"),
      bad(
          b -> b.gatewayUri(URI.create("https://x")),
          "gatewayUri: https://x (expected: wss://host)"),
      bad(b -> b.gatewayUri(URI.create("wss:///")), "gatewayUri: wss:/// (expected: wss://host)"),
      bad(
          b -> b.configure(config -> config.largeThreshold(49)),
          "largeThreshold: 49 (expected: 50..250)"),
    };
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("badValues")
  void namesWhatCannotBeAndWhatCan(Consumer<ShardManagerBuilder> setting, String message) {
    ShardManagerBuilder builder = ShardManager.builder("token", Intents.of());

    for (int i = 0; i < 2; i++) { // what was refused is not set, so it is refused again
      assertThatThrownBy(() -> setting.accept(builder))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(message);
    }
  }

  static Arguments[] settings() {
    return new Arguments[] {
      bad(b -> b.shards(1), "shards or assignment"),
      bad(b -> b.compression(Compression.NONE), "compression"),
      bad(b -> b.onDispatch((shard, dispatch) -> {}), "onDispatch or eventSink"),
      bad(b -> b.workers(Workers.threads(1)), "workers"),
      bad(b -> b.eventTypes(Set.of(EventType.READY)), "eventTypes"),
      bad(b -> b.acknowledgeByHand(), "acknowledgeByHand"),
      bad(b -> b.onDispatchException((shard, dispatch, cause) -> true), "onDispatchException"),
      bad(b -> b.listener(new ShardListener() {}), "listener"),
      bad(b -> b.pipeline(new PipelineCustomizer() {}), "pipeline"),
      bad(b -> b.eventLoopThreads(1), "eventLoopGroup or eventLoopThreads"),
      bad(b -> b.ioTransport(IoTransport.NIO), "ioTransport"),
      bad(b -> b.proxy(ProxySettings.socks5("x", 1)), "proxy"),
      bad(b -> b.gatewayUri(URI.create("wss://x")), "gatewayUri"),
      bad(b -> b.apiUri(URI.create("https://x")), "apiUri"),
      bad(b -> b.apiRetryDelay(Duration.ZERO), "apiRetryDelay"),
      bad(b -> b.maxConcurrency(1), "maxConcurrency"),
      bad(b -> b.trackGuilds(), "trackGuilds"),
      bad(b -> b.guildsTimeout(Duration.ofSeconds(1)), "guildsTimeout"),
      bad(b -> b.maxShardsLoading(1), "maxShardsLoading"),
      bad(b -> b.identifyBreaker(1, 1), "identifyBreaker"),
      bad(b -> b.identifyLimiter(new ShardManagerTest.UnlimitedIdentifies()), "identifyLimiter"),
      bad(b -> b.sessionStore(SessionStore.inMemory()), "sessionStore"),
      bad(b -> b.checkpointInterval(Duration.ofSeconds(2)), "checkpointInterval"),
      bad(b -> b.build().close(), "build()"),
    };
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("settings")
  void takesEachSettingOnce(Consumer<ShardManagerBuilder> setting, String name) {
    ShardManagerBuilder builder = ShardManager.builder("token", Intents.of());
    setting.accept(builder);

    assertThatThrownBy(() -> setting.accept(builder))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(name + ": set already (expected: once)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bot abc", "two words", "line\nbreak"})
  void refusesWhatIsNoTokenWithoutShowingIt(String token) {
    assertThatThrownBy(() -> ShardManager.builder(token, Intents.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("token: ")
        .satisfies(
            e -> assertThat(e.getMessage()).doesNotContain("abc", "two words", "line\nbreak"));
  }

  @Test
  void refusesAServersTls() throws Exception {
    SslContext server = dev.sluice.gateway.testkit.LocalCertificate.valid().serverContext();

    assertThatThrownBy(() -> ShardManager.builder("token", Intents.of()).sslContext(server))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("sslContext: for servers (expected: for clients)");
  }

  static Arguments[] combinations() {
    return new Arguments[] {
      bad(
          b -> b.workers(Workers.threads(1)).eventSink(DispatchPublisher.create()),
          "workers: without a handler (expected: onDispatch() for them to call)"),
      bad(
          b -> b.guildsTimeout(Duration.ofSeconds(1)),
          "guildsTimeout: without a use (expected: trackGuilds() too)"),
      bad(
          b -> b.maxShardsLoading(1),
          "maxShardsLoading: without a use (expected: trackGuilds() too)"),
      bad(
          b -> b.configure(config -> config.gatewayUri(URI.create("wss://x"))),
          "configure: gatewayUri wss://x (expected: gatewayUri() of this builder)"),
    };
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("combinations")
  void namesASettingThatDoesNotGoWithTheOthers(
      Consumer<ShardManagerBuilder> settings, String message) {
    ShardManagerBuilder builder = ShardManager.builder("token", Intents.of());
    settings.accept(builder);

    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(message);
  }

  @Test
  void whatWasMissingCanBeAdded() {
    ShardManagerBuilder builder = ShardManager.builder("token", Intents.of()).maxShardsLoading(1);
    assertThatThrownBy(builder::build).isInstanceOf(IllegalStateException.class);

    assertThatCode(() -> builder.trackGuilds().build().close()).doesNotThrowAnyException();
  }

  @Test
  void refusesEventLoopsWithoutSockets() {
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());

    assertThatThrownBy(
            () -> ShardManager.builder("token", Intents.of()).eventLoopGroup(group).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: one of io_uring, epoll, kqueue or NIO");
    group.shutdownGracefully();
  }

  @Test
  void startsOnlyOnce() {
    ShardManager manager =
        ShardManager.builder("token", Intents.of())
            .gatewayUri(URI.create("ws://127.0.0.1:1"))
            .shards(1)
            .maxConcurrency(1)
            .build();

    assertThatCode(manager::start).doesNotThrowAnyException();
    assertThatThrownBy(manager::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("start() when STARTED (expected: NEW)");
    manager.close();
  }

  @Test
  void hidesTheToken() {
    assertThat(ShardManager.builder("a-secret", Intents.of()).toString())
        .contains("intents=")
        .doesNotContain("a-secret");
  }
}
