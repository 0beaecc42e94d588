package dev.sluice.benchmarks.micro;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.InFlightEvent;
import dev.sluice.gateway.netty.InFlightEvents;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
 * What does it cost to take events out of an event loop for a broker, until the last one is
 * acknowledged: by {@link InFlightEvents}, and by a copy of each that acknowledges itself? There is
 * no broker; a thread acknowledges once it has all events, as the answer to a batch does. Beside
 * it: no taking at all.
 *
 * <p>The bounds are set such that nothing pauses; the copies have none.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar SinkBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@OperationsPerInvocation(PipelineBenchmark.EVENTS)
public class SinkBenchmark {

  private static final Object NOTHING = new Object();
  private static final int MESSAGES_PER_READ = 50;
  private static final int TIMEOUT_SECONDS = 30;
  private static final int CAPACITY = 4 * PipelineBenchmark.EVENTS;
  private static final int CAPACITY_BYTES = 1 << 28;

  private final BlockingQueue<Object[]> batches = new LinkedBlockingQueue<>();
  private final Semaphore acknowledged = new Semaphore(0);
  private final Thread broker = new Thread(this::acknowledge, "acknowledges");
  private final InFlightEvents events =
      InFlightEvents.create(CAPACITY, CAPACITY_BYTES, CAPACITY_BYTES);
  private Reads reads;
  private LiveShard inline;
  private LiveShard inFlight;
  private LiveShard copies;

  // Of the event loop that is fed.
  private Object[] batch = new Object[PipelineBenchmark.EVENTS];
  private int taken;
  private long bytes;
  private long bytesOfBatch;

  /**
   * Makes the reads and starts the shards.
   *
   * @throws ExecutionException if a shard does not start
   * @throws InterruptedException if the thread is interrupted
   * @throws TimeoutException if a shard does not start in time
   */
  @Setup
  public void setUp() throws ExecutionException, InterruptedException, TimeoutException {
    broker.start();
    reads = Reads.of(Messages.MIXED, MESSAGES_PER_READ);
    inline = start((shard, dispatch) -> take(NOTHING, dispatch.dataLength(), dispatch));
    inFlight =
        start(
            (shard, dispatch) -> {
              InFlightEvent event = events.take(shard, dispatch);
              take(event, event.data().length, dispatch);
              return events.readsOn(shard);
            });
    copies =
        start(
            (shard, dispatch) -> {
              Dispatch copy = dispatch.copy();
              dispatch.defer();
              return take(copy, copy.dataLength(), dispatch);
            });
  }

  private static LiveShard start(EventSink sink)
      throws ExecutionException, InterruptedException, TimeoutException {
    return new LiveShard(manager -> manager.eventSink(sink));
  }

  /** Ends the shards. */
  @TearDown
  public void tearDown() {
    inline.close();
    inFlight.close();
    copies.close();
    broker.interrupt();
    reads.release();
  }

  /**
   * {@return how many bytes of {@code d} there were, on the event loop: a baseline}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long inline() throws InterruptedException {
    return feed(inline);
  }

  /**
   * {@return how many bytes of {@code d} were acknowledged}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long inFlightEvents() throws InterruptedException {
    return feed(inFlight);
  }

  /**
   * {@return how many bytes of {@code d} were acknowledged, by copies: a baseline}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long copyAnEvent() throws InterruptedException {
    return feed(copies);
  }

  private long feed(LiveShard shard) throws InterruptedException {
    shard.feed(reads, PipelineBenchmark.LAPS);
    if (!acknowledged.tryAcquire(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException(
          "events: not acknowledged in " + TIMEOUT_SECONDS + " s (expected: all)");
    }
    shard.run(() -> {}); // behind the acknowledgements
    return bytesOfBatch;
  }

  private boolean take(Object event, int length, Dispatch dispatch) {
    if (dispatch.sequence() < Messages.FIRST_SEQUENCE) {
      return true; // READY, which is acknowledged
    }
    batch[taken++] = event;
    bytes += length;
    if (taken == PipelineBenchmark.EVENTS) {
      batches.add(batch);
      batch = new Object[PipelineBenchmark.EVENTS];
      taken = 0;
      bytesOfBatch = bytes;
      bytes = 0;
    }
    return true;
  }

  private void acknowledge() {
    try {
      while (true) {
        for (Object event : batches.take()) {
          if (event instanceof InFlightEvent taken) {
            taken.acknowledge();
          } else if (event instanceof Dispatch copy) {
            copy.acknowledge();
          }
        }
        acknowledged.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the benchmark is over
    }
  }
}
