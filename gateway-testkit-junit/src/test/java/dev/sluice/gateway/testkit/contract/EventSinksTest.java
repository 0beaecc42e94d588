package dev.sluice.gateway.testkit.contract;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.Shard;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;

final class EventSinksTest {

  /** Takes events away on another thread, a bounded number at a time. */
  @Nested
  final class Queued extends OfAnotherThread {

    Queued() {
      super(task -> new Thread(task, "publisher").start());
    }
  }

  /** Takes its time for every event. */
  @Nested
  final class Slow extends OfAnotherThread {

    Slow() {
      super(CompletableFuture.delayedExecutor(100, TimeUnit.MICROSECONDS));
    }
  }

  /** Fails with every tenth event and tries again, before any that came later. */
  @Nested
  final class Failing extends OfAnotherThread {

    private int attempts;

    Failing() {
      super(CompletableFuture.delayedExecutor(1, TimeUnit.MICROSECONDS));
    }

    @Override
    boolean succeeds() {
      return ++attempts % 10 != 0; // one thread at a time
    }
  }

  private abstract static class OfAnotherThread extends EventSinkContract {

    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private final Executor executor;
    private boolean stalled; // guarded by this, as the queues of all sinks are
    private final Set<QueueSink> waiting = new HashSet<>();

    OfAnotherThread(Executor executor) {
      this.executor = executor;
    }

    boolean succeeds() {
      return true;
    }

    @Override
    protected EventSink sink() {
      return new QueueSink();
    }

    @Override
    protected BlockingQueue<Arrival> arrivals() {
      return arrivals;
    }

    @Override
    protected synchronized void stall() {
      stalled = true;
    }

    @Override
    protected synchronized void goOn() {
      stalled = false;
      waiting.forEach(QueueSink::publishMore);
      waiting.clear();
    }

    private final class QueueSink implements EventSink {

      private static final int MAX_EVENTS = 64;

      private record Event(Shard shard, Dispatch dispatch) {}

      private final Queue<Event> queue = new ArrayDeque<>();
      private final Set<Shard> paused = new HashSet<>();
      private boolean publishing;
      private boolean stopped;

      @Override
      public boolean offer(Shard shard, Dispatch dispatch) {
        synchronized (OfAnotherThread.this) {
          queue.add(new Event(shard, dispatch.copy()));
          dispatch.defer();
          publishMore();
          boolean full = queue.size() >= MAX_EVENTS;
          if (full) {
            paused.add(shard);
          }
          return !full;
        }
      }

      /** One task at a time publishes the oldest. */
      private void publishMore() {
        if (stalled) {
          waiting.add(this);
        } else if (!publishing && !queue.isEmpty() && !stopped) {
          publishing = true;
          executor.execute(this::publish);
        }
      }

      private void publish() {
        synchronized (OfAnotherThread.this) {
          publishing = false;
          if (!stalled && !stopped && succeeds()) {
            Event event = queue.remove();
            arrivals.add(arrival(event));
            event.dispatch.acknowledge();
            if (queue.size() <= MAX_EVENTS / 2) {
              paused.forEach(Shard::resumeReading);
              paused.clear();
            }
          }
          publishMore();
        }
      }

      @Override
      public void stopped() {
        synchronized (OfAnotherThread.this) {
          stopped = true;
        }
      }
    }

    private static Arrival arrival(QueueSink.Event event) {
      return new Arrival(
          event.shard.id(),
          event.dispatch.sequence(),
          event.dispatch.name(),
          event.dispatch.data());
    }
  }
}
