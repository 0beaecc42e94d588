package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeartbeatMonitorTest {

  private static final long INTERVAL = 1_000;
  private static final long START = Long.MAX_VALUE - 1_500; // wraps after a beat or two

  private final HeartbeatMonitor monitor = new HeartbeatMonitor();

  @BeforeEach
  void hello() {
    monitor.interval(INTERVAL);
  }

  @Test
  void hasNothingToJudgeBeforeTheFirstBeat() {
    assertThat(monitor.isZombie(START)).isFalse();
  }

  @Test
  void findsASilentPeerAtTheNextBeat() {
    monitor.sent(START);

    assertThat(monitor.isZombie(START + INTERVAL)).isTrue();
  }

  @Test
  void anAckEndsTheWait() {
    monitor.sent(START);

    assertThat(monitor.acked(START + 30)).isTrue();
    assertThat(monitor.isZombie(START + INTERVAL)).isFalse();
    assertThat(monitor.acked(START + 40)).isFalse();
  }

  @Test
  void anyMessageSinceTheBeatProvesLife() {
    monitor.received();
    monitor.sent(START);
    assertThat(monitor.isZombie(START + INTERVAL)).isTrue();

    monitor.received();
    assertThat(monitor.isZombie(START + INTERVAL)).isFalse();
  }

  @Test
  void trafficWithoutAcksDoesNotProveLifeForMoreThanFourIntervals() {
    for (int beat = 0; beat < 4; beat++) {
      assertThat(monitor.isZombie(START + beat * INTERVAL)).isFalse();
      monitor.sent(START + beat * INTERVAL);
      monitor.received();
    }

    assertThat(monitor.isZombie(START + 4 * INTERVAL - 1)).isFalse();
    assertThat(monitor.isZombie(START + 4 * INTERVAL)).isTrue();
  }

  @Test
  void silenceInAPauseIsNotHeldAgainstThePeer() {
    monitor.sent(START);
    monitor.paused(START + 10);
    for (int beat = 1; beat < 20; beat++) {
      assertThat(monitor.isZombie(START + beat * INTERVAL)).isFalse();
      monitor.sent(START + beat * INTERVAL);
    }
  }

  @Test
  void aPauseExcusesForTenMinutesAtMost() {
    monitor.sent(START);
    monitor.paused(START);
    monitor.paused(START + 500); // still the same pause

    assertThat(monitor.isZombie(START + HeartbeatMonitor.PAUSE_CAP_NANOS)).isFalse();
    assertThat(monitor.isZombie(START + HeartbeatMonitor.PAUSE_CAP_NANOS + 1)).isTrue();
  }

  @Test
  void aWholeIntervalPassesAfterAPause() {
    monitor.sent(START);
    monitor.paused(START + 100);
    monitor.resumed(START + INTERVAL - 1);

    assertThat(monitor.isZombie(START + INTERVAL)).isFalse();
    monitor.sent(START + INTERVAL);
    assertThat(monitor.isZombie(START + 2 * INTERVAL - 2)).isFalse();
    assertThat(monitor.isZombie(START + 2 * INTERVAL - 1)).isTrue();
  }

  @Test
  void aPauseDoesNotCountAmongTheFourIntervals() {
    monitor.sent(START);
    monitor.paused(START);
    monitor.resumed(START + 10 * INTERVAL);
    monitor.received();

    assertThat(monitor.isZombie(START + 14 * INTERVAL - 1)).isFalse();
    assertThat(monitor.isZombie(START + 14 * INTERVAL)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {START, -1_000_000})
  void aBeatSentInAPauseIsExcusedOnlyForTheRestOfIt(long start) {
    monitor.paused(start);
    monitor.sent(start + 9 * INTERVAL);
    monitor.resumed(start + 10 * INTERVAL);
    monitor.received();

    assertThat(monitor.isZombie(start + 14 * INTERVAL - 1)).isFalse();
    assertThat(monitor.isZombie(start + 14 * INTERVAL)).isTrue();
  }

  @Test
  void pausesThatRecurDoNotHideADeadPeer() {
    monitor.sent(START);
    long now = START;
    // A tenth of an interval of reading, the same of pause, over and over.
    for (int round = 0; round < 10; round++) {
      monitor.paused(now + 100);
      monitor.resumed(now + 200);
      now += 200;
      assertThat(monitor.isZombie(now)).as("round %s", round).isFalse();
    }
    monitor.paused(now + 100);
    monitor.resumed(now + 200);

    assertThat(monitor.isZombie(now + 200)).isTrue();
  }

  @Test
  void whatIsReadBetweenPausesStartsTheIntervalAnew() {
    monitor.sent(START);
    monitor.paused(START);
    monitor.resumed(START + 10);
    monitor.received();
    monitor.paused(START + INTERVAL - 10);
    monitor.resumed(START + INTERVAL);
    monitor.sent(START + INTERVAL);

    assertThat(monitor.isZombie(START + 2 * INTERVAL - 1)).isFalse();
    assertThat(monitor.isZombie(START + 2 * INTERVAL)).isTrue();
  }

  @Test
  void resumingWithoutAPauseChangesNothing() {
    monitor.sent(START);
    monitor.resumed(START + 10);

    assertThat(monitor.isZombie(START + INTERVAL)).isTrue();
  }

  @Test
  void measuresTheLastAndTheMeanLatency() {
    assertThat(monitor.lastLatencyNanos()).isZero();
    assertThat(monitor.meanLatencyNanos()).isZero();

    monitor.sent(START);
    monitor.acked(START + 30);
    monitor.sent(START + INTERVAL);
    monitor.acked(START + INTERVAL + 50);

    assertThat(monitor.lastLatencyNanos()).isEqualTo(50);
    assertThat(monitor.meanLatencyNanos()).isEqualTo(40);
    assertThat(monitor.acks()).isEqualTo(2);
  }

  @Test
  void aNewTransportStartsAfreshButKeepsTheLatencies() {
    monitor.sent(START);
    monitor.acked(START + 30);
    monitor.sent(START + INTERVAL);

    monitor.reset();

    assertThat(monitor.intervalNanos()).isZero();
    assertThat(monitor.lastLatencyNanos()).isEqualTo(30);
    monitor.interval(INTERVAL);
    assertThat(monitor.isZombie(START + 9 * INTERVAL)).isFalse();
  }

  @Test
  void pausesThatRecurDoNotHideADeadPeerForEver() {
    monitor.sent(START);
    boolean found = false;
    for (int beat = 1; beat <= 5 && !found; beat++) {
      long now = START + beat * INTERVAL;
      monitor.paused(now - 700);
      monitor.resumed(now - 300);
      found = monitor.isZombie(now);
      monitor.sent(now);
    }

    assertThat(found).isTrue();
  }

  @Test
  void pausesThatRecurDoNotHideThatAcksAreMissing() {
    monitor.sent(START);
    boolean found = false;
    for (int beat = 1; beat <= 10 && !found; beat++) {
      long now = START + beat * INTERVAL;
      monitor.paused(now - 700);
      monitor.resumed(now - 300);
      monitor.received();
      found = monitor.isZombie(now);
      monitor.sent(now);
    }

    assertThat(found).isTrue();
  }

  @Test
  void pausesThatRecurDoNotCountAgainstAPeerThatAnswers() {
    for (int beat = 0; beat < 20; beat++) {
      long now = START + beat * INTERVAL;
      monitor.sent(now);
      monitor.paused(now + 100);
      monitor.resumed(now + 700);
      monitor.received();
      monitor.acked(now + 710);

      assertThat(monitor.isZombie(now + INTERVAL)).isFalse();
    }
  }
}
