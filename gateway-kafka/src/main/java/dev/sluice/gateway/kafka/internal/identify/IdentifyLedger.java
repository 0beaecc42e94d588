package dev.sluice.gateway.kafka.internal.identify;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Answered;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Claim;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Limit;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Released;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Sent;
import dev.sluice.gateway.sharding.IdentifyQueue;
import dev.sluice.gateway.sharding.SessionStartBudget;
import dev.sluice.gateway.sharding.SessionStarts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the identify log says: which claims are valid, when each bucket is open, how many session
 * starts are left. A state machine that is fed the records in the order of the log and nothing
 * else, so every node that reads the log comes to the same verdict on every claim. It reads no
 * clock: its time is that of the records.
 *
 * <p>A claim is valid if its bucket is open at its time, and a session start is left. Whoever has a
 * valid claim may IDENTIFY for {@link #VALIDITY}; after that, without a word of the claimer, the
 * IDENTIFY counts as sent at the very end of it. So nobody has to know who died.
 *
 * <p>Not thread-safe; confine to one thread.
 */
final class IdentifyLedger {

  /*
   * Readers start at different places, for the log loses its oldest records. They must agree all
   * the same, so nothing that decides about a claim may be older than what is certainly there:
   *
   *  - A claim needs a limit that is not older than LIMIT_VALIDITY, a quarter of the retention of
   *    the topic. Each limit replaces the count of session starts as a whole, and looks no further
   *    back than RECENT.
   *  - A limit when none is in force begins everything anew, with one window of silence. So does a
   *    reader's first one. One that has read for weeks comes to the same point then as one that
   *    found the log empty.
   *  - The state of a bucket is that of its last few windows: IdentifyQueue begins anew after two
   *    windows without a claim. Until then a reader that started in the midst may differ on claims
   *    of two days ago; each "sent" that it did not expect closes the bucket from there, which
   *    brings it in line with the others.
   *
   * Time is what went by in the clock of one broker. Another leader has another clock, so nothing
   * is known of the time between its first record and the last of the one before: the buckets stay
   * closed for a window, no period of session starts ends earlier for it, and the claims of before
   * are taken from every limit, for nobody can say which of them it counts. A clock that is set
   * back is another clock. One that is set forward cannot be told from time that passes; see
   * IdentifyClaims, which measures the window itself as well.
   */

  /** How long a valid claim may be used, from before it was sent by the claimer's clock. */
  static final Duration VALIDITY = Duration.ofSeconds(2);

  /** How long a limit holds. */
  static final Duration LIMIT_VALIDITY = Duration.ofHours(12);

  /** Claims are remembered so long, to be taken from a limit that may not count them. */
  static final Duration RECENT = Duration.ofMinutes(10);

  /** How long before a limit was asked for an IDENTIFY is claimed that it may not count yet. */
  static final Duration ON_ITS_WAY = VALIDITY.plusSeconds(8);

  /** Less is the jitter of a clock that is being disciplined. */
  private static final long CLOCK_STEP_MILLIS = 1_000;

  /** What became of a record. */
  enum Verdict {
    /** The claimer may IDENTIFY. */
    VALID,
    /** The bucket is not open. */
    TOO_EARLY,
    /** No session start is left. */
    NO_STARTS,
    /** Nobody said what GET /gateway/bot says, or it is too long ago. */
    NO_LIMIT,
    /** The claim is there already. */
    REPEATED,
    /** The record is no claim. */
    NONE
  }

  private enum State {
    OUT,
    EXPIRED,
    SENT,
    RELEASED
  }

  private record Key(String node, long number) {}

  /** A valid claim. */
  private static final class Granted {
    final Key key;
    final int shard;
    final long atMillis;
    final long atNanos;
    State state = State.OUT;
    boolean ofFormerBuckets;
    boolean ofFormerClock;
    int countedIn; // the limit whose starts it took one of

    Granted(Key key, int shard, long atMillis, long atNanos, int countedIn) {
      this.key = key;
      this.shard = shard;
      this.atMillis = atMillis;
      this.atNanos = atNanos;
      this.countedIn = countedIn;
    }
  }

  private long nowNanos;
  private long oneClockNanos; // as nowNanos, without what went by from one clock to another
  private long lastMillis;
  private int lastEpoch;
  private boolean started;
  private boolean otherClock; // than that of the record before

  private @Nullable IdentifyQueue queue; // null before the first limit
  private @Nullable SessionStartBudget budget; // null when starts are not counted
  private long limitAtNanos;
  private int limits;
  private int silences;
  private final Map<Key, Granted> out = new LinkedHashMap<>(); // by expiry
  private final Map<Key, Granted> recent = new LinkedHashMap<>(); // by time
  private final Map<Integer, Granted> lastOfBucket = new LinkedHashMap<>();

  /**
   * Takes the next record of the log.
   *
   * @param timestampMillis its log append time
   * @param leaderEpoch the epoch of the leader that appended it
   * @param record the record, or null for one that is none, of which only the time counts
   * @return what became of it
   */
  Verdict apply(long timestampMillis, int leaderEpoch, @Nullable IdentifyRecord record) {
    advance(timestampMillis, leaderEpoch);
    if (record instanceof Claim claim) {
      return claim(claim, timestampMillis);
    }
    if (record instanceof Sent sent) {
      sent(sent);
    } else if (record instanceof Answered answered) {
      answered(answered);
    } else if (record instanceof Released released) {
      released(released);
    } else if (record instanceof Limit limit) {
      limit(limit, timestampMillis, leaderEpoch);
    }
    return Verdict.NONE;
  }

  private void advance(long timestampMillis, int leaderEpoch) {
    if (!started) {
      started = true;
      lastMillis = timestampMillis;
      lastEpoch = leaderEpoch;
    }
    otherClock = leaderEpoch != lastEpoch || timestampMillis < lastMillis - CLOCK_STEP_MILLIS;
    long passedMillis = Math.max(0, timestampMillis - lastMillis);
    long passedNanos = TimeUnit.MILLISECONDS.toNanos(passedMillis);
    long untilNanos = nowNanos + passedNanos;
    expire(untilNanos);
    nowNanos = untilNanos;
    if (otherClock) {
      recent.values().forEach(granted -> granted.ofFormerClock = true);
    } else {
      oneClockNanos += passedNanos;
    }
    lastMillis = otherClock ? timestampMillis : Math.max(lastMillis, timestampMillis);
    lastEpoch = leaderEpoch;
    if (otherClock && queue != null) {
      queue.keepSilence();
      silences++;
    }
    forgetOld();
  }

  private void expire(long untilNanos) {
    for (Iterator<Granted> all = out.values().iterator(); all.hasNext(); ) {
      Granted granted = all.next();
      long expiryNanos = granted.atNanos + VALIDITY.toNanos();
      if (expiryNanos - untilNanos > 0) {
        return; // those after it were granted later
      }
      all.remove();
      nowNanos = expiryNanos;
      used(granted, State.EXPIRED);
    }
  }

  private void forgetOld() {
    for (Iterator<Granted> all = recent.values().iterator(); all.hasNext(); ) {
      if (nowNanos - all.next().atNanos <= RECENT.toNanos()) {
        return;
      }
      all.remove();
    }
  }

  private Verdict claim(Claim claim, long timestampMillis) {
    Key key = new Key(claim.node(), claim.number());
    if (recent.containsKey(key)) {
      return Verdict.REPEATED;
    }
    IdentifyQueue queue = this.queue;
    if (queue == null || limitAgeNanos() >= LIMIT_VALIDITY.toNanos()) {
      return Verdict.NO_LIMIT;
    }
    if (queue.opensInNanos(claim.shard()) != 0) {
      return Verdict.TOO_EARLY;
    }
    if (budget != null && !budget.trySpend()) {
      return Verdict.NO_STARTS;
    }
    queue.enqueue(claim.shard());
    if (queue.poll() != claim.shard()) {
      throw new IllegalStateException("bucket of shard " + claim.shard() + " (expected: open)");
    }
    Granted granted = new Granted(key, claim.shard(), timestampMillis, nowNanos, limits);
    out.put(key, granted);
    recent.put(key, granted);
    lastOfBucket.put(claim.shard() % queue.maxConcurrency(), granted);
    return Verdict.VALID;
  }

  private void sent(Sent sent) {
    Granted granted = out.remove(new Key(sent.node(), sent.number()));
    if (granted != null) {
      used(granted, State.SENT);
    } else if (queue != null) {
      // It was not valid here, or not any more: the gateway counts it all the same.
      queue.keepSilence(sent.shard());
    }
  }

  private void used(Granted granted, State state) {
    granted.state = state;
    IdentifyQueue queue = requireNonNull(this.queue);
    if (granted.ofFormerBuckets) {
      queue.keepSilence(); // whichever bucket it counts in by now
      silences++;
    } else {
      queue.sent(granted.shard);
    }
  }

  private void answered(Answered answered) {
    Granted granted = recent.get(new Key(answered.node(), answered.number()));
    if (granted != null
        && queue != null
        && lastOfBucket.get(granted.shard % queue.maxConcurrency()) == granted) {
      queue.answered(granted.shard);
    }
  }

  private void released(Released released) {
    Granted granted = recent.get(new Key(released.node(), released.number()));
    if (granted == null || granted.state == State.SENT || granted.state == State.RELEASED) {
      return;
    }
    if (granted.state == State.OUT) {
      out.remove(granted.key);
      if (!granted.ofFormerBuckets) {
        requireNonNull(queue).release(granted.shard);
      }
    }
    granted.state = State.RELEASED;
    if (budget != null && granted.countedIn == limits) {
      budget.refund();
    }
  }

  private void limit(Limit limit, long timestampMillis, int leaderEpoch) {
    boolean sameClock = !otherClock && limit.askedEpoch() == leaderEpoch;
    long askedAtMillis = sameClock ? limit.askedAtMillis() : 0;
    if (askedAtMillis != 0 && timestampMillis - askedAtMillis > RECENT.toMillis()) {
      return; // it says nothing any more of what is left
    }
    IdentifyQueue queue = this.queue;
    if (queue == null
        || limitAgeNanos() >= LIMIT_VALIDITY.toNanos()
        || queue.maxConcurrency() != limit.maxConcurrency()) {
      queue = IdentifyQueue.create(limit.maxConcurrency(), () -> nowNanos);
      queue.keepSilence();
      this.queue = queue;
      silences++;
      lastOfBucket.clear();
      out.values().forEach(granted -> granted.ofFormerBuckets = true);
    }
    limitAtNanos = nowNanos;
    limits++;
    int notCounted = 0; // by the gateway, when it was asked
    for (Granted granted : recent.values()) {
      if (granted.state != State.RELEASED
          && (granted.ofFormerClock || granted.atMillis > askedAtMillis - ON_ITS_WAY.toMillis())) {
        granted.countedIn = limits;
        notCounted++;
      }
    }
    if (limit.total() == 0) {
      budget = null;
    } else {
      budget = SessionStartBudget.create(0, () -> oneClockNanos);
      budget.update(
          limit.total(),
          Math.max(0, limit.remaining() - notCounted),
          Duration.ofMillis(limit.resetAfterMillis()));
    }
  }

  private long limitAgeNanos() {
    return nowNanos - limitAtNanos;
  }

  /** {@return how many buckets there are, 0 before the first limit} */
  int maxConcurrency() {
    return queue == null ? 0 : queue.maxConcurrency();
  }

  /** {@return the log append time of the last record, by the clock of its leader} */
  long lastMillis() {
    return lastMillis;
  }

  /** {@return the leader epoch of the last record} */
  int lastEpoch() {
    return lastEpoch;
  }

  /** {@return how often all buckets were closed at once, so that a change can be seen} */
  int silences() {
    return silences;
  }

  /**
   * {@return how old the limit is, or {@link Long#MAX_VALUE} if there is none}
   *
   * @param millis the time of now, by the clock of the leader
   */
  long limitAgeMillis(long millis) {
    return queue == null
        ? Long.MAX_VALUE
        : TimeUnit.NANOSECONDS.toMillis(limitAgeNanos()) + Math.max(0, millis - lastMillis);
  }

  /**
   * {@return whether no session start is left}
   *
   * @param millis the time of now, by the clock of the leader
   */
  boolean isExhausted(long millis) {
    return budget != null && budget.remaining() == 0 && millis < resetAtMillis(budget);
  }

  private long resetAtMillis(SessionStartBudget budget) {
    return lastMillis + ceilMillis(budget.resetAfterNanos());
  }

  /**
   * {@return when a claim for a shard can be valid at the earliest, by the clock of the leader and
   * what is known now; a time that has passed if it can at once, {@link Long#MAX_VALUE} if it needs
   * another limit}
   *
   * @param shard the id of the shard
   */
  long opensAtMillis(int shard) {
    IdentifyQueue queue = this.queue;
    if (queue == null || limitAgeNanos() >= LIMIT_VALIDITY.toNanos()) {
      return Long.MAX_VALUE;
    }
    long opensInNanos = queue.opensInNanos(shard);
    if (opensInNanos == Long.MAX_VALUE) { // a claim is out: unless its claimer says something
      Granted last = requireNonNull(lastOfBucket.get(shard % queue.maxConcurrency()));
      opensInNanos =
          last.atNanos
              + VALIDITY
                  .plus(IdentifyQueue.WINDOW)
                  .plus(IdentifyQueue.SLACK)
                  .plus(IdentifyQueue.SLACK_CREDIT)
                  .toNanos()
              - nowNanos;
    }
    long opensAtMillis = lastMillis + ceilMillis(opensInNanos);
    return budget != null && budget.remaining() == 0
        ? Math.max(opensAtMillis, resetAtMillis(budget))
        : opensAtMillis;
  }

  /** {@return the session starts that are left, or null when they are not counted} */
  @Nullable SessionStarts starts() {
    return budget == null ? null : budget.starts(Instant.ofEpochMilli(lastMillis));
  }

  /** {@return the claims that may be used now and were not yet, for tests} */
  List<Integer> shardsOut() {
    List<Integer> shards = new ArrayList<>();
    out.values().forEach(granted -> shards.add(granted.shard));
    return shards;
  }

  private static long ceilMillis(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(nanos + 999_999);
  }
}
