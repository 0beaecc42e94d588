package dev.sluice.benchmarks.results;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What one client JVM showed under one flood of events. A client that did not receive every event
 * has no result.
 *
 * @param round the round, from 1; what has the same round ran one after another
 * @param client {@code sluice}, {@code netty}, {@code netty-slices}, {@code jda}, {@code
 *     discord4j}, {@code kord}
 * @param compression {@code none}, {@code zlib}, {@code zstd}
 * @param shards the number of shards, each with a connection of its own
 * @param delivery {@code batches}, which is as fast as sockets take large writes, or {@code paced},
 *     which is one message a write at a fixed rate
 * @param ratePerSecond the rate of all shards together if paced, else 0
 * @param events how many events were sent
 * @param received how many events the client counted
 * @param seconds from the moment at which the first event was due to that at which the client had
 *     the last, of all floods that count together
 * @param cpuNanosPerEvent processor time of the client process, in nanoseconds an event
 * @param allocatedBytesPerEvent what all its threads allocated, in bytes an event
 * @param gcMillis the time that its collectors took
 * @param residentBytes its resident memory at the end
 * @param threads its Java threads at the end
 * @param bytesPerRead the mean size of a read from a socket, or null where it is not ours to know
 */
public record FloodResult(
    int round,
    String client,
    String compression,
    int shards,
    String delivery,
    long ratePerSecond,
    long events,
    long received,
    double seconds,
    double cpuNanosPerEvent,
    double allocatedBytesPerEvent,
    long gcMillis,
    long residentBytes,
    int threads,
    @JsonProperty(required = true) Double bytesPerRead)
    implements Measured {

  /** Checks that the figures can be, and that nothing was lost. */
  public FloodResult {
    Require.atLeast("round", round, 1);
    Require.text("client", client);
    Require.text("compression", compression);
    Require.atLeast("shards", shards, 1);
    Require.text("delivery", delivery);
    Require.atLeast("ratePerSecond", ratePerSecond, 0);
    Require.atLeast("events", events, 1);
    if (received != events) {
      throw new IllegalArgumentException("received: " + received + " (expected: " + events + ')');
    }
    Require.notNegative("seconds", seconds);
    Require.notNegative("cpuNanosPerEvent", cpuNanosPerEvent);
    Require.notNegative("allocatedBytesPerEvent", allocatedBytesPerEvent);
    Require.atLeast("gcMillis", gcMillis, 0);
    Require.atLeast("residentBytes", residentBytes, 1);
    Require.atLeast("threads", threads, 1);
    if (bytesPerRead != null) {
      Require.notNegative("bytesPerRead", bytesPerRead);
    }
  }

  /** {@return how many events came in a second, of all shards} */
  public double eventsPerSecond() {
    return received / seconds;
  }
}
