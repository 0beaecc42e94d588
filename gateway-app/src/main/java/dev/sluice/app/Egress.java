package dev.sluice.app;

import dev.sluice.gateway.nats.NatsEventSink;
import dev.sluice.gateway.netty.EventSink;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where the events of a node go, unless the fleet itself sees to that. */
final class Egress implements AutoCloseable {

  private final CompletableFuture<End> failed = new CompletableFuture<>();
  private final @Nullable EventSink sink;
  private final @Nullable AutoCloseable closed;

  private Egress(NodeConfig config, OutputStream stdout) {
    switch (config.eventsTo()) {
      case STDOUT -> {
        PrintingSink printing = new PrintingSink(stdout, this::stdoutFailed);
        sink = printing;
        closed = printing;
      }
      case NATS -> {
        NatsEventSink nats = NatsClients.open(config);
        sink = nats;
        closed = nats;
      }
      case KAFKA, NONE, AUTO -> {
        sink = null;
        closed = null;
      }
      default -> throw new IllegalStateException("events to " + config.eventsTo());
    }
  }

  /**
   * {@return the one that the settings ask for}
   *
   * @param stdout where events are printed, if they are
   * @throws UncheckedIOException if no server answers
   */
  static Egress of(NodeConfig config, OutputStream stdout) {
    return new Egress(config, stdout);
  }

  /** {@return what takes the events; null if nothing here does} */
  @Nullable EventSink sink() {
    return sink;
  }

  /** Is told at most once when events cannot go there any more. */
  void onFailure(Consumer<End> listener) {
    failed.thenAccept(listener);
  }

  private void stdoutFailed(IOException failure) {
    failed.complete(new End(End.FAILED, "stdout takes no more events: " + failure.getMessage()));
  }

  /** Ends it, once no shard runs any more. */
  @Override
  public void close() {
    if (closed != null) {
      try {
        closed.close();
      } catch (Exception e) {
        throw new IllegalStateException("events to " + sink + " were not ended", e);
      }
    }
  }
}
