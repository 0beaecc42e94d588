package dev.sluice.gateway.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.gateway.netty.ShardAssignment;
import dev.sluice.gateway.sharding.ShardPlan;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link ShardAssignment} has to do: assign each of its shards once and leave alone who
 * runs them. {@link MovingAssignmentContract} is for those that give the shards of one process to
 * another.
 */
public abstract class ShardAssignmentContract {

  AssignmentGroup group; // of one test

  /** For the classes of implementations. */
  protected ShardAssignmentContract() {}

  /** {@return a new assignment; all of one test are of one group, as if each in its own process} */
  protected abstract ShardAssignment assignment();

  /** {@return the shards of all assignments of a test together; by default four} */
  protected ShardPlan plan() {
    return ShardPlan.all(4);
  }

  /**
   * Closes what the class of the implementation opened, after the test and after what it is tested
   * with was stopped. By default nothing.
   *
   * @throws Exception if that fails; the test fails
   */
  protected void close() throws Exception {}

  @BeforeEach
  void makeGroup() {
    group = new AssignmentGroup(plan());
  }

  @AfterEach
  void stopAll() throws Exception {
    group.stopAll();
    close();
  }

  @Test
  void assignsEachShardOnce() throws Exception {
    AssignmentGroup.Member member = group.add(assignment()).start();

    group.awaitAllOwned(Set.of(member), Map.of());
    assertEquals(plan().size(), member.assignments());
    group.assertNoProblems();
  }

  @Test
  void whatWasReleasedIsNotStoppedAgain() throws Exception {
    AssignmentGroup.Member member = group.add(assignment()).start();
    group.awaitAllOwned(Set.of(member), Map.of());

    member.release(plan().first());
    member.stop();

    assertEquals(0, member.revocations());
    assertEquals(0, member.losses());
    group.assertNoProblems();
  }
}
