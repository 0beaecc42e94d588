package dev.sluice.gateway.testkit.contract;

import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.CommandOutcome;
import dev.sluice.gateway.netty.CommandSource;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;

final class CommandSourcesTest {

  /** A queue in memory, the least that a source has to do. */
  @Nested
  final class InMemory extends CommandSourceContract {

    private final QueueSource source = new QueueSource();

    @Override
    protected CommandSource source() {
      return source;
    }

    @Override
    protected void put(ShardId shard, GatewayCommand command) {
      source.put(shard, command);
    }

    @Override
    protected int maxInFlight() {
      return QueueSource.MAX_IN_FLIGHT;
    }

    @Override
    protected void close() {
      source.thread.shutdown(); // what is on its way may still come
    }
  }

  private static final class QueueSource implements CommandSource {

    static final int MAX_IN_FLIGHT = 3;

    private record Queued(ShardId shard, GatewayCommand command) {}

    final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final Queue<Queued> queue = new ArrayDeque<>();
    private @Nullable Sink sink;
    private int inFlight;

    void put(ShardId shard, GatewayCommand command) {
      thread.execute(
          () -> {
            queue.add(new Queued(shard, command));
            deliver();
          });
    }

    @Override
    public void start(Sink sink) {
      thread.execute(
          () -> {
            this.sink = sink;
            deliver();
          });
    }

    @Override
    public void stop() {
      thread.execute(() -> sink = null);
    }

    private void deliver() {
      while (sink != null && inFlight < MAX_IN_FLIGHT && !queue.isEmpty()) {
        Queued next = queue.remove();
        inFlight++;
        send(sink, next).whenComplete((outcome, failure) -> thread.execute(this::done));
      }
    }

    private static CompletionStage<CommandOutcome> send(Sink sink, Queued next) {
      try {
        return sink.send(next.shard, next.command);
      } catch (RuntimeException e) {
        return CompletableFuture.failedStage(e);
      }
    }

    private void done() {
      inFlight--;
      deliver();
    }
  }
}
