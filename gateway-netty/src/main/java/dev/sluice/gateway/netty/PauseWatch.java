package dev.sluice.gateway.netty;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows which shards of one event loop are paused, and says when one has been for long. Confined to
 * that event loop, but for what it says itself.
 */
final class PauseWatch {

  /** Pauses come and go under load; from here on somebody should know. */
  static final long LONG_NANOS = 10_000_000_000L;

  private static final Logger log = LoggerFactory.getLogger(PauseWatch.class);

  private final LoopFigures figures;
  private final Set<Shard> paused = new HashSet<>();
  private final Set<Shard> reported = new HashSet<>();

  PauseWatch(LoopFigures figures) {
    this.figures = figures;
  }

  void began(Shard shard, long nowNanos) {
    shard.figures().pauseBegan(nowNanos);
    figures.add(Figure.PAUSES, 1);
    paused.add(shard);
  }

  void ended(Shard shard, long nowNanos) {
    long nanos = shard.figures().pauseEnded(nowNanos);
    figures.add(Figure.PAUSED_NANOS, nanos);
    paused.remove(shard);
    if (reported.remove(shard)) {
      long millis = TimeUnit.NANOSECONDS.toMillis(nanos);
      Logs.of(log.atInfo(), shard.id())
          .addKeyValue("paused_ms", millis)
          .log("shard {}: reads on after a pause of {} ms", shard.id(), millis);
    }
  }

  /** Reports the shards whose pause has become a long one; now and again. */
  void check(long nowNanos) {
    for (Shard shard : paused) {
      long nanos = shard.figures().pausedForNanos(nowNanos);
      if (nanos >= LONG_NANOS && reported.add(shard)) {
        long millis = TimeUnit.NANOSECONDS.toMillis(nanos);
        Logs.of(log.atWarn(), shard.id())
            .addKeyValue("paused_ms", millis)
            .log(
                "shard {}: has read nothing for {} ms, for its events are not handled",
                shard.id(),
                millis);
      }
    }
  }
}
