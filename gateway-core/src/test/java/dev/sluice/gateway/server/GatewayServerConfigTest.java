package dev.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GatewayServerConfigTest {

  @Test
  void defaultsAreThoseOfDiscord() {
    GatewayServerConfig config = GatewayServerConfig.builder("secret").build();

    assertThat(config.heartbeatInterval()).isEqualTo(Duration.ofMillis(41_250));
    assertThat(config.maxConcurrency()).isEqualTo(1);
    assertThat(config.identifyWindow()).isEqualTo(Duration.ofSeconds(5));
    assertThat(config.sessionStartTotal()).isEqualTo(1000);
    assertThat(config.sessionStartRemaining()).isEqualTo(1000);
    assertThat(config.sendLimit()).isEqualTo(120);
    assertThat(config.sendWindow()).isEqualTo(Duration.ofMinutes(1));
    assertThat(config.maxPayloadBytes()).isEqualTo(4096);
    assertThat(config.shardMultiple()).isEqualTo(1);
    assertThat(config.allowedPrivilegedIntents()).isEqualTo(new Intents(33_026));
    assertThat(config.filterByIntents()).isTrue();
    assertThat(config.tokenResetWhenExhausted()).isFalse();
    assertThat(config.closeRefusedResumes()).isFalse();
    assertThat(config.resumeGatewayUrl()).isEqualTo(config.gatewayUrl());
  }

  @Test
  void tokenIsNotShown() {
    assertThat(GatewayServerConfig.builder("secret").build().toString()).doesNotContain("secret");
  }

  @Test
  void valueIsSetOnce() {
    assertThatIllegalStateException()
        .isThrownBy(() -> GatewayServerConfig.builder("secret").shards(1).shards(1))
        .withMessage("shards: set already (expected: once)");
  }

  static Stream<Arguments> outOfRange() {
    return Stream.of(
        refused(
            b -> b.heartbeatInterval(Duration.ZERO),
            "heartbeatInterval: PT0S (expected: > 0, <= 36500 days)"),
        refused(
            b -> b.heartbeatInterval(Duration.ofNanos(1)),
            "heartbeatInterval: PT0.000000001S (expected: >= 1 ms)"),
        refused(
            b -> b.sessionLifetime(Duration.ofDays(36_501)),
            "sessionLifetime: PT876024H (expected: > 0, <= 36500 days)"),
        refused(b -> b.maxConcurrency(0), "maxConcurrency: 0 (expected: >= 1)"),
        refused(
            b -> b.sessionStartTotal(5).sessionStartRemaining(6),
            "sessionStartRemaining: 6 (expected: 0..5)"),
        refused(b -> b.shardMultiple(0), "shardMultiple: 0 (expected: >= 1)"),
        refused(b -> b.shardMultiple(16), "shards: 1 (expected: a multiple of 16)"),
        refused(
            b -> b.allowedPrivilegedIntents(Intent.GUILD_MEMBERS, Intent.GUILDS),
            "allowedPrivilegedIntents: 3 [GUILDS, GUILD_MEMBERS] (expected: among"
                + " 33026 [GUILD_MEMBERS, GUILD_PRESENCES, MESSAGE_CONTENT])"),
        refused(
            b -> b.reconnectGrace(Duration.ZERO),
            "reconnectGrace: PT0S (expected: > 0, <= 36500 days)"),
        refused(b -> b.maxDetachedSessions(-1), "maxDetachedSessions: -1 (expected: >= 0)"),
        refused(b -> b.replayCapacity(0), "replayCapacity: 0 (expected: 1..1073741824)"),
        refused(b -> b.sendLimit(0, Duration.ofSeconds(1)), "sendLimit: 0 (expected: 1..1048576)"),
        refused(b -> b.compressionLevel(10), "compressionLevel: 10 (expected: 0..9)"),
        refused(
            b -> b.payloadCompressionThreshold(-1),
            "payloadCompressionThreshold: -1 (expected: >= 0)"));
  }

  private static Arguments refused(
      UnaryOperator<GatewayServerConfig.Builder> change, String message) {
    return Arguments.of(change, message);
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("outOfRange")
  void valueOutOfRangeIsRefused(UnaryOperator<GatewayServerConfig.Builder> change, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> change.apply(GatewayServerConfig.builder("secret")).build())
        .withMessage(message);
  }

  @Test
  void emptyTokenIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatewayServerConfig.builder("").build())
        .withMessage("token: empty (expected: a bot token)");
  }
}
