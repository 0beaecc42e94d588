package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

final class SessionStoreContractTest {

  @Nested
  final class InMemory extends SessionStoreContract {

    private final SessionStore store = SessionStore.inMemory();

    @Override
    SessionStore store() {
      return store;
    }

    @Override
    boolean durable() {
      return false;
    }
  }

  @Nested
  @ParameterizedClass
  @EnumSource(DirectorySessionStore.Fsync.class)
  final class Directory extends SessionStoreContract {

    @Parameter DirectorySessionStore.Fsync fsync;

    private SessionStore store;

    @BeforeEach
    void make(@TempDir Path directory) {
      store =
          open(DirectorySessionStore.builder(directory.resolve("sessions")).fsync(fsync).build());
    }

    @Override
    SessionStore store() {
      return store;
    }

    @Override
    boolean durable() {
      return true;
    }
  }

  /** A store at the other end of a network answers later, on a thread of its own. */
  @Nested
  final class Slow extends SessionStoreContract {

    private final ScheduledExecutorService network = Executors.newSingleThreadScheduledExecutor();
    private final SessionStore remote = SessionStore.inMemory();

    @BeforeEach
    void opened() {
      open(network::shutdownNow);
    }

    private <T extends @Nullable Object> CompletionStage<T> later(
        Supplier<CompletionStage<T>> call) {
      CompletableFuture<T> answer = new CompletableFuture<>();
      network.schedule(() -> call.get().thenAccept(answer::complete), 100, TimeUnit.MICROSECONDS);
      return answer;
    }

    private final SessionStore store =
        new SessionStore() {
          @Override
          public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
            return later(() -> remote.load(shard));
          }

          @Override
          public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
            return later(() -> remote.store(session, epoch));
          }

          @Override
          public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
            return later(() -> remote.remove(shard, epoch));
          }
        };

    @Override
    SessionStore store() {
      return store;
    }

    @Override
    boolean durable() {
      return true;
    }
  }
}
