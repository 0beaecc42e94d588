package dev.sluice.gateway.internal;

import static dev.sluice.gateway.internal.EtfTerms.message;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Payloads;
import dev.sluice.gateway.Streams;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EtfEnvelopeTest {

  private static final JsonMapper MAPPER = new JsonMapper();

  private final EtfEnvelope envelope = new EtfEnvelope();

  private boolean scan(byte[] message) {
    return envelope.scan(ByteBuffer.wrap(message), 0, message.length);
  }

  private boolean scan(EtfTerms message) {
    return scan(message.toBytes());
  }

  private byte[] data() {
    byte[] data = new byte[envelope.dataEnd() - envelope.dataStart()];
    envelope.message().get(envelope.dataStart(), data);
    return data;
  }

  static Stream<String> samples() {
    return Payloads.names().stream();
  }

  @ParameterizedTest
  @MethodSource("samples")
  void readsWhatTheJsonEnvelopeReads(String name) throws IOException {
    byte[] json = Payloads.bytes(name);
    JsonEnvelope expected = new JsonEnvelope();
    assertThat(expected.scan(ByteBuffer.wrap(json), 0, json.length)).isTrue();

    assertThat(scan(EtfWriter.gateway(json))).isTrue();

    assertThat(envelope.op()).isEqualTo(expected.op());
    assertThat(envelope.sequence()).isEqualTo(expected.sequence());
    assertThat(envelope.type()).isEqualTo(expected.type());
    assertThat(envelope.name()).isEqualTo(expected.name());
    assertThat(envelope.guildId()).isEqualTo(expected.guildId());
    assertThat(envelope.error()).isNull();
    JsonNode d = MAPPER.readTree(json).path("d");
    byte[] term = EtfWriter.gateway(MAPPER.writeValueAsBytes(d));
    assertThat(data()).isEqualTo(Arrays.copyOfRange(term, 1, term.length));
  }

  @ParameterizedTest
  @MethodSource("dev.sluice.gateway.internal.ZlibStreamTest#buffers")
  void readsFromAnyBuffer(Function<byte[], ByteBuffer> buffers) {
    List<byte[]> messages = Streams.hex("etf-received.hex");
    ByteBuffer buffer = buffers.apply(messages.get(4)).order(ByteOrder.LITTLE_ENDIAN);
    int position = buffer.position();

    assertThat(envelope.scan(buffer, position, buffer.limit())).isTrue();

    assertThat(envelope.type()).isEqualTo(EventType.PRESENCE_UPDATE);
    assertThat(envelope.sequence()).isEqualTo(48231);
    assertThat(envelope.guildId()).isEqualTo(555683036530172468L);
    assertThat(buffer.position()).isEqualTo(position);
  }

  @Test
  void keysMayBeOfAnyKindAndInAnyOrder() {
    assertThat(
            scan(
                message()
                    .map(7)
                    .binary("d")
                    .list(1)
                    .atom("x")
                    .hex("6a")
                    .hex("7300 6101")
                    .hex("6107 6108")
                    .binary("op")
                    .hex("6100")
                    .hex("64 0001 74")
                    .binary("TYPING_START")
                    .hex("76 0001 73")
                    .integer(7)
                    .hex("6801 6101 6a")))
        .isTrue();

    assertThat(envelope.op()).isZero();
    assertThat(envelope.type()).isEqualTo(EventType.TYPING_START);
    assertThat(envelope.sequence()).isEqualTo(7);
    assertThat(data()).isEqualTo(EtfTerms.terms().list(1).atom("x").hex("6a").toBytes());
  }

  @Test
  void anEventNameThatIsNotListedIsKept() {
    assertThat(scan(message().map(2).atom("t").atom("NEW_EVENT").atom("op").hex("6100"))).isTrue();

    assertThat(envelope.type()).isEqualTo(EventType.UNKNOWN);
    assertThat(envelope.name()).isEqualTo("NEW_EVENT");
    assertThat(envelope.dataStart()).isNegative();
    assertThat(envelope.guildId()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "6105, 5",
    "62 00010000, 65536",
    "6e 08 00 ffffffffffffff7f, 9223372036854775807",
    "6e 00 00, 0",
    "77 03 6e696c, -1",
    "77 04 6e756c6c, -1",
    "73 03 6e696c, -1"
  })
  void sequencesAreIntegersOrNil(String term, long sequence) {
    assertThat(scan(message().map(2).atom("s").hex(term).atom("op").hex("6100"))).isTrue();
    assertThat(envelope.sequence()).isEqualTo(sequence);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "62 ffffffff", // negative
        "6e 01 01 05", // negative
        "6e 08 00 ffffffffffffffff", // over 63 bits
        "6e 09 00 000000000000000001",
        "6d 00000001 35", // text
        "46 4014000000000000", // a float
        "6a",
        "77 04 74727565"
      })
  void otherSequencesAreRefused(String term) {
    assertThat(scan(message().map(2).atom("s").hex(term).atom("op").hex("6100"))).isFalse();
    assertThat(envelope.error()).contains("expected: s nil or from 0 to");
    assertThat(envelope.sequence()).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"62 80000000", "6e 04 00 00000080", "77 03 6e696c", "6d 00000001 30"})
  void anOpThatIsNoneIsRefused(String term) {
    assertThat(scan(message().map(1).atom("op").hex(term))).isFalse();
    assertThat(envelope.error()).contains("expected: op from 0 to");
  }

  @Test
  void aTypeThatIsNoTextIsRefused() {
    assertThat(scan(message().map(2).atom("op").hex("6100").atom("t").hex("6101"))).isFalse();
    assertThat(envelope.error()).contains("expected: t nil, an atom or a binary");
  }

  @ParameterizedTest
  @CsvSource({
    "'', byte 0: end of message (expected: 0x83)",
    "7b7d, byte 0: 0x7b (expected: 0x83)",
    "83, byte 1: end of message (expected: a map)",
    "836101, byte 1: 0x61 (expected: a map)",
    "8374, byte 2: end of message (expected: a size)",
    "8374ffffffff, byte 6: end of message (expected: 8589934590 terms)",
    "837400000000, byte 6: end of message (expected: op from 0 to 2147483647)",
    "837400000001 77026f70 2a, byte 10: 0x2a (expected: a term)",
    "837400000001 77026f70 6101 00, byte 12: 0x00 (expected: end of message)",
    "837400000001 6c000000016101 61, byte 13: 0x61 (expected: the end of a list)"
  })
  void errorsTellThePlaceAndWhatWasExpected(String hex, String error) {
    assertThat(scan(EtfTerms.terms().hex(hex))).isFalse();
    assertThat(envelope.error()).isEqualTo(error);
  }

  @Test
  void aMessageThatIsCutAnywhereIsRefusedAndItsSequenceKept() {
    byte[] message = Streams.hex("etf-received.hex").get(6);
    for (int cut = 0; cut < message.length; cut++) {
      assertThat(scan(Arrays.copyOf(message, cut))).isFalse();
      // The sequence comes after t, and tells nothing before op.
      assertThat(envelope.sequence()).as("after %s", cut).isIn(-1L, 48236L);
      assertThat(envelope.error()).contains("end of message");
    }
    assertThat(envelope.sequence()).isEqualTo(48236);
  }

  @Test
  void corruptedBytesThrowNothing() {
    List<byte[]> messages = Streams.hex("etf-received.hex");
    for (byte[] message : List.of(messages.get(0), messages.get(4), messages.get(6))) {
      for (int i = 0; i < message.length; i++) {
        for (int value = 0; value < 256; value += 5) {
          byte[] corrupted = message.clone();
          corrupted[i] = (byte) value;
          if (scan(corrupted)) {
            assertThat(envelope.error()).isNull();
            assertThat(envelope.op()).isNotNegative();
            envelope.guildId();
            envelope.name();
          } else {
            assertThat(envelope.error()).isNotNull();
          }
        }
      }
    }
  }

  @Test
  void theRangeMustBeWithinTheBuffer() {
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> envelope.scan(ByteBuffer.allocate(3), 0, 4));
  }

  @Test
  void termsMayNestTo1000Levels() {
    assertThat(scan(message().map(2).atom("op").hex("6100").atom("d").bytes(nested(999)))).isTrue();
    assertThat(scan(message().map(2).atom("op").hex("6100").atom("d").bytes(nested(1000))))
        .isFalse();
    assertThat(envelope.error()).contains("a nesting of at most 1000");
    assertThat(scan(message().map(2).atom("op").hex("6100").atom("d").bytes(nested(100_000))))
        .isFalse();
  }

  private static byte[] nested(int tuples) {
    EtfTerms terms = EtfTerms.terms();
    for (int i = 0; i < tuples; i++) {
      terms.hex("6801");
    }
    return terms.hex("6a").toBytes();
  }

  @Test
  void everyTagIsWalkedOver() {
    String terms =
        "6101 62ffffffff 6e0100ff 6f00000001 01 ff 463ff0000000000000"
            + "63 312e3530303030303030303030303030303030303030652b30300000000000"
            + "770161 76000161 730161 64000161 6d0000000161 6b00020102 6c000000016101 6a 6a"
            + "68026101 6101 69000000016101 740000000161016102";
    EtfTerms message = message().map(2).atom("op").hex("6100").atom("d").list(17).hex(terms);

    assertThat(scan(message.hex("6a"))).isTrue();
    assertThat(envelope.dataEnd()).isEqualTo(message.toBytes().length);
  }

  @ParameterizedTest
  @CsvSource({
    "6e 08 00 f4621710c72eb607, 555683036530172660",
    "6e 08 00 ffffffffffffffff, 18446744073709551615",
    "62 0000002a, 42",
    "612a, 42",
    "6d 00000002 3432, 42",
    "6d 00000014 3138343436373434303733373039353531363135, 18446744073709551615",
    "6d 00000014 3138343436373434303733373039353531363136, 0",
    "6d 00000001 78, 0",
    "6d 00000000, 0",
    "77 03 6e696c, 0",
    "6e 01 01 05, 0",
    "6a, 0"
  })
  void aGuildIdIsAnIntegerOrDigits(String term, String guildId) {
    for (EtfTerms key :
        List.of(EtfTerms.terms().atom("guild_id"), EtfTerms.terms().binary("guild_id"))) {
      assertThat(
              scan(
                  message()
                      .map(3)
                      .atom("op")
                      .hex("6100")
                      .atom("t")
                      .atom("TYPING_START")
                      .atom("d")
                      .map(2)
                      .atom("member")
                      .map(1)
                      .atom("guild_id")
                      .hex("6107")
                      .bytes(key.toBytes())
                      .hex(term)))
          .isTrue();
      assertThat(Long.toUnsignedString(envelope.guildId())).isEqualTo(guildId);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"})
  void eventsAboutAGuildHaveItsId(String type) {
    EtfTerms message = message().map(3).atom("op").hex("6100").atom("t").atom(type).atom("d");
    assertThat(scan(message.map(2).atom("guild_id").hex("6101").atom("id").hex("6102"))).isTrue();
    assertThat(envelope.guildId()).isEqualTo(2);
  }

  @Test
  void aCompressedMessageIsInflatedUpToTheLimit() throws IOException {
    byte[] message = EtfWriter.gateway(Streams.expected().get(4).getBytes(UTF_8));
    byte[] compressed = compressed(message, message.length - 1);

    assertThat(
            envelope
                .limit(message.length - 1)
                .scan(ByteBuffer.wrap(compressed), 0, compressed.length))
        .isTrue();
    assertThat(envelope.type()).isEqualTo(EventType.PRESENCE_UPDATE);
    assertThat(envelope.guildId()).isEqualTo(555683036530172468L);

    assertThat(
            envelope
                .limit(message.length - 2)
                .scan(ByteBuffer.wrap(compressed), 0, compressed.length))
        .isFalse();
    assertThat(envelope.error()).contains("over " + (message.length - 2) + " bytes");
  }

  @Test
  void aCompressedMessageOfAnotherSizeOrCutIsRefused() throws IOException {
    byte[] message = EtfWriter.gateway("{\"op\":11}".getBytes(UTF_8));
    for (int wrong : new int[] {0, message.length - 2, message.length, -1}) {
      assertThat(scan(compressed(message, wrong))).isFalse();
      assertThat(envelope.error()).contains("expected: the size " + (message.length - 1));
    }
    byte[] compressed = compressed(message, message.length - 1);
    for (int cut = 2; cut < compressed.length; cut++) {
      assertThat(scan(Arrays.copyOf(compressed, cut))).isFalse();
    }
    assertThat(scan(Arrays.copyOf(compressed, compressed.length + 1))).isFalse();
    assertThat(scan(compressed)).isTrue();
  }

  private static byte[] compressed(byte[] message, int size) {
    return message()
        .hex("50")
        .size(size)
        .bytes(Streams.deflate(Arrays.copyOfRange(message, 1, message.length)))
        .toBytes();
  }
}
