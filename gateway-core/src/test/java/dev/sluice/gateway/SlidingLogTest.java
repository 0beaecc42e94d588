package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlidingLogTest {

  private static final long WINDOW = 1_000;

  @Test
  void whatIsAsOldAsTheWindowIsOutOfIt() {
    SlidingLog log = new SlidingLog(3, WINDOW);
    log.add(0);

    assertThat(log.nanosUntilBelow(1, WINDOW - 1)).isEqualTo(1);
    assertThat(log.nanosUntilBelow(1, WINDOW)).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void agreesWithASimpleModel(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int capacity = random.nextInt(1, 40);
    SlidingLog log = new SlidingLog(capacity, WINDOW);
    Deque<Long> model = new ArrayDeque<>(); // newest first
    long now = Long.MAX_VALUE - 50_000; // wraps on the way
    for (int i = 0; i < 5_000; i++) {
      now += random.nextLong(i % 500 < 250 ? 2 * WINDOW / capacity : 20);
      if (random.nextInt(200) == 0) {
        log.clear();
        model.clear();
      }
      int limit = random.nextInt(1, capacity + 1);
      assertThat(log.nanosUntilBelow(limit, now)).isEqualTo(nanosUntilBelow(model, limit, now));
      if (random.nextBoolean()) {
        log.add(now);
        model.addFirst(now);
      }
    }
  }

  /** The limit-th newest has to leave the window. */
  private static long nanosUntilBelow(Deque<Long> model, int limit, long now) {
    Iterator<Long> newestFirst = model.iterator();
    long blocking = now - WINDOW;
    for (int i = 0; i < limit; i++) {
      if (!newestFirst.hasNext()) {
        return 0;
      }
      blocking = newestFirst.next();
    }
    return Math.max(0, blocking + WINDOW - now);
  }
}
