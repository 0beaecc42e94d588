package dev.sluice.gateway.netty;

import dev.sluice.gateway.sharding.SessionStarts;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Who waits to identify, and what is left to identify with. Immutable.
 *
 * @param waiting shards without a session that want to identify and have not yet
 * @param maxConcurrency how many may identify at a time, 0 before the manager has started
 * @param timeLeft how long it takes at most until the last of them has identified, by the pace of
 *     the gateway; null when it is not known here: identifies are stopped, the session starts that
 *     are left do not suffice, or shards that run elsewhere wait as well
 * @param starts the session starts that are left in the period of now, or null when not known here
 */
public record IdentifyQueueStatus(
    int waiting, int maxConcurrency, @Nullable Duration timeLeft, @Nullable SessionStarts starts) {

  static final IdentifyQueueStatus NOT_STARTED = new IdentifyQueueStatus(0, 0, null, null);
}
