package dev.sluice.gateway.sharding;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.sharding.GuildPhases.Phase;
import dev.sluice.gateway.sharding.UnmatchedEvents.Entry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes one stream of the events of two generations of shards, while a bot changes its number of
 * shards. Each generation gets a copy of every event, on sessions of its own and at a time of its
 * own, and many events carry no id. So copies are matched as multisets: within a guild, by {@link
 * Fingerprint}, the oldest first, within a window.
 *
 * <p>At any time one generation delivers a guild's events, at first the old one. What the other
 * brings is held until its copy was delivered, and then dropped. A guild is <em>cut over</em> at a
 * point that both generations have passed: an event like no other of the guild, that the old one
 * brought when the new one had the guild for a window already, and that both have brought; or a
 * window without any event. From there on it is known exactly which events each has brought, so
 * nothing is lost or doubled and the order stays, as long as both bring a guild's events in the
 * same order and no further apart than the window. Once every guild is cut over the old generation
 * can go; until then the way back is open, and what the old one holds is delivered.
 *
 * <p>Where that does not decide, events are delivered and counted as undecided, and none is
 * dropped: those without a copy within the window, which may be late or not come at all; and those
 * of a guild that brings nothing but repeats for long, which both generations then deliver for a
 * window.
 *
 * <p>Not thread-safe; confine to one thread or guard by a lock. All events of a guild go to one
 * merge; different guilds may go to different ones.
 *
 * @param <E> an event that is held
 */
public final class GenerationMerge<E> {

  /** A generation of shards. */
  public enum Generation {
    /** The shards that run. */
    OLD,
    /** The shards that take over. */
    NEW
  }

  /** Takes what was held. Must not call the merge. */
  public interface Outlet<E> {

    /**
     * Delivers an event.
     *
     * @param event what was held
     */
    void deliver(E event);

    /**
     * Drops an event, because its copy is delivered.
     *
     * @param event what was held
     */
    void drop(E event);

    /**
     * {@return whether everything of the guild that the old generation delivered was handled} The
     * cut waits for it, so that the order holds among threads too.
     *
     * @param guildId the guild, 0 for events without one
     */
    default boolean isHandled(long guildId) {
      return true;
    }
  }

  /** Windows that a guild's events are kept while the new generation has not loaded it. */
  private static final int LOADING_WINDOWS = 12;

  /** Windows after which a guild is cut over without a point that both have passed. */
  private static final int FORCED_CUT_WINDOWS = 6;

  /** Fingerprints that are kept of a guild that was not cut over; beyond, none counts as unique. */
  private static final int MAX_SEEN = 1 << 14;

  private static final int OLD_ONCE = 1;
  private static final int NEW_ONCE = 4; // the bits after each say "more than once"

  private final NanoClock clock;
  private final long windowNanos;
  private final int maxEvents;
  private final Outlet<E> outlet;

  private final GuildPhases phases = new GuildPhases();
  private final ArrayDeque<Long> uncut = new ArrayDeque<>(); // loaded, in the order of loading
  private final Map<Long, Guild> guilds = new HashMap<>(); // those with events of late
  private int events;
  private long remaining;
  private boolean oldRetired;
  private boolean newAbandoned;

  private long matched;
  private long forcedCuts;
  private long overlapEndNanos; // of the last forced cut
  private final Map<EventType, Long> undecided = new EnumMap<>(EventType.class);

  /** The events of one generation, numbered as they come. */
  private static final class Arrivals {

    int last;
    int lastMatched; // the latest of those that were taken for copies

    void matched(int index) {
      lastMatched = Math.max(lastMatched, index);
    }
  }

  private final class Guild {

    final UnmatchedEvents<E> old = new UnmatchedEvents<>();
    final UnmatchedEvents<E> fresh = new UnmatchedEvents<>();
    @Nullable Map<Long, Integer> seen = new HashMap<>(); // until it is cut over
    long lastNanos;
    final Arrivals oldArrivals = new Arrivals();
    final Arrivals freshArrivals = new Arrivals();
    boolean passed; // both have, a point after which the unmatched events are exact
    boolean overlaps; // both generations deliver
    long overlapEndNanos;

    UnmatchedEvents<E> of(Generation generation) {
      return generation == Generation.OLD ? old : fresh;
    }

    Arrivals arrivals(Generation generation) {
      return generation == Generation.OLD ? oldArrivals : freshArrivals;
    }

