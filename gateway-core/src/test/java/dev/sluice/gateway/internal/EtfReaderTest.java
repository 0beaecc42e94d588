package dev.sluice.gateway.internal;

import static dev.sluice.gateway.internal.EtfTerms.terms;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Payloads;
import dev.sluice.gateway.Streams;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EtfReaderTest {

  private static final JsonMapper MAPPER = new JsonMapper();

  private static JsonNode term(byte[] term) throws IOException {
    try (JsonParser parser = EtfReader.term(ByteBuffer.wrap(term), 0, term.length, MAPPER)) {
      return MAPPER.readTree(parser);
    }
  }

  private static JsonNode payload(byte[] payload) throws IOException {
    ByteBuffer message = ByteBuffer.wrap(payload);
    try (JsonParser parser = EtfReader.payload(message, MAPPER)) {
      assertThat(message.hasRemaining()).isFalse();
      return MAPPER.readTree(parser);
    }
  }

  static Stream<String> samples() {
    return Payloads.names().stream();
  }

  @ParameterizedTest
  @MethodSource("samples")
  void readsBackWhatTheClientStyleWrites(String name) throws IOException {
    byte[] json = Payloads.bytes(name);

    assertThat(payload(EtfWriter.client(json))).isEqualTo(MAPPER.readTree(json));
  }

  @Test
  void readsTheSampleOfWhatClientsSend() throws IOException {
    List<byte[]> sent = Streams.hex("etf-sent.hex");

    assertThat(payload(sent.get(0))).hasToString("{\"op\":1,\"d\":251}");
    assertThat(payload(sent.get(1)))
        .hasToString(
            "{\"op\":2,\"d\":{\"token\":\"tok\",\"intents\":513,\"shard\":[0,16],\"properties\":"
                + "{\"os\":\"linux\",\"browser\":\"lib\",\"device\":\"lib\"}}}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          61ff                                      | 255
          6200000005                                | 5
          62ffffffff                                | -1
          6e0100ff                                  | 255
          6e0101ff                                  | -255
          6e000000                                  | !
          6e0800ffffffffffffff7f                    | 9223372036854775807
          6e0800ffffffffffffffff                    | 18446744073709551615
          6e08010000000000000080                    | -9223372036854775808
          6e0900000000000000000001                  | 18446744073709551616
          6f0000000900000000000000000001            | 18446744073709551616
          463ff8000000000000                        | 1.5
          63312e3530303030303030303030303030303030303030652b30300000000000 | 1.5
          6331e2                                    | !
          6330783170300000000000000000000000000000000000000000000000000000 | !
          632e00000000000000000000000000000000000000000000000000000000000000 | !
          467ff0000000000000                        | !
          467ff8000000000000                        | !
          77036e696c                                | null
          77046e756c6c                              | null
          770474727565                              | true
          76000566616c7365                          | false
          7302c3a9                                  | "Ã©"
          640002c3a9                                | "Ã©"
          7702c3a9                                  | "é"
          760002c3a9                                | "é"
          6d00000002c3a9                            | "é"
          6d00000000                                | ""
          6d00000002c328                            | !
          7702c328                                  | !
          6b00020010                                | [0,16]
          6b0000                                    | []
          6b000300                                  | !
          6a                                        | []
          6c0000000261016102 6a                     | [1,2]
          6c00000000 6a                             | []
          6c000000016101                            | !
          6c000000016101 6102                       | !
          6800                                      | []
          680261016a                                | [1,[]]
          690000000161 01                           | [1]
          7400000000                                | {}
          7400000002 770161 6101 6d0000000162 6102  | {"a":1,"b":2}
          7400000003 6105 6101 62ffffffff 6102 6e0800ffffffffffffffff 6103 | {"5":1,"-1":2,"18446744073709551615":3}
          7400000001 6a 6101                        | !
          7400000001 6101                           | !
          74ffffffff                                | !
          6cffffffff 6a                             | !
          6dffffffff                                | !
          6fffffffff00                              | !
          2a                                        | !
          50000000026101                            | !
          61ff00                                    | !
          """)
  void readsEveryTag(String hex, String json) throws IOException {
    byte[] term = terms().hex(hex).toBytes();
    if (json.equals("!")) {
      assertThatExceptionOfType(JsonParseException.class)
          .isThrownBy(() -> term(term))
          .withMessageContaining("external term format, byte");
    } else {
      assertThat(term(term)).hasToString(json);
    }
  }

  @Test
  void anIntegerIsReadAsItsUnsignedDecimal() throws IOException {
    JsonNode id = term(terms().hex("6e0800ffffffffffffffff").toBytes());

    assertThat(id.isIntegralNumber()).isTrue();
    assertThat(id.asText()).isEqualTo("18446744073709551615");
    assertThat(id.bigIntegerValue().longValue()).isEqualTo(-1);
  }

  @Test
  void largeIntegersAreBounded() throws IOException {
    EtfTerms fits = terms().hex("6f").size(400).octet(0).bytes(new byte[399]).octet(1);
    EtfTerms over = terms().hex("6f").size(401).octet(0).bytes(new byte[400]).octet(1);

    assertThat(term(fits.toBytes()).bigIntegerValue().bitLength()).isEqualTo(399 * 8 + 1);
    assertThatExceptionOfType(JsonParseException.class)
        .isThrownBy(() -> term(over.toBytes()))
        .withMessageContaining("an integer of at most 400 bytes");
  }

  @Test
  void nestingIsBounded() {
    byte[] deep = new byte[2 * 100_000];
    for (int i = 0; i < deep.length; i += 2) {
      deep[i] = 0x68;
      deep[i + 1] = 1;
    }
    assertThatExceptionOfType(JsonParseException.class)
        .isThrownBy(() -> term(deep))
        .withMessageContaining("a nesting of at most 1000");
  }

  @Test
  void aTermThatIsCutAnywhereIsRefused() throws IOException {
    byte[] message = Streams.hex("etf-received.hex").get(4);
    byte[] term = Arrays.copyOfRange(message, 1, message.length);
    term(term);
    for (int cut = 0; cut < term.length; cut++) {
      byte[] start = Arrays.copyOf(term, cut);
      assertThatExceptionOfType(JsonParseException.class).isThrownBy(() -> term(start));
    }
  }

  @Test
  void corruptedBytesThrowNothingElse() {
    byte[] message = Streams.hex("etf-received.hex").get(4);
    byte[] term = Arrays.copyOfRange(message, 1, message.length);
    int read = 0;
    int refused = 0;
    for (int i = 0; i < term.length; i++) {
      for (int value = 0; value < 256; value += 15) {
        byte[] corrupted = term.clone();
        corrupted[i] = (byte) value;
        try {
          term(corrupted);
          read++;
        } catch (IOException e) {
          assertThat(e).isInstanceOf(JsonParseException.class);
          refused++;
        }
      }
    }
    assertThat(read).isPositive();
    assertThat(refused).isPositive();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // nothing
        "7400000000", // no version
        "83", // no term
        "83740000000177026f706101", // an atom for a key
        "83740000000173026f706101",
        "8374000000016d000000026f70610100", // a byte too many
        "83500000000e789c" // compressed
      })
  void refusesWhatClientsMustNotSend(String hex) {
    assertThatExceptionOfType(JsonParseException.class)
        .isThrownBy(() -> payload(terms().hex(hex).toBytes()));
  }

  @Test
  void messagesOfExceptionsDoNotShowTheContent() {
    byte[] token = terms().map(1).binary("secret").binary("secret").octet(1).toBytes();

    assertThatExceptionOfType(JsonParseException.class)
        .isThrownBy(() -> term(token))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("secret"));
    assertThat(new String(token, UTF_8)).contains("secret");
  }
}
