package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The typed views of what the protocol itself needs. */
class ViewsTest {

  private static final JsonMapper MAPPER = new JsonMapper();

  private static JsonNode json(String text) throws IOException {
    return MAPPER.readTree(text);
  }

  private static JsonNode dataOf(String payload) throws IOException {
    return json(Payloads.text(payload)).get("d");
  }

  // HELLO.

  @Test
  void helloHasTheHeartbeatInterval() throws Exception {
    assertThat(Hello.of(dataOf("_HELLO"))).isEqualTo(new Hello(41_250));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "null",
        "[]",
        "{\"heartbeat_interval\":99}",
        "{\"heartbeat_interval\":3600001}",
        "{\"heartbeat_interval\":\"41250\"}",
        "{\"heartbeat_interval\":41250.5}"
      })
  void helloWithoutAnIntervalThatMakesSenseIsRefused(String data) {
    assertThatThrownBy(() -> Hello.of(json(data)))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("heartbeat_interval: ")
        .hasMessageEndingWith("(expected: a whole number in 100..3600000)");
  }

  // READY.

  @Test
  void readyHasWhatTheProtocolNeeds() throws Exception {
    JsonNode data = dataOf("READY");
    Ready ready = Ready.of(data);

    assertThat(ready.version()).isEqualTo(10);
    assertThat(ready.sessionId()).isEqualTo(data.get("session_id").asText());
    assertThat(ready.resumeGatewayUrl()).isEqualTo(data.get("resume_gateway_url").asText());
    assertThat(ready.shard())
        .isEqualTo(new ShardId(data.at("/shard/0").asInt(), data.at("/shard/1").asInt()));
    assertThat(ready.userId()).isEqualTo(Long.parseUnsignedLong(data.at("/user/id").asText()));
    assertThat(ready.applicationId())
        .isEqualTo(Long.parseUnsignedLong(data.at("/application/id").asText()));
    assertThat(ready.guildIds())
        .hasSize(data.get("guilds").size())
        .contains(Long.parseUnsignedLong(data.at("/guilds/0/id").asText()));
  }

  @Test
  void readyTakesIdsAsNumbersToo() throws Exception {
    Ready ready =
        Ready.of(
            json(
                "{\"session_id\":\"s\",\"user\":{\"id\":7},\"application\":{\"id\":18446744073709551615},"
                    + "\"guilds\":[{\"id\":8},{\"id\":\"9\"},{\"id\":\"x\"},{}]}"));

    assertThat(ready).isEqualTo(new Ready(0, "s", null, null, 7, -1, List.of(8L, 9L)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "[5,5]", "[-1,2]", "[\"a\",2]", "7", "[3]"})
  void readyPassesOverAShardThatIsNone(String shard) throws Exception {
    assertThat(Ready.of(json("{\"session_id\":\"s\",\"shard\":" + shard + "}")).shard()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "null",
        "{\"session_id\":7}",
        "{\"session_id\":\"\"}",
        "{\"session_id\":\"a b\"}"
      })
  void readyWithoutASessionIdIsRefused(String data) {
    assertThatThrownBy(() -> Ready.of(json(data)))
        .isInstanceOf(IOException.class)
        .hasMessage("session_id of READY: none that RESUME could carry");
  }

  // RESUMED.

  @Test
  void resumedHasTheTraceIfThereIsOne() throws Exception {
    assertThat(Resumed.of(dataOf("RESUMED")).trace()).isNotEmpty();
    assertThat(Resumed.of(json("{}"))).isEqualTo(new Resumed(List.of()));
    assertThat(Resumed.of(json("null"))).isEqualTo(new Resumed(List.of()));
  }

  // RATE_LIMITED.

  @Test
  void rateLimitedHasTheWaitAndWhatItIsAbout() throws Exception {
    JsonNode data = dataOf("RATE_LIMITED");
    RateLimited limited = RateLimited.of(data);

    assertThat(limited.opcode()).isEqualTo(8);
    assertThat(limited.retryAfter())
        .isEqualTo(Duration.ofNanos((long) (data.get("retry_after").asDouble() * 1e9)));
    assertThat(limited.guildId())
        .isEqualTo(Long.parseUnsignedLong(data.at("/meta/guild_id").asText()));
    assertThat(limited.nonce()).isEqualTo(data.at("/meta/nonce").textValue());
  }

  @Test
  void rateLimitedKeepsWhatItDoesNotKnow() throws Exception {
    RateLimited limited =
        RateLimited.of(json("{\"opcode\":77,\"retry_after\":0,\"meta\":{\"x\":[1]}}"));

    assertThat(limited.meta().at("/x/0").asInt()).isEqualTo(1);
    assertThat(limited.guildId()).isZero();
    assertThat(limited.nonce()).isNull();
    assertThat(RateLimited.of(json("{\"opcode\":8,\"retry_after\":1}")).guildId()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                             | retry_after: missing (expected: seconds from 0)
          {"retry_after":-0.1}           | retry_after: -0.1 (expected: seconds from 0)
          {"retry_after":1e10}           | retry_after: 1.0E10 (expected: seconds from 0)
          {"retry_after":1}              | opcode: missing (expected: a whole number in 0..2147483647)
          {"retry_after":1,"opcode":"8"} | opcode: "8" (expected: a whole number in 0..2147483647)
          """)
  void rateLimitedNamesWhatIsWrong(String data, String message) {
    assertThatThrownBy(() -> RateLimited.of(json(data)))
        .isInstanceOf(IOException.class)
        .hasMessage(message);
  }

  // GET /gateway/bot.

  @Test
  void gatewayBotIsReadAsItIsWritten() throws Exception {
    GatewayBot bot =
        new GatewayBot(URI.create("wss://a.test"), 9, 1_000, 7, Duration.ofMillis(14_400_001), 16);

    assertThat(GatewayBot.parse(bot.toJson().getBytes(UTF_8))).isEqualTo(bot);
    assertThat(bot.toJson())
        .isEqualTo(
            "{\"url\":\"wss://a.test\",\"shards\":9,\"session_start_limit\":{\"total\":1000,"
                + "\"remaining\":7,\"reset_after\":14400001,\"max_concurrency\":16}}");
  }
}
