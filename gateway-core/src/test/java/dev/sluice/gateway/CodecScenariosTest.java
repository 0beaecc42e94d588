package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.sluice.gateway.internal.EtfWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The connection in every encoding and compression. */
class CodecScenariosTest {

  private static final JsonMapper MAPPER = new JsonMapper();

  private static Scenario transport(Encoding encoding, Compression compression) {
    return Scenario.scenario().transport(encoding, compression);
  }

  private static Scenario live(Encoding encoding, Compression compression) {
    return transport(encoding, compression).open().hello().ready().forget();
  }

  @ParameterizedTest
  @MethodSource("dev.sluice.gateway.Streams#transports")
  void aSessionIsStartedResumedAndUsed(Encoding encoding, Compression compression) {
    transport(encoding, compression)
        .expectOpen(Scenario.BASE)
        .open()
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .expectSentData(
            d -> {
              assertThat(d.path("token").asText()).isEqualTo(Scenario.TOKEN);
              assertThat(d.path("compress").booleanValue())
                  .isEqualTo(compression == Compression.PAYLOAD);
            })
        .ready()
        .event()
        .expectDispatch(EventType.TYPING_START)
        .heartbeatRequest()
        .expectHeartbeatOf(2L)
        .lost()
        .expectOpen(Scenario.RESUME_URL)
        .open()
        .hello()
        .expectSent(Opcode.RESUME)
        .expectSentData(d -> assertThat(d.path("seq").asLong()).isEqualTo(2))
        .event()
        .resumed()
        .queue(new GatewayCommand.Raw(99, TextNode.valueOf("héron")))
        .expectSent(Opcode.UNKNOWN)
        .expectSentData(d -> assertThat(d.textValue()).isEqualTo("héron"))
        .invalidSession(false)
        .expectSessionDropped()
        .expectMalformed(0);
  }

  @ParameterizedTest
  @CsvSource({
    "JSON, ZLIB_STREAM, zlib-stream.hex",
    "JSON, ZSTD_STREAM, zstd-stream.hex",
    "ETF, NONE, etf-received.hex"
  })
  void theSampleStreamsAreReceived(Encoding encoding, Compression compression, String stream)
      throws Exception {
    Scenario scenario = transport(encoding, compression).open();
    List<String> expected = Streams.expected();
    List<byte[]> messages = Streams.hex(stream);
    for (int i = 0; i < messages.size(); i++) {
      scenario.recv(FrameType.BINARY, messages.get(i));
      assertCarries(scenario, expected.get(i));
    }
    scenario.expectMalformed(0).expectIgnored(0).expectCause(Reconnect.Cause.REQUESTED);
    assertThat(scenario.connection().session().applicationId()).isEqualTo(849437156969951983L);
  }

  @Test
  void theSampleOfPayloadCompressionIsReceived() throws Exception {
    Scenario scenario = transport(Encoding.JSON, Compression.PAYLOAD).open();
    List<String> expected = Streams.expected();
    List<String> lines = Streams.lines("payload-compression.txt");
    for (int i = 0; i < lines.size(); i++) {
      String content = lines.get(i).substring(2);
      if (lines.get(i).startsWith("B ")) {
        scenario.recv(FrameType.BINARY, HexFormat.of().parseHex(content));
      } else {
        scenario.recv(FrameType.TEXT, content.getBytes(UTF_8));
      }
      assertCarries(scenario, expected.get(i));
    }
    scenario.expectMalformed(0).expectIgnored(0).expectCause(Reconnect.Cause.REQUESTED);
  }

  /** Ids come as strings or integers, so both are compared as text. */
  private static void assertCarries(Scenario scenario, String json) throws Exception {
    JsonNode payload = MAPPER.readTree(json);
    if (payload.path("op").asInt() != Opcode.DISPATCH.code()) {
      scenario.expectNoDispatch();
      return;
    }
    Dispatch dispatch = scenario.dispatch();
    Dispatch copy = dispatch.copy();
    assertThat(dispatch.name()).isEqualTo(payload.path("t").textValue());
    assertThat(dispatch.sequence()).isEqualTo(payload.path("s").longValue());
    JsonNode d = payload.path("d");
    assertThat(asText(dispatch.readTree())).isEqualTo(asText(d));
    String guild =
        d.path(dispatch.type() == EventType.GUILD_CREATE ? "id" : "guild_id").asText("0");
    assertThat(Long.toUnsignedString(dispatch.guildId())).isEqualTo(guild);
    assertThat(copy.encoding()).isEqualTo(dispatch.encoding());
    assertThat(copy.data()).isEqualTo(dispatch.data());
    assertThat(copy.guildId()).isEqualTo(dispatch.guildId());
    assertThat(copy.readTree()).isEqualTo(dispatch.readTree());
  }

