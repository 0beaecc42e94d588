package dev.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventIntentsTest {

  private static final String GUILD = "{\"channel_id\":\"2\",\"guild_id\":\"3\"}";
  private static final String DIRECT = "{\"channel_id\":\"2\"}";

  private static final String IN_GUILDS =
      """
      GUILDS, GUILD_CREATE GUILD_UPDATE GUILD_DELETE GUILD_ROLE_CREATE GUILD_ROLE_UPDATE \
      GUILD_ROLE_DELETE CHANNEL_CREATE CHANNEL_UPDATE CHANNEL_DELETE CHANNEL_PINS_UPDATE \
      THREAD_CREATE THREAD_UPDATE THREAD_DELETE THREAD_LIST_SYNC THREAD_MEMBER_UPDATE \
      STAGE_INSTANCE_CREATE STAGE_INSTANCE_UPDATE STAGE_INSTANCE_DELETE \
      VOICE_CHANNEL_STATUS_UPDATE VOICE_CHANNEL_START_TIME_UPDATE
      GUILD_MEMBERS, GUILD_MEMBER_ADD GUILD_MEMBER_UPDATE GUILD_MEMBER_REMOVE \
      THREAD_MEMBERS_UPDATE
      GUILD_MODERATION, GUILD_AUDIT_LOG_ENTRY_CREATE GUILD_BAN_ADD GUILD_BAN_REMOVE
      GUILD_EXPRESSIONS, GUILD_EMOJIS_UPDATE GUILD_STICKERS_UPDATE \
      GUILD_SOUNDBOARD_SOUND_CREATE GUILD_SOUNDBOARD_SOUND_UPDATE \
      GUILD_SOUNDBOARD_SOUND_DELETE GUILD_SOUNDBOARD_SOUNDS_UPDATE
      GUILD_INTEGRATIONS, GUILD_INTEGRATIONS_UPDATE INTEGRATION_CREATE INTEGRATION_UPDATE \
      INTEGRATION_DELETE
      GUILD_WEBHOOKS, WEBHOOKS_UPDATE
      GUILD_INVITES, INVITE_CREATE INVITE_DELETE
      GUILD_VOICE_STATES, VOICE_STATE_UPDATE VOICE_CHANNEL_EFFECT_SEND
      GUILD_PRESENCES, PRESENCE_UPDATE
      GUILD_MESSAGES, MESSAGE_CREATE MESSAGE_UPDATE MESSAGE_DELETE MESSAGE_DELETE_BULK
      GUILD_MESSAGE_REACTIONS, MESSAGE_REACTION_ADD MESSAGE_REACTION_REMOVE \
      MESSAGE_REACTION_REMOVE_ALL MESSAGE_REACTION_REMOVE_EMOJI
      GUILD_MESSAGE_TYPING, TYPING_START
      GUILD_SCHEDULED_EVENTS, GUILD_SCHEDULED_EVENT_CREATE GUILD_SCHEDULED_EVENT_UPDATE \
      GUILD_SCHEDULED_EVENT_DELETE GUILD_SCHEDULED_EVENT_USER_ADD \
      GUILD_SCHEDULED_EVENT_USER_REMOVE
      AUTO_MODERATION_CONFIGURATION, AUTO_MODERATION_RULE_CREATE AUTO_MODERATION_RULE_UPDATE \
      AUTO_MODERATION_RULE_DELETE
      AUTO_MODERATION_EXECUTION, AUTO_MODERATION_ACTION_EXECUTION
      GUILD_MESSAGE_POLLS, MESSAGE_POLL_VOTE_ADD MESSAGE_POLL_VOTE_REMOVE
      """;

  private static final String NO_INTENT =
      "READY RESUMED RATE_LIMITED INTERACTION_CREATE APPLICATION_COMMAND_PERMISSIONS_UPDATE"
          + " USER_UPDATE VOICE_SERVER_UPDATE GUILD_MEMBERS_CHUNK SOUNDBOARD_SOUNDS CHANNEL_INFO"
          + " ENTITLEMENT_CREATE ENTITLEMENT_UPDATE ENTITLEMENT_DELETE SUBSCRIPTION_CREATE"
          + " SUBSCRIPTION_UPDATE SUBSCRIPTION_DELETE";

  private final EventIntents events = new EventIntents(42);

  private boolean covers(Intents intents, String event, String d) {
    ByteBuffer data = TestGateway.utf8("xx" + d + "xx").asReadOnlyBuffer();
    data.position(2).limit(data.limit() - 2);
    boolean covered = events.cover(intents, event, data);
    assertThat(data.position()).isEqualTo(2);
    return covered;
  }

  private static Intents allBut(Intent intent) {
    return new Intents(Intents.all().value() & ~intent.value());
  }

  private void assertBound(Intent intent, String names, String d) {
    for (String event : names.split(" ", -1)) {
      assertThat(covers(Intents.of(intent), event, d)).as(event).isTrue();
      assertThat(covers(allBut(intent), event, d)).as(event + " without it").isFalse();
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(textBlock = IN_GUILDS)
  void eventNeedsItsIntent(Intent intent, String names) {
    assertBound(intent, names, GUILD);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      textBlock =
          """
          DIRECT_MESSAGES, MESSAGE_CREATE MESSAGE_UPDATE MESSAGE_DELETE CHANNEL_PINS_UPDATE
          DIRECT_MESSAGE_REACTIONS, MESSAGE_REACTION_ADD MESSAGE_REACTION_REMOVE \
          MESSAGE_REACTION_REMOVE_ALL MESSAGE_REACTION_REMOVE_EMOJI
          DIRECT_MESSAGE_TYPING, TYPING_START
          DIRECT_MESSAGE_POLLS, MESSAGE_POLL_VOTE_ADD MESSAGE_POLL_VOTE_REMOVE
          GUILD_MESSAGES, MESSAGE_DELETE_BULK
          GUILD_INVITES, INVITE_CREATE INVITE_DELETE
          GUILDS, GUILD_CREATE
          """)
  void eventWithoutGuildNeedsTheDirectIntentIfThereIsOne(Intent intent, String names) {
    assertBound(intent, names, DIRECT);
    assertBound(intent, names, "{\"guild_id\":null,\"member\":{\"guild_id\":\"3\"}}");
  }

  @Test
  void someEventsNeedNoIntent() {
    for (String event : NO_INTENT.split(" ", -1)) {
      assertThat(covers(Intents.of(), event, GUILD)).as(event).isTrue();
    }
  }

  @Test
  void everyDocumentedEventIsInOneOfTheTables() {
    Stream<String> tables =
        IN_GUILDS.lines().map(line -> line.substring(line.indexOf(',') + 2)).map(String::strip);
    Set<EventType> listed = EnumSet.noneOf(EventType.class);
    Stream.concat(tables, Stream.of(NO_INTENT))
        .flatMap(names -> Arrays.stream(names.split(" ", -1)))
        .forEach(name -> assertThat(listed.add(EventType.valueOf(name))).as(name).isTrue());

    assertThat(EnumSet.complementOf(EnumSet.copyOf(listed))).containsExactly(EventType.UNKNOWN);
  }

  @Test
  void unknownEventsPass() {
    assertThat(covers(Intents.of(), "GUILD_JOIN_REQUEST_CREATE", GUILD)).isTrue();
    assertThat(covers(Intents.of(), "PRESENCES_REPLACE", "[]")).isTrue();
  }

  @ParameterizedTest(name = "{0} with {1} and {2}: {3}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GUILD_MEMBER_UPDATE   |        | {"user":{"id":"42"},"guild_id":"3"}      | true
          GUILD_MEMBER_UPDATE   |        | {"user":{"id":"43"},"guild_id":"3"}      | false
          GUILD_MEMBER_UPDATE   |        | nonsense                                 | false
          GUILD_MEMBER_ADD      | GUILDS | {"user":{"id":"42"},"guild_id":"3"}      | false
          THREAD_MEMBERS_UPDATE | GUILDS | {"added_members":[{"user_id":"42"}]}     | true
          THREAD_MEMBERS_UPDATE | GUILDS | {"removed_member_ids":["41","42"]}       | true
          THREAD_MEMBERS_UPDATE | GUILDS | {"added_members":[{"user_id":"43"}]}     | false
          THREAD_MEMBERS_UPDATE |        | {"added_members":[{"user_id":"42"}]}     | false
          """)
  void botIsToldOfItselfWithoutThePrivilegedIntent(
      String event, String intent, String d, boolean covered) {
    Intents intents = intent == null ? Intents.of() : Intents.of(Intent.valueOf(intent));

    assertThat(covers(intents, event, d)).isEqualTo(covered);
  }
}
