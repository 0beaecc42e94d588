package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AcknowledgementLogTest {

  private final AcknowledgementLog log = new AcknowledgementLog();

  @Test
  void standsWhereTheSessionStarted() {
    log.reset(41);

    assertThat(log.checkpoint()).isEqualTo(41);
    assertThat(log.unacknowledged()).isZero();
  }

  @Test
  void movesOnlyOverWhatIsAcknowledgedWithoutAGap() {
    log.reset(0);
    log.received(1);
    log.received(2);
    log.received(3);

    log.acknowledge(3);
    log.acknowledge(2);
    assertThat(log.checkpoint()).isZero();
    assertThat(log.unacknowledged()).isEqualTo(3);

    log.acknowledge(1);
    assertThat(log.checkpoint()).isEqualTo(3);
    assertThat(log.unacknowledged()).isZero();
  }

  @Test
  void doesNotExpectSequencesToBeContiguous() {
    log.reset(5);
    log.received(9);
    log.received(100);

    log.acknowledge(9);
    assertThat(log.checkpoint()).isEqualTo(9);
    log.acknowledge(100);
    assertThat(log.checkpoint()).isEqualTo(100);
  }

  @Test
  void ignoresWhatIsUnknownOrDone() {
    log.reset(5);
    log.received(7);
    log.received(9);
    log.acknowledge(9);

    log.acknowledge(9);
    log.acknowledge(5);
    log.acknowledge(8);
    log.acknowledge(10);
    log.acknowledge(-1);
    log.acknowledge(Long.MAX_VALUE);

    assertThat(log.checkpoint()).isEqualTo(5);
    assertThat(log.unacknowledged()).isEqualTo(2);
  }

  @Test
  void acknowledgesSequenceZero() {
    log.reset(0);
    log.received(0);
    log.acknowledge(0);

    assertThat(log.checkpoint()).isZero();
    assertThat(log.unacknowledged()).isZero();
  }

  @Test
  void sequenceZeroHoldsTheCheckpointUntilItIsAcknowledged() {
    log.reset(0);
    log.received(0);
    log.received(1);
    log.acknowledge(1);

    assertThat(log.unacknowledged()).isEqualTo(2);
    assertThat(log.checkpoint()).isZero();
    log.acknowledge(0);
    assertThat(log.checkpoint()).isEqualTo(1);
  }

  @Test
  void forgetsTheOldSessionOnAReset() {
    log.reset(0);
    log.received(1);
    log.reset(30);

    log.acknowledge(1);

    assertThat(log.checkpoint()).isEqualTo(30);
    assertThat(log.unacknowledged()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void agreesWithASimpleModelInAnyOrder(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    TreeMap<Long, Boolean> model = new TreeMap<>(); // sequence to whether it is acknowledged
    List<Long> open = new ArrayList<>();
    long newest = random.nextLong(1_000);
    long checkpoint = newest;
    log.reset(checkpoint);
    for (int i = 0; i < 20_000; i++) {
      boolean growing = (i / 500) % 2 == 0;
      if (open.isEmpty() || random.nextInt(100) < (growing ? 70 : 30)) {
        newest += random.nextLong(1, 4);
        log.received(newest);
        model.put(newest, false);
        open.add(newest);
      } else {
        long sequence = open.remove(random.nextInt(open.size()));
        log.acknowledge(sequence);
        model.put(sequence, true);
        while (!model.isEmpty() && model.firstEntry().getValue()) {
          checkpoint = model.pollFirstEntry().getKey();
        }
      }
      assertThat(log.checkpoint()).isEqualTo(checkpoint);
      assertThat(log.unacknowledged()).isEqualTo(model.size());
    }
  }

  @Test
  void letsGoOfTheRingOfAFloodOnceItIsEmpty() {
    log.reset(0);
    for (int i = 1; i <= 10_000; i++) {
      log.received(i);
    }
    for (int i = 1; i < 10_000; i++) {
      log.acknowledge(i);
    }
    assertThat(log.capacity()).isGreaterThan(AcknowledgementLog.KEPT_SLOTS);

    log.acknowledge(10_000);

    assertThat(log.capacity()).isZero();
    assertThat(log.checkpoint()).isEqualTo(10_000);
    log.received(10_001);
    log.acknowledge(10_001);
    assertThat(log.checkpoint()).isEqualTo(10_001);
  }

  @Test
  void keepsARingOfOrdinarySize() {
    log.reset(0);
    for (int i = 1; i <= AcknowledgementLog.KEPT_SLOTS; i++) {
      log.received(i);
    }
    for (int i = 1; i <= AcknowledgementLog.KEPT_SLOTS; i++) {
      log.acknowledge(i);
    }

    assertThat(log.unacknowledged()).isZero();
    assertThat(log.capacity()).isEqualTo(AcknowledgementLog.KEPT_SLOTS);
  }
}
