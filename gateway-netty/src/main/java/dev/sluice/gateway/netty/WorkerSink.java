package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.Dispatch;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets workers call the application's handler, with copies. Thread-safe.
 *
 * <p>The way of an event: {@link #offer} on the event loop puts a copy into a lane of the shard's
 * {@link EventQueue}; a task of the {@link WorkerGroup} takes it and calls the handler; the
 * acknowledgement, from whatever thread, goes back to the event loop, where the memory is released
 * and the shard perhaps reads on.
 */
final class WorkerSink implements EventSink {

  private final Workers settings;
  private final DispatchHandler handler;
  private final @Nullable DispatchExceptionHandler exceptionHandler;
  private final WorkerGroup<QueuedEvent> workers;
  private final @Nullable ThreadPoolExecutor ownThreads;
  private final Map<LoopContext, QueueBudget> budgets = new ConcurrentHashMap<>();
  private final long maxBytesPerLoop;

  WorkerSink(
      Workers settings,
      int eventLoops,
      DispatchHandler handler,
      @Nullable DispatchExceptionHandler exceptionHandler) {
    this.settings = settings;
    this.handler = handler;
    this.exceptionHandler = exceptionHandler;
    this.maxBytesPerLoop = Math.max(1, settings.maxBytes() / eventLoops);
    Executor executor = settings.executor();
    this.ownThreads = executor == null ? threads(settings.threads()) : null;
    this.workers =
        new WorkerGroup<>(
            ownThreads == null ? requireNonNull(executor, "executor") : ownThreads,
            this::handle,
            QueuedEvent::discard);
  }

  /** None of them is started before it has something to do. */
  private static ThreadPoolExecutor threads(int threads) {
    return new ThreadPoolExecutor(
        threads,
        threads,
        0,
        TimeUnit.SECONDS,
        new LinkedBlockingQueue<>(),
        new DefaultThreadFactory("sluice-worker"));
  }

  @Override
  public boolean offer(Shard shard, Dispatch dispatch) {
    return shard.eventQueue(this).offer(dispatch);
  }

  EventQueue queue(Shard shard, LoopContext context) {
    QueueBudget budget = budgets.computeIfAbsent(context, loop -> new QueueBudget(maxBytesPerLoop));
    return new EventQueue(shard, context, settings, workers, budget);
  }

  private void handle(QueuedEvent event) {
    Dispatch dispatch = event.dispatch;
    Shard shard = event.queue.shard;
    String name = dispatch.name(); // before the handler, which may acknowledge and then throw
    try {
      handler.onDispatch(shard, dispatch);
      if (!dispatch.isDeferred()) {
        dispatch.acknowledge();
      }
    } catch (Throwable e) {
      EventDelivery.failed(shard, dispatch, name, e, exceptionHandler);
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt(); // the executor's to know
      }
    }
  }

  /**
   * Ends the manager's own threads, interrupting what they handle, and gives up the events that
   * wait. Those were not acknowledged, so a resumed session brings them again.
   */
  @Override
  public void stopped() {
    workers.close();
    if (ownThreads != null) {
      ownThreads.shutdownNow();
    }
  }
}
