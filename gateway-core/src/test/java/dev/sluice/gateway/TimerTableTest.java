package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimerTableTest {

  private final TimerTable timers = new TimerTable();

  @Test
  void waitsForNothingAtFirst() {
    assertThat(timers.remainingNanos(0)).isEqualTo(Long.MAX_VALUE);
    for (TimerKind kind : TimerKind.values()) {
      assertThat(timers.isArmed(kind)).isFalse();
      assertThat(timers.expire(kind, 0)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1_000, Long.MAX_VALUE - 5, Long.MIN_VALUE, Long.MIN_VALUE + 3})
  void keepsTimeWhereverTheClockStands(long now) {
    timers.arm(TimerKind.HEARTBEAT, now + 10);
    timers.arm(TimerKind.HELLO, now + 7);

    assertThat(timers.remainingNanos(now)).isEqualTo(7);
    assertThat(timers.expire(TimerKind.HELLO, now + 6)).isFalse();
    assertThat(timers.expire(TimerKind.HELLO, now + 7)).isTrue();
    assertThat(timers.remainingNanos(now + 7)).isEqualTo(3);
    assertThat(timers.expire(TimerKind.HEARTBEAT, now + 9)).isFalse();
    assertThat(timers.expire(TimerKind.HEARTBEAT, now + 12)).isTrue();
    assertThat(timers.remainingNanos(now + 12)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void expiresATimerOnce() {
    timers.arm(TimerKind.CONNECT, 5);

    assertThat(timers.expire(TimerKind.CONNECT, 5)).isTrue();
    assertThat(timers.expire(TimerKind.CONNECT, 5)).isFalse();
  }

  @Test
  void armingAgainReplaces() {
    timers.arm(TimerKind.CONNECT, 5);
    timers.arm(TimerKind.CONNECT, 50);

    assertThat(timers.remainingNanos(0)).isEqualTo(50);
    assertThat(timers.expire(TimerKind.CONNECT, 5)).isFalse();
  }

  @Test
  void whatIsOverdueIsDueNow() {
    timers.arm(TimerKind.CLOSE, 5);

    assertThat(timers.remainingNanos(900)).isZero();
  }

  @Test
  void cancelsOneOrAll() {
    for (TimerKind kind : TimerKind.values()) {
      timers.arm(kind, 5);
    }

    timers.cancel(TimerKind.STABLE);
    assertThat(timers.isArmed(TimerKind.STABLE)).isFalse();
    assertThat(timers.isArmed(TimerKind.CLOSE)).isTrue();

    timers.cancelAll();
    assertThat(timers.remainingNanos(0)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void armingEarlierNeverPostpones() {
    timers.armEarlier(TimerKind.SEND_BUDGET, 100);
    timers.armEarlier(TimerKind.SEND_BUDGET, 200);
    assertThat(timers.remainingNanos(0)).isEqualTo(100);
    timers.armEarlier(TimerKind.SEND_BUDGET, 50);
    assertThat(timers.remainingNanos(0)).isEqualTo(50);
  }
}
