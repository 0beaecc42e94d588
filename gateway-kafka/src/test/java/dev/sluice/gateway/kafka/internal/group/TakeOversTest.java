package dev.sluice.gateway.kafka.internal.group;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import org.junit.jupiter.api.Test;

/** From the assignment of a shard until it is up. */
final class TakeOversTest {

  private static final ShardId FIRST = new ShardId(0, 2);
  private static final ShardId SECOND = new ShardId(1, 2);

  private final FleetCounters counters = new FleetCounters();
  private long nanos = 1_000;
  private final TakeOvers takeOvers = new TakeOvers("bot.shards.1", counters, () -> nanos);

  @Test
  void countsFromTheAssignmentToTheFirstTimeThatAShardIsUp() {
    takeOvers.assigned(FIRST);
    takeOvers.assigned(SECOND);
    nanos += 30;
    takeOvers.up(FIRST);
    nanos += 40;
    takeOvers.up(SECOND);
    takeOvers.up(FIRST); // a resume later in its life
    assertTakeOvers(2, 30 + 70);
    assertThat(takeOvers.slowestNanos()).isEqualTo(70);

    takeOvers.assigned(FIRST);
    assertThat(takeOvers.slowestNanos()).as("of the last assignment").isZero();
    nanos += 5;
    takeOvers.up(FIRST);
    assertTakeOvers(3, 105);
    assertThat(takeOvers.slowestNanos()).isEqualTo(5);
  }

  @Test
  void aShardThatGoesBeforeItIsUpIsNotCounted() {
    takeOvers.assigned(FIRST);
    takeOvers.gone(FIRST);
    takeOvers.up(FIRST);

    assertTakeOvers(0, 0);
  }

  @Test
  void aShardThatIsAssignedStillGoesOnWaiting() {
    takeOvers.assigned(FIRST);
    nanos += 10;
    takeOvers.assigned(FIRST);
    nanos += 10;
    takeOvers.up(FIRST);

    assertTakeOvers(1, 20);
  }

  private void assertTakeOvers(long count, long totalNanos) {
    assertThat(counters.takeOvers.sum()).isEqualTo(count);
    assertThat(counters.takeOverNanos.sum()).isEqualTo(totalNanos);
  }
}
