package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SendBudgetTest {

  private static final long MILLI_NANOS = 1_000_000;
  private static final long SECOND_NANOS = 1_000 * MILLI_NANOS;

  private final SendBudget budget = new SendBudget();

  @ParameterizedTest
  @CsvSource({"41250, 117", "60000, 118", "30000, 117", "20000, 116", "1000, 59", "100, 1"})
  void keepsRoomForTheHeartbeatsOfAMinuteAndOneMore(long intervalMillis, int limit) {
    budget.reserve(intervalMillis * MILLI_NANOS);

    assertThat(budget.commandLimit()).isEqualTo(limit);
  }

  @Test
  void makesCommandsWaitForTheOldestToLeaveTheWindow() {
    budget.reserve(41_250 * MILLI_NANOS);
    long now = Long.MAX_VALUE - 30 * SECOND_NANOS; // wraps within the window
    for (int i = 0; i < 117; i++) {
      assertThat(budget.nanosUntilCommand(now)).isZero();
      budget.add(now);
      now += 100 * MILLI_NANOS;
    }

    long wait = budget.nanosUntilCommand(now);
    assertThat(wait).isEqualTo(SendBudget.WINDOW_NANOS - 11_700 * MILLI_NANOS);
    assertThat(budget.nanosUntilCommand(now + wait - 1)).isEqualTo(1);
    assertThat(budget.nanosUntilCommand(now + wait)).isZero();
  }

  @Test
  void countsWhatTheProtocolSendsAgainstCommands() {
    for (int i = 0; i < SendBudget.LIMIT; i++) {
      budget.add(0);
    }

    assertThat(budget.nanosUntilCommand(0)).isEqualTo(SendBudget.WINDOW_NANOS);
  }

  @Test
  void remembersTheNewestWhenTheProtocolGoesOverTheLimit() {
    for (int i = 0; i < 3 * SendBudget.LIMIT; i++) {
      budget.add(i);
    }

    assertThat(budget.nanosUntilCommand(400))
        .isEqualTo(2 * SendBudget.LIMIT + SendBudget.WINDOW_NANOS - 400);
  }

  @Test
  void startsAfreshOnAReset() {
    budget.reserve(1_000 * MILLI_NANOS);
    for (int i = 0; i < SendBudget.LIMIT; i++) {
      budget.add(0);
    }

    budget.reset();

    assertThat(budget.nanosUntilCommand(0)).isZero();
    assertThat(budget.commandLimit()).isEqualTo(SendBudget.LIMIT);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void neverLetsMoreThan120PayloadsIntoAnyMinute(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long interval = random.nextLong(5_000, 60_000) * MILLI_NANOS;
    budget.reserve(interval);
    long now = random.nextLong();
    long nextBeat = now + interval;
    long nextRequest = now + random.nextLong(60 * SECOND_NANOS);
    Deque<Long> minute = new ArrayDeque<>();
    int commands = 0;
    for (int i = 0; i < 20_000; i++) {
      now += random.nextLong(random.nextInt(50) == 0 ? 20 * SECOND_NANOS : 200 * MILLI_NANOS);
      if (now - nextBeat >= 0) {
        send(minute, now);
        nextBeat = now + interval;
      }
      if (now - nextRequest >= 0) {
        send(minute, now);
        nextRequest = now + 60 * SECOND_NANOS;
      }
      if (budget.nanosUntilCommand(now) == 0) {
        send(minute, now);
        commands++;
      }
    }
    assertThat(commands).isGreaterThan(1_000);
  }

  private void send(Deque<Long> minute, long now) {
    budget.add(now);
    minute.add(now);
    while (now - minute.getFirst() >= 60 * SECOND_NANOS) {
      minute.removeFirst();
    }
    assertThat(minute.size()).isLessThanOrEqualTo(SendBudget.LIMIT);
  }
}
