package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Payloads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GuildIdsTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  static List<String> dispatches() {
    return Payloads.names().stream().filter(name -> !name.startsWith("_")).toList();
  }

  @ParameterizedTest
  @MethodSource("dispatches")
  void findsWhatAParserFinds(String sample) throws IOException {
    byte[] message = Payloads.bytes(sample);
    JsonNode tree = MAPPER.readTree(message);
    EventType type = EventType.of(tree.get("t").textValue());
    JsonEnvelope envelope = new JsonEnvelope();
    envelope.scan(ByteBuffer.wrap(message), 0, message.length);
    ByteBuffer direct = ByteBuffer.allocateDirect(message.length).put(message);

    for (ByteBuffer buffer : List.of(ByteBuffer.wrap(message), direct)) {
      assertThat(GuildIds.find(type, buffer, envelope.dataStart(), envelope.dataEnd()))
          .isEqualTo(reference(type, tree.get("d")));
    }
  }

  @Test
  void mostSamplesHaveAGuild() throws IOException {
    int found = 0;
    for (String sample : dispatches()) {
      JsonNode tree = MAPPER.readTree(Payloads.bytes(sample));
      found += reference(EventType.of(tree.get("t").textValue()), tree.get("d")) == 0 ? 0 : 1;
    }
    assertThat(found).isGreaterThan(35);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      textBlock =
          """
          {"guild_id":"555683036530172468"}                    | 555683036530172468
          {"id":"1","guild_id":"2"}                            | 2
          {"guild_id":"2","id":"1"}                            | 2
          {"guild_id":2}                                       | 2
          {"guild_id":2 ,"id":1}                               | 2
          { "a" : [ ] , "guild_id" : "2" }                     | 2
          {"guild_id":"18446744073709551615"}                  | 18446744073709551615
          {"guild_id":18446744073709551615}                    | 18446744073709551615
          {"guild_id":"10000000000000000000"}                  | 10000000000000000000
          {"guild_id":"18446744073709551616"}                  | 0
          {"guild_id":"19999999999999999999"}                  | 0
          {"guild_id":"28446744073709551615"}                  | 0
          {"guild_id":"30000000000000000000"}                  | 0
          {"guild_id":"100000000000000000000"}                 | 0
          {"\\u0067uild\\u005Fid":"2","a":"b"}                 | 2
          {"\\u0067uild\\u005fid":"2"}                         | 2
          {"\\u0067uild\\u005gid":"2"}                         | 0
          {"\\nuild_id":1}                                     | 0
          {"\\n":1,"guild_id":"2","a":"b"}                     | 2
          {"guild_id":null,"a":"b"}                            | 0
          {"guild_id":null}                                    | 0
          {"guild_id":""}                                      | 0
          {"guild_id":"2x"}                                    | 0
          {"guild_id":"-2"}                                    | 0
          {"guild_id":-2}                                      | 0
          {"guild_id":2.0}                                     | 0
          {"guild_id":2e1}                                     | 0
          {"guild_id":{"guild_id":"2"}}                        | 0
          {"guild_id":["2"]}                                   | 0
          {"message_reference":{"guild_id":"2"}}               | 0
          {"message_reference":{"guild_id":"2"},"a":"b"}       | 0
          {"a":[{"guild_id":"2"},"guild_id"],"guild_id":"3"}   | 3
          {"a":"}\\"guild_id","guild_id":"3","b":1}            | 3
          {"content":"\\",\\"guild_id\\":\\"2"}                | 0
          {"content":",\\"guild_id\\":\\"2"}                   | 0
          {"content":"\\\\","guild_id":"2","a":"\\\\"}         | 2
          {"a":"guild_id","2":"2"}                             | 0
          {"xguild_id":"2"}                                    | 0
          {"guild_idx":"2"}                                    | 0
          {"guild_i":"2"}                                      | 0
          {"Guild_id":"2"}                                     | 0
          {"id":"2"}                                           | 0
          {}                                                   | 0
          []                                                   | 0
          ["guild_id","2"]                                     | 0
          [{"guild_id":"2"}]                                   | 0
          "guild_id"                                           | 0
          null                                                 | 0
          7                                                    | 0
          ``                                                   | 0
          {                                                    | 0
          {"guild_id                                           | 0
          {"guild_id":                                         | 0
          {"guild_id":"2                                       | 0
          {"guild_id":2                                        | 0
          {"guild_id" "2"}                                     | 0
          {"a":"\\                                             | 0
          "}                                                   | 0
          ":"2"}                                               | 0
          """)
  void readsTheFirstLevelOnly(String data, String id) {
    assertThat(find(EventType.MESSAGE_CREATE, data)).isEqualTo(Long.parseUnsignedLong(id));
  }

  @ParameterizedTest
  @EnumSource(names = {"GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"})
  void eventsAboutAGuildCarryItsIdAsTheirOwn(EventType type) {
    assertThat(find(type, "{\"unavailable\":true,\"id\":\"5\"}")).isEqualTo(5);
    assertThat(find(type, "{\"id\":\"5\",\"unavailable\":true}")).isEqualTo(5);
    assertThat(find(type, "{\"roles\":[{\"id\":\"6\"}],\"id\":\"5\",\"x\":1}")).isEqualTo(5);
    assertThat(find(type, "{\"guild_id\":\"6\"}")).isZero();
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"})
  void otherEventsNameTheGuild(EventType type) {
    assertThat(find(type, "{\"id\":\"6\",\"guild_id\":\"5\"}")).isEqualTo(5);
    assertThat(find(type, "{\"guild_id\":\"5\",\"id\":\"6\"}")).isEqualTo(5);
  }

  @Test
  void findsNothingOrTheIdInDataCutAtAnyByte() {
    String data =
        "{\"a\":{\"guild_id\":\"7\",\"x\":1},\"guild_id\":\"5\",\"b\":[\"\\\"\",{\"c\":\"8\"}]}";
    int found = 0;
    for (int length = 0; length <= data.length(); length++) {
      long id = find(EventType.MESSAGE_CREATE, data.substring(0, length));
      assertThat(id).isIn(0L, 5L);
      found += id == 5 ? 1 : 0;
    }
    assertThat(found).isEqualTo(data.length() - data.indexOf("\"5\"") - 2);
  }

  @Test
  void findsWhatAParserFindsInRandomObjects() {
    Random random = new Random(11);
    int found = 0;
    for (int run = 0; run < 20_000; run++) {
      ObjectNode data = randomObject(random, 3);
      EventType type = random.nextBoolean() ? EventType.GUILD_UPDATE : EventType.MESSAGE_CREATE;
      String text = random.nextBoolean() ? data.toString() : data.toPrettyString();
      long expected = reference(type, data);
      if (find(type, text) != expected) {
        assertThat(find(type, text)).as(text).isEqualTo(expected);
      }
      found += expected == 0 ? 0 : 1;
    }
    assertThat(found).isGreaterThan(1_000);
  }

  @Test
  void findsAnIdOrNothingInDamagedObjects() {
    Random random = new Random(13);
    byte[] telling = "{}[]\",:\\u067 guild_id5\u00ff".getBytes(UTF_8);
    for (int run = 0; run < 50_000; run++) {
      byte[] data = "{\"a\":[{}],\"guild_id\":\"5\",\"guild_id\":\"5\"}".getBytes(UTF_8);
      for (int change = random.nextInt(6); change >= 0; change--) {
        data[random.nextInt(data.length)] = telling[random.nextInt(telling.length)];
      }
      int start = random.nextInt(4);
      int end = data.length - random.nextInt(4);
      ByteBuffer buffer = ByteBuffer.wrap(data).limit(end);
      long id = GuildIds.find(EventType.MESSAGE_CREATE, buffer, start, end);
      if (id < 0 || id > 10_000_000) {
        assertThat(id).as(new String(data, UTF_8)).isZero();
      }
    }
  }

  @Test
  void refusesARangeBeyondTheLimit() {
    ByteBuffer message = ByteBuffer.allocate(10).limit(8);
    assertThatThrownBy(() -> GuildIds.find(EventType.READY, message, 0, 9))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MESSAGE_CREATE",
        "PRESENCE_UPDATE",
        "INVITE_CREATE",
        "GUILD_CREATE.small",
        "GUILD_DELETE.removed"
      })
  void allocatesNothing(String sample) {
    byte[] bytes = Payloads.bytes(sample);
    ByteBuffer message = ByteBuffer.allocateDirect(bytes.length).put(bytes);
    JsonEnvelope envelope = new JsonEnvelope();
    envelope.scan(message, 0, bytes.length);
    EventType type = EventType.valueOf(sample.replaceFirst("\\..*", ""));
    Allocations.assertNone(
        () -> GuildIds.find(type, message, envelope.dataStart(), envelope.dataEnd()));
  }

  /** Looks in data that stands among other bytes, which it must not read. */
  private static long find(EventType type, String data) {
    byte[] padded = ("\"5\"}" + data + "\"}").getBytes(UTF_8);
    return GuildIds.find(type, ByteBuffer.wrap(padded), 4, padded.length - 2);
  }

  private static long reference(EventType type, JsonNode data) {
    boolean isGuild = List.of("GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE").contains(type.name());
    JsonNode id = data.path(isGuild ? "id" : "guild_id");
    boolean isId = id.isIntegralNumber() || (id.isTextual() && id.textValue().matches("[0-9]+"));
    return isId ? Long.parseUnsignedLong(id.asText()) : 0;
  }

  private static ObjectNode randomObject(Random random, int depth) {
    List<String> keys = List.of("guild_id", "id", "a", "\"guild_id\"", "\\", "{", "guild_id\":\"4");
    ObjectNode object = MAPPER.createObjectNode();
    for (int members = random.nextInt(5); members > 0; members--) {
      object.set(keys.get(random.nextInt(keys.size())), randomValue(random, depth));
    }
    return object;
  }

  private static JsonNode randomValue(Random random, int depth) {
    List<String> texts =
        List.of(
            "",
            "12",
            "555683036530172468",
            "\"",
            "\\",
            "\\\"",
            "}",
            "{",
            ",",
            ":\"3",
            "guild_id",
            ",\"guild_id\":\"3",
            "3\"}",
            "\u00e9");
    return switch (random.nextInt(depth > 0 ? 6 : 4)) {
      case 0 -> MAPPER.getNodeFactory().numberNode(random.nextInt(1000));
      case 1 -> random.nextBoolean() ? MAPPER.nullNode() : MAPPER.getNodeFactory().numberNode(1.5);
      case 2, 3 -> MAPPER.getNodeFactory().textNode(texts.get(random.nextInt(texts.size())));
      case 4 -> randomObject(random, depth - 1);
      default -> {
        ArrayNode array = MAPPER.createArrayNode();
        for (int items = random.nextInt(3); items > 0; items--) {
          array.add(randomValue(random, depth - 1));
        }
        yield array;
      }
    };
  }
}
