package dev.sluice.gateway.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.gateway.netty.ShardAssignment;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * What a {@link ShardAssignment} has to do that gives the shards of a process which ended to the
 * others: never to two at a time, and each time with a higher epoch. {@link
 * BalancingAssignmentContract} is for those that also take shards away from a process.
 */
public abstract class MovingAssignmentContract extends ShardAssignmentContract {

  /** For the classes of implementations. */
  protected MovingAssignmentContract() {}

  @Test
  void theOthersGetTheShardsOfOneThatStops() throws Exception {
    AssignmentGroup.Member first = group.add(assignment()).start();
    group.awaitAllOwned(Set.of(first), Map.of());
    AssignmentGroup.Member second = group.add(assignment()).start();

    first.stop();

    group.awaitAllOwned(Set.of(second), Map.of());
    assertEquals(Set.of(), first.shards());
    group.assertNoProblems();
  }

  @Test
  void epochsRiseFromOneOwnerToTheNext() throws Exception {
    for (int owner = 0; owner < 3; owner++) {
      Map<Integer, Long> before = group.epochs();
      AssignmentGroup.Member member = group.add(assignment()).start();
      group.awaitAllOwned(Set.of(member), before);
      member.stop();
    }
    group.assertNoProblems();
  }

  @Test
  void oneThatStoppedGetsNothingMore() throws Exception {
    AssignmentGroup.Member first = group.add(assignment()).start();
    group.awaitAllOwned(Set.of(first), Map.of());
    first.stop();
    Map<Integer, Long> before = group.epochs();

    AssignmentGroup.Member second = group.add(assignment()).start();

    group.awaitAllOwned(Set.of(second), before);
    assertEquals(plan().size(), first.assignments());
    assertEquals(plan().size(), second.assignments());
  }
}
