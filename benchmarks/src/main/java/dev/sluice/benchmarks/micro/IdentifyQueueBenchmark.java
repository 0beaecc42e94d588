package dev.sluice.benchmarks.micro;

import dev.sluice.gateway.sharding.IdentifyQueue;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does the permit of one shard cost, when all shards of a large bot start? Time is virtual.
 * Beside it: a plain queue a bucket, without windows, permits or answers.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar IdentifyQueueBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@OperationsPerInvocation(IdentifyQueueBenchmark.SHARDS)
public class IdentifyQueueBenchmark {

  /** How many shards start. */
  static final int SHARDS = 1024;

  /** How many buckets there are. */
  @Param("16")
  public int maxConcurrency = 16;

  private final ManualClock clock = new ManualClock();

  /** {@return the sum of the ids of the shards, in the order of their permits} */
  @Benchmark
  public long identifyQueue() {
    IdentifyQueue queue = IdentifyQueue.create(maxConcurrency, clock);
    for (int shard = 0; shard < SHARDS; shard++) {
      queue.enqueue(shard);
    }
    long sum = 0;
    while (queue.size() > 0) {
      for (int shard = queue.poll(); shard >= 0; shard = queue.poll()) {
        queue.sent(shard);
        queue.answered(shard);
        sum += shard;
      }
      if (queue.size() > 0) {
        clock.advanceNanos(queue.nextTimeoutNanos());
      }
    }
    return sum;
  }

  /** {@return the same sum, out of plain queues: the baseline} */
  @Benchmark
  @SuppressWarnings({"unchecked", "rawtypes"}) // there are no arrays of generic types
  public long plainQueues() {
    Queue<Integer>[] buckets = new Queue[maxConcurrency];
    Arrays.setAll(buckets, i -> new ArrayDeque<Integer>());
    for (int shard = 0; shard < SHARDS; shard++) {
      buckets[shard % maxConcurrency].add(shard);
    }
    long sum = 0;
    int left = SHARDS;
    while (left > 0) {
      for (Queue<Integer> bucket : buckets) {
        Integer shard = bucket.poll();
        if (shard != null) {
          sum += shard;
          left--;
        }
      }
    }
    return sum;
  }
}
