package dev.sluice.gateway.kafka.internal.identify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.identify.IdentifyLedger.Verdict;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.IdentifyLimiter.Permit;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * Nodes, a broker and a gateway on a virtual clock. Nodes freeze, thaw and die, appends are late or
 * lost, leaders and their clocks change. After every IDENTIFY the gateway's rules are checked, and
 * after every record that all readers agree on it.
 */
final class IdentifySimulation {

  static final long MILLI = 1_000_000;
  static final long SECOND = 1_000 * MILLI;
  private static final long EPOCH_MILLIS = 1_700_000_000_000L;

  private record Event(long atNanos, long order, Runnable action) {}

  private record Entry(long timestampMillis, int leaderEpoch, byte[] value) {}

  final SplittableRandom random;
  final long seed;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) ->
              a.atNanos != b.atNanos
                  ? Long.compare(a.atNanos, b.atNanos)
                  : Long.compare(a.order, b.order));
  private long orders;
  long nowNanos;

  // The broker.
  private final List<Entry> entries = new ArrayList<>();
  private final List<Verdict> verdicts = new ArrayList<>();
  private int logStart;
  private int leaderEpoch;
  private long leaderSkewMillis;
  private long outageUntilNanos;
  double lostAppends; // reported as failed, and half of them are there all the same
  double lostSent; // not reported
  long maxAppendMillis = 3;
  long maxReadMillis = 5;

  // The gateway.
  int maxConcurrency = 4;
  int total = 1_000;
  int remaining = 1_000;
  private boolean periodRuns;
  private long periodEndsNanos = Long.MAX_VALUE;
  private final Map<Integer, Long> lastIdentify = new HashMap<>();
  long closest = Long.MAX_VALUE;
  final Set<Integer> ready = new HashSet<>();
  int identifies;
  double unanswered;
  long maxReadyMillis = 120;
  double slowLoops;

  final List<Node> nodes = new ArrayList<>();

  IdentifySimulation(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
  }

  // Time.

  void at(long nanos, Runnable action) {
    events.add(new Event(Math.max(nowNanos, nanos), orders++, action));
  }

  void after(long nanos, Runnable action) {
    at(nowNanos + nanos, action);
  }

  /** Runs until all shards are ready, or fails. {@return the time that it took} */
  long untilReady(int shards, Duration atMost) {
    long deadline = nowNanos + atMost.toNanos();
    while (ready.size() < shards) {
      Event next = events.poll();
      assertThat(next).as("seed %d: something happens", seed).isNotNull();
      nowNanos = next.atNanos;
      assertThat(nowNanos - deadline)
          .as("seed %d: %d of %d ready in time", seed, ready.size(), shards)
          .isNegative();
      next.action.run();
    }
    return nowNanos;
  }

  void run(Duration time) {
    long until = nowNanos + time.toNanos();
    while (!events.isEmpty() && events.peek().atNanos <= until) {
      Event next = events.remove();
      nowNanos = next.atNanos;
      next.action.run();
    }
    nowNanos = until;
  }

  // The broker.

  void changeLeader(long skewMillis) {
    leaderEpoch++;
    leaderSkewMillis = skewMillis;
  }

  void stepClock(long millis) {
    leaderSkewMillis += millis;
  }

  void outage(Duration time) {
    outageUntilNanos = nowNanos + time.toNanos();
  }

  /** Drops all that is in the log up to now, as retention does. */
  void truncate(int keep) {
    logStart = Math.max(logStart, entries.size() - keep);
  }

  private void append(byte[] value) {
    entries.add(new Entry(EPOCH_MILLIS + nowNanos / MILLI + leaderSkewMillis, leaderEpoch, value));
    verdicts.add(null);
    nodes.forEach(Node::fetchSoon);
  }

  // The gateway.

  GatewayBot get() {
    rollPeriod();
    return new GatewayBot(
        URI.create("wss://a.test"),
        1,
        total,
        remaining,
        Duration.ofNanos(periodRuns ? periodEndsNanos - nowNanos : 0),
        maxConcurrency);
  }

  private void rollPeriod() {
    if (periodRuns && nowNanos >= periodEndsNanos) {
      remaining = total;
      periodRuns = false;
    }
  }

  void period(int left, Duration endsAfter) {
    remaining = left;
    periodRuns = true;
    periodEndsNanos = nowNanos + endsAfter.toNanos();
  }

  private void identify(int shard) {
    rollPeriod();
    Long last = lastIdentify.put(shard % maxConcurrency, nowNanos);
    if (last != null) {
      closest = Math.min(closest, nowNanos - last);
      assertThat(nowNanos - last)
          .as("seed %d: ns between two identifies of bucket %d", seed, shard % maxConcurrency)
          .isGreaterThanOrEqualTo(5 * SECOND);
    }
    assertThat(remaining).as("seed %d: session starts left", seed).isPositive();
    remaining--;
    identifies++;
    if (!periodRuns) {
      periodRuns = true;
      periodEndsNanos = nowNanos + Duration.ofDays(1).toNanos();
    }
  }

  // A node.

  Node start(int... shards) {
    Node node = new Node("node-" + nodes.size());
    nodes.add(node);
    node.begin();
    for (int shard : shards) {
      node.want(shard);
    }
    return node;
  }

  final class Node {
    final String name;
    final IdentifyClaims claims;
    final Set<Integer> wanted = new HashSet<>();
    private final long clockOffset = random.nextLong(1_000 * SECOND);
    private final double drift = 1 + (random.nextDouble() - 0.5) * 1e-4;
    private int position = logStart;
    private final int liveAt = entries.size();
    private boolean isLive;
    private boolean dead;
    private long frozenUntil;
    private long lastAppendNanos;
    private boolean fetches;
    private long wakeOrder;

    Node(String name) {
      this.name = name;
      this.claims =
          new IdentifyClaims(
              name,
              this::send,
              () -> clockOffset + (long) (nowNanos * drift),
              random,
              task -> soon(random.nextLong(2 * MILLI), task),
              new FleetCounters());
    }

    private void begin() {
      claims.addRefresh(() -> soon(random.nextLong(300 * MILLI), this::ask));
      ask();
      fetchSoon();
    }

    /** Does something on this node, when it is not frozen, if it lives. */
    void soon(long nanos, Runnable action) {
      after(nanos, () -> unfrozen(action));
    }

    private void unfrozen(Runnable action) {
      if (dead) {
        return;
      }
      if (nowNanos < frozenUntil) {
        at(frozenUntil + random.nextLong(MILLI), () -> unfrozen(action));
        return;
      }
      action.run();
      wake();
    }

    private void wake() {
      if (dead) {
        return;
      }
      long next = claims.run();
      if (next != Long.MAX_VALUE) {
        long order = ++wakeOrder;
        after(
            (long) (Math.max(1, next) / drift) + 1,
            () -> {
              if (order == wakeOrder) { // else another wake-up has taken its place
                unfrozen(() -> {});
              }
            });
      }
    }

    void kill() {
      dead = true;
    }

    void freeze(Duration time) {
      frozenUntil = Math.max(frozenUntil, nowNanos + time.toNanos());
    }

    private void ask() {
      GatewayBot answer = get();
      long asked = clockOffset + (long) (nowNanos * drift);
      soon(random.nextLong(1, 200 * MILLI), () -> claims.update(answer, maxConcurrency, asked));
    }

    private void send(IdentifyRecord record) {
      if (record instanceof IdentifyRecord.Sent && random.nextDouble() < lostSent) {
        return;
      }
      boolean fails = random.nextDouble() < lostAppends;
      if (fails) {
        soon(random.nextLong(SECOND), () -> claims.failed(record));
        if (random.nextBoolean()) {
          return;
        }
      }
      byte[] value = record.encode();
      long arrival = nowNanos + random.nextLong(MILLI / 4, maxAppendMillis * MILLI);
      if (nowNanos < outageUntilNanos) {
        arrival = outageUntilNanos + random.nextLong(200 * MILLI);
      }
      lastAppendNanos = Math.max(lastAppendNanos + 1, arrival);
      at(lastAppendNanos, () -> append(value)); // also if the node dies: it is on the wire
    }

    private void fetchSoon() {
      if (!fetches && !dead) {
        fetches = true;
        soon(random.nextLong(MILLI / 4, maxReadMillis * MILLI), this::fetch);
      }
    }

    private void fetch() {
      fetches = false;
      position = Math.max(position, logStart);
      while (position < entries.size()) {
        if (!isLive && position >= liveAt) {
          isLive = true;
          claims.live();
        }
        Entry entry = entries.get(position);
        Verdict verdict =
            claims.read(
                entry.timestampMillis, entry.leaderEpoch, IdentifyRecord.decode(entry.value));
        if (isLive) {
          Verdict others = verdicts.get(position);
          assertThat(verdict)
              .as("seed %d: verdict of %s on record %d", seed, name, position)
              .isEqualTo(others == null ? verdict : others);
          verdicts.set(position, verdict);
        }
        position++;
      }
      if (!isLive) {
        isLive = true;
        claims.live();
      }
    }

    void want(int shard) {
      wanted.add(shard);
      soon(random.nextLong(20 * MILLI), () -> acquire(shard));
    }

    private void acquire(int shard) {
      CompletableFuture<Permit> permit = new CompletableFuture<>();
      claims.add(new ShardId(shard, 1 << 16), permit);
      permit.thenAccept(
          granted -> {
            long loop = random.nextLong(2 * MILLI);
            if (random.nextDouble() < slowLoops) {
              loop = random.nextLong(4 * SECOND);
            }
            soon(loop, () -> use(shard, granted));
          });
    }

    private void use(int shard, Permit permit) {
      if (permit.expiryNanos() <= 0) {
        permit.release();
        acquire(shard);
        return;
      }
      if (random.nextDouble() < slowLoops) {
        permit.release();
        permit.release(); // only the first counts
        acquire(shard);
        return;
      }
      identify(shard);
      permit.sent();
      if (random.nextDouble() < unanswered) {
        soon(random.nextLong(SECOND), () -> acquire(shard)); // an invalid session
        return;
      }
      soon(
          random.nextLong(20 * MILLI, maxReadyMillis * MILLI),
          () -> {
            permit.answered();
            wanted.remove(shard);
            ready.add(shard);
          });
    }
  }
}
