package dev.sluice.gateway.sharding;

import static dev.sluice.gateway.sharding.IdentifyBreaker.Verdict.ALLOWED;
import static dev.sluice.gateway.sharding.IdentifyBreaker.Verdict.FLEET_BLOCKED;
import static dev.sluice.gateway.sharding.IdentifyBreaker.Verdict.SHARD_BLOCKED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.ManualClock;
import dev.sluice.gateway.ShardId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdentifyBreakerTest {

  private static final long MINUTE_MILLIS = 60_000;
  private static final int SHARDS = 16;

  private final ManualClock clock = new ManualClock();

  private static ShardId shard(int id) {
    return new ShardId(id, SHARDS);
  }

  private IdentifyBreaker breaker(int fleetLimit, int shardLimit) {
    return IdentifyBreaker.create(fleetLimit, shardLimit, clock);
  }

  @Test
  void firstIdentifiesOfAnyNumberOfShardsDoNotReachTheLimitOfTheFleet() {
    IdentifyBreaker breaker = breaker(3, 5);
    for (int id = 0; id < SHARDS; id++) {
      assertThat(breaker.check(shard(id), true)).isEqualTo(ALLOWED);
      breaker.identified(shard(id), true);
    }

    assertThat(breaker.check(shard(0), false)).isEqualTo(ALLOWED);
    assertThat(breaker.identifiesInTheLastHour()).isZero();
  }

  @Test
  void theFleetIsBlockedWhenAnIdentifyBeyondTheLimitIsWanted() {
    IdentifyBreaker breaker = breaker(3, 5);
    for (int id = 0; id < 3; id++) {
      assertThat(breaker.check(shard(id), false)).isEqualTo(ALLOWED);
      breaker.identified(shard(id), false);
    }
    assertThat(breaker.isFleetBlocked()).as("nobody wanted more").isFalse();
    assertThat(breaker.check(shard(4), true)).as("a first one trips nothing").isEqualTo(ALLOWED);

    assertThat(breaker.check(shard(3), false)).isEqualTo(FLEET_BLOCKED);

    assertThat(breaker.isFleetBlocked()).isTrue();
    assertThat(breaker.check(shard(4), true)).isEqualTo(FLEET_BLOCKED);
    clock.advanceMillis(24 * 60 * MINUTE_MILLIS);
    assertThat(breaker.check(shard(3), false)).as("only a hand releases").isEqualTo(FLEET_BLOCKED);
  }

  @Test
  void theHourOfTheFleetSlides() {
    IdentifyBreaker breaker = breaker(2, 5);
    breaker.identified(shard(0), false);
    clock.advanceMillis(30 * MINUTE_MILLIS);
    breaker.identified(shard(1), false);
    clock.advanceMillis(31 * MINUTE_MILLIS);

    assertThat(breaker.identifiesInTheLastHour()).isEqualTo(1);
    assertThat(breaker.check(shard(2), false)).isEqualTo(ALLOWED);
    breaker.identified(shard(2), false);
    assertThat(breaker.check(shard(3), false)).isEqualTo(FLEET_BLOCKED);

    clock.advanceMillis(1_000 * MINUTE_MILLIS);
    assertThat(breaker.identifiesInTheLastHour()).isZero();
  }

  @Test
  void aShardThatIdentifiesAgainAndAgainIsBlockedAlone() {
    IdentifyBreaker breaker = breaker(100, 3);
    for (int i = 0; i < 1 + 3; i++) {
      assertThat(breaker.check(shard(7), i == 0)).isEqualTo(ALLOWED);
      breaker.identified(shard(7), i == 0);
      clock.advanceMillis(MINUTE_MILLIS);
    }

    assertThat(breaker.check(shard(7), false)).isEqualTo(SHARD_BLOCKED);

    assertThat(breaker.check(shard(8), false)).isEqualTo(ALLOWED);
    assertThat(breaker.check(new ShardId(7, 2 * SHARDS), true))
        .as("another shard with the same number")
        .isEqualTo(ALLOWED);
    assertThat(breaker.blockedShards()).containsExactly(shard(7));
    clock.advanceMillis(60 * MINUTE_MILLIS);
    assertThat(breaker.check(shard(7), false)).isEqualTo(SHARD_BLOCKED);
  }

  @Test
  void tenMinutesOfAShardSlide() {
    IdentifyBreaker breaker = breaker(100, 3);
    for (int i = 0; i < 50; i++) {
      assertThat(breaker.check(shard(7), i == 0)).isEqualTo(ALLOWED);
      breaker.identified(shard(7), i == 0);
      clock.advanceMillis(4 * MINUTE_MILLIS); // at most three within ten
      if (i % 2 == 1) {
        clock.advanceMillis(3 * MINUTE_MILLIS);
      }
    }
    assertThat(breaker.blockedShards()).isEmpty();
  }

  @Test
  void shardsThatIdentifiedLongAgoAreForgotten() {
    IdentifyBreaker breaker = breaker(100, 2);
    breaker.identified(shard(1), false);
    breaker.identified(shard(1), false);
    clock.advanceMillis(10 * MINUTE_MILLIS);
    breaker.identified(shard(2), false);

    assertThat(breaker.check(shard(1), false)).isEqualTo(ALLOWED);
  }

  @Test
  void releaseLetsEverybodyGoOnAndCountsFromNothing() {
    IdentifyBreaker breaker = breaker(2, 1);
    breaker.identified(shard(0), false);
    assertThat(breaker.check(shard(0), false)).isEqualTo(SHARD_BLOCKED);
    breaker.identified(shard(1), false);
    assertThat(breaker.check(shard(2), false)).isEqualTo(FLEET_BLOCKED);

    breaker.release();

    assertThat(breaker.isFleetBlocked()).isFalse();
    assertThat(breaker.blockedShards()).isEmpty();
    assertThat(breaker.identifiesInTheLastHour()).isZero();
    assertThat(breaker.check(shard(0), false)).isEqualTo(ALLOWED);
    breaker.identified(shard(0), false);
    breaker.identified(shard(1), false);
    assertThat(breaker.check(shard(2), false)).isEqualTo(FLEET_BLOCKED);
  }

  @Test
  void theLimitOfTheFleetCanChange() {
    IdentifyBreaker breaker = breaker(1, 5);
    breaker.identified(shard(0), false);
    breaker.fleetLimit(2);

    assertThat(breaker.check(shard(1), false)).isEqualTo(ALLOWED);
    assertThat(breaker.fleetLimit()).isEqualTo(2);
    assertThat(breaker.shardLimit()).isEqualTo(5);
  }

  @Test
  void withoutLimitsNothingIsBlocked() {
    IdentifyBreaker breaker = breaker(Integer.MAX_VALUE, Integer.MAX_VALUE);
    for (int i = 0; i < 1_000; i++) {
      breaker.identified(shard(0), false);
    }

    assertThat(breaker.check(shard(0), false)).isEqualTo(ALLOWED);
  }

  @ParameterizedTest(name = "{0} shards, {1} session starts a day: {2}")
  @CsvSource(
      textBlock =
          """
          0,      0,     16
          1,      1000,  18
          16,     1000,  48
          16,     0,     48
          1000,   2000,  1000
          1000,   5000,  2016
          3000,   5000,  3000
          0,      1,     1
          1,      1,     1
          2000000000, 0, 2147483647
          """)
  void theDefaultLimitLetsEverySessionEndOnce(int shards, int sessionStarts, int limit) {
    assertThat(IdentifyBreaker.defaultFleetLimit(shards, sessionStarts)).isEqualTo(limit);
  }

  @Test
  void refusesLimitsBelowOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> breaker(0, 1))
        .withMessage("fleet limit: 0 (expected: >= 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> breaker(1, 0))
        .withMessage("shard limit: 0 (expected: >= 1)");
    assertThatIllegalArgumentException().isThrownBy(() -> breaker(1, 1).fleetLimit(0));
  }
}
