package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GatewaySessionTest {

  private static GatewaySession session(String id, long sequence) {
    return new GatewaySession(
        id,
        null,
        sequence,
        0,
        ShardId.SINGLE,
        Scenario.INTENTS,
        10,
        Encoding.JSON,
        Compression.NONE,
        Scenario.NOW,
        Scenario.NOW);
  }

  @Test
  void takesAnyIdThatAResumeCanCarry() {
    assertThat(session("a".repeat(512), 0).sessionId()).hasSize(512);
    assertThat(session("1ab772b0317f15c3ea8b4f5949406602", 0).sequence()).isZero();
    assertThat(session("!~", 0).sessionId()).isEqualTo("!~");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a\n", "\u007f", "é", "\ud800"})
  void refusesAnIdThatNoResumeCanCarry(String id) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session(id, 0))
        .withMessage(
            "session id: of "
                + id.length()
                + " characters (expected: 1..512 printable ASCII characters)");
  }

  @Test
  void refusesWhatIsOutOfRange() {
    assertThatIllegalArgumentException().isThrownBy(() -> session("a".repeat(513), 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session("a", -1))
        .withMessage("sequence: -1 (expected: >= 0)");
  }

  // JSON.

  private static final GatewaySession FULL =
      new GatewaySession(
          "1ab772b0317f15c3ea8b4f5949406602",
          "wss://gateway-us-east1-c.discord.gg",
          48_212,
          -2, // the highest snowflake but one
          new ShardId(3, 16),
          Scenario.INTENTS,
          10,
          Encoding.JSON,
          Compression.ZLIB_STREAM,
          Instant.parse("2026-11-22T10:15:30.123456789Z"),
          Instant.parse("2026-11-23T00:00:00Z"));

  @Test
  void isWrittenAsOneLineWithItsVersion() {
    assertThat(FULL.toJson())
        .isEqualTo(
            "{\"version\":1,\"session_id\":\"1ab772b0317f15c3ea8b4f5949406602\","
                + "\"resume_gateway_url\":\"wss://gateway-us-east1-c.discord.gg\","
                + "\"sequence\":48212,\"application_id\":\"18446744073709551614\","
                + "\"shard\":[3,16],\"intents\":"
                + Scenario.INTENTS.value()
                + ",\"api_version\":10,\"encoding\":\"JSON\",\"compression\":\"ZLIB_STREAM\","
                + "\"first_seen\":\"2026-11-22T10:15:30.123456789Z\","
                + "\"last_seen\":\"2026-11-23T00:00:00Z\"}");
  }

  @Test
  void isReadAsItWasWritten() {
    assertThat(GatewaySession.fromJson(FULL.toJson())).isEqualTo(FULL);
    GatewaySession withoutUrl = session("a", 0);
    assertThat(GatewaySession.fromJson(withoutUrl.toJson())).isEqualTo(withoutUrl);
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void keepsEveryCompression(Compression compression) {
    String json = FULL.toJson().replace("ZLIB_STREAM", compression.name());
    assertThat(GatewaySession.fromJson(json).compression()).isEqualTo(compression);
  }

  @ParameterizedTest
  @EnumSource(Encoding.class)
  void keepsEveryEncoding(Encoding encoding) {
    String json = FULL.toJson().replace("\"JSON\"", '"' + encoding.name() + '"');
    assertThat(GatewaySession.fromJson(json).encoding()).isEqualTo(encoding);
  }

  @Test
  void passesOverFieldsThatItDoesNotKnow() {
    String json = FULL.toJson().replace("{\"version\"", "{\"zone\":{\"a\":[1]},\"version\"");
    assertThat(GatewaySession.fromJson(json)).isEqualTo(FULL);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "version":1                  | "version":2            | version: 2 (expected: a whole number in 1..1)
          "version":1,                 |                        | version: missing (expected: a whole number in 1..1)
          "sequence":48212             | "sequence":-1          | sequence: -1 (expected: >= 0)
          "sequence":48212             | "sequence":"48212"     | sequence: "48212" (expected: a whole number from 0)
          "sequence":48212             | "sequence":1e99        | sequence: 1.0E99 (expected: a whole number from 0)
          "shard":[3,16]               | "shard":[3]            | shard count: missing (expected: a whole number in 1..2147483647)
          "shard":[3,16]               | "shard":[16,16]        | shard id: 16 (expected: 0..15)
          "api_version":10             | "api_version":"10"     | api_version: "10" (expected: a whole number in 1..2147483647)
          "intents"                    | "intent"               | intents: missing (expected: a whole number in -2147483648..2147483647)
          "encoding":"JSON"            | "encoding":"XML"       | encoding: XML (expected: one of [JSON
          "compression":"ZLIB_STREAM"  | "compression":null     | compression: NULL (expected: text)
          2026-11-23T00:00:00Z         | yesterday              | last_seen: yesterday (expected: an ISO-8601 instant)
          """)
  void namesTheFieldThatIsWrong(String found, @Nullable String replacement, String message) {
    String json = FULL.toJson().replace(found, replacement == null ? "" : replacement);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatewaySession.fromJson(json))
        .withMessageStartingWith("stored session: " + message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "null", "[]", "7", "{\"session_id\":\"secret-id"})
  void refusesWhatIsNoSession(String json) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatewaySession.fromJson(json))
        .withMessageStartingWith("stored session: ")
        .withMessageNotContaining("secret-id");
  }

  @Test
  void neverShowsTheSessionIdInAnError() {
    String json = FULL.toJson().replace("1ab772b0317f15c3ea8b4f5949406602", "secret id");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatewaySession.fromJson(json))
        .withMessageNotContaining("secret");
  }
}
