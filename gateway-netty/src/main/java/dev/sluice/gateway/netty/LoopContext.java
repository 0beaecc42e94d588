package dev.sluice.gateway.netty;

import dev.sluice.gateway.Scratch;
import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jctools.queues.MpscChunkedArrayQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the shards of one event loop share: working memory, chance, figures, and the queue through
 * which other threads reach them. The figures are written by the event loop alone and read from
 * anywhere.
 */
final class LoopContext {

  /** Tasks of other threads that may wait for one event loop. */
  static final int MAX_TASKS = 1 << 16;

  private static final Logger log = LoggerFactory.getLogger(LoopContext.class);
  private static final int FIRST_TASKS = 256;

  final EventLoop eventLoop;
  final Scratch scratch = Scratch.create();
  final RandomGenerator random = RandomGenerator.getDefault();
  final LoopFigures figures = new LoopFigures();
  final LatencyRecorder heartbeatLatency = new LatencyRecorder();
  final LatencyRecorder identifyWait = new LatencyRecorder();
  final LatencyRecorder lag = new LatencyRecorder();
  final LagProbe lagProbe;

  private final MpscChunkedArrayQueue<Task> tasks =
      new MpscChunkedArrayQueue<>(FIRST_TASKS, MAX_TASKS);
  private final AtomicInteger queued = new AtomicInteger();

  /** What another thread wants done on the event loop. */
  interface Task {

    /** Does it, on the event loop. */
    void run();

    /** Says that it will not be done, for the event loop has ended; on any thread. */
    void refuse();
  }

  LoopContext(EventLoop eventLoop) {
    this.eventLoop = eventLoop;
    this.lagProbe = new LagProbe(eventLoop, lag);
  }

  /** {@return by how many nanoseconds the event loop is late with what is due; on any thread} */
  long lagNanos() {
    return lagProbe.lagNanos();
  }

  /**
   * Runs a task on the event loop, in the order of the calls of each thread; from any thread.
   *
   * @return whether it was taken; false when too many wait
   */
  boolean offer(Task task) {
    if (!tasks.offer(task)) {
      return false;
    }
    if (queued.getAndIncrement() == 0) { // one wake-up for all that come before it runs
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
      } catch (RuntimeException e) {
        log.error("a task of another thread failed", e);
      }
    }
    if (queued.addAndGet(-batch) > 0) {
      wakeUp();
    }
  }

  private void refuseAll() {
    int batch = queued.get();
    while (batch > 0) {
      for (int i = 0; i < batch; i++) {
        tasks.poll().refuse();
      }
      batch = queued.addAndGet(-batch);
    }
  }
}
