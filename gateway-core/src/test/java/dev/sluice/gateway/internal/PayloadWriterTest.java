package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.sluice.gateway.Activity;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.Raw;
import dev.sluice.gateway.GatewayCommand.RequestChannelInfo;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.RequestSoundboardSounds;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PayloadWriterTest {

  private static final long GUILD_ID = 555944213479837699L;

  /** The examples of Discord's documentation, with other ids. */
  static Stream<Arguments> commands() throws IOException {
    JsonNode data = new ObjectMapper().readTree("{\"a\":[1,null,\"\u00e9\"]}");
    return Stream.of(
        Arguments.of(
            new UpdatePresence(
                Presence.idle(
                    Instant.ofEpochMilli(1785436927318L), Activity.custom("counting herons"))),
            """
            {"op":3,"d":{"since":1785436927318,"activities":[{"name":"Custom Status","type":4,\
            "state":"counting herons"}],"status":"idle","afk":true}}"""),
        Arguments.of(
            new UpdatePresence(
                Presence.doNotDisturb(
                    Activity.streaming("x", "https://twitch.tv/x"), Activity.playing("y"))),
            """
            {"op":3,"d":{"since":null,"activities":[{"name":"x","type":1,\
            "url":"https://twitch.tv/x"},{"name":"y","type":0}],"status":"dnd","afk":false}}"""),
        Arguments.of(
            new UpdatePresence(Presence.invisible()),
            """
            {"op":3,"d":{"since":null,"activities":[],"status":"invisible","afk":false}}"""),
        Arguments.of(
            new UpdateVoiceState(GUILD_ID, 555944299983372288L, false, true),
            """
            {"op":4,"d":{"guild_id":"555944213479837699","channel_id":"555944299983372288",\
            "self_mute":false,"self_deaf":true}}"""),
        Arguments.of(
            UpdateVoiceState.leave(-1),
            """
            {"op":4,"d":{"guild_id":"18446744073709551615","channel_id":null,\
            "self_mute":false,"self_deaf":false}}"""),
        Arguments.of(
            RequestGuildMembers.all(GUILD_ID).withNonce("m-5f1c"),
            """
            {"op":8,"d":{"guild_id":"555944213479837699","query":"","limit":0,\
            "presences":false,"nonce":"m-5f1c"}}"""),
        Arguments.of(
            RequestGuildMembers.byPrefix(GUILD_ID, "\"h\u00e9\ud83e\udeb6", 7).withPresences(),
            """
            {"op":8,"d":{"guild_id":"555944213479837699","query":"\\"h\u00e9\ud83e\udeb6",\
            "limit":7,"presences":true}}"""),
        Arguments.of(
            RequestGuildMembers.byIds(GUILD_ID, List.of(618190231457005571L, 402919327750029312L))
                .withNonce("m-5f1d"),
            """
            {"op":8,"d":{"guild_id":"555944213479837699",\
            "user_ids":["618190231457005571","402919327750029312"],"nonce":"m-5f1d"}}"""),
        Arguments.of(
            RequestGuildMembers.byIds(GUILD_ID, List.of(5L)).withPresences(),
            """
            {"op":8,"d":{"guild_id":"555944213479837699","presences":true,"user_ids":["5"]}}"""),
        Arguments.of(
            new RequestSoundboardSounds(List.of(GUILD_ID, 701122388551401472L)),
            """
            {"op":31,"d":{"guild_ids":["555944213479837699","701122388551401472"]}}"""),
        Arguments.of(
            RequestChannelInfo.all(GUILD_ID),
            """
            {"op":43,"d":{"guild_id":"555944213479837699",\
            "fields":["status","voice_start_time"]}}"""),
        Arguments.of(new Raw(99, data), "{\"op\":99,\"d\":{\"a\":[1,null,\"\u00e9\"]}}"),
        Arguments.of(new Raw(3, JsonNodeFactory.instance.nullNode()), "{\"op\":3,\"d\":null}"));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void writesACommandAsDocumented(GatewayCommand command, String json) {
    assertThat(new String(PayloadWriter.command(Encoding.JSON, command), UTF_8)).isEqualTo(json);
  }

  @Test
  void writesAnIdentifyAsDocumented() {
    assertThat(identify("<token>", Presence.online(Activity.watching("the tide tables"))))
        .isEqualTo(
            """
            {"op":2,"d":{"token":"<token>","properties":{"os":"linux","browser":"brasslamp",\
            "device":"brasslamp"},"compress":false,"large_threshold":250,"shard":[3,16],\
            "presence":{"since":null,"activities":[{"name":"the tide tables","type":3}],\
            "status":"online","afk":false},"intents":37377}}""");
  }

  @Test
  void leavesAnAbsentPresenceOut() {
    assertThat(identify("<token>", null)).contains("\"shard\":[3,16],\"intents\":37377}}");
  }

  @Test
  void writesAResumeAsDocumented() {
    byte[] payload =
        PayloadWriter.resume(Encoding.JSON, "<token>", "6f0b1d83c2a94e7795d1f3b8c0aa4e12", 48212);
    assertThat(new String(payload, UTF_8))
        .isEqualTo(
            """
            {"op":6,"d":{"token":"<token>","session_id":"6f0b1d83c2a94e7795d1f3b8c0aa4e12",\
            "seq":48212}}""");
  }

  @ParameterizedTest
  @CsvSource({
    "-1, null",
    "-9223372036854775808, null",
    "0, 0",
    "9, 9",
    "10, 10",
    "251, 251",
    "1000000000000000000, 1000000000000000000",
    "9223372036854775807, 9223372036854775807"
  })
  void writesAHeartbeat(long sequence, String data) {
    for (ByteBuffer out :
        List.of(
            ByteBuffer.allocate(2 + PayloadWriter.MAX_HEARTBEAT_BYTES),
            ByteBuffer.allocateDirect(2 + PayloadWriter.MAX_HEARTBEAT_BYTES))) {
      int length = PayloadWriter.heartbeat(Encoding.JSON, sequence, out.position(2));

      assertThat(out.position()).isEqualTo(2 + length);
      byte[] payload = new byte[length];
      out.get(2, payload);
      assertThat(new String(payload, UTF_8)).isEqualTo("{\"op\":1,\"d\":" + data + "}");
    }
  }

  @ParameterizedTest
  @CsvSource({"-1, 17", "251, 16", "9223372036854775807, 32"})
  void writesAHeartbeatOnlyIfItFits(long sequence, int length) {
    ByteBuffer out = ByteBuffer.allocate(length - 1);
    assertThatThrownBy(() -> PayloadWriter.heartbeat(Encoding.JSON, sequence, out))
        .isInstanceOf(BufferOverflowException.class);
    assertThat(out).isEqualTo(ByteBuffer.allocate(length - 1));

    assertThat(PayloadWriter.heartbeat(Encoding.JSON, sequence, ByteBuffer.allocate(length)))
        .isEqualTo(length);
  }

  @Test
  void aHeartbeatAllocatesNothing() {
    ByteBuffer out = ByteBuffer.allocate(PayloadWriter.MAX_HEARTBEAT_BYTES);
    Allocations.assertNone(() -> PayloadWriter.heartbeat(Encoding.JSON, 48212, out.clear()));
  }

  @Test
  void refusesAPayloadThatIsTooLarge() {
    String envelope = "{\"op\":99,\"d\":\"\"}";
    int room = PayloadWriter.MAX_PAYLOAD_BYTES - envelope.length();

    assertThat(
            PayloadWriter.command(Encoding.JSON, new Raw(99, TextNode.valueOf("x".repeat(room)))))
        .hasSize(4096);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                PayloadWriter.command(
                    Encoding.JSON, new Raw(99, TextNode.valueOf("x".repeat(room + 1)))))
        .withMessage("payload with opcode 99: 4097 bytes (expected: <= 4096)");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                PayloadWriter.command(
                    Encoding.JSON, new RequestSoundboardSounds(Collections.nCopies(200, GUILD_ID))))
        .withMessage("payload with opcode 31: 4229 bytes (expected: <= 4096)");
  }

  @Test
  void neverTellsTheTokenOfAPayloadThatItRefuses() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> identify("secret".repeat(1000), null))
        .withMessageStartingWith("payload with opcode 2: ")
        .withMessageNotContaining("secret");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PayloadWriter.resume(Encoding.JSON, "secret".repeat(1000), "id", 1))
        .withMessageStartingWith("payload with opcode 6: ")
        .withMessageNotContaining("secret");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PayloadWriter.resume(Encoding.JSON, "secret\ud83e", "id", 1))
        .withMessageNotContaining("secret")
        .withNoCause();
  }

  @Test
  void refusesTextThatIsNoUnicode() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                PayloadWriter.command(
                    Encoding.JSON, RequestGuildMembers.byPrefix(1, "a\ud83e!", 1)))
        .withMessage("payload with opcode 8: MalformedInputException (expected: JSON in UTF-8)");
  }

  private static String identify(String token, @Nullable Presence presence) {
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("os", "linux");
    properties.put("browser", "brasslamp");
    properties.put("device", "brasslamp");
    byte[] payload =
        PayloadWriter.identify(
            Encoding.JSON,
            token,
            properties,
            false,
            250,
            new ShardId(3, 16),
            presence,
            new Intents(37377));
    return new String(payload, UTF_8);
  }
}
