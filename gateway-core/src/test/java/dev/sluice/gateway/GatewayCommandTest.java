package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.GatewayCommand.Raw;
import dev.sluice.gateway.GatewayCommand.RequestChannelInfo;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.RequestSoundboardSounds;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GatewayCommandTest {

  private static final ObjectNode EMPTY = JsonNodeFactory.instance.objectNode();

  static Stream<Arguments> refused() {
    List<Long> none = List.of();
    List<Long> tooMany = Collections.nCopies(101, 5L);
    return Stream.of(
        refused("guild id: 0 (expected: non-zero)", () -> UpdateVoiceState.leave(0)),
        refused("channel id: 0 (expected: non-zero)", () -> UpdateVoiceState.join(1, 0)),
        refused("guild id: 0 (expected: non-zero)", () -> RequestGuildMembers.all(0)),
        refused(
            "query and user ids: none (expected: exactly one of them)",
            () -> RequestGuildMembers.byIds(1, none)),
        refused(
            "query and user ids: both (expected: exactly one of them)",
            () -> new RequestGuildMembers(1, "", 0, false, List.of(5L), null)),
        refused(
            "limit: -1 (expected: 0..2147483647)",
            () -> new RequestGuildMembers(1, "", -1, false, none, null)),
        refused("limit: 0 (expected: 1..100)", () -> RequestGuildMembers.byPrefix(1, "a", 0)),
        refused("limit: 101 (expected: 1..100)", () -> RequestGuildMembers.byPrefix(1, "a", 101)),
        refused(
            "limit: 1 (expected: 0..0)",
            () -> new RequestGuildMembers(1, null, 1, false, List.of(5L), null)),
        refused("user ids: 101 (expected: <= 100)", () -> RequestGuildMembers.byIds(1, tooMany)),
        refused(
            "user id: 0 (expected: non-zero)", () -> RequestGuildMembers.byIds(1, List.of(5L, 0L))),
        refused(
            "nonce: 33 bytes (expected: <= 32)",
            () -> RequestGuildMembers.all(1).withNonce("n".repeat(33))),
        refused(
            "nonce: 34 bytes (expected: <= 32)",
            () -> RequestGuildMembers.all(1).withNonce("\u00e9".repeat(17))),
        refused("guild ids: 0 (expected: >= 1)", () -> new RequestSoundboardSounds(none)),
        refused("guild id: 0 (expected: non-zero)", () -> new RequestSoundboardSounds(List.of(0L))),
        refused("guild id: 0 (expected: non-zero)", () -> RequestChannelInfo.all(0)),
        refused("fields: 0 (expected: >= 1)", () -> new RequestChannelInfo(1, List.of())),
        refused(
            "fields: [status, ] (expected: non-empty names)",
            () -> new RequestChannelInfo(1, List.of("status", ""))),
        refused("opcode: -1 (expected: >= 0)", () -> new Raw(-1, EMPTY)),
        refused("activity name: 0 characters (expected: 1..128)", () -> Activity.playing("")),
        refused(
            "activity name: 129 characters (expected: 1..128)",
            () -> Activity.watching("x".repeat(129))),
        refused(
            "activity state: 129 characters (expected: 0..128)",
            () -> Activity.custom("x".repeat(129))),
        refused(
            "activity url: 513 characters (expected: 1..512)",
            () -> Activity.streaming("x", "https://" + "x".repeat(505))),
        refused("activity url: 0 characters (expected: 1..512)", () -> Activity.streaming("x", "")),
        refused(
            "activity url: ftp://x (expected: https://...)",
            () -> Activity.streaming("x", "ftp://x")),
        refused(
            "activity type: PLAYING (expected: STREAMING, since it has a url)",
            () -> new Activity("x", Activity.Type.PLAYING, null, "https://twitch.tv/x")),
        refused(
            "since: 1969-12-31T23:59:59.999Z"
                + " (expected: 1970-01-01T00:00:00Z..+292278994-08-17T07:12:55.807Z)",
            () -> Presence.idle(Instant.ofEpochMilli(-1))),
        refused(
            "since: +1000000000-12-31T23:59:59.999999999Z"
                + " (expected: 1970-01-01T00:00:00Z..+292278994-08-17T07:12:55.807Z)",
            () -> Presence.idle(Instant.MAX)));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusesWhatTheGatewayWouldRefuse(String message, ThrowingCallable command) {
    assertThatIllegalArgumentException().isThrownBy(command).withMessage(message);
  }

  @ParameterizedTest
  @CsvSource({
    "1, HEARTBEAT, that the connection does not send itself",
    "2, IDENTIFY, that the connection does not send itself",
    "6, RESUME, that the connection does not send itself",
    "0, DISPATCH, that the gateway receives",
    "7, RECONNECT, that the gateway receives",
    "9, INVALID_SESSION, that the gateway receives",
    "10, HELLO, that the gateway receives",
    "11, HEARTBEAT_ACK, that the gateway receives"
  })
  void refusesRawOpcodesThatAreNotForApplications(int code, Opcode opcode, String expected) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Raw(code, EMPTY))
        .withMessage("opcode: %s %s (expected: one %s)", code, opcode, expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5, 8, 31, 43, 44, Integer.MAX_VALUE})
  void acceptsAnyOtherRawOpcode(int code) {
    Raw raw = new Raw(code, EMPTY);
    assertThat(raw.code()).isEqualTo(code);
    assertThat(raw.opcode()).isEqualTo(Opcode.of(code));
  }

  @Test
  void acceptsWhatIsJustWithinTheLimits() {
    assertThatNoException()
        .isThrownBy(
            () -> {
              RequestGuildMembers.byIds(-1, Collections.nCopies(100, -1L)).withNonce("");
              RequestGuildMembers.byPrefix(1, "a", 100).withNonce("\u00e9".repeat(16));
              RequestGuildMembers.byPrefix(1, "", 1_000);
              Activity.competing("\ud83e\udeb6".repeat(128));
              Activity.custom("");
              Activity.streaming("x", "https://" + "x".repeat(504));
              Presence.idle(Instant.EPOCH);
              Presence.idle(Instant.ofEpochMilli(Long.MAX_VALUE));
            });
  }

  @Test
  void refusesWhatIsMissing() {
    assertThatNullPointerException()
        .isThrownBy(() -> new UpdatePresence(null))
        .withMessage("presence");
    assertThatNullPointerException().isThrownBy(() -> Presence.idle(null)).withMessage("since");
    assertThatNullPointerException().isThrownBy(() -> Activity.playing(null)).withMessage("name");
    assertThatNullPointerException()
        .isThrownBy(() -> RequestGuildMembers.byPrefix(1, null, 1))
        .withMessage("prefix");
  }

  @Test
  void everyCommandKnowsItsOpcode() {
    assertThat(new UpdatePresence(Presence.online()).opcode()).isEqualTo(Opcode.PRESENCE_UPDATE);
    assertThat(UpdateVoiceState.leave(1).opcode()).isEqualTo(Opcode.VOICE_STATE_UPDATE);
    assertThat(RequestGuildMembers.all(1).opcode()).isEqualTo(Opcode.REQUEST_GUILD_MEMBERS);
    assertThat(new RequestSoundboardSounds(List.of(1L)).opcode())
        .isEqualTo(Opcode.REQUEST_SOUNDBOARD_SOUNDS);
    assertThat(RequestChannelInfo.all(1).opcode()).isEqualTo(Opcode.REQUEST_CHANNEL_INFO);
    assertThat(RequestChannelInfo.all(1).code()).isEqualTo(43);
  }

  @Test
  void changesOfWhatWasGivenDoNotReachACommand() {
    List<Long> ids = new ArrayList<>(List.of(5L));
    List<String> fields = new ArrayList<>(List.of("status"));
    Activity[] activities = {Activity.playing("x")};
    ObjectNode data = JsonNodeFactory.instance.objectNode();
    RequestGuildMembers members = RequestGuildMembers.byIds(1, ids);
    RequestSoundboardSounds sounds = new RequestSoundboardSounds(ids);
    RequestChannelInfo info = new RequestChannelInfo(1, fields);
    Presence presence = Presence.doNotDisturb(activities);
    Raw raw = new Raw(99, data);

    ids.clear();
    fields.clear();
    activities[0] = Activity.playing("y");
    data.set("a", IntNode.valueOf(1));
    ((ObjectNode) raw.data()).set("b", IntNode.valueOf(1));

    assertThat(members.userIds()).containsExactly(5L);
    assertThat(sounds.guildIds()).containsExactly(5L);
    assertThat(info.fields()).containsExactly("status");
    assertThat(presence.activities()).containsExactly(Activity.playing("x"));
    assertThat(raw.data()).isEmpty();
  }

  @Test
  void variantsOfAMemberRequestKeepTheRest() {
    assertThat(RequestGuildMembers.byPrefix(1, "a", 2).withPresences().withNonce("n"))
        .isEqualTo(new RequestGuildMembers(1, "a", 2, true, List.of(), "n"));
    assertThat(RequestGuildMembers.byIds(1, List.of(5L)).withNonce("n").withPresences())
        .isEqualTo(new RequestGuildMembers(1, null, 0, true, List.of(5L), "n"));
  }

  @Test
  void statusesAndActivityTypesAreTheDocumentedOnes() {
    assertThat(Stream.of(Presence.Status.values()).map(Presence.Status::value))
        .containsExactly("online", "dnd", "idle", "invisible", "offline");
    assertThat(Stream.of(Activity.Type.values()).map(Activity.Type::code))
        .containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void shortFormsSayWhatTheirNamesSay() {
    Instant since = Instant.ofEpochMilli(5);
    assertThat(Presence.online()).isEqualTo(presence(null, Presence.Status.ONLINE, false));
    assertThat(Presence.invisible()).isEqualTo(presence(null, Presence.Status.INVISIBLE, false));
    assertThat(Presence.idle(since)).isEqualTo(presence(since, Presence.Status.IDLE, true));
    assertThat(Presence.doNotDisturb())
        .isEqualTo(presence(null, Presence.Status.DO_NOT_DISTURB, false));
    assertThat(Activity.listening("x").type()).isEqualTo(Activity.Type.LISTENING);
    assertThat(Activity.watching("x").type()).isEqualTo(Activity.Type.WATCHING);
    assertThat(Activity.competing("x").type()).isEqualTo(Activity.Type.COMPETING);
    assertThat(Activity.custom("x"))
        .isEqualTo(new Activity("Custom Status", Activity.Type.CUSTOM, "x", null));
  }

  private static Presence presence(Instant since, Presence.Status status, boolean afk) {
    return new Presence(since, List.of(), status, afk);
  }

  private static Arguments refused(String message, ThrowingCallable command) {
    return Arguments.of(message, command);
  }

  static Stream<GatewayCommand> written() {
    return Stream.of(
        new UpdatePresence(Presence.online(Activity.custom("text"), Activity.playing("chess"))),
        new UpdatePresence(Presence.idle(Instant.ofEpochMilli(5))),
        new UpdatePresence(
            Presence.doNotDisturb(Activity.streaming("live", "https://twitch.tv/sluice"))),
        UpdateVoiceState.join(1, -2),
        UpdateVoiceState.leave(1),
        RequestGuildMembers.all(-1).withNonce("n"),
        RequestGuildMembers.byPrefix(1, "ann", 5).withPresences(),
        RequestGuildMembers.byIds(1, List.of(5L, 6L)),
        new RequestSoundboardSounds(List.of(1L, 2L)),
        RequestChannelInfo.all(1),
        new Raw(77, EMPTY.deepCopy().put("new", 1)));
  }

  @ParameterizedTest
  @MethodSource("written")
  void commandIsReadAsItWasWritten(GatewayCommand command) {
    assertThat(GatewayCommand.fromJson(command.toJson())).isEqualTo(command);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"op\":3,\"d\":{\"status\":\"online\",\"afk\":false,\"new\":1}}",
        "{\"op\":3,\"d\":{\"status\":\"online\",\"activities\":[{\"name\":\"a\",\"type\":0,\"new\":1}]}}",
        "{\"op\":8,\"d\":{\"guild_id\":\"1\",\"new\":1}}",
        "{\"op\":99,\"d\":{}}",
      })
  void fieldsThatHaveNoTypeAreKept(String json) {
    GatewayCommand command = GatewayCommand.fromJson(json);
    assertThat(command).isInstanceOf(Raw.class);
    assertThat(command.toJson()).isEqualTo(json);
  }

  @Test
  void oneUserIdNeedsNoArray() {
    assertThat(
            GatewayCommand.fromJson(
                "{\"op\":8,\"d\":{\"guild_id\":\"1\",\"user_ids\":\"7\",\"limit\":0}}"))
        .isEqualTo(RequestGuildMembers.byIds(1, List.of(7L)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"op":8                                     | command: no JSON at line 1, column 8
          {"op":4,"d":{}} {}                          | command: no JSON at line 1, column 17
          {"d":{}}                                    | command: op: missing (expected: a whole number in 0..2147483647)
          {"op":4}                                    | command: d: missing (expected: the data of the command)
          {"op":2,"d":{}}                             | opcode: 2 IDENTIFY (expected: one that the connection does not send itself)
          {"op":4,"d":{"guild_id":"x"}}               | guild id: 0 (expected: non-zero)
          {"op":3,"d":{"status":"away"}}              | command: status: "away" (expected: one such as online)
          {"op":3,"d":{"activities":[{"name":"a","type":9}]}} | command: activity type: 9 (expected: the number of one)
          """)
  void whatIsNoCommandIsRefused(String json, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatewayCommand.fromJson(json))
        .withMessage(message);
  }
}
