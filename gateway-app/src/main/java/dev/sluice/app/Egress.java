package dev.sluice.app;

import dev.sluice.gateway.netty.ShardManagerBuilder;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Where the events of a node go, when no fleet takes care of them. */
abstract class Egress implements AutoCloseable {

  private final CompletableFuture<End> failed = new CompletableFuture<>();

  /** Tells a manager to send its events there. */
  abstract void applyTo(ShardManagerBuilder builder);

  /** Ends it, once no shard runs any more. */
  @Override
  public void close() {}

  /** Is told at most once when events cannot go there any more. */
  final void onFailure(Consumer<End> listener) {
    failed.thenAccept(listener);
  }

  final void fail(End end) {
    failed.complete(end);
  }

  /** {@return one that the settings ask for} */
  static Egress of(NodeConfig config, OutputStream stdout) {
    return switch (config.eventsTo()) {
      case STDOUT -> new Printing(stdout);
      case NONE -> new Nothing();
      case NATS, KAFKA, AUTO -> throw new IllegalStateException("no egress: " + config.eventsTo());
    };
  }

  /** Prints them. */
  private static final class Printing extends Egress {

    private final OutputStream stdout;

    Printing(OutputStream stdout) {
      this.stdout = stdout;
    }

    @Override
    void applyTo(ShardManagerBuilder builder) {
      builder.eventSink(
          new PrintingSink(
              stdout,
              failure ->
                  fail(
                      new End(
                          End.FAILED, "stdout takes no more events: " + failure.getMessage()))));
    }
  }

  /** Counts them, and that is all. */
  private static final class Nothing extends Egress {

    @Override
    void applyTo(ShardManagerBuilder builder) {}
  }
}
