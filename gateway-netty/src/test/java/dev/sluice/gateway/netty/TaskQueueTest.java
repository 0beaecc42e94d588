package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.junit.jupiter.api.Test;

final class TaskQueueTest {

  private final Deque<Runnable> eventLoop = new ArrayDeque<>();
  private final List<String> log = new ArrayList<>();
  private boolean ended;
  private final TaskQueue queue =
      new TaskQueue(
          task -> {
            if (ended) {
              throw new RejectedExecutionException("event loop: ended");
            }
            eventLoop.add(task);
          },
          new MpscUnboundedArrayQueue<>(2));

  private void offer(String name) {
    boolean taken =
        queue.offer(
            new LoopContext.Task() {
              @Override
              public void run() {
                log.add(name);
              }

              @Override
              public void refuse() {
                log.add("no " + name);
              }
            });
    assertThat(taken).isTrue();
  }

  @Test
  void manyTasksWakeTheEventLoopOnce() {
    offer("a");
    offer("b");
    offer("c");
    assertThat(eventLoop).hasSize(1);

    eventLoop.remove().run();

    assertThat(log).containsExactly("a", "b", "c");
    assertThat(eventLoop).isEmpty();
    offer("d");
    assertThat(eventLoop).hasSize(1);
  }

  @Test
  void aTaskThatThrowsAnErrorDoesNotStopTheQueue() {
    queue.offer(
        new LoopContext.Task() {
          @Override
          public void run() {
            throw new StackOverflowError("deep task");
          }

          @Override
          public void refuse() {}
        });
    offer("a");

    eventLoop.remove().run();
    assertThat(log).containsExactly("a");
    offer("b");

    assertThat(eventLoop).hasSize(1);
  }

  @Test
  void whatWaitsWhenTheEventLoopEndsIsRefused() {
    offer("a");
    Runnable drain = eventLoop.remove();
    ended = true;
    offer("b"); // the batch has its wake-up already
    drain.run();
    offer("c");

    assertThat(log).containsExactly("a", "b", "no c");
  }
}
