package dev.sluice.gateway.netty;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.DispatchMark;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.sharding.Fingerprint;
import dev.sluice.gateway.sharding.GenerationMerge;
import dev.sluice.gateway.sharding.GenerationMerge.Generation;
import dev.sluice.gateway.sharding.ShardPlan;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the events of two generations of shards meet while a bot is resharded: each goes on once,
 * by a {@link GenerationMerge}. Guilds are spread over several merges, each with a lock of its own,
 * which is held while an event is handed on: so the order within a guild holds although its two
 * shards are on different event loops.
 *
 * <p>What a session alone gets passes: READY, answers to commands. READY of a new shard and the
 * GUILD_CREATEs that follow it are marked {@link DispatchMark#RESHARD}.
 *
 * <p>Thread-safe; events come on the event loops of their shards.
 */
final class ReshardGate {

  private static final Logger log = LoggerFactory.getLogger(ReshardGate.class);
  private static final int STRIPES = 64; // a power of two
  private static final long NO_GUILD = 0;
  private static final int IDENTIFIES = 1;
  private static final int READY = 2;

  private final int oldCount;
  private final int newCount;
  private final EventDelivery delivery;
  private final NanoClock clock;
  private final Stripe[] stripes = new Stripe[STRIPES];

  private final AtomicIntegerArray progress; // by id of the new shards: IDENTIFIES, then READY
  private final AtomicReferenceArray<long[]> loading; // the guilds of their READY, until loaded
  private final AtomicLongArray lastLoadNanos;
  private final AtomicInteger notReady;
  private final AtomicLongArray offeredSequence; // by id of the old shards
  private final AtomicLongArray handledSequence;
  private volatile boolean abandoned;

  /** An event of a shard that waits for its copy. */
  private record Held(Shard shard, Dispatch dispatch) {}

  /**
   * Some of the guilds.
   *
   * <p>Held events are handed on by the event loop of their shard alone, in the order in which the
   * merge gives them up, and before any later event of the shard.
   */
  private final class Stripe implements GenerationMerge.Outlet<Held> {

    final GenerationMerge<Held> merge;
    final Map<Long, Long> lastSequence = new HashMap<>(); // of the old shards, by guild
    final Map<Shard, ArrayDeque<Dispatch>> released = new HashMap<>();

    Stripe(Duration window, int maxEvents) {
      this.merge = GenerationMerge.create(window, maxEvents, clock, this);
    }

    @Override
    public void deliver(Held held) {
      ArrayDeque<Dispatch> queue =
          released.computeIfAbsent(held.shard, shard -> new ArrayDeque<>());
      queue.add(held.dispatch);
      if (queue.size() == 1 && !held.shard.execute(() -> handOn(this, held.shard))) {
        queue.clear(); // the event loop has ended, with the session
      }
    }

    @Override
    public void drop(Held held) {
      held.dispatch.acknowledge();
    }

    @Override
    public boolean isHandled(long guildId) {
      long last = lastSequence.getOrDefault(guildId, -1L);
      if (handledSequence.getOpaque(ShardPlan.shardOf(guildId, oldCount)) < last) {
        return false;
      }
      lastSequence.remove(guildId); // the next event puts it back
      return true;
    }

    /**
     * The sequences of an old shard begin anew. Its READY stands for what came before it: who
     * handles events in order has handled that by then.
     */
    void restarted(int shardId, long readySequence) {
      lastSequence.replaceAll(
          (guildId, last) ->
              ShardPlan.shardOf(guildId, oldCount) == shardId ? readySequence : last);
    }
  }

  /**
   * Creates the gate, in which the old generation delivers.
   *
   * @param window for how long a copy is waited for
   * @param maxEvents how many events may wait for their copies
   * @param delivery where the events go
   */
  ReshardGate(
      int oldCount,
      int newCount,
      Duration window,
      int maxEvents,
      EventDelivery delivery,
      NanoClock clock) {
    this.oldCount = oldCount;
    this.newCount = newCount;
    this.delivery = delivery;
    this.clock = clock;
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new Stripe(window, Math.max(1, maxEvents / STRIPES));
    }
    progress = new AtomicIntegerArray(newCount);
    loading = new AtomicReferenceArray<>(newCount);
    lastLoadNanos = new AtomicLongArray(newCount);
    notReady = new AtomicInteger(newCount);
    offeredSequence = new AtomicLongArray(oldCount);
    handledSequence = new AtomicLongArray(oldCount);
  }

  /** A new shard sends its IDENTIFY: from here on its session may get events. */
  void identifying(Shard shard) {
    if (shard.id().count() == newCount) {
      progress.compareAndSet(shard.id().id(), 0, IDENTIFIES);
    }
  }

  /** A new shard has to start anew: until it is ready again the old ones stay. */
  void sessionLost(Shard shard) {
    if (shard.id().count() == newCount
        && progress.compareAndSet(shard.id().id(), READY, IDENTIFIES)) {
      notReady.incrementAndGet();
    }
  }

  /** {@return whether an old shard has events that were handed on and not handled, as of late} */
  boolean isBehind(Shard shard) {
    int id = shard.id().id();
    return handledSequence.getOpaque(id) < offeredSequence.getOpaque(id);
  }

  /** Tells how far an old shard's events were handled; on its event loop. */
  void handled(Shard shard) {
    handledSequence.setOpaque(shard.id().id(), shard.acknowledgedSequence());
  }

  /**
   * Takes an event in the place of the sink, on the event loop of its shard.
   *
   * @return whether the shard should read on
   */
  boolean offer(Shard shard, Dispatch dispatch) {
    boolean isNew = shard.id().count() == newCount;
    if (isNew && abandoned) {
      return true; // the old shard delivers its copy
    }
    switch (dispatch.type()) {
      case READY -> {
        if (isNew) {
          dispatch.mark(DispatchMark.RESHARD);
          onReady(shard, dispatch);
        } else {
          onReadyAgain(shard, dispatch);
        }
        return delivery.offer(shard, dispatch);
      }
      case RESUMED,
          RATE_LIMITED,
          GUILD_MEMBERS_CHUNK,
          SOUNDBOARD_SOUNDS,
          CHANNEL_INFO,
          VOICE_SERVER_UPDATE -> {
        return delivery.offer(shard, dispatch);
      }
      default -> {
        return merge(shard, dispatch, isNew);
      }
    }
  }

  private boolean merge(Shard shard, Dispatch dispatch, boolean isNew) {
    long guildId = dispatch.guildId();
    boolean tracked = isNew || progress.get(ShardPlan.shardOf(guildId, newCount)) != 0;
    long fingerprint = tracked ? Fingerprint.of(dispatch) : 0;
    Stripe stripe = stripe(guildId);
    synchronized (stripe) {
      if (isNew && dispatch.type() == EventType.GUILD_CREATE) {
        lastLoadNanos.setOpaque(shard.id().id(), clock.nanoTime());
        boolean expected = stripe.merge.isExpected(guildId);
        stripe.merge.loaded(guildId);
        if (expected) {
          dispatch.mark(DispatchMark.RESHARD);
          return handOn(stripe, shard, dispatch);
        }
      } else if (isNew && dispatch.type() == EventType.GUILD_DELETE) {
        if (stripe.merge.isExpected(guildId)) {
          stripe.merge.loaded(guildId); // nothing more is to come
        }
      }
      if (!tracked) {
        return handOn(stripe, shard, dispatch);
      }
      boolean now =
          stripe.merge.offer(
              isNew ? Generation.NEW : Generation.OLD,
              guildId,
              dispatch.type(),
              fingerprint,
              () -> {
                Dispatch copy = dispatch.copy();
                dispatch.defer();
                return new Held(shard, copy);
              });
      if (now) {
        if (!isNew) {
          stripe.lastSequence.put(guildId, dispatch.sequence());
          offeredSequence.setOpaque(shard.id().id(), dispatch.sequence());
          handled(shard);
        }
        return handOn(stripe, shard, dispatch);
      }
      return handOn(stripe, shard);
    }
  }

  /** Hands on what was released of a shard, then this one. */
  private boolean handOn(Stripe stripe, Shard shard, Dispatch dispatch) {
    boolean readOn = handOn(stripe, shard);
    return delivery.offer(shard, dispatch) && readOn;
  }

  /** Hands on what was released of a shard, on its event loop. */
  private boolean handOn(Stripe stripe, Shard shard) {
    boolean readOn = true;
    synchronized (stripe) {
      ArrayDeque<Dispatch> queue = stripe.released.get(shard);
      for (Dispatch held = poll(queue); held != null; held = poll(queue)) {
        readOn &= delivery.offer(shard, held);
        if (!held.isDeferred()) {
          held.acknowledge();
        }
      }
    }
    if (!readOn) {
      shard.pauseReading();
    }
    return readOn;
  }

  private static @Nullable Dispatch poll(@Nullable ArrayDeque<Dispatch> queue) {
    return queue == null ? null : queue.poll();
  }

  private void onReadyAgain(Shard old, Dispatch dispatch) {
    int id = old.id().id();
    handled(old);
    offeredSequence.setOpaque(id, dispatch.sequence());
    for (Stripe stripe : stripes) {
      synchronized (stripe) {
        stripe.restarted(id, dispatch.sequence());
      }
    }
  }

  private void onReady(Shard shard, Dispatch dispatch) {
    int id = shard.id().id();
    long[] guilds;
    try {
      JsonNode list = dispatch.readTree().path("guilds");
      guilds = new long[list.size()];
      for (int i = 0; i < guilds.length; i++) {
        guilds[i] = Long.parseUnsignedLong(list.path(i).path("id").asText());
      }
    } catch (IOException | NumberFormatException e) {
      log.warn("shard {}: its READY does not name its guilds", shard.id(), e);
      guilds = new long[0];
    }
    for (long guildId : guilds) {
      Stripe stripe = stripe(guildId);
      synchronized (stripe) {
        stripe.merge.expect(guildId);
      }
    }
    if (id == 0) {
      Stripe stripe = stripe(NO_GUILD);
      synchronized (stripe) {
        stripe.merge.expect(NO_GUILD);
        stripe.merge.loaded(NO_GUILD);
      }
    }
    lastLoadNanos.set(id, clock.nanoTime());
    loading.set(id, guilds);
    if (progress.getAndSet(id, READY) != READY) {
      notReady.decrementAndGet();
    }
  }

  /**
   * Lets time pass; call it several times a window, on one thread.
   *
   * @param loadNanos for how long a shard waits for its next GUILD_CREATE
   */
  void tick(long loadNanos) {
    long now = clock.nanoTime();
    for (int id = 0; id < newCount; id++) {
      long[] guilds = loading.get(id);
      if (guilds != null && guilds.length > 0 && now - lastLoadNanos.getOpaque(id) >= loadNanos) {
        for (long guildId : guilds) {
          Stripe stripe = stripe(guildId);
          synchronized (stripe) {
            stripe.merge.loaded(guildId);
          }
        }
        loading.compareAndSet(id, guilds, new long[0]);
      }
    }
    for (Stripe stripe : stripes) {
      synchronized (stripe) {
        stripe.merge.tick();
      }
    }
  }

  /**
   * {@return whether every new shard is ready, every guild is cut over, and the old ones can go}
   */
  boolean isCutOver() {
    if (notReady.get() > 0) {
      return false;
    }
    for (Stripe stripe : stripes) {
      synchronized (stripe) {
        if (!stripe.merge.isCutOver()) {
          return false;
        }
      }
    }
    return true;
  }

  boolean isSettled() {
    for (Stripe stripe : stripes) {
      synchronized (stripe) {
        if (!stripe.merge.isSettled()) {
          return false;
        }
      }
    }
    return true;
  }

  /** {@return how many guilds are still to be cut over, of those that new shards named so far} */
  long remainingGuilds() {
    return sum(GenerationMerge::remaining);
  }

  int shardsNotReady() {
    return notReady.get();
  }

  long matched() {
    return sum(GenerationMerge::matched);
  }

  long forcedCuts() {
    return sum(GenerationMerge::forcedCuts);
  }

  Map<EventType, Long> undecided() {
    Map<EventType, Long> all = new EnumMap<>(EventType.class);
    for (Stripe stripe : stripes) {
      synchronized (stripe) {
        stripe.merge.undecided().forEach((type, count) -> all.merge(type, count, Long::sum));
      }
    }
    return all;
  }

  private long sum(ToLongFunction<GenerationMerge<Held>> figure) {
    long sum = 0;
    for (Stripe stripe : stripes) {
      synchronized (stripe) {
        sum += figure.applyAsLong(stripe.merge);
      }
    }
    return sum;
  }

  /** The old shards were stopped. */
  void retireOld() {
    for (Stripe stripe : stripes) {
      synchronized (stripe) {
        stripe.merge.retireOld();
      }
    }
  }

  /** The old shards go on alone. */
  void abandonNew() {
    abandoned = true;
    for (Stripe stripe : stripes) {
      synchronized (stripe) {
        stripe.merge.abandonNew();
      }
    }
  }

  private Stripe stripe(long guildId) {
    return stripes[EventQueue.indexOf(guildId, STRIPES)];
  }
}
