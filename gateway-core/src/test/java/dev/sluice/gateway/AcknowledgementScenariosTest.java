package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.live;
import static dev.sluice.gateway.Scenario.scenario;
import static dev.sluice.gateway.Scenario.storedScenario;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AcknowledgementScenariosTest {

  private static long checkpoint(Scenario scenario) {
    GatewaySession session = scenario.connection().session();
    assertThat(session).isNotNull();
    return session.sequence();
  }

  private static Scenario deferredEvent(Scenario scenario) {
    scenario.event().dispatch().defer();
    return scenario;
  }

  @Test
  void anEventIsAcknowledgedByTheNextInput() {
    Scenario scenario = live().event();
    assertThat(checkpoint(scenario)).isEqualTo(1);
    assertThat(checkpoint(scenario.ack())).isEqualTo(2);
  }

  @Test
  void everyKindOfInputAcknowledges() {
    assertThat(checkpoint(live().event().lost())).isEqualTo(2);
    assertThat(checkpoint(live().event().closed(4000))).isEqualTo(2);
    assertThat(checkpoint(live().event().stop(StopMode.RESTART))).isEqualTo(2);
    assertThat(checkpoint(live().event().timeout())).isEqualTo(2);
    assertThat(checkpoint(live().event().recv("garbage"))).isEqualTo(2);
  }

  @Test
  void theDriverMayAcknowledgeAheadOfTheNextInput() {
    Scenario scenario = live().event();

    scenario.connection().handled();

    assertThat(checkpoint(scenario)).isEqualTo(2);
    assertThat(scenario.dispatch().isValid()).isFalse();
    deferredEvent(scenario).connection().handled();
    assertThat(checkpoint(scenario)).isEqualTo(2);
  }

  @Test
  void readyAndResumedAcknowledgeThemselves() {
    assertThat(checkpoint(live())).isEqualTo(1);
    assertThat(checkpoint(storedScenario().open().hello().resumed())).isEqualTo(41);
  }

  @Test
  void aDeferredEventWaitsForItsAcknowledgement() {
    Scenario scenario = deferredEvent(live());
    int epoch = scenario.connection().sessionEpoch();
    scenario.event().ack();
    assertThat(checkpoint(scenario)).isEqualTo(1);
    assertThat(scenario.connection().unacknowledged()).isEqualTo(2);

    scenario.connection().acknowledge(epoch, 2);

    assertThat(checkpoint(scenario)).isEqualTo(3);
    assertThat(scenario.connection().unacknowledged()).isZero();
  }

  @Test
  void theBorrowedEventCanBeAcknowledgedAtOnce() {
    Scenario scenario = deferredEvent(live());

    scenario.dispatch().acknowledge();

    assertThat(checkpoint(scenario)).isEqualTo(2);
    assertThat(scenario.dispatch().isValid()).isTrue();
    assertThat(checkpoint(scenario.event().ack())).isEqualTo(3);
  }

  @Test
  void aCopyAcknowledgesItsEvent() {
    Scenario scenario = deferredEvent(live());
    Dispatch copy = scenario.dispatch().copy();
    scenario.event().ack();
    assertThat(checkpoint(scenario)).isEqualTo(1);

    copy.acknowledge();

    assertThat(checkpoint(scenario)).isEqualTo(3);
    assertThat(copy.isValid()).isTrue();
    copy.acknowledge();
    copy.copy().acknowledge();
    assertThat(checkpoint(scenario)).isEqualTo(3);
  }

  @Test
  void aDriverMayTakeTheAcknowledgementsOfCopiesToItself() {
    Scenario scenario = live();
    List<String> taken = new ArrayList<>();
    scenario.connection().acknowledger((epoch, sequence) -> taken.add(epoch + "#" + sequence));
    Dispatch copy = deferredEvent(scenario).dispatch().copy();

    copy.acknowledge();
    copy.acknowledge();

    assertThat(taken).containsExactly("1#2");
    assertThat(checkpoint(scenario.ack())).isEqualTo(1);
  }

  @Test
  void acknowledgementsComeInAnyOrder() {
    Scenario scenario = live();
    int epoch = scenario.connection().sessionEpoch();
    for (int i = 0; i < 4; i++) {
      deferredEvent(scenario);
    }

    scenario.connection().acknowledge(epoch, 5);
    scenario.connection().acknowledge(epoch, 3);
    assertThat(checkpoint(scenario)).isEqualTo(1);
    scenario.connection().acknowledge(epoch, 2);
    assertThat(checkpoint(scenario)).isEqualTo(3);
    scenario.connection().acknowledge(epoch, 4);
    assertThat(checkpoint(scenario)).isEqualTo(5);
  }

  @Test
  void theLiveSessionResumesAfterTheLastReceivedTheStoredOneAfterTheLastAcknowledged() {
    Scenario scenario = deferredEvent(live());

    scenario.event().lost().open().hello().expectSent(Opcode.RESUME);

    scenario.expectSentData(d -> assertThat(d.get("seq").asLong()).isEqualTo(3));
    assertThat(checkpoint(scenario)).isEqualTo(1);
  }

  @Test
  void acknowledgementsOutliveTheTransport() {
    Scenario scenario = deferredEvent(live());
    int epoch = scenario.dispatch().sessionEpoch();
    scenario.lost().open().hello().resumed();

    scenario.connection().acknowledge(epoch, 2);

    assertThat(checkpoint(scenario)).isEqualTo(3);
    assertThat(scenario.connection().staleAcknowledgements()).isZero();
  }

  @Test
  void anAcknowledgementForAnOldSessionIsIgnoredAndCounted() {
    Scenario scenario = deferredEvent(live());
    int epoch = scenario.dispatch().sessionEpoch();
    scenario.closed(4009);
    scenario.connection().acknowledge(epoch, 2);
    assertThat(scenario.connection().staleAcknowledgements()).isEqualTo(1);

    scenario.advanceMillis(6_000).open().hello().ready("session-2", null);
    deferredEvent(scenario);
    scenario.connection().acknowledge(epoch, 2);

    assertThat(scenario.connection().staleAcknowledgements()).isEqualTo(2);
    assertThat(checkpoint(scenario)).isEqualTo(1);
  }

  @Test
  void aSequenceThatWasNeverReceivedChangesNothing() {
    Scenario scenario = deferredEvent(live());
    scenario.connection().acknowledge(scenario.connection().sessionEpoch(), 900);

    assertThat(checkpoint(scenario)).isEqualTo(1);
  }

  @Test
  void anEventThatComesTwiceDoesNotMoveTheCheckpointBack() {
    Scenario scenario = live().dispatch(2, "TYPING_START", "{}").dispatch(3, "TYPING_START", "{}");

    scenario.dispatch(2, "TYPING_START", "{}").ack();

    assertThat(checkpoint(scenario)).isEqualTo(3);
    scenario.dispatch(4, "TYPING_START", "{}").ack();
    assertThat(checkpoint(scenario)).isEqualTo(4);
  }

  @Test
  void aMessageThatCannotBeReadAcknowledgesItself() {
    Scenario scenario =
        live().recv("{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":}").expectMalformed(1);

    assertThat(checkpoint(scenario)).isEqualTo(2);
  }

  @Test
  void readingPausesAtTheBound() {
    Scenario scenario = scenario().config(config -> config.maxUnacknowledged(2));
    scenario.open().hello().ready();
    int epoch = scenario.connection().sessionEpoch();
    deferredEvent(scenario);
    assertThat(scenario.connection().wantsRead()).isTrue();
    deferredEvent(scenario);
    assertThat(scenario.connection().wantsRead()).isFalse();

    scenario.connection().acknowledge(epoch, 3);
    assertThat(scenario.connection().wantsRead()).isFalse();
    scenario.connection().acknowledge(epoch, 2);
    assertThat(scenario.connection().wantsRead()).isTrue();
  }

  @Test
  void anEventThatTheNextInputAcknowledgesDoesNotPauseReading() {
    Scenario scenario = scenario().config(config -> config.maxUnacknowledged(1));

    scenario.open().hello().ready().event();

    assertThat(scenario.connection().wantsRead()).isTrue();
    scenario.dispatch().defer();
    assertThat(scenario.connection().wantsRead()).isFalse();
  }

  @Test
  void aNewTransportIsReadUntilEventsFlow() {
    Scenario scenario = scenario().config(config -> config.maxUnacknowledged(1));
    deferredEvent(scenario.open().hello().ready());

    scenario.lost().open();
    assertThat(scenario.connection().wantsRead()).isTrue();
    scenario.hello().expectState(GatewayState.RESUMING);
    assertThat(scenario.connection().wantsRead()).isFalse();
  }

  @Test
  void twoConnectionsOfOneScratchAcknowledgeEachItsOwn() {
    Scratch scratch = Scratch.create();
    Scenario first = scenario().scratch(scratch).open().hello().ready().event();
    Dispatch shared = first.dispatch();
    Scenario second = scenario().scratch(scratch).open();

    assertThat(shared.isValid()).isTrue();
    second.hello().ready().event();

    assertThat(second.dispatch()).isSameAs(shared);
    assertThat(shared.sessionEpoch()).isEqualTo(1);
    shared.defer();
    assertThat(checkpoint(first.ack())).isEqualTo(2);
    assertThat(checkpoint(second.ack())).isEqualTo(1);
  }
}
