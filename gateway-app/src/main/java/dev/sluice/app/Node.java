package dev.sluice.app;

import java.util.concurrent.CompletionStage;

/** Shards that run here, and all that belongs to them. */
interface Node extends AutoCloseable {

  /** Starts; what fails later is told by {@link #ended}. */
  void start();

  /** {@return completes when the node cannot go on, with the reason} */
  CompletionStage<End> ended();

  /** Stops the shards as the settings say, and waits for that. */
  @Override
  void close();
}
