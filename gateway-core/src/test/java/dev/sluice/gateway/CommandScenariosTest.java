package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.TOKEN;
import static dev.sluice.gateway.Scenario.in;
import static dev.sluice.gateway.Scenario.live;
import static dev.sluice.gateway.Scenario.scenario;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandScenariosTest {

  static GatewayCommand presence(String name) {
    return new GatewayCommand.UpdatePresence(Presence.online(Activity.playing(name)));
  }

  private static GatewayCommand voice(long guildId) {
    return GatewayCommand.UpdateVoiceState.leave(guildId);
  }

  private static Presence largePresence() {
    List<Activity> activities = new ArrayList<>();
    for (int i = 0; i < 28; i++) {
      activities.add(Activity.playing("x".repeat(120)));
    }
    return Presence.online(activities.toArray(Activity[]::new));
  }

  @ParameterizedTest
  @EnumSource(names = {"IDLE", "CONNECTING", "WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING"})
  void waitsForTheSession(GatewayState state) {
    Scenario scenario = in(state).queue(voice(1)).expectNothingSent();

    if (!state.isOpen()) {
      scenario.open();
    }
    if (scenario.connection().state() == GatewayState.WAIT_HELLO) {
      scenario.hello();
    }
    scenario.permit();
    if (state != GatewayState.IDENTIFYING) {
      scenario.expectSent(Opcode.IDENTIFY);
    }
    scenario.ready().expectSent(Opcode.VOICE_STATE_UPDATE);
  }

  @Test
  void waitsForTheEndOfAReplay() {
    in(GatewayState.RESUMING)
        .queue(voice(1))
        .event()
        .expectNothingSent()
        .resumed()
        .expectSent(Opcode.VOICE_STATE_UPDATE);
  }

  @Test
  void keepsTheOrder() {
    in(GatewayState.IDENTIFYING)
        .queue(voice(1))
        .queue(presence("a"))
        .queue(new GatewayCommand.Raw(99, TextNode.valueOf("x")))
        .queue(voice(2))
        .ready()
        .expectSent(
            Opcode.VOICE_STATE_UPDATE,
            Opcode.PRESENCE_UPDATE,
            Opcode.UNKNOWN,
            Opcode.VOICE_STATE_UPDATE)
        .expectSentData(d -> assertThat(d.get("guild_id").asText()).isEqualTo("2"));
  }

  @Test
  void tellsWhichCommandAPayloadIsOf() {
    Scenario scenario = live();
    GatewayCommand command = voice(1);
    scenario.connection().queue(command);

    Outgoing outgoing = scenario.connection().send();

    assertThat(outgoing).isNotNull();
    assertThat(outgoing.command()).isSameAs(command);
  }

  @Test
  void isKeptWhileTheSessionIs() {
    in(GatewayState.RESUMING)
        .queue(voice(1))
        .queue(voice(2))
        .lost()
        .open()
        .hello()
        .expectSent(Opcode.RESUME)
        .invalidSession(true)
        .open()
        .hello()
        .expectSent(Opcode.RESUME)
        .resumed()
        .expectSent(Opcode.VOICE_STATE_UPDATE, Opcode.VOICE_STATE_UPDATE);
  }

  @Test
  void isDroppedAndReportedWhenTheSessionIsLost() {
    Scenario scenario = in(GatewayState.RESUMING);
    GatewayConnection connection = scenario.connection();
    assertThat(connection.queue(voice(1), "first")).isTrue();
    assertThat(connection.queue(voice(2))).isTrue();
    assertThat(connection.queue(voice(3), "third")).isTrue();

    scenario.invalidSession(false);

    assertThat(connection.pollDroppedCommand())
        .isEqualTo(new DroppedCommand(voice(1), "first", DroppedCommand.Reason.SESSION_LOST));
    assertThat(connection.pollDroppedCommand())
        .isEqualTo(new DroppedCommand(voice(3), "third", DroppedCommand.Reason.SESSION_LOST));
    assertThat(connection.pollDroppedCommand()).isNull();
    scenario.open().hello().expectSent(Opcode.IDENTIFY).ready().expectNothingSent();
  }

  @Test
  void isDroppedWhenTheGatewayPutsAnotherSessionInItsPlace() {
    Scenario scenario = in(GatewayState.RESUMING);
    assertThat(scenario.connection().queue(voice(1), "it")).isTrue();

    scenario.ready("session-2", null).expectNothingSent();

    assertThat(scenario.connection().pollDroppedCommand()).isNotNull();
  }

  @Test
  void queuedBetweenTwoSessionsWaitsForTheNext() {
    in(GatewayState.RESUMING)
        .invalidSession(false)
        .queue(voice(1))
        .open()
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .invalidSession(false) // refused, and no session was lost
        .jitter(1)
        .advanceMillis(6_000)
        .open()
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .ready()
        .expectSent(Opcode.VOICE_STATE_UPDATE);
  }

  @ParameterizedTest
  @EnumSource(StopMode.class)
  void isReportedWhenTheConnectionEnds(StopMode mode) {
    Scenario scenario = in(GatewayState.RESUMING);
    assertThat(scenario.connection().queue(voice(1), "it")).isTrue();

    scenario.stop(mode);

    assertThat(scenario.connection().pollDroppedCommand())
        .isEqualTo(new DroppedCommand(voice(1), "it", DroppedCommand.Reason.ENDED));
    assertThat(scenario.connection().pollDroppedCommand()).isNull();
  }

  @Test
  void isReportedWhenTheGatewayRefusesForGood() {
    Scenario scenario = in(GatewayState.IDENTIFYING);
    assertThat(scenario.connection().queue(voice(1), "it")).isTrue();

    scenario.closed(4014);

    assertThat(scenario.connection().pollDroppedCommand()).isNotNull();
  }

  @Test
  void bringsBackWhatItWasQueuedWith() {
    GatewayConnection connection = live().connection();
    Object attachment = new Object();
    assertThat(connection.queue(voice(1), attachment)).isTrue();
    assertThat(connection.queue(voice(1))).isTrue();

    assertThat(connection.send()).extracting(Outgoing::attachment).isSameAs(attachment);
    assertThat(connection.send()).extracting(Outgoing::attachment).isNull();
  }

  /** Ready, and no heartbeat is due for the next minutes. */
  private static Scenario quiet() {
    return scenario().open().hello(3_000_000).expectSent(Opcode.IDENTIFY).ready();
  }

  // Presence: 5 per 20 s.

  @Test
  void aPresenceUpdateTakesThePlaceOfOneThatWaits() {
    Scenario scenario = in(GatewayState.RESUMING);
    GatewayConnection connection = scenario.connection();
    assertThat(connection.queue(presence("a"), "a")).isTrue();
    assertThat(connection.queue(voice(1))).isTrue();
    assertThat(connection.queue(presence("b"), "b")).isTrue();

    assertThat(connection.pollDroppedCommand())
        .isEqualTo(new DroppedCommand(presence("a"), "a", DroppedCommand.Reason.OVERWRITTEN));
    scenario.event().resumed().expectSent(Opcode.PRESENCE_UPDATE, Opcode.VOICE_STATE_UPDATE).lost();
  }

  @Test
  void theSixthPresenceUpdateWithinTwentySecondsWaitsAndLetsOthersPass() {
    Scenario scenario = quiet();
    for (int i = 1; i <= 5; i++) {
      scenario.queue(presence("p" + i)).expectSent(Opcode.PRESENCE_UPDATE);
    }
    scenario
        .queue(presence("p6"))
        .expectNothingSent()
        .queue(voice(1))
        .expectSent(Opcode.VOICE_STATE_UPDATE)
        .advanceMillis(20_999)
        .queue(presence("p7"))
        .expectNothingSent()
        .advanceMillis(1)
        .expectSent(Opcode.PRESENCE_UPDATE)
        .expectSentData(d -> assertThat(d.at("/activities/0/name").asText()).isEqualTo("p7"));
  }

  @Test
  void theWindowOfPresenceUpdatesGoesOnOverAReconnect() {
    Scenario scenario = quiet();
    for (int i = 1; i <= 5; i++) {
      scenario.queue(presence("p" + i));
    }

    scenario
        .lost()
        .open()
        .hello(3_000_000)
        .resumed()
        .forget()
        .queue(presence("p6"))
        .expectNothingSent();

    scenario.advanceMillis(21_000).expectSent(Opcode.PRESENCE_UPDATE);
  }

  @Test
  void aPresenceThatWaitsGoesWithTheIdentify() {
    Scenario scenario = in(GatewayState.RESUMING);
    GatewayConnection connection = scenario.connection();
    assertThat(connection.queue(presence("a"), "it")).isTrue();

    scenario.invalidSession(false).dial().connection().opened();
    connection.recv("{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");

    Outgoing identify = connection.send();
    assertThat(identify).isNotNull();
    assertThat(identify.opcode()).isEqualTo(Opcode.IDENTIFY);
    assertThat(identify.attachment()).isEqualTo("it");
    assertThat(connection.pollDroppedCommand()).isNull();
    scenario.ready().expectNothingSent();
  }

  // Whole member lists: one per guild and 30 s.

  @Test
  void aGuildIsAskedForItsWholeMemberListOnceInThirtySeconds() {
    live()
        .queue(RequestGuildMembers.all(7))
        .expectSent(Opcode.REQUEST_GUILD_MEMBERS)
        .queue(RequestGuildMembers.all(7).withNonce("again"))
        .expectNothingSent()
        .queue(RequestGuildMembers.all(8))
        .expectSent(Opcode.REQUEST_GUILD_MEMBERS)
        .queue(RequestGuildMembers.byPrefix(7, "a", 10))
        .queue(RequestGuildMembers.byIds(7, List.of(1L)))
        .expectSent(Opcode.REQUEST_GUILD_MEMBERS, Opcode.REQUEST_GUILD_MEMBERS)
        .lost()
        .resume() // the limit is the bot's, not the transport's
        .expectNothingSent()
        .advanceMillis(30_999)
        .forget()
        .advanceMillis(1)
        .expectSent(Opcode.REQUEST_GUILD_MEMBERS)
        .expectSentData(d -> assertThat(d.get("nonce").asText()).isEqualTo("again"));
  }

  @Test
  void aRawRequestCountsLikeATypedOne() throws Exception {
    GatewayCommand raw =
        new GatewayCommand.Raw(
            8,
            new ObjectMapper()
                .readTree("{\"guild_id\":\"7\",\"query\":\"\",\"limit\":0,\"nonce\":\"r\"}"));
    live()
        .queue(raw)
        .expectSent(Opcode.REQUEST_GUILD_MEMBERS)
        .queue(RequestGuildMembers.all(7))
        .expectNothingSent()
        .dispatch("RATE_LIMITED", rateLimited(8, "40.5", "7", "r"))
        .advanceAcknowledgedMillis(40_499)
        .forget()
        .advanceMillis(1)
        .expectSent(Opcode.REQUEST_GUILD_MEMBERS);
  }

  // RATE_LIMITED.

  private static String rateLimited(int opcode, String retryAfter, String guild, String nonce) {
    return "{\"opcode\":"
        + opcode
        + ",\"retry_after\":"
        + retryAfter
        + ",\"meta\":{\"guild_id\":\""
        + guild
        + "\",\"nonce\":\""
        + nonce
        + "\"}}";
  }

  @Test
  void aMemberListThatWasRefusedIsAskedForAgainWhenItMayBe() {
    live()
        .queue(RequestGuildMembers.all(7).withNonce("n"))
        .expectSent(Opcode.REQUEST_GUILD_MEMBERS)
        .dispatch("RATE_LIMITED", rateLimited(8, "45", "7", "n"))
        .expectDispatch(EventType.RATE_LIMITED)
        .expectNothingSent()
        .dispatch("RATE_LIMITED", rateLimited(8, "1", "7", "n")) // repeated: asked again once
        .advanceAcknowledgedMillis(44_999)
        .forget()
        .advanceMillis(1)
        .expectSent(Opcode.REQUEST_GUILD_MEMBERS)
        .expectSentData(d -> assertThat(d.get("nonce").asText()).isEqualTo("n"))
        .advanceAcknowledgedMillis(60_000)
        .expectNothingSent();
  }

  @Test
  void aRefusalOfSomebodyElsesRequestOnlyHoldsTheGuildBack() {
    live()
        .queue(RequestGuildMembers.all(7).withNonce("mine"))
        .expectSent(Opcode.REQUEST_GUILD_MEMBERS)
        .dispatch("RATE_LIMITED", rateLimited(8, "45", "7", "other"))
        .advanceAcknowledgedMillis(46_000)
        .expectNothingSent();
  }

  @Test
  void aRefusalOfAnotherKindHoldsBackAllOfThatKind() {
    live()
        .queue(voice(1))
        .expectSent(Opcode.VOICE_STATE_UPDATE)
        .dispatch("RATE_LIMITED", rateLimited(4, "2.5", "7", "x"))
        .queue(voice(2))
        .queue(presence("a"))
        .expectSent(Opcode.PRESENCE_UPDATE)
        .advanceMillis(2_499)
        .expectNothingSent()
        .advanceMillis(1)
        .expectSent(Opcode.VOICE_STATE_UPDATE);
  }

  @Test
  void aRefusalOfAMemberListThatNobodyAskedForHoldsBackAllMemberRequests() {
    live()
        .queue(voice(1))
        .expectSent(Opcode.VOICE_STATE_UPDATE)
        .dispatch("RATE_LIMITED", rateLimited(8, "10", "7", "x"))
        .queue(RequestGuildMembers.all(9))
        .expectNothingSent()
        .advanceMillis(10_000)
        .expectSent(Opcode.REQUEST_GUILD_MEMBERS);
  }

  @Test
  void aWaitBeyondAnHourIsTakenForAnHour() {
    Scenario scenario =
        live()
            .queue(voice(1))
            .expectSent(Opcode.VOICE_STATE_UPDATE)
            .dispatch("RATE_LIMITED", rateLimited(4, "900000000", "7", "x"))
            .queue(voice(2));

    scenario.advanceAcknowledgedMillis(3_599_999);
    scenario.expectNothingSent().advanceAcknowledgedMillis(1).expectSent(Opcode.VOICE_STATE_UPDATE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "null", "{\"opcode\":8,\"retry_after\":-1}", "[]"})
  void aRefusalThatCannotBeReadIsDeliveredAndCounted(String data) {
    live()
        .queue(voice(1))
        .expectSent(Opcode.VOICE_STATE_UPDATE)
        .dispatch("RATE_LIMITED", data)
        .expectDispatch(EventType.RATE_LIMITED)
        .expectMalformed(1)
        .queue(voice(2))
        .expectSent(Opcode.VOICE_STATE_UPDATE);
  }

  @Test
  void aRefusalOfAnUnknownOpcodeChangesNothing() {
    live()
        .queue(voice(1))
        .dispatch("RATE_LIMITED", rateLimited(99, "10", "7", "x"))
        .forget()
        .queue(voice(2))
        .expectSent(Opcode.VOICE_STATE_UPDATE);
  }

  @Test
  void refusesMoreThanTheQueueHolds() {
    Scenario scenario = scenario().config(config -> config.maxQueuedCommands(2));
    scenario.queue(voice(1)).queue(voice(2));

    assertThat(scenario.connection().queue(voice(3))).isFalse();
  }

  @ParameterizedTest
  @EnumSource(names = {"CLOSING", "FATAL", "STOPPED"})
  void refusesWhatCanNeverBeSent(GatewayState state) {
    assertThat(in(state).connection().queue(voice(1))).isFalse();
  }

  @Test
  void refusesWhatTheGatewayWouldNotDecode() {
    Scenario scenario = live();

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                scenario
                    .connection()
                    .queue(new GatewayCommand.Raw(99, TextNode.valueOf("x".repeat(4_096)))));
    scenario.drain().expectNothingSent();
  }

  @Test
  void theNewestPresenceGoesIntoTheNextIdentify() {
    scenario()
        .config(config -> config.presence(Presence.online(Activity.playing("first"))))
        .open()
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .expectSentData(
            d -> assertThat(d.at("/presence/activities/0/name").asText()).isEqualTo("first"))
        .ready()
        .queue(presence("second"))
        .expectSent(Opcode.PRESENCE_UPDATE)
        .closed(4009)
        .jitter(1)
        .open()
        .advanceMillis(6_000)
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .expectSentData(
            d -> assertThat(d.at("/presence/activities/0/name").asText()).isEqualTo("second"));
  }

  @Test
  void refusesAPresenceThatTheNextIdentifyCouldNotCarry() {
    Scenario scenario = live();

    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> scenario.connection().queue(new GatewayCommand.UpdatePresence(largePresence())))
        .withMessageNotContaining(TOKEN);

    scenario
        .drain()
        .expectNothingSent()
        .closed(4009)
        .advanceMillis(6_000)
        .open()
        .hello()
        .expectSent(Opcode.IDENTIFY);
  }

  @Test
  void refusesAConfigurationThatNoIdentifyCouldCarry() {
    GatewayConfig config =
        GatewayConfig.builder(TOKEN, Scenario.INTENTS).presence(largePresence()).build();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatewayConnection.create(config))
        .withMessageNotContaining(TOKEN);
  }

  // The send budget.

  @Test
  void whatIsOverTheBudgetWaitsForIt() {
    Scenario scenario = live();
    long identified = scenario.clock.nanoTime();
    for (int i = 0; i < 130; i++) {
      assertThat(scenario.connection().queue(voice(1))).isTrue();
    }
    scenario.drain();
    assertThat(scenario.queued()).isEqualTo(116); // 120 - 2 beats - 1 requested - IDENTIFY

    scenario.advanceAcknowledgedMillis(60_000);
    assertThat(scenario.queued()).isEqualTo(116);
    scenario.advanceAcknowledgedMillis(1_501);
    assertThat(scenario.queued()).isEqualTo(130);
    assertThat(scenario.clock.nanoTime() - identified).isLessThan(61_502_000_000L);
  }

  @Test
  void sleepsUntilTheBudgetAllowsTheNext() {
    Scenario scenario = scenario().open().hello(3_000_000).ready();
    for (int i = 0; i < 130; i++) {
      assertThat(scenario.connection().queue(voice(1))).isTrue();
    }
    scenario.drain().advanceMillis(30_000); // past the stable period

    assertThat(scenario.connection().nextTimeoutNanos()).isEqualTo(31_500_000_000L);
  }

  @Test
  void aNewTransportHasANewBudget() {
    Scenario scenario = live();
    for (int i = 0; i < 200; i++) {
      assertThat(scenario.connection().queue(voice(1))).isTrue();
    }
    scenario.drain();

    scenario.lost().open().hello().resumed();

    assertThat(scenario.queued()).isEqualTo(116 + 1 + 84);
  }

  @Test
  void commandsNeverTakeTheRoomOfBeats() {
    Scenario scenario = live();
    for (int minute = 0; minute < 10; minute++) {
      for (int i = 0; i < 200; i++) {
        assertThat(scenario.connection().queue(voice(1))).isTrue();
      }
      scenario.drain().heartbeatRequest();
      scenario.advanceAcknowledgedMillis(120_000); // the scenario counts what falls into 60 s
    }

    scenario.expectState(GatewayState.READY);
    assertThat(scenario.queued()).isEqualTo(2_000);
  }

  // Heartbeats beside those of the timer.

  @Test
  void aFloodOfHeartbeatRequestsStaysWithinTheBudget() {
    Scenario scenario = live();
    for (int i = 0; i < 500; i++) {
      scenario.heartbeatRequest();
    }
    assertThat(scenario.queued()).isEqualTo(117); // 120 - 2 beats of the timer - IDENTIFY

    scenario
        .forget()
        .advanceMillis(21_500) // the scenario counts what falls into 60 s
        .expectSent(Opcode.HEARTBEAT) // the timer's, which answers the request as well
        .heartbeatRequest()
        .advanceMillis(39_999)
        .expectNothingSent()
        .advanceMillis(1)
        .expectSent(Opcode.HEARTBEAT);
  }

  @Test
  void heartbeatsOfTheApplicationStayWithinTheBudget() {
    Scenario scenario = live();
    for (int i = 0; i < 500; i++) {
      scenario.connection().queueHeartbeat();
      scenario.drain();
    }
    assertThat(scenario.queued()).isEqualTo(117);
  }

  @Test
  void takesBackACommandUntilItIsHandedOut() {
    Scenario scenario = scenario().open().hello();
    GatewayConnection connection = scenario.connection();
    assertThat(connection.withdraw("nothing was queued")).isFalse();
    connection.queue(voice(1), "first");
    connection.queue(voice(2), "second");

    assertThat(connection.withdraw("first")).isTrue();

    scenario.expectSent(Opcode.IDENTIFY).ready().expectSent(Opcode.VOICE_STATE_UPDATE);
    scenario.expectNothingSent();
    assertThat(connection.withdraw("second")).isFalse();
    assertThat(connection.pollDroppedCommand()).isNull();
  }

  @Test
  void saysForHowLongAMemberListIsHeldBack() {
    Scenario scenario = live();
    GatewayConnection connection = scenario.connection();
    assertThat(connection.nanosUntilMemberList(7)).isZero();

    scenario.queue(RequestGuildMembers.all(7)).expectSent(Opcode.REQUEST_GUILD_MEMBERS);

    assertThat(connection.nanosUntilMemberList(7)).isEqualTo(31_000_000_000L);
    assertThat(connection.nanosUntilMemberList(8)).isZero();
  }
}
