package dev.sluice.gateway.testkit.contract;

import static dev.sluice.gateway.testkit.contract.Waits.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.sharding.SessionStarts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SessionStore} has to do: keep the newest session of each shard, load what was
 * stored right before, and refuse a former owner, one that is behind the present one by a moment
 * too. Each test has a store of its own.
 */
public abstract class SessionStoreContract {

  private long epoch;

  /** For the classes of implementations. */
  protected SessionStoreContract() {}

  /** {@return the store that is tested, an empty one before its first use, then always the same} */
  protected abstract SessionStore store();

  /** {@return whether {@link SessionStore#isDurable()} is to say that sessions outlive it} */
  protected abstract boolean durable();

  /**
   * {@return the shards that sessions are stored of, at least two} By default 16 of one shard count
   * and one of another, with an id that the first has too.
   */
  protected List<ShardId> shards() {
    return Stream.concat(
            IntStream.range(0, 16).mapToObj(id -> new ShardId(id, 16)),
            Stream.of(new ShardId(0, 17)))
        .toList();
  }

  /**
   * Assigns a shard anew. By default the next number; a store that learns elsewhere who owns a
   * shard has to learn it here.
   *
   * @param shard one of {@link #shards()}
   * @return the epoch of the assignment, higher than those before
   * @throws Exception if it cannot be assigned; the test fails
   */
  protected long assign(ShardId shard) throws Exception {
    return ++epoch;
  }

  private ShardId shard() {
    return shards().get(0);
  }

  private static GatewaySession session(ShardId shard, String id, long sequence) {
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

  private GatewaySession session(String id) {
    return session(shard(), id, 1);
  }

  private record Owner(ShardId shard, long epoch) {

    GatewaySession session(long sequence) {
      return SessionStoreContract.session(shard, "s" + shard, sequence);
    }
  }

  private List<Owner> owners() throws Exception {
    List<Owner> owners = new ArrayList<>();
    for (ShardId shard : shards()) {
      owners.add(new Owner(shard, assign(shard)));
    }
    return owners;
  }

  @Test
  void hasNothingOfAShardThatItNeverSaw() throws Exception {
    long owner = assign(shard());

    assertNull(get(store().load(shard())));
    assertTrue(get(store().remove(shard(), owner)));
    assertNull(get(store().load(shard())));
  }

  @Test
  void keepsTheNewestOfAnEpochAndOfALaterOne() throws Exception {
    long first = assign(shard());
    assertTrue(get(store().store(session("a"), first)));
    assertTrue(get(store().store(session("b"), first)));
    assertEquals(session("b"), get(store().load(shard())));

    long second = assign(shard());
    assertEquals(session("b"), get(store().load(shard())), "the next owner's");
    assertTrue(get(store().store(session("c"), second)));
    assertEquals(session("c"), get(store().load(shard())));
  }

  @Test
  void whatWasStoredIsLoadedAtOnce() throws Exception {
    long owner = assign(shard());
    CompletionStage<Boolean> a = store().store(session("a"), owner);
    CompletionStage<Boolean> b = store().store(session("b"), owner);

    assertEquals(session("b"), get(store().load(shard())));
    assertTrue(get(a));
    assertTrue(get(b));
  }

  @Test
  void refusesAFormerOwner() throws Exception {
    long former = assign(shard());
    get(store().store(session("a"), former));
    long owner = assign(shard());
    get(store().store(session("new"), owner));

    assertFalse(get(store().store(session("old"), former)));
    assertFalse(get(store().remove(shard(), former)));
    assertEquals(session("new"), get(store().load(shard())));
  }

  @Test
  void refusesAFormerOwnerThatIsRightBehindTheNewOne() throws Exception {
    long former = assign(shard());
    CompletionStage<Boolean> before = store().store(session("before"), former);
    long next = assign(shard());
    CompletionStage<Boolean> owner = store().store(session("new"), next);
    CompletionStage<Boolean> late = store().store(session("old"), former);

    assertTrue(get(owner));
    assertFalse(get(late));
    get(before); // kept or not, depending on which came first
    assertEquals(session("new"), get(store().load(shard())));
  }

  @Test
  void aRemovalFencesToo() throws Exception {
    long former = assign(shard());
    get(store().store(session("a"), former));
    long owner = assign(shard());

    assertTrue(get(store().remove(shard(), owner)));
    assertNull(get(store().load(shard())));
    assertFalse(get(store().store(session("a"), former)));
    assertNull(get(store().load(shard())));
  }

  @Test
  void shardsAreApart() throws Exception {
    List<Owner> owners = owners();
    Owner later = new Owner(shard(), assign(shard())); // fences its own shard only
    owners.set(0, later);
    for (Owner owner : owners) {
      assertTrue(get(store().store(owner.session(1), owner.epoch)));
    }

    assertTrue(get(store().remove(shard(), later.epoch)));
    assertNull(get(store().load(shard())));
    for (ShardId shard : shards().subList(1, shards().size())) {
      assertEquals(session(shard, "s" + shard, 1), get(store().load(shard)));
    }
  }

  @Test
  void keepsTheLastOfEachShardWhenManyThreadsStore() throws Exception {
    int threads = 4; // every thread has shards of its own, as event loops do
    int times = 200;
    List<Owner> owners = owners();
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<List<CompletionStage<Boolean>>>> done = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int first = thread;
        done.add(
            executor.submit(
                () -> {
                  List<CompletionStage<Boolean>> last = new ArrayList<>();
                  for (int sequence = 1; sequence <= times; sequence++) {
                    last.clear();
                    for (int i = first; i < owners.size(); i += threads) {
                      Owner owner = owners.get(i);
                      last.add(store().store(owner.session(sequence), owner.epoch));
                    }
                  }
                  return last;
                }));
      }
      for (Future<List<CompletionStage<Boolean>>> thread : done) {
        for (CompletionStage<Boolean> stored : thread.get()) {
          assertTrue(get(stored));
        }
      }
    } finally {
      executor.shutdownNow();
    }
    for (Owner owner : owners) {
      assertEquals(owner.session(times), get(store().load(owner.shard)));
    }
  }

  @Test
  void saysWhetherItOutlivesTheProcess() {
    assertEquals(durable(), store().isDurable());
  }

  @Test
  void neverSaysThatMoreSessionStartsAreLeftThanTheCallerKnows() throws Exception {
    Instant reset = Instant.now().plusSeconds(3600);
    SessionStarts known = new SessionStarts(1000, 500, reset);

    assertEquals(known, get(store().keepStarts(known, 0)));
    SessionStarts after = new SessionStarts(1000, 499, reset);
    assertEquals(after, get(store().keepStarts(after, 1)));
  }

  @Test
  void allShardsAreLoadedAtATime() throws Exception {
    for (ShardId shard : shards()) {
      assertTrue(get(store().store(session(shard, "s" + shard, 1), assign(shard))));
    }
    List<CompletionStage<@Nullable GatewaySession>> loads =
        shards().stream().map(store()::load).toList();

    for (int i = 0; i < loads.size(); i++) {
      ShardId shard = shards().get(i);
      assertEquals(session(shard, "s" + shard, 1), get(loads.get(i)));
    }
  }
}
