package dev.sluice.gateway.kafka.internal.group;

import dev.sluice.gateway.netty.ShardAssignment;
import dev.sluice.gateway.testkit.contract.BalancingAssignmentContract;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What every assignment has to do, by a group on a broker. */
@Tag("broker")
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
final class ShardGroupAssignmentBrokerTest extends BalancingAssignmentContract {

  private BrokerGroups groups;

  @BeforeEach
  void open() throws Exception {
    groups = new BrokerGroups(plan().count());
  }

  @Override
  protected ShardAssignment assignment() {
    return groups.member();
  }

  @Override
  protected void takeForDead(ShardAssignment assignment) throws Exception {
    groups.remove(assignment);
  }

  @Override
  protected void close() throws Exception {
    groups.close();
  }
}
