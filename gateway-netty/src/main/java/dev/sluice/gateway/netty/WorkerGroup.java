package dev.sluice.gateway.netty;

import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jctools.queues.MpmcUnboundedXaddArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings lanes with events to the threads of an executor. The lanes that are ready wait in one
 * queue; the executor is given a task when one comes and no task is on its way, and a task that
 * begins asks for another when more lanes wait. So there are as many tasks as find work and
 * threads, and none for each event.
 *
 * @param <T> what is handled
 */
final class WorkerGroup<T> implements Runnable {

  private static final Logger log = LoggerFactory.getLogger(WorkerGroup.class);

  /** Events of a lane before other lanes have their turn. */
  private static final int LANE_EVENTS = 64;

  /** Events of a task before other tasks of the executor have their turn. */
  private static final int TASK_EVENTS = 1024;

  private static final int CHUNK = 128;
  private static final long RETRY_MILLIS = 100;

  private final Executor executor;
  private final Consumer<T> handler;
  private final Consumer<T> discard;
  private final MpmcUnboundedXaddArrayQueue<Lane<T>> ready =
      new MpmcUnboundedXaddArrayQueue<>(CHUNK);

  /** Whether a task was given to the executor, or is to be, and has not begun. */
  private final AtomicBoolean signalled = new AtomicBoolean();

  private volatile boolean closed;
  private volatile boolean rejected; // the last task; only for the log

  /**
   * Makes a group.
   *
   * @param executor runs the workers
   * @param handler handles an event; throws nothing
   * @param discard gives up an event that came too late; throws nothing
   */
  WorkerGroup(Executor executor, Consumer<T> handler, Consumer<T> discard) {
    this.executor = executor;
    this.handler = handler;
    this.discard = discard;
  }

  /** Lets workers have a lane that has to be scheduled; by who was told so. */
  void schedule(Lane<T> lane) {
    ready.offer(lane);
    if (closed) {
      discardAll();
    } else {
      signal();
    }
  }

  /** Discards what waits and what comes from now on; from any thread. */
  void close() {
    closed = true;
    discardAll();
  }

  /** Works as long as there is something to do, or for a while; on a thread of the executor. */
  @Override
  public void run() {
    signalled.getAndSet(false); // exchanged, to see the lanes of all who found it set
    int left = TASK_EVENTS;
    for (Lane<T> lane = ready.poll(); lane != null; lane = ready.poll()) {
      if (!ready.isEmpty()) {
        signal();
      }
      left -= work(lane);
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        // The executor decides what becomes of this thread, and who goes on.
        if (!ready.isEmpty()) {
          signal();
        }
        return;
      }
    }
  }

  /** Handles some events of a lane. Returns how many, at least 1. */
  private int work(Lane<T> lane) {
    int handled = 0;
    boolean empty = false;
    try {
      while (handled == 0 || (handled < LANE_EVENTS && !Thread.currentThread().isInterrupted())) {
        T event = lane.poll();
        if (event == null) {
          empty = true;
          break;
        }
        handled++;
        (closed ? discard : handler).accept(event);
      }
    } finally {
      if (!empty || lane.release()) {
        schedule(lane);
      }
    }
    return Math.max(1, handled);
  }

  private void signal() {
    if (!signalled.getAndSet(true)) {
      execute();
    }
  }

  private void execute() {
    try {
      executor.execute(this);
      if (rejected) {
        rejected = false;
        log.info("workers: the executor takes tasks again");
      }
    } catch (Throwable e) { // a thread that cannot be started is an Error
      if (!rejected) {
        rejected = true;
        log.warn(
            "workers: the executor takes no task, asks again every {} ms; events wait, and shards"
                + " whose queue is full stop reading",
            RETRY_MILLIS,
            e);
      }
      GlobalEventExecutor.INSTANCE.schedule(this::retry, RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void retry() {
    if (!closed) {
      execute();
    }
  }

  private void discardAll() {
    for (Lane<T> lane = ready.poll(); lane != null; lane = ready.poll()) {
      do {
        for (@Nullable T event = lane.poll(); event != null; event = lane.poll()) {
          discard.accept(event);
        }
      } while (lane.release());
    }
  }
}
