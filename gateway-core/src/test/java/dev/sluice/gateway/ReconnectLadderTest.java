package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReconnectLadderTest {

  private static final long SECOND = 1_000_000_000L;

  private final ScriptedRandom random = new ScriptedRandom(1.0);
  private final ReconnectLadder ladder = new ReconnectLadder(60 * SECOND, random);

  @Test
  void resumesAtOnceThenDoublesUpToTheCap() {
    long[] delays = new long[10];
    for (int i = 0; i < delays.length; i++) {
      delays[i] = ladder.nextDelayNanos(true) / SECOND;
    }

    assertThat(delays).containsExactly(0, 1, 2, 4, 8, 16, 32, 60, 60, 60);
  }

  @Test
  void neverOverflowsHoweverOftenItFails() {
    for (int i = 0; i < 1_000; i++) {
      assertThat(ladder.nextDelayNanos(true)).isBetween(0L, 60 * SECOND);
    }
  }

  @Test
  void jitterTakesAnyShareOfTheWait() {
    ladder.nextDelayNanos(true);
    ladder.nextDelayNanos(true);
    ladder.nextDelayNanos(true);

    random.share(0.25);
    assertThat(ladder.nextDelayNanos(true)).isEqualTo(SECOND);
    random.share(0);
    assertThat(ladder.nextDelayNanos(true)).isZero();
  }

  @Test
  void aNewSessionWaitsFromTheStart() {
    assertThat(ladder.nextDelayNanos(false)).isEqualTo(SECOND);
  }

  @Test
  void startsOverOnlyAfterAStablePeriod() {
    ladder.nextDelayNanos(true);
    ladder.nextDelayNanos(true);
    ladder.progress();
    assertThat(ladder.nextDelayNanos(true)).isEqualTo(2 * SECOND);

    ladder.stable();
    assertThat(ladder.nextDelayNanos(true)).isZero();
  }

  @Test
  void theLongestWaitIsTheUpperHalfOfTheCap() {
    assertThat(ladder.longestNanos()).isEqualTo(60 * SECOND);
    random.share(0);
    assertThat(ladder.longestNanos()).isEqualTo(30 * SECOND);
  }

  @Test
  void givesASessionUpAfterFiveResumesWithoutAnEvent() {
    for (int i = 0; i < 4; i++) {
      assertThat(ladder.resumeFailed()).isFalse();
    }
    ladder.progress();
    for (int i = 0; i < 4; i++) {
      assertThat(ladder.resumeFailed()).isFalse();
    }
    assertThat(ladder.resumeFailed()).isTrue();
  }

  @Test
  void recognisesTheSamePositionTwiceInARow() {
    assertThat(ladder.isPoisoned(7)).isFalse();
    assertThat(ladder.isPoisoned(8)).isFalse();
    assertThat(ladder.isPoisoned(7)).isFalse();
    assertThat(ladder.isPoisoned(7)).isTrue();
  }

  @Test
  void forgetsThePositionWithTheSessionOrAStablePeriod() {
    ladder.isPoisoned(7);
    ladder.sessionDropped();
    assertThat(ladder.isPoisoned(7)).isFalse();
    ladder.stable();
    assertThat(ladder.isPoisoned(7)).isFalse();
  }

  @Test
  void theUrlsTakeTurnsUntilOneAnswers() {
    assertThat(ladder.prefersResumeUrl()).isTrue();
    ladder.dialFailed(true);
    assertThat(ladder.prefersResumeUrl()).isFalse();
    ladder.dialFailed(false);
    assertThat(ladder.prefersResumeUrl()).isTrue();
    ladder.dialFailed(true);
    assertThat(ladder.prefersResumeUrl()).isFalse();
  }

  @Test
  void onlyAnAnswerOfTheBaseUrlProvesTheResumeUrlDead() {
    assertThat(ladder.dialAnswered(false)).isFalse();
    ladder.dialFailed(true);
    ladder.dialFailed(false);
    assertThat(ladder.dialAnswered(true)).isFalse();
    assertThat(ladder.dialAnswered(false)).isFalse();
    ladder.dialFailed(true);
    assertThat(ladder.dialAnswered(false)).isTrue();
    assertThat(ladder.prefersResumeUrl()).isTrue();
  }

  @Test
  void aNewSessionStartsAtItsOwnResumeUrl() {
    ladder.dialFailed(true);
    ladder.sessionDropped();
    assertThat(ladder.prefersResumeUrl()).isTrue();
    assertThat(ladder.dialAnswered(false)).isFalse();
  }
}