    /** Notes an event, and returns whether each generation brought it once, as far as is known. */
    boolean isUnique(Generation generation, long fingerprint) {
      if (seen == null || seen.size() >= MAX_SEEN) {
        return false;
      }
      int before = seen.getOrDefault(fingerprint, 0);
      int once = generation == Generation.OLD ? OLD_ONCE : NEW_ONCE;
      int now = (before & once) == 0 ? before | once : before | once << 1;
      seen.put(fingerprint, now);
      return now == (OLD_ONCE | NEW_ONCE);
    }
  }

  private GenerationMerge(Duration window, int maxEvents, NanoClock clock, Outlet<E> outlet) {
    this.windowNanos = window.toNanos();
    this.maxEvents = maxEvents;
    this.clock = clock;
    this.outlet = outlet;
  }

  /**
   * Creates a merge in which the old generation delivers every guild.
   *
   * @param window for how long a copy is waited for, positive
   * @param maxEvents how many events may wait for their copies, at least 1; those beyond count as
   *     undecided
   * @param clock the time of the window
   * @param outlet takes what was held
   * @param <E> an event that is held
   * @return the merge
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static <E> GenerationMerge<E> create(
      Duration window, int maxEvents, NanoClock clock, Outlet<E> outlet) {
    if (window.isNegative() || window.isZero()) {
      throw new IllegalArgumentException("window: " + window + " (expected: positive)");
    }
    if (maxEvents < 1) {
      throw new IllegalArgumentException("maxEvents: " + maxEvents + " (expected: >= 1)");
    }
    return new GenerationMerge<>(
        window, maxEvents, requireNonNull(clock, "clock"), requireNonNull(outlet, "outlet"));
  }

  /**
   * Says that READY of a new shard names a guild. If it was cut over, the old generation delivers
   * it again: the session that took over is gone.
   *
   * @param guildId the guild; 0 for the events without one, which come on shard 0
   */
  public void expect(long guildId) {
    Phase phase = phases.phase(guildId);
    if (phase == Phase.UNKNOWN || phase == Phase.CUT) {
      remaining++;
    }
    phases.put(guildId, Phase.EXPECTED, clock.nanoTime());
    Guild guild = guilds.get(guildId);
    if (guild != null) {
      guild.seen = new HashMap<>();
      guild.passed = false;
      guild.overlaps = false;
      if (phase == Phase.CUT) {
        deliverHeld(guild, Generation.OLD);
      }
    }
  }

  /**
   * Says that the new generation has the guild's GUILD_CREATE, or that it is waited for no longer.
   *
   * @param guildId the guild; 0 for the events without one
   */
  public void loaded(long guildId) {
    Phase phase = phases.phase(guildId);
    if (phase == Phase.LOADED || phase == Phase.CUT) {
      return;
    }
    if (phase == Phase.UNKNOWN) {
      remaining++;
    }
    phases.put(guildId, Phase.LOADED, clock.nanoTime());
    uncut.add(guildId);
  }

  /**
   * {@return whether the GUILD_CREATE of a guild that READY named is still to come}
   *
   * @param guildId the guild
   */
  public boolean isExpected(long guildId) {
    return phases.phase(guildId) == Phase.EXPECTED;
  }

  /**
   * {@return whether the new generation delivers the events of a guild}
   *
   * @param guildId the guild, 0 for the events without one
   */
  public boolean isCutOver(long guildId) {
    return phases.phase(guildId) == Phase.CUT;
  }

  /**
   * Takes an event.
   *
   * @param generation which generation brings it
   * @param guildId its guild, 0 for none
   * @param type its type, for the count of undecided ones
   * @param fingerprint see {@link Fingerprint}
   * @param toHold makes what is held, if it is; the outlet gets that later
   * @return whether to deliver it now; false when its copy was delivered, or it is held
   */
  public boolean offer(
      Generation generation,
      long guildId,
      EventType type,
      long fingerprint,
      Supplier<? extends E> toHold) {
    long now = clock.nanoTime();
    Guild guild = guilds.computeIfAbsent(guildId, unseen -> new Guild());
    guild.lastNanos = now;
    if (guild.overlaps) {
      if (generation == Generation.OLD) {
        countUndecided(type);
      }
      return true;
    }
    boolean unique = guild.isUnique(generation, fingerprint);
    int index = ++guild.arrivals(generation).last;
    boolean delivers = delivers(generation, guildId);
    Generation other = generation == Generation.OLD ? Generation.NEW : Generation.OLD;
    Entry<E> copy = guild.of(other).take(fingerprint);
    if (copy != null) {
      events--;
      matched++;
      if (unique) {
        onUnique(generation, guildId, guild, copy, now);
      }
      guild.arrivals(generation).matched(index);
      guild.arrivals(other).matched(copy.index);
      if (guild.passed && isCutDue(guildId, now)) {
        if (copy.held != null) {
          outlet.deliver(copy.held); // in place of this one, as those behind it come next
        }
        cut(guildId, now);
        return false;
      }
      if (copy.held != null) {
        outlet.drop(copy.held);
      }
      return copy.held != null;
    }
    if (newAbandoned || oldRetired) {
      return delivers; // there are no copies any more
    }
    if (events >= maxEvents) {
      countUndecided(type);
      return true;
    }
    E held = delivers ? null : toHold.get();
    guild.of(generation).add(new Entry<>(fingerprint, type, now, held, false, index));
    events++;
    return delivers;
  }

