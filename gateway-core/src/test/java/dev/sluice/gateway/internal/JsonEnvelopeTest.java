package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Payloads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonEnvelopeTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String MEMBERS =
      "\"t\":\"TYPING_START\",\"s\":7,\"op\":0,\"d\":{\"op\":9,\"x\":[{}]}";

  private final JsonEnvelope envelope = new JsonEnvelope();

  static List<String> samples() {
    return Payloads.names();
  }

  @ParameterizedTest
  @MethodSource("samples")
  void readsWhatAParserReads(String sample) throws IOException {
    byte[] message = Payloads.bytes(sample);
    JsonNode tree = MAPPER.readTree(message);

    assertThat(scan(message)).isTrue();

    assertThat(envelope.error()).isNull();
    assertThat(envelope.op()).isEqualTo(tree.get("op").intValue());
    assertThat(envelope.sequence()).isEqualTo(tree.get("s").asLong(-1));
    assertThat(envelope.name()).isEqualTo(tree.get("t").textValue());
    assertThat(envelope.type())
        .isEqualTo(tree.get("t").isNull() ? null : EventType.valueOf(tree.get("t").textValue()));
    assertThat(MAPPER.readTree(data(message))).isEqualTo(tree.get("d"));
  }

  @ParameterizedTest
  @MethodSource("samples")
  void toleratesTheLineEndAfterAMessage(String sample) {
    assertThat(scan(Payloads.text(sample) + "\r\n")).isTrue();
  }

  @ParameterizedTest
  @MethodSource("samples")
  void readsTheSameFromAnyBufferAndLeavesItAlone(String sample) {
    byte[] message = Payloads.bytes(sample);
    scan(message);
    int length = envelope.dataEnd() - envelope.dataStart();
    int dataStart = envelope.dataStart();

    for (ByteBuffer buffer : buffers(message)) {
      buffer.position(1).order(ByteOrder.LITTLE_ENDIAN);
      int start = buffer.capacity() - 5 - message.length;
      ByteBuffer before = buffer.duplicate();

      assertThat(envelope.scan(buffer, start, start + message.length)).isTrue();

      assertThat(envelope.dataStart()).isEqualTo(start + dataStart);
      assertThat(envelope.dataEnd() - envelope.dataStart()).isEqualTo(length);
      assertThat(buffer).isEqualTo(before);
      assertThat(buffer.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }
  }

  static List<String> sequences() {
    List<String> sequences = new ArrayList<>();
    String digits = "1234567890123456789";
    for (int length = 1; length <= digits.length(); length++) {
      sequences.add(digits.substring(0, length));
      sequences.add("1" + "0".repeat(length - 1));
      sequences.add("9".repeat(Math.min(length, 18)));
    }
    sequences.add("0");
    sequences.add(String.valueOf(Long.MAX_VALUE));
    return sequences;
  }

  @ParameterizedTest
  @MethodSource("sequences")
  void readsSequencesOfAnyLength(String sequence) {
    for (String d : List.of("{}", "[]", "{\"x\":[{\"guild_id\":\"1\"}]}", "[{},{\"x\":{}}]")) {
      String message = "{\"t\":\"TYPING_START\",\"s\":" + sequence + ",\"op\":0,\"d\":" + d + "}";

      assertThat(scan(message)).as(message).isTrue();

      assertThat(envelope.sequence()).isEqualTo(Long.parseLong(sequence));
      assertThat(envelope.type()).isEqualTo(EventType.TYPING_START);
      assertThat(envelope.op()).isZero();
      assertThat(envelope.dataStart()).isEqualTo(message.length() - 1 - d.length());
      assertThat(envelope.dataEnd()).isEqualTo(message.length() - 1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"01", "00", "0123456789", "-1", "1.5", "9223372036854775808", "1e3", "", " ", "x"})
  void refusesWhatIsNoSequence(String sequence) {
    assertThat(
            scan(
                "{\"t\":\"TYPING_START\",\"s\":"
                    + sequence
                    + ",\"op\":0,\"d\":{\"user_id\":\"11111111\"}}"))
        .isFalse();
  }

  @Test
  void forgetsTheFailureOfTheMessageBefore() {
    scan("{\"t\":1}");
    assertThat(envelope.error()).isNotNull();

    assertDispatch("{" + MEMBERS + "}");

    assertThat(envelope.error()).isNull();
  }

  static Stream<String> orders() {
    List<String> orders = new ArrayList<>();
    permute(List.of(), List.of(MEMBERS.split(",(?=\"(s|op|d)\":[^9])")), orders);
    return orders.stream();
  }

  @Test
  void thereAre24Orders() {
    assertThat(orders()).hasSize(24).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("orders")
  void readsAnyOrderOfKeys(String members) {
    assertDispatch("{" + members + "}");
  }

  @ParameterizedTest
  @MethodSource("orders")
  void readsAnyOrderOfKeysWithWhitespace(String members) {
    String spaced = " \r\n{" + members.replaceAll("([:,{}\\[\\]])", " $1\t") + "} ";
    assertDispatch(spaced.replace("{", "{\n"));
  }

  @ParameterizedTest
  @MethodSource("orders")
  void skipsUnknownKeysAnywhere(String members) {
    String unknown = "\"x\":{\"op\":[1,{\"s\":-1.5e+3}],\"t\":\"\\\"}\"}";
    assertDispatch("{" + unknown + "," + members + "}");
    assertDispatch(
        "{" + members.replaceFirst("(,\"(s|t|op|d)\":[^9])", "," + quote(unknown) + "$1") + "}");
    assertDispatch("{" + members + ",\"ops\":true,\"\":0,\"D\":\"\\\\\"}");
  }

  @ParameterizedTest
  @MethodSource("orders")
  void readsEscapedKeysAndNames(String members) {
    assertDispatch(
        "{"
            + members
                .replace("\"op\":0", "\"\\u006fp\":0")
                .replace("\"s\"", "\"\\u0073\"")
                .replace("\"t\"", "\"\\u0074\"")
                .replace("\"d\"", "\"\\u0064\"")
                .replace("TYPING_START", "TYPING\\u005fSTART")
            + "}");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      textBlock =
          """
          {"op":1|"op":0|"s":3|"t":null|"d":1}
          {"t":null|"s":9|"s":null|"s":3|"op":0|"d":1}
          {"d":{}|"op":"x"|"s":-1|"t":5|"op":0|"s":3|"t":null|"d":1}
          {"t":"READY"|"t":null|"s":3|"op":0|"d":[]|"d":1}
          """)
  void ofAKeyThatOccursTwiceTheLastCounts(String message) {
    String text = message.replace('|', ',');
    assertThat(scan(text)).isTrue();
    assertThat(envelope.op()).isZero();
    assertThat(envelope.sequence()).isEqualTo(3);
    assertThat(envelope.type()).isNull();
    assertThat(new String(data(text.getBytes(UTF_8)), UTF_8)).isEqualTo("1");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      textBlock =
          """
          {"op":11}                                      |
          {"op":11,"d":null}                             | null
          {"t":null,"s":null,"op":1,"d":-1.5e3}          | -1.5e3
          {"t":null,"s":null,"op":1,"d":""}              | ""
          {"t":null,"s":null,"op":1,"d":"}"}             | "}"
          {"t":null,"s":null,"op":1,"d":[]}              | []
          {"t":null,"s":null,"op":1,"d": {} }            | {}
          {"t":null,"s":null,"op":1,"d":{},"x":1}        | {}
          {"t":null,"s":null,"op":1,"d":"a","x":"b"}     | "a"
          {"t":null,"s":null,"op":1,"d":true,"x":true}   | true
          {"d":{"d":2},"s":null,"op":1}                  | {"d":2}
          """)
  void findsTheExtentOfAnyData(String message, String data) {
    assertThat(scan(message)).isTrue();
    if (data == null) {
      assertThat(envelope.dataStart()).isEqualTo(-1);
      assertThat(envelope.dataEnd()).isEqualTo(-1);
    } else {
      assertThat(new String(data(message.getBytes(UTF_8)), UTF_8)).isEqualTo(data);
    }
  }

  @Test
  void stopsAtDataOnceTheRestIsKnown() {
    assertThat(scan("{\"t\":null,\"s\":null,\"op\":9,\"d\":{nonsense}}")).isTrue();
    assertThat(scan("{ \"op\":9,\"s\":null,\"t\":null,\"d\":{nonsense}}")).isTrue();
    assertThat(scan("{\"t\":null,\"s\":null,\"d\":{nonsense},\"op\":9}")).isFalse();
  }

  @Test
  void takesAKeyAfterDataForPartOfItIfBothEndAlike() {
    String message = "{\"t\":null,\"s\":null,\"op\":9,\"d\":{},\"x\":{}}";
    assertThat(scan(message)).isTrue();
    assertThat(new String(data(message.getBytes(UTF_8)), UTF_8)).isEqualTo("{},\"x\":{}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "HELLO_WORLD", "GUILD_JOIN_REQUEST_CREATE", "x", "h\u00e9\ud83e\udeb6"})
  void keepsTheNameOfAnUnknownEvent(String name) {
    assertThat(scan("{\"t\":\"" + name + "\",\"s\":1,\"op\":0,\"d\":{}}")).isTrue();
    assertThat(envelope.type()).isEqualTo(EventType.UNKNOWN);
    assertThat(envelope.name()).isEqualTo(name);
  }

  @Test
  void undoesTheEscapesInTheNameOfAnUnknownEvent() {
    assertThat(
            scan("{\"t\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\ud83e\\udeb6!\",\"op\":0,\"s\":1}"))
        .isTrue();
    assertThat(envelope.name()).isEqualTo("\"\\/\b\f\n\r\t\u00e9\ud83e\udeb6!");
  }

  @Test
  void forgetsTheMessageBefore() {
    scan("{\"t\":\"HELLO_WORLD\",\"s\":1,\"op\":0,\"d\":{}}");
    assertThat(envelope.name()).isEqualTo("HELLO_WORLD");

    assertThat(scan("{\"op\":11}")).isTrue();

    assertThat(envelope.name()).isNull();
    assertThat(envelope.type()).isNull();
    assertThat(envelope.sequence()).isEqualTo(-1);
    assertThat(envelope.dataStart()).isEqualTo(-1);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      textBlock =
          """
          ``                          | byte 0: end of message (expected: '{')
          []                          | byte 0: '[' (expected: '{')
          {                           | byte 1: end of message (expected: '"')
          {}                          | byte 2: end of message (expected: op from 0 to 2147483647)
          {"s":1}                     | byte 7: end of message (expected: op from 0 to 2147483647)
          {"op":1,}                   | byte 8: '}' (expected: '"')
          {"op":1                     | byte 7: end of message (expected: '}')
          {"op":1]                    | byte 7: ']' (expected: '}')
          {"op":1}}                   | byte 8: '}' (expected: end of message)
          {"op" 1}                    | byte 6: '1' (expected: ':')
          {op:1}                      | byte 1: 'o' (expected: '"')
          {"op":-1}                   | byte 6: '-' (expected: op from 0 to 2147483647)
          {"op":1.0}                  | byte 6: '1' (expected: op from 0 to 2147483647)
          {"op":1e0}                  | byte 6: '1' (expected: op from 0 to 2147483647)
          {"op":2147483648}           | byte 6: '2' (expected: op from 0 to 2147483647)
          {"op":null}                 | byte 6: 'n' (expected: op from 0 to 2147483647)
          {"op":"1"}                  | byte 6: '"' (expected: op from 0 to 2147483647)
          {"op":01}                   | byte 7: '1' (expected: '}')
          {"op":1,"s":-1}             | byte 12: '-' (expected: s null or from 0 to 9223372036854775807)
          {"op":1,"s":1.5}            | byte 12: '1' (expected: s null or from 0 to 9223372036854775807)
          {"op":1,"s":"1"}            | byte 12: '"' (expected: s null or from 0 to 9223372036854775807)
          {"op":1,"s":9223372036854775808} | byte 12: '9' (expected: s null or from 0 to 9223372036854775807)
          {"op":1,"s":99999999999999999999} | byte 12: '9' (expected: s null or from 0 to 9223372036854775807)
          {"op":1,"t":0}              | byte 12: '0' (expected: t null or a string)
          {"op":1,"t":{"t":"t"}}      | byte 12: '{' (expected: t null or a string)
          {"op":1,"t":"a\\x"}         | byte 15: 'x' (expected: an escape)
          {"op":1,"t":"\\u12g4"}      | byte 17: 'g' (expected: a hexadecimal digit)
          {"op":1,"x":[1,]}           | byte 15: ']' (expected: a value)
          {"op":1,"x":[1}}            | byte 14: '}' (expected: ',' or ']')
          {"op":1,"x":{"a":1]}        | byte 18: ']' (expected: ',' or '}')
          {"op":1,"x":{1:1}}          | byte 13: '1' (expected: '"')
          {"op":1,"x":nul}            | byte 15: '}' (expected: null)
          {"op":1,"x":-}              | byte 13: '}' (expected: a digit)
          {"op":1,"x":1.}             | byte 14: '}' (expected: a digit)
          {"op":1,"x":1e+}            | byte 15: '}' (expected: a digit)
          {"op":1,"d":}               | byte 12: '}' (expected: a value)
          {"op":1,"d":"abc}           | byte 17: end of message (expected: '"')
          {"op":1,"d":[1 2]}          | byte 15: '2' (expected: ',' or ']')
          """)
  void tellsWhereAndWhyAMessageIsRefused(String message, String error) {
    assertThat(scan(message)).isFalse();
    assertThat(envelope.error()).isEqualTo(error);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "80",
        "C0 80",
        "C1 BF",
        "C3",
        "C3 28",
        "E0 9F BF",
        "ED A0 80",
        "E2 82",
        "E2 82 28",
        "F0 8F BF BF",
        "F4 90 80 80",
        "F5 80 80 80",
        "F0 9F AA",
        "FF",
        "00",
        "1F",
        "0A"
      })
  void refusesBadTextInTheEnvelopeButNotInData(String hex) {
    byte[] text = new byte[(hex.length() + 1) / 3];
    for (int i = 0; i < text.length; i++) {
      text[i] = (byte) Integer.parseInt(hex.substring(3 * i, 3 * i + 2), 16);
    }
    String bad = new String(text, ISO_8859_1);

    for (String message :
        List.of(
            "{\"t\":\"@\",\"s\":1,\"op\":0,\"d\":{}}",
            "{\"op\":0,\"@\":1}",
            "{\"op\":0,\"x\":[{\"@\":\"\"}]}",
            "{\"op\":0,\"x\":[\"@\"]}")) {
      assertThat(scan(message.replace("@", bad).getBytes(ISO_8859_1))).as(message).isFalse();
    }
    for (String message :
        List.of(
            "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"@\":\"@\"}}",
            "{\"op\":0,\"d\":{\"@\":\"@\"},\"s\":1}")) {
      assertThat(scan(message.replace("@", bad).getBytes(ISO_8859_1))).as(message).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\u00e9", "\u0800", "\ud7ff\ue000", "\ud800\udc00", "\udbff\udfff", "\u007f"})
  void acceptsLongCharactersInTheEnvelope(String text) {
    assertThat(scan("{\"op\":0,\"" + text + "\":\"" + text + "\",\"t\":\"" + text + "\"}"))
        .isTrue();
    assertThat(envelope.name()).isEqualTo(text);
  }

  @Test
  void limitsTheNesting() throws IOException {
    String deepest = "{\"x\":" + "[".repeat(999) + "]".repeat(999) + ",\"op\":1}";
    assertThat(MAPPER.readTree(deepest).get("op").intValue()).isEqualTo(1);
    assertThat(scan(deepest)).isTrue();

    assertThat(scan("{\"x\":" + "[".repeat(1000) + "]".repeat(1000) + ",\"op\":1}")).isFalse();
    assertThat(envelope.error()).isEqualTo("byte 1004: '[' (expected: a nesting of at most 1000)");
    assertThat(scan("{\"x\":" + "{\"a\":[".repeat(100_000))).isFalse();
  }

  @Test
  void remembersTheKindOfEveryLevel() {
    String mixed = "[{\"a\":".repeat(499);
    assertThat(scan("{\"x\":" + mixed + "1" + "}]".repeat(499) + ",\"op\":1}")).isTrue();
    assertThat(scan("{\"x\":" + mixed + "1" + "]}".repeat(499) + ",\"op\":1}")).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      textBlock =
          """
          {"t":"READY","s":5,"op":0,"d":{"a":[1           |  5
          {"t":"READY","s":5,"op":0,"d":{]}               |  5
          {"t":7,"s":5,"op":0,"d":{}}                     |  5
          {"op":0,"s":5,"t":7,"d":{}}                     |  5
          {"op":0,"s":5,"x":                              |  5
          {"op":0,"s":null,"x":                           | -1
          {"op":0,"s":-5}                                 | -1
          {"op":7,"s":5,"x":                              | -1
          {"op":"0","s":5}                                | -1
          {"s":5,"x":                                     | -1
          nonsense                                        | -1
          """)
  void tellsTheSequenceOfADispatchThatItRefuses(String message, long sequence) {
    assertThat(scan(message)).isFalse();
    assertThat(envelope.sequence()).isEqualTo(sequence);
  }

  @Test
  void refusesARangeBeyondTheLimit() {
    ByteBuffer message = ByteBuffer.allocate(10).limit(8);
    assertThatThrownBy(() -> envelope.scan(message, 0, 9))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> envelope.scan(message, -1, 8))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MESSAGE_CREATE",
        "PRESENCE_UPDATE",
        "_HEARTBEAT_ACK",
        "_HELLO",
        "GUILD_DELETE.removed"
      })
  void allocatesNothing(String sample) {
    byte[] message = Payloads.bytes(sample);
    for (ByteBuffer buffer : buffers(message)) {
      int start = buffer.capacity() - 5 - message.length;
      Allocations.assertNone(() -> envelope.scan(buffer, start, start + message.length));
    }
  }

  @ParameterizedTest
  @MethodSource("orders")
  void allocatesNothingInAnyOrder(String members) {
    byte[] bytes = ("{ " + members + ",\"x\":{\"a\":[1]}}").getBytes(UTF_8);
    ByteBuffer message = ByteBuffer.wrap(bytes);
    Allocations.assertNone(() -> envelope.scan(message, 0, bytes.length));
  }

  private void assertDispatch(String message) {
    assertThat(scan(message)).as("%s: %s", message, envelope.error()).isTrue();
    assertThat(envelope.op()).isZero();
    assertThat(envelope.sequence()).isEqualTo(7);
    assertThat(envelope.type()).isEqualTo(EventType.TYPING_START);
    assertThat(envelope.name()).isEqualTo("TYPING_START");
    assertThat(new String(data(message.getBytes(UTF_8)), UTF_8).replaceAll("\\s", ""))
        .isEqualTo("{\"op\":9,\"x\":[{}]}");
  }

  private boolean scan(String message) {
    return scan(message.getBytes(UTF_8));
  }

  private boolean scan(byte[] message) {
    return envelope.scan(ByteBuffer.wrap(message), 0, message.length);
  }

  private byte[] data(byte[] message) {
    byte[] data = new byte[envelope.dataEnd() - envelope.dataStart()];
    System.arraycopy(message, envelope.dataStart(), data, 0, data.length);
    return data;
  }

  /** {@return buffers of every kind, the message 5 bytes before their ends} */
  private static List<ByteBuffer> buffers(byte[] message) {
    byte[] padded = new byte[message.length + 12];
    System.arraycopy(message, 0, padded, 7, message.length);
    ByteBuffer slice = ByteBuffer.wrap(padded, 3, padded.length - 3).slice();
    ByteBuffer direct = ByteBuffer.allocateDirect(padded.length).put(padded).clear();
    return List.of(
        ByteBuffer.wrap(padded),
        ByteBuffer.wrap(padded).asReadOnlyBuffer(),
        slice,
        direct,
        direct.asReadOnlyBuffer());
  }

  private static void permute(List<String> chosen, List<String> rest, List<String> orders) {
    if (rest.isEmpty()) {
      orders.add(String.join(",", chosen));
    }
    for (String member : rest) {
      List<String> more = new ArrayList<>(chosen);
      more.add(member);
      List<String> fewer = new ArrayList<>(rest);
      fewer.remove(member);
      permute(more, fewer, orders);
    }
  }

  private static String quote(String text) {
    return text.replace("\\", "\\\\");
  }
}
