package dev.sluice.gateway.sharding;

import dev.sluice.gateway.DispatchMark;
import java.util.List;

/**
 * Which guilds a shard has and which of them are available, so that the three kinds of GUILD_CREATE
 * can be told apart: a guild that READY announced, one that comes back after an outage, and one
 * that the bot has joined. After the resume of a session whose READY was seen by another process
 * the guilds are not known; only what an outage took away since is told apart then.
 *
 * <p>One table without objects, of about 12 bytes a guild, at most 16.
 *
 * <p>Not thread-safe; confine to one thread.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#guild-create">Guild
 *     Create</a>
 */
public final class GuildAvailability {

  private static final int NOT_FOUND = -1;
  private static final int FIRST_CAPACITY = 8;

  // What a guild is.
  private static final byte ANNOUNCED = 1; // by READY, and has not come
  private static final byte AVAILABLE = 2;
  private static final byte UNAVAILABLE = 3;
  private static final byte JOINED_UNAVAILABLE = 4;

  /*
   * Open addressing with linear probing. The capacity is any number, so that a table made for the
   * guilds of READY wastes little: the home of an id is the upper half of the product of its hash
   * and the capacity. 0 is no snowflake and marks a free place.
   */
  private long[] ids = new long[0];
  private byte[] states = new byte[0];
  private int size;
  private int announced;
  private int missing;
  private int unavailable;
  private boolean known;

  /** Knows nothing yet. */
  public GuildAvailability() {}

  /**
   * Starts anew with the guilds of a new session, none of which has come.
   *
   * @param guildIds the guilds of READY, unsigned snowflakes; 0 is passed over
   */
  public void ready(List<Long> guildIds) {
    allocate(Math.max(FIRST_CAPACITY, guildIds.size() + guildIds.size() / 3));
    size = 0;
    unavailable = 0;
    known = true;
    for (long id : guildIds) {
      if (id != 0 && find(id) == NOT_FOUND) {
        insert(id, ANNOUNCED);
      }
    }
    announced = size;
    missing = size;
  }

  /**
   * Takes in a GUILD_CREATE.
   *
   * @param guildId the guild, an unsigned snowflake; 0 changes nothing
   * @param isUnavailable whether it is an unavailable guild object, as during an outage
   * @return what the event means; {@link DispatchMark#NONE} when the guild is unavailable, was
   *     available already, or nobody knows
   */
  public DispatchMark created(long guildId, boolean isUnavailable) {
    if (guildId == 0) {
      return DispatchMark.NONE;
    }
    int place = find(guildId);
    byte before = place == NOT_FOUND ? 0 : states[place];
    if (isUnavailable) {
      boolean joined = before == JOINED_UNAVAILABLE || (before == 0 && known);
      put(place, guildId, joined ? JOINED_UNAVAILABLE : UNAVAILABLE);
      return DispatchMark.NONE;
    }
    put(place, guildId, AVAILABLE);
    return switch (before) {
      case ANNOUNCED -> DispatchMark.GUILD_LOADED;
      case UNAVAILABLE -> DispatchMark.GUILD_AVAILABLE;
      case JOINED_UNAVAILABLE -> DispatchMark.GUILD_JOINED;
      case AVAILABLE -> DispatchMark.NONE;
      default -> known ? DispatchMark.GUILD_JOINED : DispatchMark.NONE;
    };
  }

  /**
   * Takes in a GUILD_DELETE.
   *
   * @param guildId the guild, an unsigned snowflake; 0 changes nothing
   * @param isUnavailable whether it says that the guild is unavailable; otherwise the bot has left
   */
  public void deleted(long guildId, boolean isUnavailable) {
    if (guildId == 0) {
      return;
    }
    int place = find(guildId);
    if (!isUnavailable) {
      if (place != NOT_FOUND) {
        uncount(states[place]);
        remove(place);
      }
    } else if (place == NOT_FOUND || states[place] != JOINED_UNAVAILABLE) {
      put(place, guildId, UNAVAILABLE);
    }
  }

  /** {@return whether a READY was seen, so that guilds that it did not name have been joined} */
  public boolean isKnown() {
    return known;
  }

  /** {@return how many guilds READY announced} */
  public int announced() {
    return announced;
  }

  /** {@return how many of them have not come yet, available or not} */
  public int missing() {
    return missing;
  }

  /** {@return how many guilds are known} */
  public int size() {
    return size;
  }

  /** {@return how many of them are in an outage} */
  public int unavailable() {
    return unavailable;
  }

  /**
   * {@return whether a guild is known and its last event was a GUILD_CREATE that has its data}
   *
   * @param guildId the guild, an unsigned snowflake
   */
  public boolean isAvailable(long guildId) {
    int place = guildId == 0 ? NOT_FOUND : find(guildId);
    return place != NOT_FOUND && states[place] == AVAILABLE;
  }

  private void put(int place, long id, byte state) {
    if (place == NOT_FOUND) {
      insert(id, state);
    } else {
      uncount(states[place]);
      states[place] = state;
    }
    if (state == UNAVAILABLE || state == JOINED_UNAVAILABLE) {
      unavailable++;
    }
  }

  private void uncount(byte state) {
    switch (state) {
      case ANNOUNCED -> missing--;
      case UNAVAILABLE, JOINED_UNAVAILABLE -> unavailable--;
      default -> {}
    }
  }

  // The table.

  private int find(long id) {
    if (ids.length == 0) {
      return NOT_FOUND;
    }
    int place = home(id);
    while (ids[place] != 0) {
      if (ids[place] == id) {
        return place;
      }
      place = after(place);
    }
    return NOT_FOUND;
  }

  private void insert(long id, byte state) {
    if ((size + 1) * 8L > ids.length * 7L) {
      grow();
    }
    place(id, state);
    size++;
  }

  private void place(long id, byte state) {
    int place = home(id);
    while (ids[place] != 0) {
      place = after(place);
    }
    ids[place] = id;
    states[place] = state;
  }

  private void grow() {
    long[] oldIds = ids;
    byte[] oldStates = states;
    allocate(Math.max(FIRST_CAPACITY, oldIds.length + oldIds.length / 2));
    for (int i = 0; i < oldIds.length; i++) {
      if (oldIds[i] != 0) {
        place(oldIds[i], oldStates[i]);
      }
    }
  }

  /** Frees a place, and moves up what probing would not find beyond it. */
  private void remove(int place) {
    int hole = place;
    for (int i = after(hole); ids[i] != 0; i = after(i)) {
      // It may stay if its home lies behind the hole, going round from there.
      if (distance(home(ids[i]), i) >= distance(hole, i)) {
        ids[hole] = ids[i];
        states[hole] = states[i];
        hole = i;
      }
    }
    ids[hole] = 0;
    size--;
  }

  private int distance(int from, int to) {
    return to >= from ? to - from : to - from + ids.length;
  }

  private int after(int place) {
    return place + 1 == ids.length ? 0 : place + 1;
  }

  private int home(long id) {
    long hash =
        (id * 0x9E3779B97F4A7C15L) >>> 32; // the golden ratio spreads the times in snowflakes
    return (int) ((hash * ids.length) >>> 32);
  }

  private void allocate(int capacity) {
    ids = new long[capacity];
    states = new byte[capacity];
  }
}
