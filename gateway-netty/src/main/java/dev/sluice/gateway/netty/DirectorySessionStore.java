package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.internal.store.DirectoryClaim;
import dev.sluice.gateway.netty.internal.store.OwnerOnly;
import dev.sluice.gateway.netty.internal.store.SessionChange;
import dev.sluice.gateway.netty.internal.store.SessionDirectory;
import dev.sluice.gateway.netty.internal.store.SlotFile;
import dev.sluice.gateway.sharding.SessionStarts;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sessions, and the count of session starts, in files of a directory that only their owner can
 * read. What was stored survives the end of the process, {@code kill -9} too; and that of the
 * machine as the {@link Fsync} policy says. A record is replaced whole or not at all.
 *
 * <p>One thread, which ends when there is nothing to do, reads and writes; no caller ever waits for
 * the disk. What comes while it writes is written together, of each shard only the newest, so at
 * most one session of each shard waits.
 *
 * <p>Several processes may use one directory if no shard runs in two of them at a time: a {@link
 * ShardAssignment} sees to that. A session of an older epoch is refused once the shard's next owner
 * has stored its own. Epochs of what was there when a shard was loaded count no more, so a process
 * whose assignment counts from 1 again is not shut out.
 *
 * <p>What cannot be read or written is counted, and logged once a minute at most; the shard then
 * starts a new session, or goes on with the one that it has. Records and files that are not whole
 * are put aside in the directory, with {@code .corrupt} at the end of their names.
 *
 * <p>Thread-safe.
 */
public final class DirectorySessionStore implements SessionStore, AutoCloseable {

  /** When the store waits until the disk has what was written. */
  public enum Fsync {
    /** Before a session counts as stored; all that are written together share one wait. */
    ALWAYS,
    /** At most once an interval, while there is something new; a power failure costs no more. */
    BATCH,
    /** Never: the operating system decides. */
    NEVER
  }

  private static final Logger log = LoggerFactory.getLogger(DirectorySessionStore.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);
  private static final long IDLE_SECONDS = 5;
  private static final Duration MAX_INTERVAL = Duration.ofDays(1);

  private final Path path;
  private final Fsync fsync;
  private final long fsyncIntervalNanos;
  private final InstantSource wallClock = InstantSource.system();
  private final SessionDirectory directory;
  private final @Nullable DirectoryClaim claim;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final ScheduledThreadPoolExecutor writer;
  private final Map<ShardId, SessionChange> waiting = new ConcurrentHashMap<>();
  private final AtomicBoolean writeQueued = new AtomicBoolean();
  private final LogLimit failureLog = new LogLimit(NanoClock.system());
  private final LogLimit corruptLog = new LogLimit(NanoClock.system());
  private @Nullable Future<?> force; // that is to come; confined to the writer

  private final AtomicLong stored = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong corrupt = new AtomicLong();
  private final AtomicLong batches = new AtomicLong();
  private final AtomicLong forced = new AtomicLong();