  private static String asText(JsonNode tree) {
    if (!tree.isContainerNode()) {
      return tree.asText();
    }
    List<String> members = new ArrayList<>();
    if (tree.isArray()) {
      tree.forEach(member -> members.add(asText(member)));
    } else {
      tree.properties()
          .forEach(member -> members.add(member.getKey() + '=' + asText(member.getValue())));
    }
    return members.toString();
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  record Typing(
      @JsonProperty("user_id") String userId,
      @JsonProperty("guild_id") long guildId,
      long timestamp) {}

  @ParameterizedTest
  @MethodSource("dev.sluice.gateway.Streams#transports")
  void anEventIsBoundToAClass(Encoding encoding, Compression compression) throws Exception {
    Scenario scenario = live(encoding, compression).recv(Streams.expected().get(5));

    Typing typing = new Typing("554649727797549224", 555683036530172468L, 1785436927);
    assertThat(scenario.dispatch().readValue(Typing.class)).isEqualTo(typing);
    assertThat(scenario.dispatch().copy().readValue(Typing.class)).isEqualTo(typing);
  }

  @Test
  void dataOfEtfIsOneTermWithoutTheVersion() {
    Scenario scenario = live(Encoding.ETF, Compression.NONE).dispatch("TYPING_START", "[3,\"x\"]");

    byte[] data = new byte[scenario.dispatch().dataLength()];
    scenario.dispatch().data().get(data);
    assertThat(HexFormat.of().formatHex(data)).isEqualTo("6c0000000261036d00000001786a");
  }

  @Test
  void anUnsignedIdOfEtfIsReadAsItsDecimal() throws Exception {
    Scenario scenario =
        live(Encoding.ETF, Compression.NONE)
            .dispatch("TYPING_START", "{\"guild_id\":\"18446744073709551615\"}");

    assertThat(scenario.dispatch().guildId()).isEqualTo(-1);
    assertThat(scenario.dispatch().readTree().path("guild_id").asText())
        .isEqualTo("18446744073709551615");
  }

  @ParameterizedTest
  @CsvSource({
    "JSON, NONE, BINARY",
    "ETF, NONE, TEXT",
    "JSON, ZLIB_STREAM, TEXT",
    "ETF, ZLIB_STREAM, TEXT",
    "JSON, ZSTD_STREAM, TEXT",
    "ETF, ZSTD_STREAM, TEXT"
  })
  void theWrongKindOfMessageCostsTheTransport(
      Encoding encoding, Compression compression, FrameType type) {
    live(encoding, compression)
        .recv(type, "{\"op\":11}".getBytes(UTF_8))
        .expectClose(CloseCode.CLOSE_TO_RESUME)
        .expectMalformed(1)
        .expectSessionKept();
  }

  @ParameterizedTest
  @MethodSource("dev.sluice.gateway.Streams#transports")
  void aMessageThatIsCutCostsNoMoreThanTheTransport(Encoding encoding, Compression compression)
      throws Exception {
    byte[] payload = Streams.expected().get(2).getBytes(UTF_8); // READY, large enough for PAYLOAD
    boolean isStream = compression.parameter() != null;
    Scenario probe = live(encoding, compression);
    byte[] plain = encoding == Encoding.ETF ? EtfWriter.gateway(payload) : payload;
    byte[] message =
        isStream
            ? probe.compress(payload)
            : compression == Compression.PAYLOAD ? Streams.deflate(payload) : plain;
    FrameType type = compression == Compression.NONE ? encoding.frameType() : FrameType.BINARY;
    for (int cut = 0; cut < message.length; cut += 1 + message.length / 60) {
      Scenario scenario = live(encoding, compression);
      scenario.recv(type, Arrays.copyOf(message, cut)).expectNoDispatch().expectSessionKept();
      if (compression != Compression.ZLIB_STREAM // which waits for the rest
          && !(compression == Compression.ZSTD_STREAM && cut == 0)) {
        scenario.expectMalformed(1);
      }
    }
  }

  @Test
  void aBombOfPayloadCompressionCostsTheTransport() {
    live(Encoding.JSON, Compression.PAYLOAD)
        .recv(FrameType.BINARY, Streams.deflate(new byte[8 << 20]))
        .expectClose(CloseCode.CLOSE_TO_RESUME);
  }

  @Test
  void theLimitHoldsForCompressedTerms() throws Exception {
    Scenario scenario =
        Scenario.scenario()
            .config(config -> config.maxMessageBytes(64 << 10))
            .transport(Encoding.ETF, Compression.NONE)
            .open();
    byte[] term =
        EtfWriter.gateway(("{\"op\":11,\"d\":\"" + "x".repeat(70_000) + "\"}").getBytes(UTF_8));

    scenario.recv(FrameType.BINARY, compressed(term)).expectClose(CloseCode.CLOSE_TO_RESUME);
    assertThat(scenario.connection().reconnect().detail()).contains("over 65536");
  }

  @Test
  void aCompressedTermIsReceived() throws Exception {
    byte[] term = EtfWriter.gateway(Streams.expected().get(6).getBytes(UTF_8));
    Scenario scenario =
        live(Encoding.ETF, Compression.ZLIB_STREAM)
            .recv(
                FrameType.BINARY,
                new StreamDeflater().deflate(new byte[0])); // an empty flush is no payload
    scenario.expectNoDispatch();

    Scenario plain = live(Encoding.ETF, Compression.NONE).recv(FrameType.BINARY, compressed(term));

    assertCarries(plain, Streams.expected().get(6));
  }

  /** The term as Erlang's term_to_binary writes it when told to compress. */
  private static byte[] compressed(byte[] message) {
    byte[] term = Arrays.copyOfRange(message, 1, message.length);
    byte[] deflated = Streams.deflate(term);
    return ByteBuffer.allocate(6 + deflated.length)
        .put((byte) 131)
        .put((byte) 80)
        .putInt(term.length)
        .put(deflated)
        .array();
  }

  @Test
  void anEtfEventThatJsonHasNoEqualForHarmsNothing() {
    // {t: X, s: 2, op: 0, d: a float that is no number}
    String message = "83740000000477017477015877017361027702" + "6f706100770164467ff8000000000000";
    Scenario scenario =
        live(Encoding.ETF, Compression.NONE)
            .recv(FrameType.BINARY, HexFormat.of().parseHex(message));

    assertThat(scenario.dispatch().name()).isEqualTo("X");
    assertThatExceptionOfType(JsonParseException.class)
        .isThrownBy(() -> scenario.dispatch().readTree())
        .withMessageContaining("a finite number");
    scenario.expectMalformed(0).expectState(GatewayState.READY);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "83", "8361", "836101", "83740000000177026f706101ff", "ff"})
  void whatIsNoEtfPayloadCostsTheTransport(String hex) {
    live(Encoding.ETF, Compression.NONE)
        .recv(FrameType.BINARY, HexFormat.of().parseHex(hex))
        .expectClose(CloseCode.CLOSE_TO_RESUME)
        .expectMalformed(1);
  }

  @Test
  void anEtfEventWithBadDataKeepsItsPlaceInTheSession() {
    // {t: X, s: 2, op: 0, d: a binary that is cut}
    String message = "83740000000477017477015877017361027702" + "6f7061007701646d00000009ff";
    live(Encoding.ETF, Compression.NONE)
        .recv(FrameType.BINARY, HexFormat.of().parseHex(message))
        .expectNoDispatch()
        .expectMalformed(1)
        .expectState(GatewayState.READY)
        .heartbeatRequest()
        .expectHeartbeatOf(2L);
  }

  @Test
  void connectionsOfBothEncodingsShareAScratch() {
    Scratch scratch = Scratch.create();
    Scenario json = Scenario.scenario().scratch(scratch).open().hello().ready().forget();
    Scenario etf =
        transport(Encoding.ETF, Compression.ZSTD_STREAM).scratch(scratch).open().hello().ready();

    etf.forget().event().expectDispatch(EventType.TYPING_START).heartbeatRequest();
    json.event().expectDispatch(EventType.TYPING_START).heartbeatRequest().expectHeartbeatOf(2L);
    etf.expectHeartbeatOf(2L);
  }
}
