package dev.sluice.benchmarks.results;

/**
 * What shards without events cost in one client JVM. What a shard costs is the difference to a
 * small fleet in the same JVM, so that it may come out below zero for a few shards.
 *
 * @param round the round, from 1; what has the same round ran one after another
 * @param client {@code sluice}, {@code netty}, {@code netty-slices}, {@code jda}, {@code
 *     discord4j}, {@code kord}
 * @param compression {@code none}, {@code zlib}, {@code zstd}
 * @param tls {@code none}, {@code jdk}, {@code openssl}
 * @param shards the number of shards
 * @param heapBytesPerShard the heap of a shard, after collections
 * @param residentBytesPerShard the resident memory of a shard
 * @param threads the Java threads of the process
 * @param eventLoops the event loops of the client, 0 if it has none
 * @param idleCpuPercent the processor time of the process, in percent of one core
 */
public record IdleResult(
    int round,
    String client,
    String compression,
    String tls,
    int shards,
    double heapBytesPerShard,
    double residentBytesPerShard,
    int threads,
    int eventLoops,
    double idleCpuPercent)
    implements Measured {

  /** Checks that the figures can be. */
  public IdleResult {
    Require.atLeast("round", round, 1);
    Require.text("client", client);
    Require.text("compression", compression);
    Require.text("tls", tls);
    Require.atLeast("shards", shards, 1);
    Require.atLeast("threads", threads, 1);
    Require.atLeast("eventLoops", eventLoops, 0);
    Require.notNegative("idleCpuPercent", idleCpuPercent);
  }
}
