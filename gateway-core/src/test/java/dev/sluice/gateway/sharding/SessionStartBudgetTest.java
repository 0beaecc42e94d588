package dev.sluice.gateway.sharding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.ManualClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class SessionStartBudgetTest {

  private final ManualClock clock = new ManualClock();
  private final SessionStartBudget budget = SessionStartBudget.create(2, clock);

  @Test
  void refusesEverythingUntilItIsToldWhatIsLeft() {
    assertThat(budget.trySpend()).isFalse();
    assertThat(budget.remaining()).isZero();
    assertThat(budget.resetAfterNanos()).isZero();
    clock.advanceMillis(60_000);
    assertThat(budget.trySpend()).isFalse();
    assertThat(budget.resetAfterNanos()).isZero();
  }

  @Test
  void keepsItsReserve() {
    budget.update(1000, 5, Duration.ofHours(3));

    assertThat(budget.trySpend()).isTrue();
    assertThat(budget.trySpend()).isTrue();
    assertThat(budget.trySpend()).isTrue();
    assertThat(budget.trySpend()).isFalse();
    assertThat(budget.remaining()).isEqualTo(2);
  }

  @Test
  void fillsUpWhenThePeriodEnds() {
    budget.update(10, 2, Duration.ofHours(3));
    clock.advanceMillis(Duration.ofHours(3).toMillis() - 1);
    assertThat(budget.trySpend()).isFalse();
    assertThat(budget.resetAfterNanos()).isEqualTo(1_000_000);

    clock.advanceMillis(1);

    assertThat(budget.remaining()).isEqualTo(10);
    assertThat(budget.resetAfterNanos()).isZero();
    assertThat(budget.trySpend()).isTrue();
  }

  @Test
  void aNewPeriodStartsWithItsFirstSessionNotWithTheEndOfTheOld() {
    budget.update(10, 10, Duration.ZERO);
    assertThat(budget.remaining()).isEqualTo(10);
    clock.advanceMillis(Duration.ofHours(20).toMillis());
    while (budget.trySpend()) {
      assertThat(budget.remaining()).isLessThan(10);
    }
    assertThat(budget.resetAfterNanos())
        .isEqualTo(Duration.ofDays(1).plus(SessionStartBudget.SLACK).toNanos());

    clock.advanceMillis(Duration.ofHours(24).toMillis());
    assertThat(budget.trySpend()).as("the gateway counts from the arrival").isFalse();

    clock.advanceMillis(SessionStartBudget.SLACK.toMillis());
    assertThat(budget.trySpend()).isTrue();
  }

  @Test
  void aStartThatWasNotUsedBeginsNoPeriod() {
    budget.update(10, 10, Duration.ZERO);
    assertThat(budget.trySpend()).isTrue();
    budget.refund();
    assertThat(budget.resetAfterNanos()).isZero();

    clock.advanceMillis(Duration.ofHours(20).toMillis());
    assertThat(budget.trySpend()).isTrue();
    clock.advanceMillis(Duration.ofHours(20).toMillis());
    assertThat(budget.remaining()).isEqualTo(9);
  }

  @Test
  void takesOverWhatTheGatewaySaysLater() {
    budget.update(10, 10, Duration.ofHours(3));
    budget.update(2000, 4, Duration.ofHours(1));

    assertThat(budget.remaining()).isEqualTo(4);
    assertThat(budget.resetAfterNanos()).isEqualTo(Duration.ofHours(1).toNanos());
  }

  @Test
  void takesBackWhatWasNotUsedButNeverMoreThanThereIs() {
    SessionStartBudget budget = SessionStartBudget.create(0, () -> 0);
    budget.update(2, 1, Duration.ofHours(1));

    assertThat(budget.trySpend()).isTrue();
    assertThat(budget.trySpend()).isFalse();
    budget.refund();
    assertThat(budget.trySpend()).isTrue();

    budget.update(2, 2, Duration.ofHours(1));
    budget.refund();
    assertThat(budget.remaining()).isEqualTo(2);
  }

  @Test
  void aBotMayHaveNoStartsAtAll() {
    budget.update(0, 0, Duration.ofHours(1));

    assertThat(budget.remaining()).isZero();
    assertThat(budget.trySpend()).isFalse();
  }

  @Test
  void refusesNegativeNumbers() {
    budget.update(10, 7, Duration.ofHours(3));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> budget.update(-1, 0, Duration.ZERO))
        .withMessage("session start limit: 0 of -1, reset after PT0S (expected: none negative)");
    assertThatIllegalArgumentException().isThrownBy(() -> budget.update(1, -1, Duration.ZERO));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> budget.update(1, 1, Duration.ofSeconds(-1)));
    assertThat(budget.remaining()).isEqualTo(7);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SessionStartBudget.create(-1, clock))
        .withMessage("reserve: -1 (expected: >= 0)");
  }

  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

  private static SessionStarts starts(int total, int remaining, Duration resetAfter) {
    return new SessionStarts(total, remaining, NOW.plus(resetAfter));
  }

  @Test
  void canBeKept() {
    assertThat(budget.starts(NOW)).isEqualTo(starts(0, 0, Duration.ZERO));
    budget.update(1000, 5, Duration.ofHours(3));
    budget.trySpend();

    assertThat(budget.starts(NOW)).isEqualTo(starts(1000, 4, Duration.ofHours(3)));

    clock.advanceMillis(Duration.ofHours(4).toMillis());
    assertThat(budget.starts(NOW)).isEqualTo(starts(1000, 1000, Duration.ZERO));
  }

  @Test
  void takesOverWhatIsStricter() {
    budget.update(1000, 900, Duration.ofHours(3));

    budget.restrict(starts(1000, 950, Duration.ofHours(1)), NOW);
    assertThat(budget.starts(NOW)).isEqualTo(starts(1000, 900, Duration.ofHours(3)));

    budget.restrict(starts(1000, 10, Duration.ofHours(5)), NOW);
    assertThat(budget.starts(NOW)).isEqualTo(starts(1000, 10, Duration.ofHours(5)));

    clock.advanceMillis(Duration.ofHours(5).toMillis());
    assertThat(budget.remaining()).isEqualTo(1000);
  }

  @Test
  void takesOverAPeriodThatRunsWhereNoneDoesHere() {
    budget.update(10, 10, Duration.ZERO);

    budget.restrict(starts(10, 3, Duration.ofHours(2)), NOW);

    assertThat(budget.trySpend()).isTrue();
    assertThat(budget.trySpend()).isFalse();
    budget.refund();
    budget.refund();
    assertThat(budget.resetAfterNanos()).isEqualTo(Duration.ofHours(2).toNanos());
  }

  @Test
  void passesOverAPeriodThatEnded() {
    budget.update(1000, 900, Duration.ofHours(3));

    budget.restrict(starts(1000, 0, Duration.ZERO), NOW);

    assertThat(budget.remaining()).isEqualTo(900);
  }

  @Test
  void aClockThatWasSetBackDoesNotHoldTheBotUp() {
    SessionStarts known = starts(1000, 900, Duration.ofHours(3));
    SessionStarts fromTheFuture = starts(1000, 0, Duration.ofDays(30));
    budget.update(1000, 900, Duration.ofHours(3));

    budget.restrict(fromTheFuture, NOW);

    assertThat(budget.starts(NOW)).isEqualTo(known);
    assertThat(known.stricter(fromTheFuture, 1, NOW)).isEqualTo(known);
    assertThat(known.stricter(starts(1000, 0, Duration.ofDays(1)), 0, NOW).remaining()).isZero();
  }

  @Test
  void theStricterOfTwoCountsWhatTheOlderDoesNotKnow() {
    SessionStarts known = starts(1000, 900, Duration.ofHours(3));

    assertThat(known.stricter(starts(1000, 950, Duration.ofHours(2)), 1, NOW)).isEqualTo(known);
    assertThat(known.stricter(starts(900, 100, Duration.ofHours(4)), 1, NOW))
        .isEqualTo(starts(900, 99, Duration.ofHours(4)));
    assertThat(known.stricter(starts(1000, 100, Duration.ofHours(1)), -1, NOW))
        .isEqualTo(starts(1000, 101, Duration.ofHours(3)));
    assertThat(known.stricter(starts(1000, 0, Duration.ofHours(1)), 1, NOW).remaining()).isZero();
    assertThat(known.stricter(starts(1000, 0, Duration.ZERO), 1, NOW)).isEqualTo(known);
  }

  @Test
  void keptCountsAreNotNegative() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> starts(-1, 0, Duration.ZERO))
        .withMessage("session starts: 0 of -1 (expected: none negative)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> starts(0, -1, Duration.ZERO))
        .withMessage("session starts: -1 of 0 (expected: none negative)");
  }
}
