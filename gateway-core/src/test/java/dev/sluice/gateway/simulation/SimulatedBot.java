package dev.sluice.gateway.simulation;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.IdentifyQueue;
import dev.sluice.gateway.sharding.SessionStartBudget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** The shards of one bot, and what they share: the identify queue and the session starts. */
final class SimulatedBot {

  /** A process takes its time to start, longer than the window of a bucket. */
  private static final long MIN_RESTART_NANOS = 6 * VirtualTime.SECOND;

  private final Simulation simulation;
  private final VirtualTime time;
  private final Settings settings;
  private final SplittableRandom random;
  private final SimulatedShard[] shards;
  private IdentifyQueue queue;
  private SessionStartBudget budget;
  private int life; // of the process
  private long wakeUpNanos = Long.MAX_VALUE;

  SimulatedBot(Simulation simulation, SplittableRandom random) {
    this.simulation = simulation;
    this.time = simulation.time();
    this.settings = simulation.settings();
    this.random = random;
    shards = new SimulatedShard[settings.shards];
    for (int i = 0; i < shards.length; i++) {
      shards[i] = new SimulatedShard(simulation, new ShardId(i, shards.length), random.split());
    }
    queue = IdentifyQueue.create(settings.maxConcurrency, time);
    budget = SessionStartBudget.create(settings.reserve, time);
  }

  SimulatedShard shard(int id) {
    return shards[id];
  }

  SimulatedShard[] shards() {
    return shards;
  }

  List<SimulatedTransport> transports() {
    List<SimulatedTransport> transports = new ArrayList<>();
    for (SimulatedShard shard : shards) {
      SimulatedTransport transport = shard.transport();
      if (transport != null) {
        transports.add(transport);
      }
    }
    return transports;
  }

  void start() {
    queue = IdentifyQueue.create(settings.maxConcurrency, time);
    budget = SessionStartBudget.create(settings.reserve, time);
    wakeUpNanos = Long.MAX_VALUE;
    Judge judge = simulation.judge();
    // What GET /gateway/bot answers.
    budget.update(
        settings.sessionStarts, judge.startsLeft(), Duration.ofNanos(judge.startsResetNanos()));
    for (SimulatedShard shard : shards) {
      shard.permitsForgotten();
      shard.start();
    }
  }

  void crash() {
    life++;
    for (SimulatedShard shard : shards) {
      shard.crash();
    }
    int current = life;
    time.after(
        MIN_RESTART_NANOS + random.nextLong(VirtualTime.MINUTE),
        () -> {
          if (current == life) {
            start();
          }
        });
  }

  void crash(SimulatedShard shard) {
    if (shard.connection() != null) {
      shard.crash();
      restart(shard);
    }
  }

  /** A shard stopped because it was told to; it comes back. */
  void stopped(SimulatedShard shard) {
    if (!simulation.ending()) {
      restart(shard);
    }
  }

  private void restart(SimulatedShard shard) {
    int current = life;
    time.after(
        random.nextLong(20 * VirtualTime.SECOND),
        () -> {
          if (current == life && shard.connection() == null) {
            shard.start();
          }
        });
  }

  // Permits.

  void requestPermit(int shard) {
    queue.enqueue(shard);
    wakeUpAfter(0);
  }

  void cancelPermit(int shard) {
    queue.cancel(shard);
  }

  void permitBack(int shard) {
    queue.release(shard);
    budget.refund();
    wakeUpAfter(0);
  }

  void identified(int shard) {
    queue.sent(shard);
    wakeUpAfter(queue.nextTimeoutNanos());
  }

  private void grant() {
    while (queue.nextTimeoutNanos() == 0) {
      if (!budget.trySpend()) {
        wakeUpAfter(Math.max(VirtualTime.SECOND, budget.resetAfterNanos()));
        return;
      }
      int shard = queue.poll();
      if (!shards[shard].permit()) {
        queue.release(shard);
        budget.refund();
      }
    }
    wakeUpAfter(queue.nextTimeoutNanos());
  }

  private void wakeUpAfter(long nanos) {
    if (nanos == Long.MAX_VALUE || time.now() + nanos >= wakeUpNanos) {
      return;
    }
    long at = time.now() + nanos;
    wakeUpNanos = at;
    int current = life;
    time.at(
        at,
        () -> {
          if (current == life && wakeUpNanos == at) {
            wakeUpNanos = Long.MAX_VALUE;
            grant();
          }
        });
  }
}