  /**
   * Both generations brought an event like no other, {@code generation} just now. No copy comes any
   * more of what either brought before it, and if nothing that came after it on the other was taken
   * for a copy of something that came before it, then what is left is exact.
   */
  private void onUnique(Generation generation, long guildId, Guild guild, Entry<E> copy, long now) {
    Generation other = generation == Generation.OLD ? Generation.NEW : Generation.OLD;
    long oldNanos = generation == Generation.OLD ? now : copy.sinceNanos;
    if (phases.phase(guildId) != Phase.LOADED
        // The new session may have begun after it, and brought the next of its kind.
        || oldNanos - phases.sinceNanos(guildId) < windowNanos
        || guild.arrivals(other).lastMatched > copy.index) {
      return;
    }
    finishAll(guild.of(generation));
    UnmatchedEvents<E> ahead = guild.of(other);
    while (ahead.hasBefore(copy)) {
      finish(ahead);
    }
    guild.passed = true;
  }

  private void finishAll(UnmatchedEvents<E> unmatched) {
    while (unmatched.size() > 0) {
      finish(unmatched);
    }
  }

  /** The copy of the oldest comes no more. If it is held the old generation has missed it. */
  private void finish(UnmatchedEvents<E> unmatched) {
    Entry<E> entry = take(unmatched);
    if (entry != null && entry.held != null) {
      countUndecided(entry.type);
      outlet.deliver(entry.held);
    }
  }

  /** Lets windows pass and cuts guilds over. Call it several times a window. */
  public void tick() {
    long now = clock.nanoTime();
    for (Iterator<Map.Entry<Long, Guild>> i = guilds.entrySet().iterator(); i.hasNext(); ) {
      Map.Entry<Long, Guild> entry = i.next();
      Guild guild = entry.getValue();
      if (guild.overlaps && now - guild.overlapEndNanos >= 0) {
        guild.overlaps = false;
      }
      expire(entry.getKey(), guild, now);
      if (guild.old.size() == 0
          && guild.fresh.size() == 0
          && !guild.overlaps
          && now - guild.lastNanos >= windowNanos) {
        i.remove();
      }
    }
    for (int n = uncut.size(); n > 0; n--) {
      long guildId = uncut.element();
      if (phases.phase(guildId) == Phase.LOADED) {
        if (now - phases.sinceNanos(guildId) < windowNanos) {
          return; // those behind it were loaded later
        }
        if (isCutDue(guildId, now)) {
          cut(guildId, now);
        } else {
          uncut.add(guildId);
        }
      }
      uncut.remove();
    }
  }

  /** Whether it is time to cut over a guild that was loaded a window ago. */
  private boolean isCutDue(long guildId, long now) {
    if (phases.phase(guildId) != Phase.LOADED || newAbandoned) {
      return false;
    }
    return isForced(guildId, now) || (hasPassed(guilds.get(guildId)) && outlet.isHandled(guildId));
  }

  private boolean isForced(long guildId, long now) {
    return now - phases.sinceNanos(guildId) >= FORCED_CUT_WINDOWS * windowNanos;
  }

  /** One without events of late has passed every point. */
  private boolean hasPassed(@Nullable Guild guild) {
    return guild == null || guild.passed;
  }

