package dev.sluice.gateway.netty;

import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tasks that other threads hand to an event loop, which runs them in batches: the first of a batch
 * wakes it up, for all that come before it runs.
 */
final class TaskQueue {

  private static final Logger log = LoggerFactory.getLogger(TaskQueue.class);

  private final Executor eventLoop;
  private final Queue<LoopContext.Task> tasks;
  private final AtomicInteger queued = new AtomicInteger();

  /**
   * Makes a queue.
   *
   * @param eventLoop runs one task after another, on one thread
   * @param tasks a queue of JCTools for many producers and one consumer
   */
  TaskQueue(Executor eventLoop, Queue<LoopContext.Task> tasks) {
    this.eventLoop = eventLoop;
    this.tasks = tasks;
  }

  /**
   * Hands a task over, in the order of the calls of each thread; from any thread.
   *
   * @return whether it was taken; false when too many wait
   */
  boolean offer(LoopContext.Task task) {
    if (!tasks.offer(task)) {
      return false;
    }
    if (queued.getAndIncrement() == 0) {
      wakeUp();
    }
    return true;
  }

  private void wakeUp() {
    try {
      eventLoop.execute(this::drain);
    } catch (RejectedExecutionException e) {
      refuseAll(); // whoever makes the first of a batch is the only consumer until it is drained
    }
  }

  /** Runs what waits now; what comes meanwhile lets the channels of the loop have their turn. */
  private void drain() {
    int batch = queued.get();
    for (int i = 0; i < batch; i++) {
      try {
        tasks.poll().run();
      } catch (Throwable e) { // an Error that passed would leave the rest of the batch for ever
        log.error("a task of another thread failed", e);
      }
    }
    if (queued.addAndGet(-batch) > 0) {
      wakeUp();
    }
  }

  /** Refuses what was taken and did not run before the event loop ended; called after that. */
  void eventLoopEnded() {
    refuseAll();
  }

  /** Synchronized, because whoever meets the end of the event loop can meet another one here. */
  private synchronized void refuseAll() {
    int batch = queued.get();
    while (batch > 0) {
      for (int i = 0; i < batch; i++) {
        tasks.poll().refuse();
      }
      batch = queued.addAndGet(-batch);
    }
  }
}
