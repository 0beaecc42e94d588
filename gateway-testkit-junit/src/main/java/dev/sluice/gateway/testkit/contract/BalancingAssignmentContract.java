package dev.sluice.gateway.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.gateway.netty.ShardAssignment;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/**
 * What a {@link ShardAssignment} has to do that divides the shards among the processes that are
 * there: wait for an owner that stops a shard slowly, but not for ever; go on when that fails; and
 * tell an owner that was taken for dead.
 */
public abstract class BalancingAssignmentContract extends MovingAssignmentContract {

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
    CompletableFuture<Void> slow = new CompletableFuture<>();
    AssignmentGroup.Member first = group.add(assignment());
    first.onRevoked(shard -> slow);
    first.start();
    group.awaitAllOwned(Set.of(first), Map.of());
    AssignmentGroup.Member second = group.add(assignment()).start();
    group.await("a revocation", () -> first.revocations() > 0);
    assertEquals(Set.of(), second.shards());

    slow.complete(null);

    awaitBothHaveSome(first, second);
    group.assertNoProblems();
  }

  @Test
  void aShardThatFailsToStopGoesElsewhereAllTheSame() throws Exception {
    AssignmentGroup.Member first = group.add(assignment());
    first.onRevoked(
        shard ->
            CompletableFuture.failedStage(
                new CompletionException(new IllegalStateException("stop of " + shard))));
    first.start();
    group.awaitAllOwned(Set.of(first), Map.of());

    AssignmentGroup.Member second = group.add(assignment()).start();

    awaitBothHaveSome(first, second);
    group.assertNoProblems();
  }

  @Test
  void aShardThatNeverStopsGoesElsewhereAfterTheDeadline() throws Exception {
    AssignmentGroup.Member first = group.add(assignment());
    first.onRevoked(shard -> new CompletableFuture<>());
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
