package dev.sluice.gateway.kafka.internal.group;

import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For how long checkpoints of a group's shards wait to be written, and a line in the log when that
 * is long. Confined to the group's thread, but for {@link #nanos}.
 */
final class CheckpointLag {

  private static final Logger log = LoggerFactory.getLogger(CheckpointLag.class);

  private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final String group;
  private final Collection<OwnedShard> owned;
  private final LongSupplier nanoTime;
  private long watchedAtNanos;
  private boolean isLong;

  /**
   * Starts to watch.
   *
   * @param group its name, for the log
   * @param owned a view of its shards, which any thread may iterate over
   * @param nanoTime the monotonic clock
   */
  CheckpointLag(String group, Collection<OwnedShard> owned, LongSupplier nanoTime) {
    this.group = group;
    this.owned = owned;
    this.nanoTime = nanoTime;
    this.watchedAtNanos = nanoTime.getAsLong();
  }

  /** {@return since when the oldest checkpoint waits to be written, in nanoseconds; 0 if none} */
  long nanos() {
    long now = nanoTime.getAsLong();
    long oldest = 0;
    for (OwnedShard shard : owned) {
      oldest = Math.max(oldest, shard.checkpointLagNanos(now));
    }
    return oldest;
  }

  /** Looks for a lag that began or ended, once a second. */
  void watch() {
    long now = nanoTime.getAsLong();
    if (now - watchedAtNanos < WATCH_NANOS) {
      return;
    }
    watchedAtNanos = now;
    long lagNanos = nanos();
    if (!isLong && lagNanos > LONG_NANOS) {
      isLong = true;
      long millis = TimeUnit.NANOSECONDS.toMillis(lagNanos);
      log.atWarn()
          .addKeyValue("checkpoint_lag_ms", millis)
          .log(
              "{}: sessions wait to be written for {} ms; what came since would come again",
              group,
              millis);
    } else if (isLong && lagNanos < LONG_NANOS) {
      isLong = false;
      log.info("{}: sessions are written again", group);
    }
  }
}
