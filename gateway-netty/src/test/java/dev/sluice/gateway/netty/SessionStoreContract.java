package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.SessionStarts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What every {@link SessionStore} has to do. */
abstract class SessionStoreContract extends Resources {

  static final ShardId SHARD = new ShardId(0, 2);
  static final ShardId OTHER = new ShardId(1, 2);

  /** {@return the store that is tested, an empty one before its first use, then always the same} */
  abstract SessionStore store();

  abstract boolean durable();

  static GatewaySession session(ShardId shard, String id, long sequence) {
    return new GatewaySession(
        id,
        "wss://gateway-us-east1-b.discord.gg",
        sequence,
        0x8000_0000_0000_0000L,
        shard,
        Intents.of(),
        10,
        Encoding.JSON,
        Compression.NONE,
        Instant.EPOCH,
        Instant.EPOCH.plusMillis(sequence));
  }

  static GatewaySession session(String id) {
    return session(SHARD, id, 1);
  }

  @Test
  void hasNothingOfAShardThatItNeverSaw() throws Exception {
    assertThat(get(store().load(SHARD))).isNull();
    assertThat(get(store().remove(SHARD, 1))).isTrue();
    assertThat(get(store().load(SHARD))).isNull();
  }

  @Test
  void keepsTheNewestOfAnEpochAndOfALaterOne() throws Exception {
    assertThat(get(store().store(session("a"), 1))).isTrue();
    assertThat(get(store().store(session("b"), 1))).isTrue();
    assertThat(get(store().load(SHARD))).isEqualTo(session("b"));
    assertThat(get(store().store(session("c"), 2))).isTrue();
    assertThat(get(store().load(SHARD))).isEqualTo(session("c"));
  }

  @Test
  void whatWasStoredIsLoadedAtOnce() throws Exception {
    CompletionStage<Boolean> a = store().store(session("a"), 1);
    CompletionStage<Boolean> b = store().store(session("b"), 1);

    assertThat(get(store().load(SHARD))).isEqualTo(session("b"));
    assertThat(get(a)).isTrue();
    assertThat(get(b)).isTrue();
  }

  @Test
  void refusesAFormerOwner() throws Exception {
    get(store().store(session("new"), 2));

    assertThat(get(store().store(session("old"), 1))).isFalse();
    assertThat(get(store().remove(SHARD, 1))).isFalse();
    assertThat(get(store().load(SHARD))).isEqualTo(session("new"));
  }

  @Test
  void refusesAFormerOwnerThatIsRightBehindTheNewOne() throws Exception {
    CompletionStage<Boolean> before = store().store(session("before"), 1);
    CompletionStage<Boolean> owner = store().store(session("new"), 2);
    CompletionStage<Boolean> former = store().store(session("old"), 1);

    assertThat(get(owner)).isTrue();
    assertThat(get(former)).isFalse();
    get(before); // kept or not, depending on which came first
    assertThat(get(store().load(SHARD))).isEqualTo(session("new"));
  }

  @Test
  void aRemovalFencesToo() throws Exception {
    get(store().store(session("a"), 1));

    assertThat(get(store().remove(SHARD, 2))).isTrue();
    assertThat(get(store().load(SHARD))).isNull();
    assertThat(get(store().store(session("a"), 1))).isFalse();
    assertThat(get(store().load(SHARD))).isNull();
  }

  @Test
  void shardsAreApartAndSoAreShardCounts() throws Exception {
    ShardId ofAnotherCount = new ShardId(0, 3);
    get(store().store(session(SHARD, "a", 1), 7));
    get(store().store(session(OTHER, "b", 2), 1));
    get(store().store(session(ofAnotherCount, "c", 3), 1));

    assertThat(get(store().load(SHARD))).isEqualTo(session(SHARD, "a", 1));
    assertThat(get(store().load(OTHER))).isEqualTo(session(OTHER, "b", 2));
    assertThat(get(store().load(ofAnotherCount))).isEqualTo(session(ofAnotherCount, "c", 3));
    get(store().remove(SHARD, 7));
    assertThat(get(store().load(OTHER))).isNotNull();
    assertThat(get(store().load(ofAnotherCount))).isNotNull();
  }

  @Test
  void keepsTheLastOfEachShardWhenManyThreadsStore() throws Exception {
    int threads = 4;
    int shards = 16; // every thread has its own, as event loops do
    int times = 200;
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int first = thread;
        Callable<Void> stores =
            () -> {
              CompletionStage<Boolean> last = store().remove(new ShardId(first, shards), 1);
              for (int sequence = 1; sequence <= times; sequence++) {
                for (int id = first; id < shards; id += threads) {
                  last = store().store(session(new ShardId(id, shards), "s" + id, sequence), 1);
                }
              }
              assertThat(get(last)).isTrue();
              return null;
            };
        done.add(executor.submit(stores));
      }
      for (Future<?> thread : done) {
        thread.get();
      }
    } finally {
      executor.shutdownNow();
    }
    for (int id = 0; id < shards; id++) {
      ShardId shard = new ShardId(id, shards);
      assertThat(get(store().load(shard))).isEqualTo(session(shard, "s" + id, times));
    }
  }

  @Test
  void saysWhetherItOutlivesTheProcess() {
    assertThat(store().isDurable()).isEqualTo(durable());
  }

  @Test
  void neverSaysThatMoreSessionStartsAreLeftThanTheCallerKnows() throws Exception {
    Instant reset = Instant.now().plusSeconds(3600);
    SessionStarts known = new SessionStarts(1000, 500, reset);

    assertThat(get(store().keepStarts(known, 0))).isEqualTo(known);
    assertThat(get(store().keepStarts(new SessionStarts(1000, 499, reset), 1)))
        .isEqualTo(new SessionStarts(1000, 499, reset));
  }
}
