package dev.sluice.gateway.sharding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.ManualClock;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReconnectJitterTest {

  private final ManualClock clock = new ManualClock();
  private final ReconnectJitter jitter = ReconnectJitter.create(clock, new SplittableRandom(1));

  private int atOnce(int shards, int drops) {
    int atOnce = 0;
    for (int i = 0; i < drops; i++) {
      if (jitter.dropped(shards) == 0) {
        atOnce++;
      }
    }
    return atOnce;
  }

  @ParameterizedTest(name = "of {0} shards that drop together {1} go at once")
  @CsvSource({"1, 1", "16, 16", "17, 16", "1000, 16", "1600, 16", "10000, 100"})
  void onePercentGoesAtOnceButAtLeastAFew(int shards, int expected) {
    assertThat(atOnce(shards, shards)).isEqualTo(expected);
  }

  @Test
  void theOthersWaitUpToTwoSecondsEvenlySpread() {
    atOnce(1000, 16);
    long sum = 0;
    for (int i = 0; i < 984; i++) {
      long wait = jitter.dropped(1000);
      assertThat(wait).isBetween(0L, 1_999_999_999L);
      sum += wait;
    }
    assertThat(sum / 984).isBetween(900_000_000L, 1_100_000_000L);
  }

  @Test
  void aSecondLaterShardsGoAtOnceAgain() {
    assertThat(atOnce(1000, 100)).isEqualTo(16);
    clock.advanceMillis(999);
    assertThat(atOnce(1000, 1)).isZero();
    clock.advanceMillis(1);
    assertThat(atOnce(1000, 100)).as("all but the one of a millisecond ago").isEqualTo(15);
  }

  @Test
  void shardsThatDropOneByOneNeverWait() {
    for (int i = 0; i < 1000; i++) {
      assertThat(jitter.dropped(100)).isZero();
      clock.advanceMillis(63); // 16 a second
    }
  }

  @Test
  void aFleetThatGrewIsCountedAnew() {
    assertThat(atOnce(100, 20)).isEqualTo(16);

    assertThat(atOnce(10_000, 101)).isEqualTo(100);
  }
}
