package dev.sluice.gateway.netty;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A lane becomes ready while a task of the executor begins, or finds nothing more to do and ends.
 * Tells how many of the two events were handled once all tasks have run, and how many tasks there
 * were.
 */
@JCStressTest
@Outcome(id = "2, 1", expect = Expect.ACCEPTABLE, desc = "one task did it all")
@Outcome(id = "2, 2", expect = Expect.ACCEPTABLE, desc = "a second task was asked for")
@Outcome(expect = Expect.FORBIDDEN, desc = "a lane waits for ever, or a task too many")
@State
public class WorkerGroupStress {

  private final AtomicInteger handled = new AtomicInteger();
  private final AtomicInteger tasks = new AtomicInteger();
  private final WorkerGroup<String> group =
      new WorkerGroup<>(
          task -> tasks.incrementAndGet(), event -> handled.incrementAndGet(), event -> {});

  /** Gives the executor a task for a first lane. */
  public WorkerGroupStress() {
    schedule();
  }

  private void schedule() {
    Lane<String> lane = new Lane<>();
    if (lane.add("event")) {
      group.schedule(lane);
    }
  }

  @Actor
  public void produce() {
    schedule();
  }

  @Actor
  public void work() {
    group.run();
  }

  @Arbiter
  public void runTheRest(II_Result result) {
    for (int run = 1; run < tasks.get(); run++) {
      group.run();
    }
    result.r1 = handled.get();
    result.r2 = tasks.get();
  }
}
