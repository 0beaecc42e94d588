package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GatewayBotTest {

  private static final String ANSWER =
      """
      {"url":"wss://gateway.discord.gg","shards":9,"session_start_limit":\
      {"total":1000,"remaining":999,"reset_after":14400000,"max_concurrency":16}}""";

  @Test
  void readsWhatDiscordAnswers() throws Exception {
    assertThat(GatewayBot.parse(ANSWER.getBytes(UTF_8)))
        .isEqualTo(
            new GatewayBot(
                URI.create("wss://gateway.discord.gg"), 9, 1000, 999, Duration.ofHours(4), 16));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "url":"wss://gateway.discord.gg", | | url: missing (expected: wss://host)
          wss://gateway.discord.gg | | url: "" (expected: wss://host)
          wss://gateway.discord.gg | http://x | url: "http://x" (expected: wss://host)
          wss://gateway.discord.gg | wss://a b | url: "wss://a b" (expected: wss://host)
          wss://gateway.discord.gg | wss:///x | url: "wss:///x" (expected: wss://host)
          "wss://gateway.discord.gg" | 7 | url: 7 (expected: wss://host)
          "shards":9 | "x":1 | shards: missing (expected: a whole number in 1..131072)
          "shards":9 | "shards":0 | shards: 0 (expected: a whole number in 1..131072)
          "shards":9 | "shards":-1 | shards: -1 (expected
          "shards":9 | "shards":1.5 | shards: 1.5 (expected
          "shards":9 | "shards":"9" | shards: "9" (expected
          "shards":9 | "shards":null | shards: null (expected
          "shards":9 | "shards":2147483647 | shards: 2147483647 (expected
          "shards":9 | "shards":99999999999999999999 | shards: 99999999999999999999 (expected
          "session_start_limit" | "other" | session_start_limit.total: missing (expected
          "total":1000 | "total":-1 | session_start_limit.total: -1 (expected
          "remaining":999 | "remaining":[] | session_start_limit.remaining: [] (expected
          "reset_after":14400000 | "reset_after":-5 | session_start_limit.reset_after: -5 (expected
          "max_concurrency":16 | "max_concurrency":0 | session_start_limit.max_concurrency: 0 (
          """)
  void namesWhatIsWrong(String part, String replacement, String message) {
    String answer = ANSWER.replace(part, replacement == null ? "" : replacement);

    assertThatThrownBy(() -> GatewayBot.parse(answer.getBytes(UTF_8)))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          <html>    | body is not JSON
          {"url":   | body is not JSON
          []        | url: missing
          null      | url: missing
          ''        | url: missing
          """)
  void namesWhatIsNoAnswerAtAll(String body, String message) {
    assertThatThrownBy(() -> GatewayBot.parse(body.getBytes(UTF_8)))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void showsAtMostTheBeginningOfAHugeValue() {
    String answer = ANSWER.replace("\"shards\":9", "\"shards\":\"" + "x".repeat(50_000) + '"');

    assertThatThrownBy(() -> GatewayBot.parse(answer.getBytes(UTF_8)))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
  }
}
