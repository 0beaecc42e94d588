package dev.sluice.benchmarks.load;

import java.io.IOException;

/**
 * A gateway library that runs shards and does the least that its users would have it do: it hands
 * each event, as raw as it can, to the counter.
 */
public interface LoadClient extends AutoCloseable {

  /**
   * Connects every shard.
   *
   * @param target what to connect to
   * @param counter told of each event by whatever thread the library calls its user on
   * @throws Exception if a shard does not become ready; the client is of no more use
   */
  void start(LoadTarget target, EventCounter counter) throws Exception;

  /** Disconnects every shard. */
  @Override
  void close() throws IOException;
}
