package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardOverview;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a shard counts as changed, so that viewers are sent it anew. */
final class ShardRowTest extends Resources {

  private static final long SECOND = 1_000_000_000;

  private ShardRow row;
  private long tick;

  @BeforeEach
  void row() throws Exception {
    ShardManager manager = ready(settings(gateway(), 1));
    row = new ShardRow(manager.shard(0));
    read(overview(0, 0));
  }

  private static ShardOverview overview(long events, long latencyNanos) {
    return new ShardOverview(
        new ShardId(0, 1), GatewayState.READY, events, latencyNanos, 0, false, 1_764_126_000, 0);
  }

  private boolean read(ShardOverview overview) {
    tick++;
    row.read(overview, false, tick * SECOND, tick);
    return row.changedAt == tick;
  }

  @Test
  void aShardThatDoesTheSameIsNotSentAnew() {
    assertThat(read(overview(0, 0))).isFalse();
    assertThat(row.latencyMillis).as("before the first ACK").isEqualTo(-1);
    assertThat(row.state).isEqualTo(GatewayState.READY);
  }

  @Test
  void aRateIsSentWhenItHasMovedByATenth() {
    assertThat(read(overview(100, 0))).as("from nothing").isTrue();
    assertThat(row.eventsShown).isEqualTo(100);

    assertThat(read(overview(205, 0))).as("105").isFalse();
    assertThat(row.eventsShown).isEqualTo(100);
    assertThat(row.eventRate).isEqualTo(105);

    assertThat(read(overview(316, 0))).as("111").isTrue();
    assertThat(row.eventsShown).isEqualTo(111);

    assertThat(read(overview(316, 0))).as("to nothing").isTrue();
    assertThat(row.eventsShown).isZero();
  }

  @Test
  void everythingElseIsSentAtOnce() {
    assertThat(read(overview(0, 41_230_000))).isTrue();
    assertThat(row.latencyMillis).isEqualTo(41.2);

    tick++;
    row.read(overview(0, 41_230_000), true, tick * SECOND, tick);
    assertThat(row.changedAt).isEqualTo(tick);
    assertThat(row.flags).isEqualTo(ShardRow.BLOCKED);

    assertThat(
            read(
                new ShardOverview(
                    new ShardId(0, 1), GatewayState.BACKOFF, 0, 41_230_000, 3, true, 0, 1)))
        .isTrue();
    assertThat(row.flags).isEqualTo(ShardRow.PAUSED);
    assertThat(row.queue).isEqualTo(3);
    assertThat(row.reconnects).isEqualTo(1);
  }
}
