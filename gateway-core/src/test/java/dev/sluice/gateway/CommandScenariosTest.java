package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.TOKEN;
import static dev.sluice.gateway.Scenario.in;
import static dev.sluice.gateway.Scenario.live;
import static dev.sluice.gateway.Scenario.scenario;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
  void survivesAReconnectAndAnewSession() {
    Scenario scenario = in(GatewayState.RESUMING).queue(voice(1)).queue(voice(2));
    scenario
        .lost()
        .open()
        .hello()
        .expectSent(Opcode.RESUME)
        .invalidSession(false)
        .open()
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .ready()
        .expectSent(Opcode.VOICE_STATE_UPDATE, Opcode.VOICE_STATE_UPDATE);
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
    scenario.advanceAcknowledgedMillis(1_001);
    assertThat(scenario.queued()).isEqualTo(130);
    assertThat(scenario.clock.nanoTime() - identified).isLessThan(61_002_000_000L);
  }

  @Test
  void sleepsUntilTheBudgetAllowsTheNext() {
    Scenario scenario = scenario().open().hello(3_000_000).ready();
    for (int i = 0; i < 130; i++) {
      assertThat(scenario.connection().queue(voice(1))).isTrue();
    }
    scenario.drain().advanceMillis(30_000); // past the stable period

    assertThat(scenario.connection().nextTimeoutNanos()).isEqualTo(31_000_000_000L);
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
}
