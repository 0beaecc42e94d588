package dev.sluice.gateway.kafka.internal.group;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What other threads want done on the thread of a group, which takes it between two polls, and the
 * wake-up of the poll that it waits in. {@link #add}, {@link #nudge} and {@link #wake} are
 * thread-safe, the rest is confined to the group's thread.
 */
final class GroupTasks {

  /*
   * A poll is woken up once. Who adds a task after the group's last look at them finds that it
   * polls, or is about to, and wakes it up.
   *
   * A wake-up that misses its poll ends the next blocking call of the consumer instead. Each of
   * them is prepared for that: a poll is made again, and a commit too.
   */

  private static final Logger log = LoggerFactory.getLogger(GroupTasks.class);

  private final String group;
  private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
  private final AtomicBoolean polling = new AtomicBoolean();
  private volatile @Nullable Consumer<byte[], byte[]> consumer;
  private volatile boolean ended;

  /**
   * Makes an empty one.
   *
   * @param group its name, for the log
   */
  GroupTasks(String group) {
    this.group = group;
  }

  /** Takes the consumer whose polls are woken up. */
  void of(Consumer<byte[], byte[]> consumer) {
    this.consumer = consumer;
  }

  /** Runs a task on the group's thread; after its end on the caller's. */
  void add(Runnable task) {
    tasks.add(task);
    if (ended) {
      drain();
    } else {
      wake();
    }
  }

  /** Ends an {@link #await} without a wake-up of a poll. */
  void nudge() {
    tasks.add(() -> {});
  }

  /** Ends the poll that the group's thread waits in, if it does. */
  void wake() {
    Consumer<byte[], byte[]> current = consumer;
    if (current != null && polling.compareAndSet(true, false)) {
      current.wakeup();
    }
  }

  /** Before the look at what is to be done, after which the group polls. */
  void pollBegins() {
    polling.set(true);
  }

  /** The poll is over, or is within a callback. */
  void pollEnds() {
    polling.set(false);
  }

  boolean isEmpty() {
    return tasks.isEmpty();
  }

  /** Runs all that wait. */
  void run() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      run(task);
    }
  }

  /** Waits for a task and runs it, at most for a time. */
  void await(long nanos) {
    try {
      Runnable task = tasks.poll(nanos, TimeUnit.NANOSECONDS);
      if (task != null) {
        run(task);
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      log.error("{}: a task failed", group, e);
    }
  }

  /** {@return whether the group has no thread and no consumer any more; on any thread} */
  boolean haveEnded() {
    return ended;
  }

  /** The group's thread ends: what waits is run now, and what comes on the thread of its caller. */
  void end() {
    ended = true;
    drain();
  }

  /** One at a time, for the thread that they were meant for is gone. */
  private synchronized void drain() {
    run();
  }
}
