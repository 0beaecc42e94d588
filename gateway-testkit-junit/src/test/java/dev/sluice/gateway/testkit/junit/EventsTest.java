package dev.sluice.gateway.testkit.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.testkit.TrafficGenerator;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EventsTest {

  private static final long GUILD = 41;

  private final TrafficGenerator generator =
      TrafficGenerator.create(TrafficMix.NO_PRESENCES, 1, 0, 1);

  @Test
  void aMessageIsWholeEvenIfATestSaysNothing() {
    ObjectNode d = build(Events.messageCreate());

    assertThat(d.path("guild_id").asText()).isEqualTo("41");
    assertThat(d.path("id").asLong()).isPositive();
    assertThat(d.path("channel_id").asLong()).isPositive();
    assertThat(d.path("content").asText()).isNotEmpty();
    assertThat(d.at("/author/username").asText()).isNotEmpty();
    assertThat(d.at("/author/bot").asBoolean()).isFalse();
    assertThat(d.has("timestamp")).isTrue();
  }

  @Test
  void aMessageHasWhatATestSays() {
    ObjectNode d =
        build(
            Events.messageCreate()
                .content("!ping")
                .id(7)
                .guildId(42)
                .channelId(43)
                .userId(44)
                .username("mole")
                .mentioning(45)
                .byBot());

    assertThat(d.path("content").asText()).isEqualTo("<@45> !ping");
    assertThat(d.path("id").asText()).isEqualTo("7");
    assertThat(d.path("guild_id").asText()).isEqualTo("42");
    assertThat(d.path("channel_id").asText()).isEqualTo("43");
    assertThat(d.at("/author/id").asText()).isEqualTo("44");
    assertThat(d.at("/author/username").asText()).isEqualTo("mole");
    assertThat(d.at("/author/bot").asBoolean()).isTrue();
    assertThat(d.at("/mentions/0/id").asText()).isEqualTo("45");
  }

  @Test
  void aMessageThatIsSentTwiceHasTwoIds() {
    Message message = Events.messageCreate().content("twice");

    assertThat(build(message).path("id")).isNotEqualTo(build(message).path("id"));
  }

  @Test
  void aDirectMessageHasNoGuild() {
    Message message = Events.messageCreate().direct();
    ObjectNode d = build(message);

    assertThat(d.has("guild_id")).isFalse();
    assertThat(d.has("member")).isFalse();
    assertThat(message.guildOf(d)).isZero();
  }

  @Test
  void anEditHasTheSameShape() {
    ObjectNode d = build(Events.messageUpdate().content("edited"));

    assertThat(d.path("content").asText()).isEqualTo("edited");
    assertThat(d.path("edited_timestamp").isTextual()).isTrue();
  }

  @Test
  void aSlashCommandHasItsOptionsAlone() {
    ObjectNode d =
        build(
            Events.slashCommand("roll")
                .option("sides", 6)
                .option("name", "bones")
                .option("hidden", true)
                .option("weight", 0.5)
                .userId(7)
                .token("the-token"));

    assertThat(d.path("type").asInt()).isEqualTo(2);
    assertThat(d.path("token").asText()).isEqualTo("the-token");
    assertThat(d.at("/member/user/id").asText()).isEqualTo("7");
    assertThat(d.at("/data/name").asText()).isEqualTo("roll");
    assertThat(d.at("/data/id").asLong()).isPositive();
    assertThat(d.at("/data/resolved").isMissingNode()).isTrue();
    assertThat(d.at("/data/options").toString())
        .isEqualTo(
            "[{\"name\":\"sides\",\"type\":4,\"value\":6},"
                + "{\"name\":\"name\",\"type\":3,\"value\":\"bones\"},"
                + "{\"name\":\"hidden\",\"type\":5,\"value\":true},"
                + "{\"name\":\"weight\",\"type\":10,\"value\":0.5}]");
  }

  @Test
  void aSlashCommandNeedsNoOptions() {
    assertThat(build(Events.slashCommand("help")).at("/data/options").isMissingNode()).isTrue();
  }

  @Test
  void aClickNamesItsButtonAndItsMessage() {
    ObjectNode d = build(Events.buttonClick("undo:8841").channelId(43));

    assertThat(d.path("type").asInt()).isEqualTo(3);
    assertThat(d.at("/data/custom_id").asText()).isEqualTo("undo:8841");
    assertThat(d.at("/data/component_type").asInt()).isEqualTo(2);
    assertThat(d.at("/channel_id").asText()).isEqualTo("43");
    assertThat(d.at("/channel/id").asText()).isEqualTo("43");
    assertThat(d.at("/message/id").asLong()).isPositive();
  }

  @Test
  void aModalHasItsFields() {
    ObjectNode d = build(Events.modalSubmit("report").field("where", "the tunnel"));

    assertThat(d.path("type").asInt()).isEqualTo(5);
    assertThat(d.at("/data/custom_id").asText()).isEqualTo("report");
    assertThat(d.at("/data/components/0/components/0/custom_id").asText()).isEqualTo("where");
    assertThat(d.at("/data/components/0/components/0/value").asText()).isEqualTo("the tunnel");
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          TYPING_START,         /user_id
          MESSAGE_REACTION_ADD, /emoji/name
          GUILD_MEMBER_ADD,     /user/id
          VOICE_STATE_UPDATE,   /session_id
          THREAD_CREATE,        /parent_id
          INVITE_CREATE,        /code
          """)
  void typesThatBotsMeetAreMadeUp(EventType type, String pointer) {
    ObjectNode d = build(Events.of(type).userId(7));

    assertThat(d.at(pointer).isMissingNode()).isFalse();
    assertThat(d.path("guild_id").asText()).isEqualTo("41");
  }

  @Test
  void aGuildIsKnownByItsId() {
    AnyEvent event = Events.of(EventType.GUILD_CREATE).guildId(42);
    ObjectNode d = build(event);

    assertThat(d.path("id").asText()).isEqualTo("42");
    assertThat(event.guildOf(d)).isEqualTo(42);
    assertThat(d.path("members")).hasSize(4);

    AnyEvent deletion = Events.of(EventType.GUILD_DELETE).guildId(43);
    assertThat(deletion.guildOf(build(deletion))).isEqualTo(43);
  }

  @Test
  void otherTypesHaveWhatATestSays() {
    ObjectNode d =
        build(
            Events.of("SOMETHING_NEW")
                .with("/list", List.of(1, 2))
                .with("/list/2", 3)
                .with("/list/0", Map.of("a", 1))
                .with("/deep/down/here", 1L << 40)
                .with("/nothing", null)
                .with("/gone", "soon")
                .without("/gone")
                .without("/never/there")
                .without("/list/1"));

    assertThat(d.toString())
        .isEqualTo(
            "{\"guild_id\":\"41\",\"list\":[{\"a\":1},3],"
                + "\"deep\":{\"down\":{\"here\":1099511627776}},\"nothing\":null}");
  }

  @Test
  void givenDataIsKept() {
    AnyEvent event = Events.of("ENTITLEMENT_CREATE", "{\"sku_id\":\"7\"}");

    assertThat(build(event).toString()).isEqualTo("{\"sku_id\":\"7\"}");
    assertThat(build(event.with("/sku_id", 8)).toString()).isEqualTo("{\"sku_id\":8}");
    assertThat(event.guildOf(build(event))).isZero();
    assertThat(event.guildOf(build(event.guildId(43)))).isEqualTo(43);
  }

  @Test
  void aPayloadIsReadFromAFile(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("event.json");
    Files.writeString(file, "{\"op\":0,\"s\":12,\"t\":\"X_Y\",\"d\":{\"a\":\"\u00e9\"}}");

    AnyEvent event = Events.fromFile(file);

    assertThat(event.type()).isEqualTo("X_Y");
    assertThat(build(event).toString()).isEqualTo("{\"a\":\"\u00e9\"}");
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> Events.fromFile(directory.resolve("none.json")));
  }

  @Test
  void aPayloadIsReadFromAResource() {
    assertThat(Events.fromResource(EventsTest.class, "message.json").type())
        .isEqualTo("MESSAGE_CREATE");
    assertIllegal(
        () -> Events.fromResource(EventsTest.class, "none.json"),
        "resource: none.json (expected: one that " + EventsTest.class.getName() + " finds)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"t\":7,\"d\":{}}", "{\"t\":\"X\",\"d\":[]}"})
  void whatIsNoPayloadIsTold(String json) {
    assertIllegal(
        () -> Events.fromJson(json),
        "payload: " + json + " (expected: an object with a string t and an object d)");
  }

  @Test
  void whatIsNoObjectIsTold() {
    assertIllegal(() -> Events.fromJson("[]"), "payload: no object (expected: a JSON object)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Events.of("X", "{"))
        .withMessageStartingWith("d: ")
        .withMessageEndingWith(" (expected: a JSON object)");
  }

  @Test
  void whatCannotBeSetIsTold() {
    assertIllegal(
        () -> Events.of(EventType.UNKNOWN), "type: UNKNOWN (expected: a name, by of(String))");
    assertIllegal(
        () -> Events.messageCreate().with("", 1), "pointer: empty (expected: such as /content)");
    assertThatIllegalArgumentException().isThrownBy(() -> Events.messageCreate().with("a", 1));
    assertIllegal(
        () -> build(Events.of("X").with("/a", List.of(1)).with("/a/2", 1)),
        "pointer: /a/2 (expected: through objects and arrays, but there is [1])");
    assertIllegal(
        () -> build(Events.of("X").with("/guild_id/0", 1)),
        "pointer: /guild_id/0 (expected: through objects and arrays, but there is \"41\")");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Events.messageCreate().with("/a", new Object()))
        .withMessageEndingWith("(expected: one that Jackson writes as JSON)");
  }

  @Test
  void idsArePositive() {
    Message message = Events.messageCreate();
    Map<String, LongFunction<Message>> setters =
        Map.of(
            "guildId", message::guildId,
            "channelId", message::channelId,
            "userId", message::userId,
            "id", message::id);

    setters.forEach(
        (name, setter) -> assertIllegal(() -> setter.apply(0), name + ": 0 (expected: > 0)"));
  }

  private ObjectNode build(Event<?> event) {
    return event.build(this::generate, GUILD);
  }

  private ObjectNode generate(String type, long guildId) {
    return generator.event(type, guildId)
        ? Json.parse(type, UTF_8.decode(generator.data()).toString())
        : null;
  }

  private static void assertIllegal(ThrowingCallable code, String message) {
    assertThatIllegalArgumentException().isThrownBy(code).withMessage(message);
  }
}
