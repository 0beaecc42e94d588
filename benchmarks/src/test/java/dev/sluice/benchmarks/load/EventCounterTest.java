package dev.sluice.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class EventCounterTest {

  @Test
  void countsTheEventsOfEachShard() {
    EventCounter counter = new EventCounter(2);

    counter.received(0, 7);
    counter.received(1, 3);
    counter.received(1, 4);

    assertThat(counter.received()).isEqualTo(3);
    assertThat(counter.received(0)).isEqualTo(1);
    assertThat(counter.received(1)).isEqualTo(2);
    assertThat(counter.lastSequence(0)).isEqualTo(7);
    assertThat(counter.lastSequence(1)).isEqualTo(4);
  }

  @Test
  void notesWhenTheNextEventsCome() {
    EventCounter counter = new EventCounter(2);
    counter.received(1, 3);
    long before = System.nanoTime();

    counter.recordArrivals(2);
    for (int i = 0; i < 3; i++) { // one more than are noted
      counter.received(1, 4 + i);
    }
    long after = System.nanoTime();

    assertThat(counter.received(1)).isEqualTo(4);
    assertThat(counter.arrivalNanos(1, 0)).isBetween(before, counter.arrivalNanos(1, 1));
    assertThat(counter.arrivalNanos(1, 1)).isBetween(before, after);
    assertThat(counter.arrivalNanos(0, 0)).isZero();
  }
}
