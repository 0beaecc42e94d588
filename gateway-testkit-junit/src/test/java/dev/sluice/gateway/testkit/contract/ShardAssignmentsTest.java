package dev.sluice.gateway.testkit.contract;

import dev.sluice.gateway.netty.ShardAssignment;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

final class ShardAssignmentsTest {

  @Nested
  final class Fixed extends ShardAssignmentContract {

    @Override
    protected ShardAssignment assignment() {
      return ShardAssignment.fixed(plan());
    }
  }

  @Nested
  final class FileLocks extends MovingAssignmentContract {

    @TempDir Path directory;

    @Override
    protected ShardAssignment assignment() {
      return ShardAssignment.fileLocks(directory.resolve("locks"), plan());
    }
  }

  /** Moves shards as a fleet does, and fences those that it takes for dead. */
  @Nested
  final class Coordinated extends BalancingAssignmentContract {

    private final Coordinator coordinator = new Coordinator(plan());

    @Override
    protected ShardAssignment assignment() {
      return coordinator.member();
    }

    @Override
    protected void takeForDead(ShardAssignment assignment) {
      coordinator.takeForDead(assignment);
    }

    @Override
    protected void close() {
      coordinator.close();
    }
  }
}
