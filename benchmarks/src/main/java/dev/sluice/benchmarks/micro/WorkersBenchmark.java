package dev.sluice.benchmarks.micro;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.netty.DispatchHandler;
import dev.sluice.gateway.netty.Workers;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to hand events to another thread, in the order of the shard, until the last one
 * is handled there? Beside it: no handing over; and what an application would write that copies
 * events and hands them to an executor of one thread, one task an event, or by a {@link
 * ConcurrentLinkedQueue} that one task empties.
 *
 * <p>The bounds of {@link Workers} are set such that nothing pauses; the others have none.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar WorkersBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@OperationsPerInvocation(PipelineBenchmark.EVENTS)
public class WorkersBenchmark {

  private static final int MESSAGES_PER_READ = 50;
  private static final int TIMEOUT_SECONDS = 30;
  private static final int CAPACITY = 4 * PipelineBenchmark.EVENTS;
  private static final int CAPACITY_BYTES = 1 << 28;

  private final Queue<Dispatch> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queued = new AtomicInteger();
  private final Semaphore done = new Semaphore(0);
  private Reads reads;
  private ThreadPoolExecutor executor;
  private LiveShard inline;
  private LiveShard workers;
  private LiveShard tasks;
  private LiveShard drained;

  // Of the thread that handles; it is one alone at a time.
  private int handled;
  private long bytes;

  /**
   * Makes the reads and starts the shards.
   *
   * @throws ExecutionException if a shard does not start
   * @throws InterruptedException if the thread is interrupted
   * @throws TimeoutException if a shard does not start in time
   */
  @Setup
  public void setUp() throws ExecutionException, InterruptedException, TimeoutException {
    reads = Reads.of(Messages.MIXED, MESSAGES_PER_READ);
    executor = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
    inline = start((shard, dispatch) -> handle(dispatch));
    workers =
        new LiveShard(
            manager ->
                manager
                    .workers(
                        Workers.threads(1)
                            .capacity(CAPACITY)
                            .maxBytesPerShard(CAPACITY_BYTES)
                            .maxBytes(CAPACITY_BYTES))
                    .onDispatch((shard, dispatch) -> handle(dispatch)));
    tasks =
        start(
            (shard, dispatch) -> {
              Dispatch copy = dispatch.copy();
              executor.execute(() -> handle(copy));
            });
    drained =
        start(
            (shard, dispatch) -> {
              queue.add(dispatch.copy());
              if (queued.getAndIncrement() == 0) {
                executor.execute(this::drain);
              }
            });
  }

  private LiveShard start(DispatchHandler handler)
      throws ExecutionException, InterruptedException, TimeoutException {
    return new LiveShard(manager -> manager.onDispatch(handler));
  }

  /** Ends the shards. */
  @TearDown
  public void tearDown() {
    inline.close();
    workers.close();
    tasks.close();
    drained.close();
    executor.shutdown();
    reads.release();
  }

  /**
   * {@return how many bytes of {@code d} were handled, on the event loop: a baseline}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long inline() throws InterruptedException {
    return feed(inline);
  }

  /**
   * {@return how many bytes of {@code d} were handled, by a worker}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long workers() throws InterruptedException {
    return feed(workers);
  }

  /**
   * {@return how many bytes of {@code d} were handled, by a task an event: a baseline}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long taskPerEvent() throws InterruptedException {
    return feed(tasks);
  }

  /**
   * {@return how many bytes of {@code d} were handled, by tasks that empty a queue: a baseline}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long concurrentQueue() throws InterruptedException {
    return feed(drained);
  }

  private long feed(LiveShard shard) throws InterruptedException {
    shard.feed(reads, PipelineBenchmark.LAPS);
    if (!done.tryAcquire(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException(
          "events: not handled in " + TIMEOUT_SECONDS + " s (expected: all)");
    }
    return bytes;
  }

  private void drain() {
    do {
      handle(queue.remove());
    } while (queued.decrementAndGet() > 0);
  }

  private void handle(Dispatch dispatch) {
    if (dispatch.sequence() < Messages.FIRST_SEQUENCE) {
      return; // READY
    }
    if (handled == PipelineBenchmark.EVENTS) {
      handled = 0;
      bytes = 0;
    }
    bytes += dispatch.dataLength();
    if (++handled == PipelineBenchmark.EVENTS) {
      done.release();
    }
  }
}
