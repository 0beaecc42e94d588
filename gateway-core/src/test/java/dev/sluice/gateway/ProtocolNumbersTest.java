package dev.sluice.gateway;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The numbers on the wire, as Discord documents them. */
class ProtocolNumbersTest {

  private static final String OPCODES =
      """
      0 DISPATCH
      1 HEARTBEAT
      2 IDENTIFY
      3 PRESENCE_UPDATE
      4 VOICE_STATE_UPDATE
      6 RESUME
      7 RECONNECT
      8 REQUEST_GUILD_MEMBERS
      9 INVALID_SESSION
      10 HELLO
      11 HEARTBEAT_ACK
      31 REQUEST_SOUNDBOARD_SOUNDS
      43 REQUEST_CHANNEL_INFO
      -1 UNKNOWN
      """;

  private static final String CLOSE_CODES =
      """
      1000 NORMAL RESUME
      1001 GOING_AWAY RESUME
      1005 NO_STATUS RESUME
      1006 ABNORMAL RESUME
      1009 MESSAGE_TOO_BIG RESUME
      1011 INTERNAL_ERROR RESUME
      1012 SERVICE_RESTART RESUME
      1013 TRY_AGAIN_LATER RESUME
      4000 UNKNOWN_ERROR RESUME
      4001 UNKNOWN_OPCODE RESUME
      4002 DECODE_ERROR RESUME
      4003 NOT_AUTHENTICATED NEW_SESSION
      4004 AUTHENTICATION_FAILED FATAL
      4005 ALREADY_AUTHENTICATED RESUME
      4006 SESSION_NO_LONGER_VALID NEW_SESSION
      4007 INVALID_SEQUENCE NEW_SESSION
      4008 RATE_LIMITED RESUME
      4009 SESSION_TIMED_OUT NEW_SESSION
      4010 INVALID_SHARD FATAL
      4011 SHARDING_REQUIRED FATAL
      4012 INVALID_API_VERSION FATAL
      4013 INVALID_INTENTS FATAL
      4014 DISALLOWED_INTENTS FATAL
      -1 UNKNOWN RESUME
      """;

  private static final String INTENTS =
      """
      0 GUILDS
      1 GUILD_MEMBERS privileged
      2 GUILD_MODERATION
      3 GUILD_EXPRESSIONS
      4 GUILD_INTEGRATIONS
      5 GUILD_WEBHOOKS
      6 GUILD_INVITES
      7 GUILD_VOICE_STATES
      8 GUILD_PRESENCES privileged
      9 GUILD_MESSAGES
      10 GUILD_MESSAGE_REACTIONS
      11 GUILD_MESSAGE_TYPING
      12 DIRECT_MESSAGES
      13 DIRECT_MESSAGE_REACTIONS
      14 DIRECT_MESSAGE_TYPING
      15 MESSAGE_CONTENT privileged
      16 GUILD_SCHEDULED_EVENTS
      20 AUTO_MODERATION_CONFIGURATION
      21 AUTO_MODERATION_EXECUTION
      24 GUILD_MESSAGE_POLLS
      25 DIRECT_MESSAGE_POLLS
      """;

  @Test
  void opcodes() {
    assertThat(lines(Opcode.values(), opcode -> opcode.code() + " " + opcode)).isEqualTo(OPCODES);
    assertThat(Opcode.values())
        .allSatisfy(opcode -> assertThat(Opcode.of(opcode.code())).isEqualTo(opcode));
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -2, 5, 12, 30, 32, 42, 44, Integer.MAX_VALUE})
  void anyOtherOpcodeIsUnknown(int code) {
    assertThat(Opcode.of(code)).isEqualTo(Opcode.UNKNOWN);
  }

  @Test
  void closeCodes() {
    assertThat(lines(CloseCode.values(), code -> code.code() + " " + code + ' ' + code.outcome()))
        .isEqualTo(CLOSE_CODES);
    assertThat(CloseCode.values())
        .allSatisfy(code -> assertThat(CloseCode.of(code.code())).isEqualTo(code));
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, 0, 1002, 3000, 4015, 4016, 4900, 4999, Integer.MAX_VALUE})
  void anyOtherCloseCodeIsUnknown(int code) {
    assertThat(CloseCode.of(code)).isEqualTo(CloseCode.UNKNOWN);
  }

  @Test
  void intents() {
    assertThat(
            lines(
                Intent.values(),
                intent ->
                    Integer.numberOfTrailingZeros(intent.value())
                        + " "
                        + intent
                        + (intent.isPrivileged() ? " privileged" : "")))
        .isEqualTo(INTENTS);
    assertThat(Intent.values())
        .allSatisfy(intent -> assertThat(Integer.bitCount(intent.value())).isEqualTo(1));
  }

  @Test
  void setsOfIntents() {
    assertThat(Intents.all().value()).isEqualTo(53_608_447);
    assertThat(Intents.nonPrivileged().value()).isEqualTo(53_575_421);
    assertThat(Intents.of().value()).isZero();
    assertThat(Intents.of(Intent.GUILD_MEMBERS, Intent.GUILD_PRESENCES, Intent.MESSAGE_CONTENT))
        .satisfies(
            privileged -> {
              assertThat(privileged.value()).isEqualTo(33_026);
              assertThat(privileged.contains(Intent.GUILD_PRESENCES)).isTrue();
              assertThat(privileged.contains(Intent.GUILD_MESSAGES)).isFalse();
            });
    assertThat(Intents.of(Intent.GUILDS, Intent.GUILDS, Intent.GUILD_MEMBERS))
        .hasToString("3 [GUILDS, GUILD_MEMBERS]");
  }

  private static <E> String lines(E[] constants, Function<E, String> line) {
    return Arrays.stream(constants).map(line).collect(joining("\n", "", "\n"));
  }
}
