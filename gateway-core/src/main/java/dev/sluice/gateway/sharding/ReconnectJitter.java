package dev.sluice.gateway.sharding;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.NanoClock;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Spreads the reconnects of shards that drop together, as when a server or a link of the network
 * goes away: when more than 1 % of them, but at least {@value #ALWAYS_AT_ONCE}, dropped within a
 * second, each further one waits up to 2 s beside its own delay. All others go at once, for every
 * second without a transport brings the end of the replay buffer nearer: of a small fleet 1 % is
 * less than one shard, and {@value #ALWAYS_AT_ONCE} dials at once are a burden to nobody.
 *
 * <p>Not thread-safe; guard by a lock.
 */
public final class ReconnectJitter {

  /** How many shards may drop within a second and go on at once, however small the fleet is. */
  public static final int ALWAYS_AT_ONCE = 16;

  /** The longest wait. */
  public static final Duration MAX_WAIT = Duration.ofSeconds(2);

  private static final long WINDOW_NANOS = Duration.ofSeconds(1).toNanos();

  private final NanoClock clock;
  private final RandomGenerator random;
  private long[] latest = new long[0]; // a ring: as many drops as go on at once
  private int next;
  private int known;

  private ReconnectJitter(NanoClock clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
  }

  /**
   * Creates the jitter of a fleet.
   *
   * @param clock the time of the window
   * @param random decides how long a shard waits
   * @return the jitter
   */
  public static ReconnectJitter create(NanoClock clock, RandomGenerator random) {
    return new ReconnectJitter(requireNonNull(clock, "clock"), requireNonNull(random, "random"));
  }

  /**
   * Counts a shard that lost its transport.
   *
   * @param shards how many shards the fleet has, at least 0
   * @return how long it waits beside its own delay, in nanoseconds; in [0, 2 s)
   */
  public long dropped(int shards) {
    int atOnce = Math.max(ALWAYS_AT_ONCE, shards / 100);
    if (latest.length != atOnce) { // the fleet grew or shrank
      latest = new long[atOnce];
      next = 0;
      known = 0;
    }
    long now = clock.nanoTime();
    boolean tooMany = known == atOnce && now - latest[next] < WINDOW_NANOS;
    latest[next] = now;
    next = (next + 1) % atOnce;
    known = Math.min(known + 1, atOnce);
    return tooMany ? random.nextLong(MAX_WAIT.toNanos()) : 0;
  }
}
