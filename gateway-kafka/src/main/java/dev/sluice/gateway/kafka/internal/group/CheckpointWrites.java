package dev.sluice.gateway.kafka.internal.group;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.IllegalGenerationException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints that wait to be committed by the group, many in one commit and one commit at a
 * time. Added to by any thread, and committed on the group's.
 */
final class CheckpointWrites {

  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** The newest checkpoint of one shard, and all who wait for it or an older one. */
  private static final class Write {

    final OwnedShard owned;
    final long epoch;
    final List<CompletableFuture<Boolean>> waiters = new ArrayList<>(1);
    @Nullable GatewaySession session;
    long number; // the newer the higher

    Write(OwnedShard owned, long epoch) {
      this.owned = owned;
      this.epoch = epoch;
    }

    void end(boolean written) {
      waiters.forEach(waiter -> waiter.complete(written));
    }

    void fail(Throwable failure) {
      waiters.forEach(waiter -> waiter.completeExceptionally(failure));
    }
  }

  private final FleetCounters counters;
  private final LongSupplier nanoTime;
  private final Runnable onFenced;
  private final Runnable onNextDue;
  private final Map<OwnedShard, Write> waiting = new LinkedHashMap<>(); // guarded by itself
  private long numbers; // guarded by waiting
  private List<Write> inFlight = List.of(); // confined to the group's thread, as is what follows
  private long retryAtNanos;
  private boolean retries;

  /**
   * Makes an empty one.
   *
   * @param counters count what becomes of the checkpoints
   * @param nanoTime the monotonic clock
   * @param onFenced called on the group's thread when a commit was refused for good
   * @param onNextDue called on the group's thread, within a poll, when the next commit can go
   */
  CheckpointWrites(
      FleetCounters counters, LongSupplier nanoTime, Runnable onFenced, Runnable onNextDue) {
    this.counters = counters;
    this.nanoTime = nanoTime;
    this.onFenced = onFenced;
    this.onNextDue = onNextDue;
  }

  /**
   * Adds a checkpoint, in the place of one that waits.
   *
   * @return completes with whether it was written; exceptionally when the broker will not take it
   */
  CompletableFuture<Boolean> add(OwnedShard owned, long epoch, @Nullable GatewaySession session) {
    CompletableFuture<Boolean> written = new CompletableFuture<>();
    synchronized (waiting) {
      if (!owned.runs(epoch)) {
        written.complete(false);
        return written;
      }
      Write write = waiting.computeIfAbsent(owned, key -> new Write(owned, epoch));
      write.session = session;
      write.number = ++numbers;
      write.waiters.add(written);
    }
    return written;
  }

  /** {@return how long to wait before the next commit, 0 for not at all} */
  long delayNanos() {
    synchronized (waiting) {
      if (waiting.isEmpty() || !inFlight.isEmpty()) {
        return Long.MAX_VALUE;
      }
    }
    return retries ? Math.max(0, retryAtNanos - nanoTime.getAsLong()) : 0;
  }

  /** Commits what waits, unless another commit is on its way. */
  void commitAsync(Consumer<byte[], byte[]> consumer) {
    if (delayNanos() > 0) {
      return;
    }
    List<Write> writes = take();
    Map<TopicPartition, OffsetAndMetadata> offsets = offsets(writes);
    if (offsets.isEmpty()) {
      return;
    }
    inFlight = writes;
    consumer.commitAsync(
        offsets,
        (committed, failure) -> {
          inFlight = List.of();
          ended(writes, failure);
          if (delayNanos() != Long.MAX_VALUE) {
            onNextDue.run();
          }
        });
  }

  /**
   * Commits what waits and waits for it, at most for a time. What is not committed then waits on.
   */
  void commitSync(Consumer<byte[], byte[]> consumer, Duration timeout) {
    List<Write> writes = take();
    Map<TopicPartition, OffsetAndMetadata> offsets = offsets(writes);
    if (offsets.isEmpty()) {
      return;
    }
    Exception failure = null;
    try {
      commit(consumer, offsets, timeout);
    } catch (RuntimeException e) {
      failure = e;
    }
    ended(writes, failure);
  }

  private static void commit(
      Consumer<byte[], byte[]> consumer,
      Map<TopicPartition, OffsetAndMetadata> offsets,
      Duration timeout) {
    try {
      consumer.commitSync(offsets, timeout);
    } catch (WakeupException e) { // one that came too late for the poll that it was meant to end
      consumer.commitSync(offsets, timeout);
    }
  }

  private List<Write> take() {
    List<Write> taken;
    synchronized (waiting) {
      taken = new ArrayList<>(waiting.values());
      waiting.clear();
    }
    return taken;
  }

  /** Drops from the writes those that are another node's by now, or cannot be written. */
  private Map<TopicPartition, OffsetAndMetadata> offsets(List<Write> writes) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    writes.removeIf(
        write -> {
          if (!write.owned.runs(write.epoch)) {
            refuse(write);
            return true;
          }
          try {
            offsets.put(
                write.owned.partition,
                new OffsetAndMetadata(
                    write.owned.nextCommand,
                    new SessionMetadata(write.session, write.epoch, null).encode()));
            return false;
          } catch (IllegalArgumentException e) {
            write.fail(e);
            return true;
          }
        });
    return offsets;
  }

  private void ended(List<Write> writes, @Nullable Exception failure) {
    retries = false;
    if (failure == null) {
      counters.checkpoints.add(writes.size());
      writes.forEach(this::committed);
    } else if (isFenced(failure)) {
      writes.forEach(this::refuse);
      onFenced.run();
    } else if (failure instanceof RetriableException
        || failure instanceof RebalanceInProgressException
        || failure instanceof WakeupException) {
      counters.commitRetries.increment();
      retries = true;
      retryAtNanos = nanoTime.getAsLong() + RETRY_NANOS;
      writes.forEach(this::putBack);
    } else {
      writes.forEach(write -> write.fail(failure));
    }
  }

  private static boolean isFenced(Exception failure) {
    return failure instanceof CommitFailedException
        || failure instanceof FencedInstanceIdException
        || failure instanceof IllegalGenerationException
        || failure instanceof UnknownMemberIdException;
  }

  private void committed(Write write) {
    write.owned.committedCheckpoint = Math.max(write.owned.committedCheckpoint, write.number);
    write.end(true);
  }

  private void putBack(Write write) {
    if (write.number < write.owned.committedCheckpoint) {
      write.end(true); // by a newer one that was waited for, which it would undo
      return;
    }
    synchronized (waiting) {
      Write newer = waiting.get(write.owned);
      if (newer == null) {
        waiting.put(write.owned, write);
      } else {
        newer.waiters.addAll(write.waiters);
      }
    }
  }

  private void refuse(Write write) {
    counters.fencedCheckpoints.increment();
    write.end(false);
  }

  /** Refuses what waits for a shard that is not run here any more. */
  void refuse(OwnedShard owned) {
    Write write;
    synchronized (waiting) {
      write = waiting.remove(owned);
    }
    if (write != null) {
      refuse(write);
    }
  }

  /** Fails all that wait, for nothing is committed any more. */
  void fail(Throwable failure) {
    take().forEach(write -> write.fail(failure));
    inFlight.forEach(write -> write.fail(failure));
  }
}
