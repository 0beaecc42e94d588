package dev.sluice.gateway.netty;

/**
 * Heartbeat latencies since the start, from the write of a heartbeat to its ACK, in nanoseconds.
 * All 0 when none was measured. Immutable.
 *
 * @param count how many were measured
 * @param p50Nanos the median
 * @param p99Nanos the 99th percentile
 * @param maxNanos the longest
 */
public record LatencyStats(long count, long p50Nanos, long p99Nanos, long maxNanos) {}
