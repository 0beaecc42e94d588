package dev.sluice.gateway.netty.internal.dial;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ClockWatchTest {

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final List<Long> slept = new ArrayList<>();
  private long monotonicMillis;
  private long wallMillis = 1_700_000_000_000L;
  private final ClockWatch watch =
      new ClockWatch(
          () -> Long.MAX_VALUE - 1_000_000_000L + TimeUnit.MILLISECONDS.toNanos(monotonicMillis),
          () -> wallMillis,
          slept::add);

  @BeforeEach
  void start() {
    channel.freezeTime();
    watch.start(channel.eventLoop());
  }

  @AfterEach
  void end() {
    assertThat(channel.finish()).isFalse();
  }

  /** The watch looks at the clocks after both have moved. */
  private void pass(long monotonic, long wall) {
    monotonicMillis += monotonic;
    wallMillis += wall;
    channel.advanceTimeBy(ClockWatch.INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();
  }

  @Test
  void clocksThatGoTogetherAreNoSleep() {
    for (int i = 0; i < 5; i++) {
      pass(1_000, 1_000);
    }
    pass(60_000, 60_000); // the process stood still, and its timers with it

    assertThat(slept).isEmpty();
  }

  @Test
  void aMonotonicClockThatStoodStillIsSleep() {
    pass(1_000, 1_000);
    pass(1_000, 3_601_000);
    pass(1_000, 1_000);

    assertThat(slept).containsExactly(3_600_000L);
  }

  @Test
  void sleepCountsFromFiveSecondsOn() {
    pass(1_000, 5_999);
    assertThat(slept).isEmpty();

    pass(1_000, 6_000);

    assertThat(slept).containsExactly(5_000L);
  }

  @Test
  void correctionsThatAreSlowOrBackwardsAreNoSleep() {
    for (int i = 0; i < 20; i++) {
      pass(1_000, 1_400);
    }
    pass(1_000, -7_200_000);

    assertThat(slept).isEmpty();
  }

  @Test
  void nothingIsToldOnceItEnded() {
    watch.stop();

    pass(1_000, 3_601_000);

    assertThat(slept).isEmpty();
  }
}
