package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.GatewayConfig.Builder;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GatewayConfigTest {

  private static final Intents INTENTS = Intents.of(Intent.GUILDS);

  private record DurationSetting(
      BiFunction<Builder, Duration, Builder> set, Function<GatewayConfig, Duration> get) {}

  static List<DurationSetting> durations() {
    return List.of(
        new DurationSetting(Builder::connectTimeout, GatewayConfig::connectTimeout),
        new DurationSetting(Builder::helloTimeout, GatewayConfig::helloTimeout),
        new DurationSetting(Builder::sessionTimeout, GatewayConfig::sessionTimeout),
        new DurationSetting(Builder::closeTimeout, GatewayConfig::closeTimeout),
        new DurationSetting(Builder::maxBackoff, GatewayConfig::maxBackoff),
        new DurationSetting(Builder::stableAfter, GatewayConfig::stableAfter));
  }

  static List<UnaryOperator<Builder>> settings() {
    return List.of(
        builder -> builder.gatewayUri(URI.create("wss://x.test")),
        builder -> builder.compression(Compression.NONE),
        builder -> builder.encoding(Encoding.ETF),
        builder -> builder.presence(Presence.online()),
        builder -> builder.largeThreshold(250),
        builder -> builder.clientName("x"),
        Builder::identifyPermitsGranted,
        builder -> builder.connectTimeout(Duration.ofSeconds(1)),
        builder -> builder.maxMessageBytes(1 << 20),
        builder -> builder.maxQueuedCommands(1),
        builder -> builder.maxUnacknowledged(1),
        builder -> builder.objectMapper(new JsonMapper()),
        builder -> builder.instantSource(Instant::now));
  }

  private static Builder builder() {
    return GatewayConfig.builder("token", INTENTS);
  }

  @Test
  void hasDefaultsForAllButTheTokenAndTheIntents() {
    GatewayConfig config = builder().build();

    assertThat(config.intents()).isEqualTo(INTENTS);
    assertThat(config.gatewayUri()).isEqualTo(URI.create("wss://gateway.discord.gg"));
    assertThat(config.encoding()).isEqualTo(Encoding.JSON);
    assertThat(config.compression()).isEqualTo(Compression.ZLIB_STREAM);
    assertThat(config.presence()).isNull();
    assertThat(config.largeThreshold()).isEqualTo(50);
    assertThat(config.clientName()).isEqualTo("sluice");
    assertThat(config.identifyPermitsGranted()).isFalse();
    assertThat(config.maxMessageBytes()).isEqualTo(64 << 20);
    assertThat(config.maxQueuedCommands()).isEqualTo(1024);
    assertThat(config.maxUnacknowledged()).isEqualTo(65_536);
    assertThat(config.identifyProperties()).containsOnlyKeys("os", "browser", "device");
  }

  @Test
  void refusesPayloadCompressionOfEtf() {
    GatewayConfig.Builder builder =
        GatewayConfig.builder("token", Intents.of(Intent.GUILDS))
            .encoding(Encoding.ETF)
            .compression(Compression.PAYLOAD);

    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage("compression: PAYLOAD with encoding ETF (expected: JSON)");
  }

  @Test
  void keepsWhatIsSet() {
    ObjectMapper mapper = new JsonMapper();
    Presence presence = Presence.online();

    GatewayConfig config =
        builder()
            .gatewayUri(URI.create("wss://x.test/?v=9"))
            .encoding(Encoding.ETF)
            .compression(Compression.NONE)
            .presence(presence)
            .largeThreshold(250)
            .clientName("x")
            .identifyPermitsGranted()
            .maxMessageBytes(65_536)
            .maxQueuedCommands(7)
            .maxUnacknowledged(8)
            .objectMapper(mapper)
            .instantSource(() -> Instant.EPOCH)
            .build();

    assertThat(config.gatewayUri()).isEqualTo(URI.create("wss://x.test"));
    assertThat(config.encoding()).isEqualTo(Encoding.ETF);
    assertThat(config.compression()).isEqualTo(Compression.NONE);
    assertThat(config.presence()).isSameAs(presence);
    assertThat(config.largeThreshold()).isEqualTo(250);
    assertThat(config.clientName()).isEqualTo("x");
    assertThat(config.identifyPermitsGranted()).isTrue();
    assertThat(config.maxMessageBytes()).isEqualTo(65_536);
    assertThat(config.maxQueuedCommands()).isEqualTo(7);
    assertThat(config.maxUnacknowledged()).isEqualTo(8);
    assertThat(config.objectMapper()).isSameAs(mapper);
    assertThat(config.instantSource().instant()).isEqualTo(Instant.EPOCH);
    assertThat(config.identifyProperties()).containsEntry("browser", "x");
  }

  @ParameterizedTest
  @MethodSource("settings")
  void refusesASettingThatIsSetTwice(UnaryOperator<Builder> setting) {
    Builder once = setting.apply(builder());

    assertThatIllegalStateException()
        .isThrownBy(() -> setting.apply(once))
        .withMessageContaining("set already (expected: once)");
  }

  @ParameterizedTest
  @MethodSource("durations")
  void refusesDurationsOutOfRange(DurationSetting setting) {
    for (Duration bad :
        List.of(
            Duration.ZERO,
            Duration.ofNanos(-1),
            Duration.ofDays(1).plusNanos(1),
            Duration.ofSeconds(Long.MAX_VALUE))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> setting.set.apply(builder(), bad))
          .withMessageContaining(bad + " (expected: above 0, at most PT24H)");
    }
    for (Duration good : List.of(Duration.ofNanos(1), Duration.ofDays(1))) {
      GatewayConfig config = setting.set.apply(builder(), good).build();
      assertThat(setting.get.apply(config)).isEqualTo(good);
    }
  }

  static Stream<Arguments> badValues() {
    return Stream.of(
        bad(b -> b.largeThreshold(49), "largeThreshold: 49 (expected: 50..250)"),
        bad(b -> b.largeThreshold(251), "largeThreshold: 251 (expected: 50..250)"),
        bad(b -> b.maxMessageBytes(65_535), "maxMessageBytes: 65535 (expected: 65536..2147483639)"),
        bad(b -> b.maxQueuedCommands(0), "maxQueuedCommands: 0 (expected: 1..1048576)"),
        bad(b -> b.maxUnacknowledged(0), "maxUnacknowledged: 0 (expected: 1..16777216)"),
        bad(b -> b.clientName(""), "clientName: 0 characters (expected: 1..100)"),
        bad(b -> b.clientName("x".repeat(101)), "clientName: 101 characters (expected: 1..100)"),
        bad(
            b -> b.gatewayUri(URI.create("https://x")),
            "gatewayUri: https://x (expected: wss://host)"));
  }

  private static Arguments bad(UnaryOperator<Builder> setting, String message) {
    return Arguments.of(setting, message);
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("badValues")
  void namesWhatCannotBeAndWhatCan(UnaryOperator<Builder> setting, String message) {
    Builder builder = builder();

    for (int i = 0; i < 2; i++) { // what was refused is not set, so it is refused again
      assertThatIllegalArgumentException()
          .isThrownBy(() -> setting.apply(builder))
          .withMessage(message);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bot abc", "bot abc", "abc ", "a\nb", "abcé"})
  void refusesATokenThatIsNotBareAndDoesNotRepeatIt(String token) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatewayConfig.builder(token, INTENTS))
        .withMessageStartingWith("token: ")
        .withMessageNotContaining("abc");
  }
}
