package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.internal.store.ShardLocks;
import dev.sluice.gateway.sharding.ShardPlan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shards of a plan that no other process has, each as soon as it is free. */
final class FileLockAssignment implements ShardAssignment {

  private static final Logger log = LoggerFactory.getLogger(FileLockAssignment.class);

  private static final long MIN_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** So that ten thousand shards that are waited for cost a few percent of a processor. */
  private static final long POLL_NANOS_PER_SHARD = TimeUnit.MICROSECONDS.toNanos(100);

  private final Path directory;
  private final ShardPlan plan;

  // Guarded by this.
  private final Queue<ShardId> wanted = new ArrayDeque<>();
  private final Set<ShardId> held = new HashSet<>();
  private @Nullable ShardLocks locks;
  private @Nullable ScheduledThreadPoolExecutor poller;
  private boolean stopped;
  private boolean failing;

  FileLockAssignment(Path directory, ShardPlan plan) {
    this.directory = directory;
    this.plan = plan;
  }

  @Override
  public synchronized void start(Listener listener) {
    if (stopped) {
      return;
    }
    try {
      locks = ShardLocks.open(directory, plan.count());
    } catch (IOException e) {
      throw new UncheckedIOException("shard locks in " + directory + " cannot be opened", e);
    }
    wanted.addAll(plan.shards());
    ScheduledThreadPoolExecutor thread =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread made = new Thread(task, "sluice-shard-locks");
              made.setDaemon(true);
              return made;
            });
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    poller = thread;
    thread.execute(() -> poll(listener));
  }

  private synchronized void poll(Listener listener) {
    ScheduledThreadPoolExecutor thread = poller;
    ShardLocks file = locks;
    if (stopped || thread == null || file == null) {
      return;
    }
    int taken = 0;
    for (int i = wanted.size(); i > 0; i--) {
      ShardId shard = wanted.remove();
      long epoch = take(file, shard);
      if (epoch == 0) {
        wanted.add(shard);
      } else {
        taken++;
        held.add(shard);
        listener.assigned(shard, epoch);
      }
    }
    if (taken > 0) {
      log.info(
          "{} shards of {} were free and run here; {} are waited for",
          taken,
          directory,
          wanted.size());
    }
    if (wanted.isEmpty()) {
      thread.shutdown();
    } else {
      thread.schedule(
          () -> poll(listener),
          Math.max(MIN_POLL_NANOS, wanted.size() * POLL_NANOS_PER_SHARD),
          TimeUnit.NANOSECONDS);
    }
  }

  private long take(ShardLocks file, ShardId shard) {
    try {
      long epoch = file.tryTake(shard.id());
      failing = false;
      return epoch;
    } catch (IOException e) {
      if (!failing) { // once for as long as it fails
        failing = true;
        Logs.of(log.atError(), shard)
            .setCause(e)
            .log("shard {}: its lock in {} fails, it is tried again", shard, directory);
      }
      return 0;
    }
  }

  @Override
  public synchronized void released(ShardId shard) {
    if (held.remove(shard)) {
      giveBack(shard);
    }
  }

  @Override
  public synchronized void stop() {
    stopped = true;
    wanted.clear();
    if (poller != null) {
      poller.shutdown();
    }
    held.forEach(this::giveBack);
    held.clear();
    ShardLocks file = locks;
    if (file != null) {
      locks = null;
      try {
        file.close();
      } catch (IOException e) {
        log.warn("shard locks in {} were not closed", directory, e);
      }
    }
  }

  private void giveBack(ShardId shard) {
    ShardLocks file = locks;
    if (file == null) {
      return;
    }
    try {
      file.giveBack(shard.id());
    } catch (IOException e) {
      Logs.of(log.atError(), shard)
          .setCause(e)
          .log("shard {}: its lock in {} was not given back", shard, directory);
    }
  }
}
