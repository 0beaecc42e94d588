package dev.sluice.benchmarks.micro;

import dev.sluice.gateway.netty.ShardManagerBuilder;
import java.util.concurrent.ExecutionException;
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
 * What do the figures cost that a shard keeps for each type of event, {@link
 * ShardManagerBuilder#shardDetails}? Beside it: the same pipeline without them.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar FiguresBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@OperationsPerInvocation(PipelineBenchmark.EVENTS)
public class FiguresBenchmark {

  private static final int MESSAGES_PER_READ = 50;

  private Reads reads;
  private LiveShard plain;
  private LiveShard detailed;
  private long handled; // on one event loop at a time, and after it

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
    plain = start(false);
    detailed = start(true);
    handled = 0; // READY was two of them
  }

  private LiveShard start(boolean details)
      throws ExecutionException, InterruptedException, TimeoutException {
    return new LiveShard(
        manager -> manager.shardDetails(details).onDispatch((shard, dispatch) -> handled++));
  }

  /** Ends the shards. */
  @TearDown
  public void tearDown() {
    plain.close();
    detailed.close();
    reads.release();
  }

  /**
   * {@return how many events were handled since the beginning, without figures by type: the
   * baseline}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long withoutDetails() throws InterruptedException {
    return feed(plain);
  }

  /**
   * {@return how many events were handled since the beginning, with figures by type}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long withDetails() throws InterruptedException {
    return feed(detailed);
  }

  /** {@return how many events the statistics of the shard with details count by type} */
  long countedByType() {
    return detailed.shard().stats().traffic().eventsByType().values().stream()
        .mapToLong(Number::longValue)
        .sum();
  }

  private long feed(LiveShard shard) throws InterruptedException {
    shard.feed(reads, PipelineBenchmark.LAPS);
    return handled;
  }
}
