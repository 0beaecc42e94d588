package dev.sluice.gateway.kafka.internal.identify;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.identify.IdentifyLedger.Verdict;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Answered;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Claim;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Limit;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Released;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Sent;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.IdentifyLimiter.Permit;
import dev.sluice.gateway.sharding.IdentifyQueue;
import dev.sluice.gateway.sharding.SessionStarts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of one node in the identify log: which of its shards wait, when it claims for which, and
 * what it says of its claims. It does no I/O: what is to be appended goes to the {@link Log}, and
 * what was read comes back through {@link #read}.
 *
 * <p>A node claims for one shard of a bucket at a time, when the bucket opens and a random bit
 * later, for the others want to as well. A claim that comes second is void and costs nothing but
 * its record.
 *
 * <p>Not thread-safe; confine to one thread, but for the permits.
 */
final class IdentifyClaims {

  private static final Logger log = LoggerFactory.getLogger(IdentifyClaims.class);

  /** A permit that is good for less is not given out: the IDENTIFY would hardly make it. */
  private static final long MIN_VALIDITY_NANOS = Duration.ofMillis(100).toNanos();

  private static final long VALIDITY_NANOS = IdentifyLedger.VALIDITY.toNanos();
  private static final long WINDOW_NANOS = IdentifyQueue.WINDOW.toNanos();
  private static final long SPREAD_NANOS = Duration.ofMillis(50).toNanos();
  private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long REFRESH_NANOS = Duration.ofMinutes(1).toNanos();

  /** A clock is compared anew so often, for two clocks drift apart. */
  private static final long CLOCK_NANOS = Duration.ofMinutes(1).toNanos();

  /** From then on a node that has something to claim asks for a new limit. */
  private static final long LIMIT_OLD_MILLIS = Duration.ofHours(1).toMillis();

  private static final long NEVER = Long.MAX_VALUE;

  /** Takes what is to be appended. */
  interface Log {

    /**
     * Appends a record, some time. When it cannot, that is told by {@link #failed}.
     *
     * @param record the record
     */
    void append(IdentifyRecord record);
  }

  /** A shard that waits for its permit. */
  private static final class Request {
    final ShardId shard;
    final long order;
    final CompletableFuture<Permit> permit;
    long number; // of its claim
    long claimedAtNanos;

    Request(ShardId shard, long order, CompletableFuture<Permit> permit) {
      this.shard = shard;
      this.order = order;
      this.permit = permit;
    }
  }

  private static final class Bucket {
    final NavigableSet<Request> waiting =
        new TreeSet<>(
            Comparator.comparingInt((Request request) -> request.shard.id())
                .thenComparingLong(request -> request.order));
    @Nullable Request claimed;
    long openAtMillis = NEVER;
    long spreadNanos;

    // What this node measured itself: until when the last IDENTIFY keeps the bucket closed.
    boolean measured;
    long closedUntilNanos; // by one that was sent
    boolean isOut;
    long closedByOutNanos; // by a claim that was not used yet, as far as is known
  }

  private final String node;
  private final Log records;
  private final NanoClock clock;
  private final RandomGenerator random;
  private final Executor executor;
  private final FleetCounters counters;
  private IdentifyLedger ledger = new IdentifyLedger();
  private final List<Bucket> buckets = new ArrayList<>();
  private final Map<Long, Bucket> claimed = new HashMap<>(); // by number
  private long orders;
  private long numbers;
  private int silences;
  private boolean live; // all that was in the log at the start is read

  private boolean knowsClock;
  private int clockEpoch;
  private long clockOffsetNanos; // this clock minus that of the broker, plus the least delay seen
  private long clockSampledNanos;

  private @Nullable GatewayBot answer;
  private int maxConcurrency;
  private long answerAskedNanos;
  private boolean announce; // what was answered is to be appended
  private long announceAfterNanos;
  private final Set<Runnable> refreshes = new LinkedHashSet<>();
  private boolean refreshed;
  private long refreshedAtNanos;
  private final List<Request> early = new ArrayList<>(); // before the number of buckets is known
  private boolean retries;
  private long retryAfterNanos;

  private volatile @Nullable SessionStarts starts;
  private volatile int ledgerConcurrency;

  /**
   * Creates the part of a node that has read nothing.
   *
   * @param node a name that no other node has, nor this one in another life
   * @param records takes what is to be appended
   * @param clock the monotonic clock of the node
   * @param random spreads the claims
   * @param executor runs what permits are told on the thread of this
   * @param counters count permits and void claims
   */
  IdentifyClaims(
      String node,
      Log records,
      NanoClock clock,
      RandomGenerator random,
      Executor executor,
      FleetCounters counters) {
    this.node = node;
    this.records = records;
    this.clock = clock;
    this.random = random;
    this.executor = executor;
    this.counters = counters;
  }

  /** {@return the session starts that are left, or null when not known; on any thread} */
  @Nullable SessionStarts starts() {
    return starts;
  }

  /** {@return the buckets, 0 when not known; on any thread} */
  int maxConcurrency() {
    return ledgerConcurrency;
  }

  /** Adds a way to have GET /gateway/bot asked again. */
  void addRefresh(Runnable refresh) {
    refreshes.add(refresh);
  }

  /** Takes a way back that leads nowhere any more. */
  void removeRefresh(Runnable refresh) {
    refreshes.remove(refresh);
  }

  /** Takes over an answer of GET /gateway/bot, which all nodes are to know. */
  void update(GatewayBot answer, int maxConcurrency, long askedAtNanos) {
    this.answer = answer;
    this.maxConcurrency = maxConcurrency;
    this.answerAskedNanos = askedAtNanos;
    announce = true;
    announceAfterNanos = clock.nanoTime();
  }

  /** Adds a shard that waits. Its future may be cancelled. */
  void add(ShardId shard, CompletableFuture<Permit> permit) {
    wait(new Request(shard, orders++, permit));
  }

  private void wait(Request request) {
    if (buckets.isEmpty()) {
      early.add(request);
    } else {
      bucket(request.shard.id()).waiting.add(request);
    }
  }

  /** Fails everything that waits. */
  void close(RuntimeException cause) {
    List<Request> all = new ArrayList<>(early);
    for (Bucket bucket : buckets) {
      all.addAll(bucket.waiting);
      if (bucket.claimed != null) {
        all.add(bucket.claimed);
      }
    }
    all.forEach(request -> request.permit.completeExceptionally(cause));
  }

  /** Says that all was read that the log had when this node began, so that it knows the state. */
  void live() {
    live = true;
  }

  /**
   * Says that the log does not go on where it was read to, for it was made anew, or had lost what
   * comes next: all that is known of it is forgotten. What was claimed and not read back is claimed
   * again.
   */
  void startOver() {
    ledger = new IdentifyLedger();
    silences = 0;
    live = false;
    claimed.clear();
    for (Bucket bucket : buckets) {
      Request request = bucket.claimed;
      if (request != null) {
        bucket.claimed = null;
        bucket.waiting.add(request);
      }
    }
  }

  /**
   * Takes a record of the log, in its order.
   *
   * @param timestampMillis its log append time
   * @param leaderEpoch of the leader that appended it
   * @param record the record, null if it is none
   * @return what became of it
   */
  Verdict read(long timestampMillis, int leaderEpoch, @Nullable IdentifyRecord record) {
    long now = clock.nanoTime();
    Verdict verdict = ledger.apply(timestampMillis, leaderEpoch, record);
    if (live) {
      compareClocks(timestampMillis, leaderEpoch, now);
    }
    regroup();
    if (silences != ledger.silences()) {
      silences = ledger.silences();
      if (live) {
        buckets.forEach(bucket -> measured(bucket, now + WINDOW_NANOS));
      }
    }
    if (record instanceof Claim claim) {
      onClaim(claim, verdict, timestampMillis, now);
    } else if (record instanceof Sent sent && !buckets.isEmpty()) {
      Bucket bucket = bucket(sent.shard());
      bucket.isOut = false;
      if (live) {
        measured(bucket, now + WINDOW_NANOS);
      }
    } else if (record instanceof Released released && !buckets.isEmpty()) {
      bucket(released.shard()).isOut = false;
    }
    starts = ledger.starts();
    return verdict;
  }

  private static void measured(Bucket bucket, long untilNanos) {
    bucket.measured = true;
    bucket.closedUntilNanos = untilNanos;
  }

  private void onClaim(Claim claim, Verdict verdict, long timestampMillis, long now) {
    boolean mine = claim.node().equals(node);
    if (verdict == Verdict.VALID && live) {
      Bucket bucket = bucket(claim.shard());
      bucket.isOut = true;
      bucket.closedByOutNanos = now + VALIDITY_NANOS + WINDOW_NANOS;
    }
    if (!mine || verdict == Verdict.REPEATED) {
      return;
    }
    Bucket bucket = claimed.remove(claim.number());
    Request request = bucket == null ? null : bucket.claimed;
    if (bucket != null) {
      bucket.claimed = null;
    }
    if (verdict != Verdict.VALID) {
      counters.voidClaims.increment();
      log.debug("{} is void: {}", claim, verdict);
      if (verdict == Verdict.TOO_EARLY) {
        sampleClock(timestampMillis, now); // it may be what made it too early
      }
      if (request != null) {
        wait(request);
      }
      return;
    }
    if (request == null) { // it was given up, and came through all the same
      records.append(new Released(node, claim.number(), claim.shard()));
      return;
    }
    LogPermit permit = new LogPermit(request);
    if (permit.expiryNanos() < MIN_VALIDITY_NANOS) {
      records.append(new Released(node, claim.number(), claim.shard()));
      if (!request.permit.isDone()) {
        wait(request);
      }
    } else if (request.permit.complete(permit)) {
      counters.grants.increment();
      log.atInfo().addKeyValue("shard", request.shard).log("shard {}: may identify", request.shard);
    } else {
      records.append(new Released(node, claim.number(), claim.shard()));
    }
  }

  /** Puts the waiting into buckets anew when their number has changed. */
  private void regroup() {
    int count = ledger.maxConcurrency();
    if (count == buckets.size()) {
      return;
    }
    List<Request> waiting = new ArrayList<>(early);
    early.clear();
    List<Bucket> former = new ArrayList<>(buckets);
    buckets.clear();
    for (int i = 0; i < count; i++) {
      buckets.add(new Bucket());
    }
    for (Bucket bucket : former) {
      waiting.addAll(bucket.waiting);
      Request request = bucket.claimed;
      if (request != null) {
        Bucket now = bucket(request.shard.id());
        claimed.remove(request.number);
        if (now.claimed == null) {
          now.claimed = request;
          claimed.put(request.number, now);
        } else {
          waiting.add(request); // its claim, if it is valid, is released
        }
      }
    }
    waiting.forEach(this::wait);
    ledgerConcurrency = count;
  }

  private Bucket bucket(int shard) {
    return buckets.get(shard % buckets.size());
  }

  /** A record was not appended, or that is not known: if it is a claim it is given up. */
  void failed(IdentifyRecord record) {
    long retryAt = clock.nanoTime() + RETRY_NANOS;
    if (record instanceof Claim claim) {
      Bucket bucket = claimed.remove(claim.number());
      if (bucket != null) {
        Request request = requireNonNull(bucket.claimed);
        bucket.claimed = null;
        wait(request);
      }
      retries = true;
      retryAfterNanos = retryAt;
    } else if (record instanceof Limit) {
      announce = true;
      announceAfterNanos = retryAt;
    }
    // What is not said of a claim that was valid the others assume: that it was used, at the end.
  }

  /**
   * Claims what can be claimed now.
   *
   * @return in how many nanoseconds to call again at the latest, {@link Long#MAX_VALUE} if only a
   *     record or a request changes something
   */
  long run() {
    long now = clock.nanoTime();
    if (!live) {
      return NEVER;
    }
    boolean waits = forgetCancelled();
    long next = Math.min(announce(now), waits ? renewLimit(now) : NEVER);
    if (retries) {
      if (retryAfterNanos - now > 0) {
        return Math.min(next, retryAfterNanos - now);
      }
      retries = false;
    }
    for (Bucket bucket : buckets) {
      if (bucket.claimed == null && !bucket.waiting.isEmpty()) {
        long dueNanos = dueInNanos(bucket, now);
        if (dueNanos > 0) {
          next = Math.min(next, dueNanos);
        } else {
          claim(bucket, now);
        }
      }
    }
    return next;
  }

  private boolean forgetCancelled() {
    boolean waits = early.removeIf(request -> request.permit.isDone()) || !early.isEmpty();
    for (Bucket bucket : buckets) {
      bucket.waiting.removeIf(request -> request.permit.isDone());
      waits |= !bucket.waiting.isEmpty();
    }
    return waits;
  }

  private void claim(Bucket bucket, long now) {
    Request request = requireNonNull(bucket.waiting.pollFirst());
    request.number = numbers++;
    request.claimedAtNanos = now;
    bucket.claimed = request;
    bucket.openAtMillis = NEVER; // the next one is spread anew
    claimed.put(request.number, bucket);
    records.append(new Claim(node, request.number, request.shard.id(), request.shard.count()));
  }

  /** {@return in how many nanoseconds a claim is due; 0 or less if it is} */
  private long dueInNanos(Bucket bucket, long now) {
    int shard = bucket.waiting.first().shard.id();
    long openAtMillis = ledger.opensAtMillis(shard);
    if (openAtMillis == NEVER || !knowsClock || clockEpoch != ledger.lastEpoch()) {
      return NEVER;
    }
    if (openAtMillis != bucket.openAtMillis) {
      bucket.openAtMillis = openAtMillis;
      bucket.spreadNanos = random.nextLong(SPREAD_NANOS);
    }
    long dueNanos =
        TimeUnit.MILLISECONDS.toNanos(openAtMillis + 1)
            + clockOffsetNanos
            + bucket.spreadNanos
            - now;
    if (bucket.measured) {
      dueNanos = Math.max(dueNanos, bucket.closedUntilNanos - now);
    }
    if (bucket.isOut) {
      dueNanos = Math.max(dueNanos, bucket.closedByOutNanos - now);
    }
    return dueNanos;
  }

  /** {@return in how many nanoseconds to call again} */
  private long announce(long now) {
    GatewayBot said = answer;
    if (!announce || said == null) {
      return NEVER;
    }
    if (announceAfterNanos - now > 0) {
      return announceAfterNanos - now;
    }
    announce = false;
    if (now - answerAskedNanos > IdentifyLedger.RECENT.dividedBy(2).toNanos()
        && said.total() != 0) {
      askAgain(now); // the fleet has gone on since
      return NEVER;
    }
    records.append(
        new Limit(
            said.total(),
            said.remaining(),
            Math.min(said.resetAfter().toMillis(), IdentifyRecord.MAX_RESET_AFTER_MILLIS),
            maxConcurrency,
            knowsClock ? Math.max(1, brokerMillis(answerAskedNanos)) : 0,
            clockEpoch));
    return NEVER;
  }

  /**
   * Sees to it that the log has a limit that holds. {@return when to look again, in nanoseconds}
   */
  private long renewLimit(long now) {
    long millis = knowsClock ? brokerMillis(now) : ledger.lastMillis();
    boolean exhausted = ledger.isExhausted(millis);
    if (ledger.limitAgeMillis(millis) < LIMIT_OLD_MILLIS && !exhausted) {
      return NEVER;
    }
    askAgain(now);
    return Math.min(announce(now), REFRESH_NANOS);
  }

  private void askAgain(long now) {
    if (!refreshed || now - refreshedAtNanos >= REFRESH_NANOS) {
      refreshed = true;
      refreshedAtNanos = now;
      if (answer != null && answer.total() == 0) {
        announce = true; // there is nobody to ask: what the settings say holds on
        announceAfterNanos = now;
      } else {
        refreshes.forEach(Runnable::run);
      }
    }
  }

  // The clock of the broker.

  private void compareClocks(long timestampMillis, int leaderEpoch, long now) {
    long offsetNanos = now - TimeUnit.MILLISECONDS.toNanos(timestampMillis);
    if (!knowsClock
        || leaderEpoch != clockEpoch
        || offsetNanos - clockOffsetNanos <= 0
        || now - clockSampledNanos >= CLOCK_NANOS) {
      clockEpoch = leaderEpoch;
      sampleClock(timestampMillis, now);
    }
  }

  /**
   * The delay from the append to here is in the offset, so a time of the broker is mapped to one of
   * here that is not before it: no claim is too early because of it.
   */
  private void sampleClock(long timestampMillis, long now) {
    knowsClock = true;
    clockSampledNanos = now;
    clockOffsetNanos = now - TimeUnit.MILLISECONDS.toNanos(timestampMillis);
  }

  /** {@return a time of this clock by that of the broker, at the earliest} */
  private long brokerMillis(long nanos) {
    return Math.floorDiv(nanos - clockOffsetNanos, 1_000_000L);
  }

  private void say(IdentifyRecord record) {
    executor.execute(() -> records.append(record));
  }

  /** What a valid claim gives. */
  private final class LogPermit implements Permit {

    private final long number;
    private final int shard;
    private final long expiresAtNanos;
    private final AtomicBoolean done = new AtomicBoolean();

    LogPermit(Request request) {
      this.number = request.number;
      this.shard = request.shard.id();
      this.expiresAtNanos = request.claimedAtNanos + VALIDITY_NANOS;
    }

    @Override
    public void sent() {
      if (done.compareAndSet(false, true)) {
        say(new Sent(node, number, shard));
      }
    }

    @Override
    public void answered() {
      say(new Answered(node, number, shard));
    }

    @Override
    public void release() {
      if (done.compareAndSet(false, true)) {
        say(new Released(node, number, shard));
      }
    }

    @Override
    public long expiryNanos() {
      return expiresAtNanos - clock.nanoTime();
    }
  }
}
