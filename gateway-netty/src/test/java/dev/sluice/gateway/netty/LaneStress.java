package dev.sluice.gateway.netty;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A producer adds an event while the worker that has the lane finds it empty and gives it up. Tells
 * whether the event was taken, whether the producer is to schedule the lane, and whether the worker
 * is.
 */
@JCStressTest
@Outcome(id = "1, 0, 0", expect = Expect.ACCEPTABLE, desc = "taken by the worker")
@Outcome(id = "1, 1, 0", expect = Expect.ACCEPTABLE, desc = "taken, and an empty lane scheduled")
@Outcome(id = "0, 1, 0", expect = Expect.ACCEPTABLE, desc = "scheduled by the producer")
@Outcome(id = "0, 0, 1", expect = Expect.ACCEPTABLE, desc = "scheduled by the worker")
@Outcome(id = "0, 0, 0", expect = Expect.FORBIDDEN, desc = "lost: nobody comes for the event")
@Outcome(expect = Expect.FORBIDDEN, desc = "two workers in one lane")
@State
public class LaneStress {

  private final Lane<String> lane = new Lane<>();

  /** Makes a lane that a worker has. */
  public LaneStress() {
    lane.add("before");
    lane.poll();
  }

  @Actor
  public void produce(III_Result result) {
    result.r2 = lane.add("event") ? 1 : 0;
  }

  @Actor
  public void work(III_Result result) {
    for (String event = lane.poll(); event != null; event = lane.poll()) {
      result.r1++;
    }
    result.r3 = lane.release() ? 1 : 0;
  }
}
