package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class CheckpointTest {

  private final EmbeddedShard embedded = new EmbeddedShard();
  private final Store store = new Store();

  /** Writes down what is stored, and answers when the test says so. */
  private static final class Store implements SessionStore {

    final List<Long> sequences = new ArrayList<>();
    CompletionStage<Boolean> answer = CompletableFuture.completedStage(true);
    boolean durable = true;
    @Nullable Error failure;

    @Override
    public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
      return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
      if (failure != null) {
        throw failure;
      }
      sequences.add(session.sequence());
      return answer;
    }

    @Override
    public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
      sequences.add(-1L);
      return answer;
    }

    @Override
    public boolean isDurable() {
      return durable;
    }
  }

  @BeforeEach
  void keep() {
    embedded.channel.freezeTime();
    embedded.store = store;
  }

  @AfterEach
  void end() {
    embedded.channel.finishAndReleaseAll();
  }

  private void events(long from, long to) {
    for (long sequence = from; sequence <= to; sequence++) {
      embedded.in(Frames.text(Frames.event("A", sequence, "{}")));
    }
  }

  private void interval() {
    embedded.channel.advanceTimeBy(EmbeddedShard.CHECKPOINT_NANOS, TimeUnit.NANOSECONDS);
    embedded.run();
  }

  /** Forgets what was stored up to READY. */
  private void ready() {
    embedded.ready();
    interval();
    store.sequences.clear();
  }

  @Test
  void aSessionIsStoredAsSoonAsItIsReady() {
    embedded.ready();

    assertThat(store.sequences).isNotEmpty();
  }

  @Test
  void aSessionIsNotStoredBeforeItsReadyWasOffered() {
    List<Integer> storedAtOffer = new ArrayList<>();
    embedded.sink =
        (shard, dispatch) -> {
          storedAtOffer.add(store.sequences.indexOf(dispatch.sequence()));
          return true;
        };
    embedded.ready();

    assertThat(storedAtOffer).containsExactly(-1);
    assertThat(store.sequences).endsWith(1L);
  }

  @Test
  void whatWasHandledIsStoredOnceAnInterval() {
    ready();
    events(2, 100);
    assertThat(store.sequences).isEmpty();

    interval();
    assertThat(store.sequences).containsExactly(100L);

    events(101, 110);
    interval();
    assertThat(store.sequences).containsExactly(100L, 110L);
  }

  @Test
  void aShardThatCaughtUpCostsNothing() {
    ready();
    events(2, 5);
    interval();
    interval();
    assertThat(store.sequences).containsExactly(5L);

    assertThat(embedded.channel.runScheduledPendingTasks())
        .as("nanoseconds to the next task: the heartbeat")
        .isGreaterThan(EmbeddedShard.CHECKPOINT_NANOS);
  }

  @Test
  void whatIsNotAcknowledgedIsNotStoredUntilItIs() {
    embedded.sink =
        (shard, dispatch) -> {
          dispatch.defer();
          return true;
        };
    ready();
    events(2, 4);
    int epoch = 1;
    embedded.shard.acknowledge(epoch, 3);
    embedded.run();
    interval();
    interval();
    assertThat(store.sequences).isEmpty();

    embedded.shard.acknowledge(epoch, 2); // long after the event came
    embedded.run();
    interval();
    assertThat(store.sequences).containsExactly(3L);
  }

  @Test
  void aStoreThatIsBrokenForAWhileIsAskedAgain() {
    ready();
    store.failure = new NoClassDefFoundError("driver");
    events(2, 5);
    interval();
    assertThat(store.sequences).isEmpty();

    store.failure = null;
    interval();
    assertThat(store.sequences).containsExactly(5L);
  }

  @Test
  void aSlowStoreIsGivenOneAtATime() {
    ready();
    CompletableFuture<Boolean> slow = new CompletableFuture<>();
    store.answer = slow;
    events(2, 3);
    interval();
    events(4, 5);
    interval();
    interval();
    assertThat(store.sequences).containsExactly(3L);

    slow.complete(true);
    interval();
    assertThat(store.sequences).containsExactly(3L, 5L);
  }

  @Test
  void aSlowStoreDoesNotGatherTheSessionsOfEachReconnect() {
    ready();
    CompletableFuture<Boolean> slow = new CompletableFuture<>();
    store.answer = slow;
    events(2, 3);
    interval();
    events(4, 5);
    embedded.in(Frames.text("{\"op\":7,\"d\":null}")); // closes, and is closed
    assertThat(store.sequences).containsExactly(3L);

    store.answer = CompletableFuture.completedStage(true);
    slow.complete(true);
    embedded.run();
    assertThat(store.sequences).as("at once").containsExactly(3L, 5L);
  }

  @Test
  void whatCouldNotBeStoredIsStoredLater() {
    ready();
    store.answer = CompletableFuture.failedStage(new IOException("disk full"));
    events(2, 3);
    interval();
    interval();
    store.answer = CompletableFuture.completedStage(true);
    interval();
    interval();
    interval();

    assertThat(store.sequences).containsExactly(3L, 3L, 3L);
  }

  @Test
  void aStoreThatEndsWithTheProcessIsGivenTheSessionAtTheStop() {
    store.durable = false;
    ready();
    events(2, 9);
    interval();
    assertThat(store.sequences).isEmpty();

    embedded.shard.stop(StopMode.RESTART);
    embedded.run();
    embedded.in(Frames.close(4900, ""));
    assertThat(store.sequences).containsExactly(9L);
  }

  @Test
  void aShardThatWasLostToAnotherOwnerStoresNoMore() {
    ready();
    events(2, 3);
    embedded.shard.abandon();
    embedded.run();
    interval();

    assertThat(store.sequences).isEmpty();
  }
}
