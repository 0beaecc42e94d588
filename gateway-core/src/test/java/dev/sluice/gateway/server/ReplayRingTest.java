package dev.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplayRingTest {

  private static List<byte[]> after(ReplayRing ring, long sequence) {
    List<byte[]> messages = new ArrayList<>();
    for (long position = ring.positionAfter(sequence); position < ring.end(); position++) {
      messages.add(ring.get(position));
    }
    return messages;
  }

  @Test
  void bytesBoundTheRingButNotItsNewestEvent() {
    ReplayRing ring = new ReplayRing(100, 10, 1);
    ring.add(2, new byte[4]);
    ring.add(3, new byte[6]);
    assertThat(ring.positionAfter(1)).isZero();

    ring.add(4, new byte[1]);
    assertThat(ring.positionAfter(1)).isEqualTo(-1);
    assertThat(after(ring, 2)).hasSize(2);

    ring.add(5, new byte[11]);
    assertThat(ring.positionAfter(3)).isEqualTo(-1);
    assertThat(after(ring, 4)).hasSize(1);
  }

  @Test
  void nothingCanBeReplayedOnceCleared() {
    ReplayRing ring = new ReplayRing(100, 100, 1);
    for (long sequence = 2; sequence < 50; sequence++) {
      ring.add(sequence, new byte[1]);
    }

    ring.clear();

    assertThat(ring.positionAfter(48)).isEqualTo(-1);
    assertThat(ring.positionAfter(49)).isEqualTo(ring.end());
  }

  @ParameterizedTest(name = "{0} events")
  @ValueSource(ints = {1, 2, 16, 17, 100})
  void agreesWithAPlainQueue(int maxEvents) {
    record Event(long sequence, int size) {}
    SplittableRandom random = new SplittableRandom(maxEvents);
    int maxBytes = 20 * maxEvents;
    ReplayRing ring = new ReplayRing(maxEvents, maxBytes, 1);
    Deque<Event> model = new ArrayDeque<>();
    long dropped = 1;
    long sequence = 1;
    for (int step = 0; step < 5 * maxEvents + 100; step++) {
      sequence += 1 + random.nextInt(2);
      Event added = new Event(sequence, random.nextInt(1, 40));
      ring.add(added.sequence, new byte[added.size]);
      model.add(added);
      while (model.size() > 1
          && (model.size() > maxEvents || model.stream().mapToInt(Event::size).sum() > maxBytes)) {
        dropped = model.remove().sequence;
      }

      long from = Math.max(0, sequence - random.nextInt(2 * maxEvents + 2));
      if (from < dropped) {
        assertThat(ring.positionAfter(from)).isEqualTo(-1);
      } else {
        assertThat(after(ring, from).stream().map(message -> message.length))
            .containsExactlyElementsOf(
                model.stream().filter(e -> e.sequence > from).map(Event::size).toList());
      }
    }
  }
}
