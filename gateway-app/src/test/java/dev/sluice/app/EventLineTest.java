package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

final class EventLineTest {

  private final EventLine line = new EventLine();

  @Test
  void anEventIsALine() throws IOException {
    assertThat(write(-1, "{\"content\":\"h\\u00e9 \\n\"}"))
        .isEqualTo(
            "{\"type\":\"MESSAGE_CREATE\",\"shard\":3,\"shards\":64,\"sequence\":17,"
                + "\"session\":\"0f\",\"guild\":\"18446744073709551615\","
                + "\"d\":{\"content\":\"h\\u00e9 \\n\"}}\n");
  }

  @Test
  void itStaysALineWhateverStandsBetweenTokens() throws IOException {
    assertThat(write(0, "{\r\n\"a\":\n1}")).endsWith(",\"session\":\"0f\",\"d\":{  \"a\": 1}}\n");
  }

  private String write(long guild, String data) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    line.write("MESSAGE_CREATE", 3, 64, 17, "0f", guild, EventLine.data(data), out);
    return out.toString(UTF_8);
  }
}
