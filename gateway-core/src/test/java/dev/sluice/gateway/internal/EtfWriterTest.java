package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.Streams;
import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EtfWriterTest {

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void theGatewayStyleIsThatOfTheSamples() throws IOException {
    List<String> written = new ArrayList<>();
    for (String payload : Streams.expected()) {
      written.add(hex(EtfWriter.gateway(payload.getBytes(UTF_8))));
    }

    assertThat(written).isEqualTo(Streams.lines("etf-received.hex"));
  }

  @Test
  void theClientStyleIsThatOfTheSamples() throws IOException {
    String identify =
        "{\"op\":2,\"d\":{\"token\":\"tok\",\"intents\":513,\"shard\":[0,16],\"properties\":"
            + "{\"os\":\"linux\",\"browser\":\"lib\",\"device\":\"lib\"}}}";

    assertThat(hex(EtfWriter.client("{\"op\":1,\"d\":251}".getBytes(UTF_8))))
        .isEqualTo(Streams.lines("etf-sent.hex").get(0));
    assertThat(hex(EtfWriter.client(identify.getBytes(UTF_8))))
        .isEqualTo(Streams.lines("etf-sent.hex").get(1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0                    | 6100
          255                  | 61ff
          256                  | 6200000100
          -1                   | 62ffffffff
          2147483647           | 627fffffff
          2147483648           | 6e040000000080
          -2147483648          | 6280000000
          -2147483649          | 6e040101000080
          18446744073709551615 | 6e0800ffffffffffffffff
          1.5                  | 463ff8000000000000
          true                 | 770474727565
          false                | 770566616c7365
          null                 | 77036e696c
          "é"                  | 6d00000002c3a9
          "555683036530172468" | 6d00000012353535363833303336353330313732343638
          []                   | 6a
          [[]]                 | 6c000000016a6a
          [1,255]              | 6b000201ff
          [1,256]              | 6c00000002610162000001006a
          [1,"a"]              | 6c0000000261016d00000001616a
          {}                   | 7400000000
          {"a":{}}             | 74000000016d00000001617400000000
          """)
  void valuesOfAClient(String json, String term) throws IOException {
    assertThat(hex(EtfWriter.client(json.getBytes(UTF_8)))).isEqualTo("83" + term);
  }

  @ParameterizedTest
  @ValueSource(strings = {"id", "guild_id", "channel_id"})
  void idsOfTheGatewayAreIntegers(String key) throws IOException {
    String json = "{\"" + key + "\":\"555683036530172468\"}";

    assertThat(hex(EtfWriter.gateway(json.getBytes(UTF_8))))
        .endsWith("6e0800" + HexFormat.of().toHexDigits(Long.reverseBytes(555683036530172468L)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"id\":\"spotify:1\"}",
        "{\"id\":\"1\"}",
        "{\"id\":\"018446744073709551\"}",
        "{\"id\":\"18446744073709551616\"}",
        "{\"nonce\":\"555683036530172468\"}"
      })
  void otherStringsOfTheGatewayAreBinaries(String json) throws IOException {
    assertThat(hex(EtfWriter.gateway(json.getBytes(UTF_8))))
        .contains("6d000000")
        .doesNotContain("6e0800");
  }

  @Test
  void keysOfTheGatewayThatAreIdsAreBinaries() throws IOException {
    String longKey = "k".repeat(256);

    assertThat(hex(EtfWriter.gateway("{\"42\":1}".getBytes(UTF_8))))
        .isEqualTo("8374000000017702" + "3432" + "6101");
    assertThat(hex(EtfWriter.gateway("{\"555683036530172468\":1}".getBytes(UTF_8))))
        .startsWith("8374000000016d00000012");
    assertThat(hex(EtfWriter.gateway(("{\"" + longKey + "\":1}").getBytes(UTF_8))))
        .startsWith("8374000000016d00000100");
  }

  @ParameterizedTest
  @CsvSource({"255, 77ff", "256, 6d00000100"})
  void namesOfTheGatewayAreAtomsAsLongAsTheyFit(int length, String head) throws IOException {
    String json = "{\"t\":\"" + "X".repeat(length) + "\"}";

    assertThat(hex(EtfWriter.gateway(json.getBytes(UTF_8))))
        .isEqualTo("837400000001" + "770174" + head + "58".repeat(length));
  }

  @Test
  void longListsOfBytesAreLists() throws IOException {
    String most = "[" + "7,".repeat(65_534) + "7]";
    String over = "[" + "7,".repeat(65_535) + "7]";

    assertThat(hex(EtfWriter.client(most.getBytes(UTF_8))))
        .startsWith("836bffff07")
        .hasSize(2 * (4 + 65_535));
    assertThat(hex(EtfWriter.client(over.getBytes(UTF_8))))
        .startsWith("836c000100006107")
        .endsWith("61076a");
  }

  @Test
  void integersOfAnySizeAreWritten() throws IOException {
    String digits = "1" + "0".repeat(900);

    assertThat(hex(EtfWriter.client(digits.getBytes(UTF_8)))).startsWith("836f0000017600");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "{\"a\":}", "[1", "1 2", "nul", "1e999", "{\"a\":1}}"})
  void whatIsNotJsonIsRefused(String json) {
    assertThatExceptionOfType(JsonProcessingException.class)
        .isThrownBy(() -> EtfWriter.gateway(json.getBytes(UTF_8)));
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 77036e696c",
    "0, 6100",
    "251, 61fb",
    "255, 61ff",
    "256, 6200000100",
    "2147483647, 627fffffff",
    "2147483648, 6e040000000080",
    "1099511627775, 6e0500ffffffffff",
    "9223372036854775807, 6e0800ffffffffffffff7f"
  })
  void heartbeats(long sequence, String d) {
    ByteBuffer out = ByteBuffer.allocate(1 + PayloadWriter.MAX_HEARTBEAT_BYTES).position(1);

    int length = PayloadWriter.heartbeat(Encoding.ETF, sequence, out);

    assertThat(out.position()).isEqualTo(1 + length);
    assertThat(HexFormat.of().formatHex(out.array(), 1, out.position()))
        .isEqualTo("8374000000026d000000026f7061016d0000000164" + d);
  }

  @Test
  void aHeartbeatWithoutRoomIsNotWritten() {
    ByteBuffer out = ByteBuffer.allocate(PayloadWriter.MAX_HEARTBEAT_BYTES - 1);

    assertThatExceptionOfType(BufferOverflowException.class)
        .isThrownBy(() -> PayloadWriter.heartbeat(Encoding.ETF, 1, out));
    assertThat(out.position()).isZero();
  }

  @Test
  void theLimitIsThatOfTheEncodedPayload() {
    int overhead = command("").length;
    String fits = "x".repeat(PayloadWriter.MAX_PAYLOAD_BYTES - overhead);

    assertThat(command(fits)).hasSize(PayloadWriter.MAX_PAYLOAD_BYTES);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> command(fits + "x"))
        .withMessage("payload with opcode 99: 4097 bytes (expected: <= 4096)");
  }

  private static byte[] command(String text) {
    return PayloadWriter.command(Encoding.ETF, new GatewayCommand.Raw(99, TextNode.valueOf(text)));
  }

  @Test
  void halvesOfCharactersAreRefusedWithoutAWordOfTheContent() {
    Map<String, String> properties = new LinkedHashMap<>();
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                PayloadWriter.identify(
                    Encoding.ETF,
                    "secret\ud83e",
                    properties,
                    false,
                    50,
                    ShardId.SINGLE,
                    null,
                    new Intents(1)))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("secret"));
  }
}
