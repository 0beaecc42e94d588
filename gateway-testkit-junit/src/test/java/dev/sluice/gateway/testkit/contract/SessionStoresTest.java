package dev.sluice.gateway.testkit.contract;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.DirectorySessionStore;
import dev.sluice.gateway.netty.SessionStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

final class SessionStoresTest {

  @Nested
  final class InMemory extends SessionStoreContract {

    private final SessionStore store = SessionStore.inMemory();

    @Override
    protected SessionStore store() {
      return store;
    }

    @Override
    protected boolean durable() {
      return false;
    }
  }

  @Nested
  @ParameterizedClass
  @EnumSource(DirectorySessionStore.Fsync.class)
  final class Directory extends SessionStoreContract {

    @Parameter DirectorySessionStore.Fsync fsync;

    private DirectorySessionStore store;

    @BeforeEach
    void make(@TempDir Path directory) {
      store = DirectorySessionStore.builder(directory.resolve("sessions")).fsync(fsync).build();
    }

    @AfterEach
    void close() {
      store.close();
    }

    @Override
    protected SessionStore store() {
      return store;
    }

    @Override
    protected boolean durable() {
      return true;
    }
  }

  /** A store at the other end of a network answers later, on a thread of its own. */
  @Nested
  final class Slow extends OfARemoteStore {

    @Override
    <T extends @Nullable Object> CompletionStage<T> ask(Supplier<CompletionStage<T>> call) {
      CompletableFuture<T> answer = new CompletableFuture<>();
      network.schedule(() -> call.get().thenAccept(answer::complete), 100, TimeUnit.MICROSECONDS);
      return answer;
    }
  }

  /** Every third request is lost on the way and sent again, before any that came later. */
  @Nested
  final class Failing extends OfARemoteStore {

    private int requests;

    @Override
    <T extends @Nullable Object> CompletionStage<T> ask(Supplier<CompletionStage<T>> call) {
      CompletableFuture<T> answer = new CompletableFuture<>();
      network.execute(() -> sendUntilItArrives(call).thenAccept(answer::complete));
      return answer;
    }

    private <T extends @Nullable Object> CompletionStage<T> sendUntilItArrives(
        Supplier<CompletionStage<T>> call) {
      CompletionStage<T> sent =
          ++requests % 3 == 0
              ? CompletableFuture.failedStage(new IOException("connection reset"))
              : call.get();
      return sent.exceptionallyCompose(lost -> sendUntilItArrives(call));
    }
  }

  private abstract static class OfARemoteStore extends SessionStoreContract {

    final ScheduledExecutorService network = Executors.newSingleThreadScheduledExecutor();
    private final SessionStore remote = SessionStore.inMemory();

    abstract <T extends @Nullable Object> CompletionStage<T> ask(Supplier<CompletionStage<T>> call);

    @AfterEach
    void disconnect() {
      network.shutdownNow();
    }

    private final SessionStore store =
        new SessionStore() {
          @Override
          public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
            return ask(() -> remote.load(shard));
          }

          @Override
          public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
            return ask(() -> remote.store(session, epoch));
          }

          @Override
          public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
            return ask(() -> remote.remove(shard, epoch));
          }
        };

    @Override
    protected SessionStore store() {
      return store;
    }

    @Override
    protected boolean durable() {
      return true;
    }
  }
}
