package dev.sluice.gateway.testkit;

/**
 * How a {@link PreparedFlood} was sent. Times are those of {@link System#nanoTime}, which on Linux
 * all processes of a machine share. Immutable.
 *
 * @param events how many events
 * @param bytes the bytes of their WebSocket frames
 * @param writes how many buffers they were written in: large ones, or one an event if paced
 * @param startNanos when the first event was due
 * @param endNanos when the sockets had taken the last one
 * @param maxLateNanos by how much later than it was due an event was made ready for its socket, at
 *     most; what it waited for a socket that took no more does not count; 0 unless paced
 * @param meanLateNanos the mean of it
 */
public record FloodReport(
    long events,
    long bytes,
    long writes,
    long startNanos,
    long endNanos,
    long maxLateNanos,
    long meanLateNanos) {}
