package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.ActiveFault;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.Fault.Direction;
import dev.sluice.gateway.testkit.FaultPlan;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGateway.Endpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Lets things go wrong at a gateway, and in the bot's handler, one after the other and several at a
 * time: what, of which shards, for how long and how soon the next one comes, all by a seed. A shard
 * has one lasting fault at a time, so that sessions survive all but those that end them.
 *
 * <p>Confined to one thread, but for {@link #handling}.
 */
final class RandomFaults {

  /** What goes wrong, and how often of all the weights. */
  enum Kind {
    RESET(4),
    CLOSE(6),
    RECONNECT_REQUEST(4),
    RECONNECT_REQUESTS(2),
    INVALID_SESSION_RESUMABLE(4),
    INVALID_SESSION(1),
    HALF_OPEN(4),
    STALL(4),
    ROUND_TRIP(4),
    LATE_ACKS(4),
    NO_ACKS(4),
    CORRUPT_MESSAGE(4),
    TRUNCATED_MESSAGE(4),
    CUT_IN_MESSAGE(4),
    RESUME_REFUSED(3),
    RESUMED_WITHHELD(3),
    SLOW_CONSUMER(4),
    ALL_CUT(1);

    private final int weight;

    Kind(int weight) {
      this.weight = weight;
    }
  }

  /** Something that is over at a time. */
  private record Lasting(long endNanos, Runnable end) {}

  private static final int[] CLOSE_CODES = {1000, 1001, 1011, 4000, 4001, 4002, 4005, 4321};
  private static final int MAX_SHARDS_STRUCK = 3;
  private static final int MIN_PAUSE_MILLIS = 500;
  private static final int MAX_PAUSE_MILLIS = 2_500;
  // Until a shard whose fault is over has come back, with the longest wait that it may choose.
  private static final Duration RECOVERY = Duration.ofSeconds(8);
  private static final long BLOCKED_AT_MOST_SECONDS = 30;

  private final LocalGateway gateway;
  private final int shards;
  private final SplittableRandom random;
  private final Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
  private final Queue<Lasting> lasting =
      new PriorityQueue<>(Comparator.comparingLong(Lasting::endNanos));
  private final long[] busyUntilNanos;
  private final AtomicReferenceArray<@Nullable CountDownLatch> blocked;

  RandomFaults(LocalGateway gateway, int shards, long seed) {
    this.gateway = gateway;
    this.shards = shards;
    this.random = new SplittableRandom(seed);
    this.busyUntilNanos = new long[shards];
    this.blocked = new AtomicReferenceArray<>(shards);
    Arrays.fill(busyUntilNanos, System.nanoTime());
  }

  /** Is called by the bot's handler, which it blocks while the consumer of a shard is slow. */
  void handling(int shard) throws InterruptedException {
    CountDownLatch latch = blocked.get(shard);
    if (latch != null && !latch.await(BLOCKED_AT_MOST_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("shard " + shard + ": still blocked (expected: freed)");
    }
  }

  /** {@return when to call {@link #next} again, on the clock of {@link System#nanoTime}} */
  long next() throws Exception {
    endOver(System.nanoTime());
    strike(kind());
    return System.nanoTime() + millis(MIN_PAUSE_MILLIS, MAX_PAUSE_MILLIS).toNanos();
  }

  /** Ends what has lasted long enough. */
  void endOver(long nowNanos) {
    for (Lasting next = lasting.peek();
        next != null && next.endNanos - nowNanos <= 0;
        next = lasting.peek()) {
      lasting.remove();
      next.end.run();
    }
  }

  /** Ends whatever lasts. */
  void endAll() {
    lasting.forEach(each -> each.end.run());
    lasting.clear();
  }

  /** {@return how many faults of each kind there were} */
  Map<Kind, Integer> counts() {
    return new EnumMap<>(counts);
  }

  private Kind kind() {
    int weights = 0;
    for (Kind kind : Kind.values()) {
      weights += kind.weight;
    }
    int drawn = random.nextInt(weights);
    for (Kind kind : Kind.values()) {
      drawn -= kind.weight;
      if (drawn < 0) {
        return kind;
      }
    }
    throw new AssertionError("drawn: " + drawn + " (expected: below 0)");
  }

  private void strike(Kind kind) throws Exception {
    List<Integer> chosen = choose(kind == Kind.SLOW_CONSUMER ? 1 : MAX_SHARDS_STRUCK);
    if (chosen.isEmpty()) {
      return;
    }
    Set<Integer> ids = new HashSet<>(chosen);
    Predicate<ShardId> struck = shard -> ids.contains(shard.id());
    Duration time = millis(1_000, 5_000);
    busy(chosen, time);
    counts.merge(kind, 1, Integer::sum);
    switch (kind) {
      case RESET -> Resources.get(gateway.killConnections(struck));
      case CLOSE -> {
        int code = CLOSE_CODES[random.nextInt(CLOSE_CODES.length)];
        Resources.get(gateway.closeConnections(struck, code));
      }
      case RECONNECT_REQUEST -> Resources.get(gateway.requestReconnect(struck));
      case RECONNECT_REQUESTS -> {
        last(on(Fault.reconnectRequest(), struck).after(millis(20, 200)), time);
        Resources.get(gateway.requestReconnect(struck));
      }
      case INVALID_SESSION_RESUMABLE -> Resources.get(gateway.invalidateSessions(struck, true));
      case INVALID_SESSION -> {
        int shard = chosen.get(0);
        Resources.get(gateway.invalidateSessions(id -> id.id() == shard, false));
      }
      case HALF_OPEN ->
          last(on(Fault.halfOpen(direction()), struck).forNext(chosen.size()), millis(50, 200));
      case STALL -> last(on(Fault.stall(direction()), struck), time);
      case ROUND_TRIP -> last(on(Fault.roundTrip(millis(1, 50), millis(50, 300)), struck), time);
      case LATE_ACKS -> last(on(Fault.lateAcks(millis(500, 6_000)), struck), time);
      case NO_ACKS -> last(on(Fault.noAcks(), struck), time);
      case CORRUPT_MESSAGE -> last(on(Fault.corruptMessage(), struck).forNext(1), time);
      case TRUNCATED_MESSAGE -> last(on(Fault.truncatedMessage(), struck).forNext(1), time);
      case CUT_IN_MESSAGE -> last(on(Fault.cutInMessage(), struck).forNext(1), time);
      case RESUME_REFUSED -> {
        last(gateway.fault(Fault.refusal(503)).at(Endpoint.RESUME), time);
        Resources.get(gateway.killConnections(struck));
      }
      case RESUMED_WITHHELD -> {
        last(on(Fault.noReady(), struck), time);
        Resources.get(gateway.killConnections(struck));
      }
      case SLOW_CONSUMER -> block(chosen.get(0), time);
      case ALL_CUT -> Resources.get(gateway.killAllConnections());
    }
  }

  private List<Integer> choose(int most) {
    List<Integer> free = new ArrayList<>();
    long nowNanos = System.nanoTime();
    for (int shard = 0; shard < shards; shard++) {
      if (busyUntilNanos[shard] - nowNanos <= 0) {
        free.add(shard);
      }
    }
    List<Integer> chosen = new ArrayList<>();
    for (int left = random.nextInt(1, most + 1); left > 0 && !free.isEmpty(); left--) {
      chosen.add(free.remove(random.nextInt(free.size())));
    }
    return chosen;
  }

  private void busy(List<Integer> chosen, Duration time) {
    long untilNanos = System.nanoTime() + time.plus(RECOVERY).toNanos();
    chosen.forEach(shard -> busyUntilNanos[shard] = untilNanos);
  }

  private FaultPlan on(Fault fault, Predicate<ShardId> struck) {
    return gateway.fault(fault).on(struck);
  }

  private void last(FaultPlan plan, Duration time) {
    ActiveFault fault = plan.start();
    lasting.add(new Lasting(System.nanoTime() + time.toNanos(), fault::close));
  }

  private void block(int shard, Duration time) {
    CountDownLatch latch = new CountDownLatch(1);
    blocked.set(shard, latch);
    Runnable free =
        () -> {
          blocked.set(shard, null);
          latch.countDown();
        };
    lasting.add(new Lasting(System.nanoTime() + time.toNanos(), free));
  }

  private Direction direction() {
    Direction[] directions = Direction.values();
    return directions[random.nextInt(directions.length)];
  }

  private Duration millis(int least, int most) {
    return Duration.ofMillis(random.nextInt(least, most + 1));
  }
}