  private void cut(long guildId, long now) {
    Guild guild = guilds.get(guildId);
    phases.put(guildId, Phase.CUT, now);
    remaining--;
    if (guild == null) {
      return;
    }
    guild.seen = null;
    if (!guild.passed) {
      forcedCuts++;
      guild.overlaps = true;
      guild.overlapEndNanos = now + windowNanos;
      overlapEndNanos = guild.overlapEndNanos;
      // Their copies may still come. To drop those would be to guess.
      for (Entry<E> entry = take(guild.old); entry != null; entry = take(guild.old)) {
        countUndecided(entry.type);
      }
    }
    deliverHeld(guild, Generation.NEW);
  }

  private void expire(long guildId, Guild guild, long now) {
    Phase phase = phases.phase(guildId);
    boolean loading = (phase == Phase.UNKNOWN || phase == Phase.EXPECTED) && !newAbandoned;
    long patienceNanos = loading ? LOADING_WINDOWS * windowNanos : windowNanos;
    for (Generation generation : Generation.values()) {
      UnmatchedEvents<E> unmatched = guild.of(generation);
      for (Entry<E> head = unmatched.peek(); head != null; head = unmatched.peek()) {
        long since = head.sinceNanos;
        // Of what came before the guild was loaded there may be no copy; it is kept as long as
        // what came then.
        boolean early =
            generation == Generation.OLD
                && phase == Phase.LOADED
                && phases.sinceNanos(guildId) - since > 0;
        if (now - (early ? phases.sinceNanos(guildId) : since) < patienceNanos) {
          break;
        }
        take(unmatched);
        if (head.held != null || !(early || loading || head.undecided || newAbandoned)) {
          countUndecided(head.type);
        }
        if (head.held != null) {
          outlet.deliver(head.held);
          if (!newAbandoned && !oldRetired) { // its copy may be late: it is not to come twice
            unmatched.add(new Entry<>(head.fingerprint, head.type, now, null, true, head.index));
            events++;
          }
        }
      }
    }
  }

  /** Delivers what a generation holds, which from now on delivers itself. */
  private void deliverHeld(Guild guild, Generation generation) {
    UnmatchedEvents<E> unmatched = guild.of(generation);
    long now = clock.nanoTime();
    for (int n = unmatched.size(); n > 0; n--) {
      Entry<E> entry = requireNonNull(take(unmatched));
      if (entry.held != null) {
        outlet.deliver(entry.held);
      }
      if (!newAbandoned && !oldRetired && !guild.overlaps) {
        unmatched.add(
            new Entry<>(entry.fingerprint, entry.type, now, null, entry.undecided, entry.index));
        events++;
      }
    }
  }

  private @Nullable Entry<E> take(UnmatchedEvents<E> unmatched) {
    Entry<E> entry = unmatched.poll();
    if (entry != null) {
      events--;
    }
    return entry;
  }

  private boolean delivers(Generation generation, long guildId) {
    boolean byNew = !newAbandoned && (oldRetired || phases.phase(guildId) == Phase.CUT);
    return byNew == (generation == Generation.NEW);
  }

  /** {@return how many guilds that the new generation named were not cut over yet} */
  public long remaining() {
    return remaining;
  }

  /**
   * {@return whether every guild was cut over and the old generation can go} If guilds had to be
   * cut over without a point that both generations have passed, the old one has to stay for another
   * window.
   */
  public boolean isCutOver() {
    return remaining == 0 && (forcedCuts == 0 || clock.nanoTime() - overlapEndNanos >= 0);
  }

  /**
   * Says that the old generation brings nothing any more: the new one delivers every guild. What
   * the old one holds is delivered unless its copies come within the window.
   */
  public void retireOld() {
    oldRetired = true;
    for (Guild guild : guilds.values()) {
      deliverHeld(guild, Generation.NEW);
    }
  }

  /**
   * Says that the new generation brings nothing any more: the old one delivers every guild. What
   * the new one holds is delivered unless the old one brings it within the window.
   */
  public void abandonNew() {
    newAbandoned = true;
    for (Guild guild : guilds.values()) {
      deliverHeld(guild, Generation.OLD);
    }
  }

  /** {@return whether nothing waits for a copy} */
  public boolean isSettled() {
    return events == 0;
  }

  /** {@return how many events were recognised as copies} */
  public long matched() {
    return matched;
  }

  /** {@return how many guilds were cut over without a point that both generations had passed} */
  public long forcedCuts() {
    return forcedCuts;
  }

  /**
   * {@return how many events had no copy within the window, by type: each was delivered, perhaps
   * twice}
   */
  public Map<EventType, Long> undecided() {
    return Map.copyOf(undecided);
  }

  private void countUndecided(EventType type) {
    undecided.merge(type, 1L, Long::sum);
  }
}
