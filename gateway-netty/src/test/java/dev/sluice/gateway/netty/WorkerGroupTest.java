package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WorkerGroupTest {

  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private final List<Integer> handled = new ArrayList<>();
  private final List<Integer> discarded = new ArrayList<>();
  private Consumer<Integer> handler = handled::add;
  private final WorkerGroup<Integer> group =
      new WorkerGroup<>(tasks::add, event -> handler.accept(event), discarded::add);

  private void add(Lane<Integer> lane, int event) {
    if (lane.add(event)) {
      group.schedule(lane);
    }
  }

  @Test
  void manyEventsMakeOneTask() {
    Lane<Integer> lane = new Lane<>();
    for (int i = 0; i < 100; i++) {
      add(lane, i);
    }
    assertThat(tasks).hasSize(1);

    tasks.remove().run();

    assertThat(handled).hasSize(100).isSorted();
    add(lane, 100);
    tasks.getLast().run();
    assertThat(handled).hasSize(101).isSorted();
  }

  @Test
  void aTaskThatFindsMoreLanesAsksForAnother() {
    add(new Lane<>(), 1);
    add(new Lane<>(), 2);
    assertThat(tasks).hasSize(1);

    handler =
        event -> {
          handled.add(event);
          if (event == 1) {
            tasks.remove().run(); // while the first is blocked, on another thread
            assertThat(handled).containsExactly(1, 2);
          }
        };
    tasks.remove().run();

    assertThat(handled).containsExactly(1, 2);
  }

  @Test
  void aBusyLaneLetsOthersHaveTheirTurn() {
    Lane<Integer> busy = new Lane<>();
    Lane<Integer> other = new Lane<>();
    for (int i = 0; i < 1000; i++) {
      add(busy, i);
    }
    add(other, -1);

    tasks.remove().run();

    assertThat(handled.indexOf(-1)).isLessThanOrEqualTo(64);
    assertThat(handled).hasSize(1001);
  }

  @Test
  void aTaskGivesItsThreadBackAfterAWhile() {
    Lane<Integer> lane = new Lane<>();
    for (int i = 0; i < 3000; i++) {
      add(lane, i);
    }

    tasks.remove().run();
    assertThat(handled).hasSizeBetween(1024, 1100);
    while (!tasks.isEmpty()) {
      tasks.remove().run();
    }

    assertThat(handled).hasSize(3000).isSorted();
  }

  @Test
  void anInterruptEndsTheTaskAndNotTheLane() {
    Lane<Integer> lane = new Lane<>();
    for (int i = 0; i < 3; i++) {
      add(lane, i);
    }
    handler =
        event -> {
          handled.add(event);
          Thread.currentThread().interrupt();
        };

    for (int i = 1; i <= 3; i++) {
      tasks.remove().run();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(handled).hasSize(i);
    }
    assertThat(handled).isSorted();
  }

  @Test
  void anErrorThatEndsAThreadDoesNotEndTheLane() {
    Lane<Integer> lane = new Lane<>();
    for (int i = 0; i < 3; i++) {
      add(lane, i);
    }
    handler =
        event -> {
          handled.add(event);
          if (event == 1) {
            throw new StackOverflowError("deep");
          }
        };

    assertThatThrownBy(tasks.remove()::run).isInstanceOf(StackOverflowError.class);
    tasks.remove().run();

    assertThat(handled).containsExactly(0, 1, 2);
  }

  @Test
  void anExecutorThatRejectsIsAskedAgain() throws Exception {
    ExecutorService threads = Executors.newSingleThreadExecutor();
    AtomicInteger attempts = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(2);
    WorkerGroup<Integer> rejected =
        new WorkerGroup<>(
            task -> {
              switch (attempts.getAndIncrement()) {
                case 0 -> throw new RejectedExecutionException("full");
                case 1 -> throw new OutOfMemoryError("unable to create native thread");
                default -> threads.execute(task);
              }
            },
            event -> done.countDown(),
            event -> {});
    Lane<Integer> lane = new Lane<>();
    if (lane.add(1)) {
      rejected.schedule(lane);
    }
    if (lane.add(2)) {
      rejected.schedule(lane);
    }

    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(attempts).hasValueGreaterThanOrEqualTo(3);
    threads.shutdown();
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void closingDiscardsWhatWaitsAndWhatComes() {
    Lane<Integer> lane = new Lane<>();
    add(lane, 1);
    add(lane, 2);

    group.close();
    add(lane, 3);
    add(new Lane<>(), 4);
    tasks.remove().run();

    assertThat(handled).isEmpty();
    assertThat(discarded).containsExactly(1, 2, 3, 4);
    assertThat(tasks).isEmpty();
  }

  @Test
  void closingDiscardsTheRestOfALaneThatAWorkerHas() {
    Lane<Integer> lane = new Lane<>();
    add(lane, 1);
    add(lane, 2);
    handler =
        event -> {
          handled.add(event);
          group.close();
        };

    tasks.remove().run();

    assertThat(handled).containsExactly(1);
    assertThat(discarded).containsExactly(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void producersAndWorkersLoseNothingAndKeepTheOrderOfEachLane(int threads) throws Exception {
    int producers = 2;
    int lanesOfEach = 8;
    int eventsOfEach = 100_000;
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    List<List<Integer>> byLane = new ArrayList<>();
    for (int i = 0; i < producers * lanesOfEach; i++) {
      byLane.add(new ArrayList<>()); // unsynchronized: a lane has one worker at a time
    }
    CountDownLatch done = new CountDownLatch(producers * eventsOfEach);
    WorkerGroup<long[]> workers =
        new WorkerGroup<>(
            executor,
            event -> {
              byLane.get((int) event[0]).add((int) event[1]);
              done.countDown();
            },
            event -> {});
    List<Thread> threadsOfProducers = new ArrayList<>();
    for (int p = 0; p < producers; p++) {
      int first = p * lanesOfEach;
      List<Lane<long[]>> lanes = new ArrayList<>();
      Collections.addAll(lanes, newLanes(lanesOfEach));
      threadsOfProducers.add(
          new Thread(
              () -> {
                for (int n = 0; n < eventsOfEach; n++) {
                  Lane<long[]> lane = lanes.get(n % lanesOfEach);
                  if (lane.add(new long[] {first + n % lanesOfEach, n})) {
                    workers.schedule(lane);
                  }
                }
              }));
    }

    threadsOfProducers.forEach(Thread::start);

    assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
    executor.shutdown();
    assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    for (List<Integer> events : byLane) {
      assertThat(events).hasSize(eventsOfEach / lanesOfEach).isSorted();
    }
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Lane<long[]>[] newLanes(int count) {
    Lane<long[]>[] lanes = new Lane[count];
    for (int i = 0; i < count; i++) {
      lanes[i] = new Lane<>();
    }
    return lanes;
  }
}
