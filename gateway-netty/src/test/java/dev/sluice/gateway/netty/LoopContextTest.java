package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class LoopContextTest {

  private static final int THREADS = 8;
  private static final int EACH = 20_000;

  private final EventLoop eventLoop = new DefaultEventLoop();
  private final LoopContext context = new LoopContext(eventLoop);

  @AfterEach
  void end() throws InterruptedException {
    eventLoop.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
  }

  private static LoopContext.Task task(Runnable run, Runnable refuse) {
    return new LoopContext.Task() {
      @Override
      public void run() {
        run.run();
      }

      @Override
      public void refuse() {
        refuse.run();
      }
    };
  }

  private static LoopContext.Task task(Runnable run) {
    return task(run, () -> {});
  }

  @Test
  void runsEveryTaskInTheOrderOfItsThread() throws Exception {
    List<List<Integer>> ran = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(THREADS * EACH);
    for (int t = 0; t < THREADS; t++) {
      List<Integer> mine = new ArrayList<>();
      ran.add(mine);
      threads.add(
          new Thread(
              () -> {
                for (int n = 0; n < EACH; n++) {
                  int number = n;
                  LoopContext.Task task =
                      task(
                          () -> {
                            assertThat(eventLoop.inEventLoop()).isTrue();
                            mine.add(number);
                            done.countDown();
                          });
                  while (!context.offer(task)) {
                    Thread.onSpinWait();
                  }
                }
              }));
    }

    threads.forEach(Thread::start);

    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    for (List<Integer> mine : ran) {
      assertThat(mine).hasSize(EACH).isSorted();
    }
  }

  @Test
  void refusesAtTheBoundAndTakesMoreLater() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch ran = new CountDownLatch(LoopContext.MAX_TASKS);
    eventLoop.execute(
        () -> {
          try {
            release.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    for (int i = 0; i < LoopContext.MAX_TASKS; i++) {
      assertThat(context.offer(task(ran::countDown))).isTrue();
    }

    assertThat(context.offer(task(ran::countDown))).isFalse();
    release.countDown();

    assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
    CountDownLatch more = new CountDownLatch(1);
    assertThat(context.offer(task(more::countDown))).isTrue();
    assertThat(more.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aTaskThatThrowsDoesNotStopTheNext() throws Exception {
    CountDownLatch ran = new CountDownLatch(1);

    context.offer(
        task(
            () -> {
              throw new IllegalStateException("broken task");
            }));
    context.offer(task(ran::countDown));

    assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void refusesEveryTaskOnceTheEventLoopHasEnded() throws Exception {
    end();
    AtomicInteger refused = new AtomicInteger();
    Queue<String> ran = new ConcurrentLinkedQueue<>();

    for (int i = 0; i < 3; i++) {
      context.offer(task(() -> ran.add("ran"), refused::incrementAndGet));
    }

    assertThat(refused).hasValue(3);
    assertThat(ran).isEmpty();
  }

  @Test
  void givesTheEventLoopBackBetweenBatches() throws Exception {
    Queue<String> order = new ConcurrentLinkedQueue<>();
    CountDownLatch done = new CountDownLatch(2);

    eventLoop.execute(
        () -> {
          context.offer(
              task(
                  () -> {
                    order.add("first");
                    eventLoop.execute(() -> order.add("a channel"));
                    context.offer(
                        task(
                            () -> {
                              order.add("second");
                              done.countDown();
                            }));
                    done.countDown();
                  }));
        });

    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(order).containsExactly("first", "a channel", "second");
  }
}
