package dev.sluice.gateway.kafka.internal.group;

import static dev.sluice.gateway.kafka.internal.group.MockGroup.partition;
import static dev.sluice.gateway.kafka.internal.group.MockGroup.session;
import static dev.sluice.gateway.kafka.internal.group.MockGroup.shard;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.junit.jupiter.api.Test;

/** Commits of a group that overtake one another. */
final class CheckpointWritesTest {

  private static final long EPOCH = 2;

  private final FleetCounters counters = new FleetCounters();
  private final MockGroup.Coordinator consumer = new MockGroup.Coordinator();
  private final OwnedShard owned =
      new OwnedShard(
          shard(0),
          partition(0),
          new CommandLane.Shared(1, () -> 0, () -> 0, Runnable::run, counters));
  private long nanos;
  private final CheckpointWrites writes =
      new CheckpointWrites(counters, () -> nanos, () -> {}, () -> {});

  @Test
  void aCommitThatFailedLateDoesNotBringAnOlderSessionBack() {
    owned.epoch = EPOCH;
    consumer.holdsCommits = true;
    CompletableFuture<Boolean> older = writes.add(owned, EPOCH, session(0, 5));
    writes.commitAsync(consumer);
    CompletableFuture<Boolean> newer = writes.add(owned, EPOCH, session(0, 9));
    writes.commitSync(consumer, Duration.ofSeconds(1));
    assertThat(newer).isCompletedWithValue(true);

    consumer.commitFailure = new RetriableCommitFailedException("the coordinator moved");
    consumer.completeCommits();
    consumer.commitFailure = null;
    consumer.holdsCommits = false;
    nanos += Duration.ofSeconds(1).toNanos();
    writes.commitAsync(consumer);

    assertThat(older).isCompletedWithValue(true);
    assertThat(SessionMetadata.decode(consumer.committed.get(partition(0)).metadata()).session())
        .isEqualTo(session(0, 9));
    assertThat(consumer.commits).isEqualTo(1);
  }
}
