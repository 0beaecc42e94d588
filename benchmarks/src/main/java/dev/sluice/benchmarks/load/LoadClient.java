package dev.sluice.benchmarks.load;

import java.io.IOException;

/**
 * A gateway library that runs shards and does the least that its users would have it do: it hands
 * each event, as raw as it can, to the counter.
 */
public interface LoadClient extends AutoCloseable {

  /**
   * How a client read from its sockets.
   *
   * @param reads how many reads
   * @param bytes the bytes of them
   */
  record Reads(long reads, long bytes) {}

  /**
   * Connects every shard.
   *
   * @param target what to connect to
   * @param counter told of each event by whatever thread the library calls its user on
   * @throws Exception if a shard does not become ready; the client is of no more use
   */
  void start(LoadTarget target, EventCounter counter) throws Exception;

  /**
   * {@return whether the counter is told the true sequences} A client that parses nothing only
   * counts.
   */
  default boolean tellsSequences() {
    return true;
  }

  /** Brings the counter up to date, if it is not told of each event; on the harness's thread. */
  default void refresh() {}

  /** {@return how it read until now, or null where that is not ours to know} */
  default Reads reads() {
    return null;
  }

  /** {@return how many event loops it has, 0 for none} */
  default int eventLoops() {
    return 0;
  }

  /** Disconnects every shard. */
  @Override
  void close() throws IOException;
}
