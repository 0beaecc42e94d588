package dev.sluice.gateway.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.gateway.netty.ShardAssignment;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What a {@link ShardAssignment} has to do that divides the shards among the processes that are
 * there: wait for an owner that stops a shard slowly, but not for ever; go on when that fails; and
 * tell an owner that was taken for dead.
 */
public abstract class BalancingAssignmentContract extends MovingAssignmentContract {

  private static final Duration SLOW_STOP = Duration.ofMillis(200);

  /** For the classes of implementations. */
  protected BalancingAssignmentContract() {}

  /**
   * Has the group take the process of an assignment for dead, though it is alive and does not know.
   * The assignment finds out by itself later.
   *
   * @param assignment one that was started
   * @throws Exception if that cannot be done; the test fails
   */
  protected abstract void takeForDead(ShardAssignment assignment) throws Exception;

  @Test
  void oneThatComesLaterGetsItsPart() throws Exception {
    AssignmentGroup.Member first = group.add(assignment()).start();
    group.awaitAllOwned(Set.of(first), Map.of());

    AssignmentGroup.Member second = group.add(assignment()).start();

    awaitBothHaveSome(first, second);
    assertTrue(first.revocations() > 0);
    assertEquals(0, first.losses());
    group.assertNoProblems();
  }

  @Test
  void aShardThatIsStoppedSlowlyGoesElsewhereOnlyThen() throws Exception {
    AssignmentGroup.Member first = group.add(assignment());
    first.onRevoked(
        deadline ->
            new CompletableFuture<Void>()
                .completeOnTimeout(
                    null,
                    Math.min(deadline.toNanos() / 4, SLOW_STOP.toNanos()),
                    TimeUnit.NANOSECONDS));
    first.start();
    group.awaitAllOwned(Set.of(first), Map.of());

    AssignmentGroup.Member second = group.add(assignment()).start();

    awaitBothHaveSome(first, second);
    group.assertNoProblems();
  }

  @Test
  void aShardThatFailsToStopGoesElsewhereAllTheSame() throws Exception {
    AssignmentGroup.Member first = group.add(assignment());
    first.onRevoked(
        deadline ->
            CompletableFuture.failedStage(
                new CompletionException(new IllegalStateException("not stopped"))));
    first.start();
    group.awaitAllOwned(Set.of(first), Map.of());

    AssignmentGroup.Member second = group.add(assignment()).start();

    awaitBothHaveSome(first, second);
    group.assertNoProblems();
  }

  @Test
  void aShardThatNeverStopsGoesElsewhereAfterTheDeadline() throws Exception {
    AssignmentGroup.Member first = group.add(assignment());
    first.onRevoked(deadline -> new CompletableFuture<>());
    first.start();
    group.awaitAllOwned(Set.of(first), Map.of());
    AssignmentGroup.Member second = group.add(assignment()).start();
    group.await("a revocation", () -> first.revocations() > 0);

    group.await(
        "a shard for the second",
        first.longestDeadline().toSeconds() + Waits.TIMEOUT_SECONDS,
        () -> !second.shards().isEmpty());
    group.assertNoProblems();
  }

  @Test
  void oneThatWasTakenForDeadIsToldThatItLostItsShards() throws Exception {
    AssignmentGroup.Member first = group.add(assignment()).start();
    group.awaitAllOwned(Set.of(first), Map.of());
    AssignmentGroup.Member second = group.add(assignment()).start();
    awaitBothHaveSome(first, second);
    int had = first.shards().size();
    Map<Integer, Long> before = group.epochs();
    before.keySet().retainAll(first.shards());
    first.takenAway();

    takeForDead(first.assignment());

    group.await("the loss of all its shards", () -> first.losses() >= had);
    group.awaitAllOwned(Set.of(first, second), before);
    group.assertNoProblems();
  }

  private void awaitBothHaveSome(AssignmentGroup.Member first, AssignmentGroup.Member second)
      throws InterruptedException {
    group.await(
        "a part for each",
        () -> {
          Set<Integer> all = new HashSet<>(first.shards());
          all.addAll(second.shards());
          return !first.shards().isEmpty()
              && !second.shards().isEmpty()
              && all.size() == plan().size();
        });
  }
}
