package dev.sluice.gateway.testkit;

import dev.sluice.gateway.ShardId;

/** The guilds of the made-up world: their ids, and the ids within them, by arithmetic alone. */
final class SyntheticGuild {

  /** How many guilds Discord lets a shard have; a session of more is closed with 4011. */
  static final int MAX_PER_SHARD = 2_500;

  /** How many roles a guild has beside {@code @everyone}. */
  static final int ROLES = 15;

  /** The numbers of the text channels that every guild has; large ones have more. */
  private static final int[] TEXT_CHANNELS = {0, 1, 3, 4};

  /** The numbers of the voice channels that every guild has; large ones have more. */
  private static final int[] VOICE_CHANNELS = {22, 23};

  private static final int TIMESTAMP_SHIFT = 22;
  private static final long OLDEST_TIMESTAMP = 132_000_000_000L; // March 2019
  private static final long TIMESTAMP_DISTANCE = 60_000_000L;
  private static final long LOW_BITS_MULTIPLIER = 2_654_435_761L;
  private static final long ROLE_DISTANCE = 6_160_593_816_721_613L;
  private static final long CHANNEL_DISTANCE = 135_890_742_014_983L;

  private SyntheticGuild() {}

  /**
   * {@return the id of a guild that belongs to a shard, by {@code (guild_id >>> 22) % count}}
   *
   * @param shard the shard
   * @param index which of its guilds, from 0, below {@link #MAX_PER_SHARD}
   */
  static long id(ShardId shard, int index) {
    long timestamp = OLDEST_TIMESTAMP + index * TIMESTAMP_DISTANCE;
    long routed = timestamp - timestamp % shard.count() + shard.id();
    long lowBits = (index + 1) * LOW_BITS_MULTIPLIER % (1 << TIMESTAMP_SHIFT);
    return routed << TIMESTAMP_SHIFT | lowBits;
  }

  /** {@return the ids of the first guilds of a shard} */
  static long[] ids(ShardId shard, int guilds) {
    long[] ids = new long[guilds];
    for (int i = 0; i < guilds; i++) {
      ids[i] = id(shard, i);
    }
    return ids;
  }

  /** {@return the ids of so many guilds of a bot, which spread evenly over any number of shards} */
  static long[] ids(int guilds) {
    long[] ids = new long[guilds];
    for (int i = 0; i < guilds; i++) {
      long timestamp = OLDEST_TIMESTAMP + i * (TIMESTAMP_DISTANCE + 1);
      ids[i] =
          timestamp << TIMESTAMP_SHIFT | (i + 1) * LOW_BITS_MULTIPLIER % (1 << TIMESTAMP_SHIFT);
    }
    return ids;
  }

  static long roleId(long guildId, int index) {
    return guildId + (index + 1) * ROLE_DISTANCE;
  }

  static long channelId(long guildId, int index) {
    return guildId + (index + 1) * CHANNEL_DISTANCE;
  }

  /** {@return the number of a text channel, the first for 0 and the last for just below 1} */
  static int textChannel(double share) {
    return TEXT_CHANNELS[(int) (share * TEXT_CHANNELS.length)];
  }

  /** {@return the number of a voice channel, the first for 0 and the last for just below 1} */
  static int voiceChannel(double share) {
    return VOICE_CHANNELS[(int) (share * VOICE_CHANNELS.length)];
  }
}