  private DirectorySessionStore(Builder builder) {
    this.path = builder.directory;
    this.fsync = builder.fsync;
    this.fsyncIntervalNanos = builder.fsyncInterval.toNanos();
    this.claim = builder.claim;
    this.directory = new SessionDirectory(path, builder.opener, this::onCorrupt);
    this.writer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "sluice-sessions");
              thread.setDaemon(true);
              return thread;
            });
    writer.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    writer.allowCoreThreadTimeOut(true);
    writer.setRemoveOnCancelPolicy(true);
  }

  /**
   * Starts the settings of a store.
   *
   * @param directory where the files are; made when it is first used, readable by its owner alone
   * @return a builder with the defaults for everything else
   */
  public static Builder builder(Path directory) {
    return new Builder(requireNonNull(directory, "directory"));
  }

  @Override
  public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
    requireNonNull(shard, "shard");
    return submit(
        "read the session of shard " + shard,
        () -> {
          SessionChange change = waiting.get(shard);
          return change == null ? directory.load(shard) : change.session();
        });
  }

  @Override
  public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
    return put(session.shard(), session, epoch);
  }

  @Override
  public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
    return put(shard, null, epoch);
  }

  @Override
  public CompletionStage<SessionStarts> keepStarts(SessionStarts known, int spent) {
    requireNonNull(known, "known");
    return submit(
        "keep the session starts",
        () -> {
          SessionStarts left = directory.keepStarts(known, spent, wallClock.instant());
          force();
          return left;
        });
  }

  /** {@return what the store did so far} */
  public SessionStoreStats stats() {
    return new SessionStoreStats(
        stored.get(),
        refused.get(),
        failed.get(),
        corrupt.get(),
        batches.get(),
        forced.get(),
        waiting.size());
  }

  /**
   * Writes what waits and closes the files; waits for that 10 s at most. What is stored afterwards
   * fails. May be called again.
   */
  @Override
  public void close() {
    end();
    try {
      if (!writer.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("sessions: {} was not written within {}", path, CLOSE_TIMEOUT);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** As {@link #close()}, without waiting; completes when it is done. */
  CompletionStage<Void> end() {
    try {
      writer.execute(this::finish);
    } catch (RejectedExecutionException e) {
      log.debug("sessions: {} is closed already", path);
    }
    writer.shutdown();
    return ended.minimalCompletionStage();
  }

  /** {@return where the files are} */
  @Override
  public String toString() {
    return "DirectorySessionStore[" + path + ", fsync " + fsync + ']';
  }

  private CompletionStage<Boolean> put(
      ShardId shard, @Nullable GatewaySession session, long epoch) {
    SessionChange change =
        requireNonNull(
            waiting.compute(
                shard, (id, before) -> SessionChange.after(before, shard, session, epoch)));
    if (change.epoch() != epoch) {
      refused.incrementAndGet();
      return CompletableFuture.completedStage(false);
    }
    if (writeQueued.compareAndSet(false, true)) {
      try {
        writer.execute(this::write);
      } catch (RejectedExecutionException e) {
        for (SessionChange unwritten : takeWaiting()) {
          unwritten.fail(closed(e));
          unwritten.tell();
        }
      }
    }
    return change.outcome().minimalCompletionStage();
  }

  private <T extends @Nullable Object> CompletionStage<T> submit(String what, Callable<T> work) {
    CompletableFuture<T> outcome = new CompletableFuture<>();
    try {
      writer.execute(
          () -> {
            try {
              outcome.complete(work.call());
            } catch (Exception e) {
              onFailure(what, e);
              outcome.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      outcome.completeExceptionally(closed(e));
    }
    return outcome.minimalCompletionStage();
  }

  private IllegalStateException closed(RejectedExecutionException cause) {
    return new IllegalStateException(this + ": closed", cause);
  }

  // On the writer.

  private void finish() {
    try {
      write();
      if (force != null) {
        force.cancel(false);
        forceNow();
      }
      directory.close();
      if (claim != null) {
        claim.release();
      }
    } catch (IOException | RuntimeException e) {
      onFailure("close the files", e);
    } finally {
      ended.complete(null);
    }
  }

  private void write() {
    writeQueued.set(false); // first: what comes from here on is seen below, or queues another write
    List<SessionChange> batch = takeWaiting();
    if (batch.isEmpty()) {
      return;
    }
    batches.incrementAndGet();
    directory.write(batch);
    Exception unforced = force();
    for (SessionChange change : batch) {
      if (unforced != null && change.kept()) {
        change.fail(unforced);
      }
      count(change);
      change.tell();
    }
  }

  private List<SessionChange> takeWaiting() {
    List<SessionChange> taken = new ArrayList<>();
    waiting.forEach(
        (shard, seen) -> {
          SessionChange change = waiting.remove(shard); // perhaps a newer one than was seen
          if (change != null) {
            taken.add(change);
          }
        });
    return taken;
  }

  private void count(SessionChange change) {
    Exception failure = change.failure();
    if (failure != null) {
      onFailure("write a session", failure);
    } else if (change.kept()) {
      stored.incrementAndGet();
    } else {
      refused.incrementAndGet();
    }
  }

  /**
   * Sees to it that the disk gets what was written; returns why it did not, if it had to by now.
   */
  private @Nullable Exception force() {
    switch (fsync) {
      case ALWAYS -> {
        return forceNow();
      }
      case BATCH -> {
        if (force == null && !writer.isShutdown()) {
          force =
              writer.schedule(
                  () -> {
                    force = null;
                    forceNow();
                  },
                  fsyncIntervalNanos,
                  TimeUnit.NANOSECONDS);
        }
      }
      case NEVER -> {}
    }
    return null;
  }

  private @Nullable Exception forceNow() {
    try {
      directory.force();
      forced.incrementAndGet();
      return null;
    } catch (IOException e) {
      onFailure("bring sessions to the disk", e);
      return e;
    }
  }

  private void onFailure(String what, Exception failure) {
    failed.incrementAndGet();
    long lines = failureLog.pass();
    if (lines > 0) {
      log.error(
          "sessions: cannot {} in {}: {}; {} like it in the last minute; the bot goes on without",
          what,
          path,
          failure.toString(),
          lines - 1);
    }
  }

  private void onCorrupt(String what) {
    corrupt.incrementAndGet();
    long lines = corruptLog.pass();
    if (lines > 0) {
      log.error("sessions: not whole: {}; {} more in the last minute", what, lines - 1);
    }
  }

  /** Collects the settings of a {@link DirectorySessionStore}. Not thread-safe. */
  public static final class Builder {

    private final Path directory;
    private final Set<String> set = new HashSet<>();
    private Fsync fsync = Fsync.BATCH;
    private Duration fsyncInterval = Duration.ofSeconds(1);
    private SlotFile.Opener opener = OwnerOnly::open;
    private @Nullable DirectoryClaim claim;

    private Builder(Path directory) {
      this.directory = directory;
    }

    /**
     * Sets when the store waits for the disk. Default: {@link Fsync#BATCH}. Whatever it is, a
     * session that was stored survives the end of the process.
     *
     * @param fsync the policy
     * @return this
     */
    public Builder fsync(Fsync fsync) {
      requireNonNull(fsync, "fsync");
      once("fsync");
      this.fsync = fsync;
      return this;
    }

    /**
     * Sets the interval of {@link Fsync#BATCH}. Default: 1 s.
     *
     * @param fsyncInterval from 0 to a day
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder fsyncInterval(Duration fsyncInterval) {
      if (requireNonNull(fsyncInterval, "fsyncInterval").isNegative()
          || fsyncInterval.compareTo(MAX_INTERVAL) > 0) {
        throw new IllegalArgumentException(
            "fsyncInterval: " + fsyncInterval + " (expected: PT0S.." + MAX_INTERVAL + ')');
      }
      once("fsyncInterval");
      this.fsyncInterval = fsyncInterval;
      return this;
    }

    /** Sets how files are opened. */
    Builder opener(SlotFile.Opener opener) {
      this.opener = opener;
      return this;
    }

    /** Sets what is released once the store is closed. */
    Builder claim(DirectoryClaim claim) {
      this.claim = claim;
      return this;
    }

    /**
     * Makes the store. It touches no file before it is first used.
     *
     * @return the store, to be closed by the caller once no shard uses it any more
     */
    public DirectorySessionStore build() {
      return new DirectorySessionStore(this);
    }

    private void once(String setting) {
      if (!set.add(setting)) {
        throw new IllegalStateException(setting + ": set already (expected: once)");
      }
    }
  }
}
