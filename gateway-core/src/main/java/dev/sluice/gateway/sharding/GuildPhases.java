package dev.sluice.gateway.sharding;

import org.jspecify.annotations.Nullable;

/**
 * How far each guild has come over to the new generation: an open-addressed table of some 40 to 80
 * bytes a guild. Guilds are never taken out; one that left keeps its last phase, which counts no
 * more.
 */
final class GuildPhases {

  enum Phase {
    /** Not in the table: the new generation has not named the guild. */
    UNKNOWN,
    /** Named by READY of a new shard, its GUILD_CREATE did not come yet. */
    EXPECTED,
    /** The new generation gets its events; the old one delivers them. */
    LOADED,
    /** The new generation delivers its events. */
    CUT
  }

  private static final int FIRST_SLOTS = 64;

  private long[] guilds = new long[FIRST_SLOTS];
  private long[] sinceNanos = new long[FIRST_SLOTS];
  private @Nullable Phase[] phases = new Phase[FIRST_SLOTS];
  private int size;

  Phase phase(long guildId) {
    Phase phase = phases[slot(guildId)];
    return phase == null ? Phase.UNKNOWN : phase;
  }

  /** When the guild entered its phase; meaningless for one that is not in the table. */
  long sinceNanos(long guildId) {
    return sinceNanos[slot(guildId)];
  }

  void put(long guildId, Phase phase, long nowNanos) {
    int slot = slot(guildId);
    if (phases[slot] == null) {
      size++;
    }
    guilds[slot] = guildId;
    phases[slot] = phase;
    sinceNanos[slot] = nowNanos;
    if (size * 2 > guilds.length) {
      grow();
    }
  }

  private int slot(long guildId) {
    int mask = guilds.length - 1;
    int slot = (int) (Fingerprint.mix(guildId) & mask);
    while (phases[slot] != null && guilds[slot] != guildId) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldGuilds = guilds;
    long[] oldSince = sinceNanos;
    @Nullable Phase[] oldPhases = phases;
    guilds = new long[oldGuilds.length * 2];
    sinceNanos = new long[guilds.length];
    phases = new Phase[guilds.length];
    for (int i = 0; i < oldGuilds.length; i++) {
      if (oldPhases[i] != null) {
        int slot = slot(oldGuilds[i]);
        guilds[slot] = oldGuilds[i];
        sinceNanos[slot] = oldSince[i];
        phases[slot] = oldPhases[i];
      }
    }
  }
}
