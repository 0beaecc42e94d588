package dev.sluice.benchmarks.results;

/**
 * How late events reached the handler under a load at a fixed rate, from the moment at which they
 * were meant to be sent.
 *
 * @param round the round, from 1; what has the same round ran one after another
 * @param client {@code sluice}, {@code netty}, {@code netty-slices}, {@code jda}, {@code
 *     discord4j}, {@code kord}
 * @param compression {@code none}, {@code zlib}, {@code zstd}
 * @param shards the number of shards
 * @param loadPercent the rate in percent of what this client was found to take
 * @param ratePerSecond the rate of all shards together
 * @param events how many events were sent, and received
 * @param p50Nanos half of the events came within this
 * @param p90Nanos 90 % came within this
 * @param p99Nanos 99 % came within this
 * @param p999Nanos 99.9 % came within this
 * @param p9999Nanos 99.99 % came within this
 * @param maxNanos all came within this
 * @param meanSentLateNanos how late the gateway wrote an event, on average: of what the percentiles
 *     tell this much is not the client's
 * @param maxSentLateNanos how late it wrote one at most
 */
public record LatencyResult(
    int round,
    String client,
    String compression,
    int shards,
    int loadPercent,
    long ratePerSecond,
    long events,
    long p50Nanos,
    long p90Nanos,
    long p99Nanos,
    long p999Nanos,
    long p9999Nanos,
    long maxNanos,
    long meanSentLateNanos,
    long maxSentLateNanos)
    implements Measured {

  /** Checks that the figures can be. */
  public LatencyResult {
    Require.atLeast("round", round, 1);
    Require.text("client", client);
    Require.text("compression", compression);
    Require.atLeast("shards", shards, 1);
    Require.atLeast("loadPercent", loadPercent, 1);
    Require.atLeast("ratePerSecond", ratePerSecond, 1);
    Require.atLeast("events", events, 1);
    Require.atLeast("p50Nanos", p50Nanos, 0);
    Require.atLeast("p90Nanos", p90Nanos, p50Nanos);
    Require.atLeast("p99Nanos", p99Nanos, p90Nanos);
    Require.atLeast("p999Nanos", p999Nanos, p99Nanos);
    Require.atLeast("p9999Nanos", p9999Nanos, p999Nanos);
    Require.atLeast("maxNanos", maxNanos, p9999Nanos);
    Require.atLeast("meanSentLateNanos", meanSentLateNanos, 0);
    Require.atLeast("maxSentLateNanos", maxSentLateNanos, meanSentLateNanos);
  }
}
