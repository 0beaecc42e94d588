package dev.sluice.gateway.netty;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A thread hands over tasks while the event loop drains one that came before. Tells how many have
 * run once the event loop has nothing more to do.
 */
@JCStressTest
@Outcome(id = "3", expect = Expect.ACCEPTABLE, desc = "all")
@Outcome(expect = Expect.FORBIDDEN, desc = "a task waits for ever, or ran twice")
@State
public class TaskQueueStress {

  private final ConcurrentLinkedQueue<Runnable> eventLoop = new ConcurrentLinkedQueue<>();
  private final AtomicInteger ran = new AtomicInteger();
  private final TaskQueue queue = new TaskQueue(eventLoop::add, new MpscUnboundedArrayQueue<>(2));

  /** Hands over the first task, whose wake-up waits in the event loop. */
  public TaskQueueStress() {
    offer();
  }

  private void offer() {
    queue.offer(
        new LoopContext.Task() {
          @Override
          public void run() {
            ran.incrementAndGet();
          }

          @Override
          public void refuse() {}
        });
  }

  @Actor
  public void handOver() {
    offer();
    offer();
  }

  @Actor
  public void runEventLoop() {
    Runnable drain = eventLoop.poll();
    if (drain != null) {
      drain.run();
    }
  }

  @Arbiter
  public void runTheRest(I_Result result) {
    for (Runnable drain = eventLoop.poll(); drain != null; drain = eventLoop.poll()) {
      drain.run();
    }
    result.r1 = ran.get();
  }
}
