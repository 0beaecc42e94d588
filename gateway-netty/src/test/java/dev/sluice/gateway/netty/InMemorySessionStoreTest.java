package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import java.time.Instant;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

final class InMemorySessionStoreTest {

  private static final ShardId SHARD = new ShardId(0, 2);

  private final SessionStore store = SessionStore.inMemory();

  private static GatewaySession session(String id) {
    return new GatewaySession(
        id,
        null,
        1,
        0,
        SHARD,
        Intents.of(),
        10,
        Encoding.JSON,
        Compression.NONE,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  private static <T> T now(CompletionStage<T> stage) {
    assertThat(stage.toCompletableFuture()).isCompleted();
    return stage.toCompletableFuture().join();
  }

  @Test
  void keepsTheNewestOfAnEpochAndOfALaterOne() {
    assertThat(now(store.store(session("a"), 1))).isTrue();
    assertThat(now(store.store(session("b"), 1))).isTrue();
    assertThat(now(store.load(SHARD))).isEqualTo(session("b"));
    assertThat(now(store.store(session("c"), 2))).isTrue();
    assertThat(now(store.load(SHARD))).isEqualTo(session("c"));
  }

  @Test
  void refusesAFormerOwner() {
    now(store.store(session("new"), 2));

    assertThat(now(store.store(session("old"), 1))).isFalse();
    assertThat(now(store.remove(SHARD, 1))).isFalse();
    assertThat(now(store.load(SHARD))).isEqualTo(session("new"));
  }

  @Test
  void aRemovalFencesToo() {
    now(store.store(session("a"), 1));

    assertThat(now(store.remove(SHARD, 2))).isTrue();
    assertThat(now(store.load(SHARD))).isNull();
    assertThat(now(store.store(session("a"), 1))).isFalse();
    assertThat(now(store.load(new ShardId(1, 2)))).isNull();
  }
}
