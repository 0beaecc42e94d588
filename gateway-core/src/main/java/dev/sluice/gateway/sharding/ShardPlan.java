package dev.sluice.gateway.sharding;

import dev.sluice.gateway.ShardId;
import java.util.ArrayList;
import java.util.List;

/**
 * Which shards a process runs: a consecutive range of all shards of the bot. Immutable.
 *
 * @param first the id of the first shard, in [0, {@code last}]
 * @param last the id of the last shard, below {@code count}
 * @param count the number of shards of the bot, at least 1
 * @see <a href="https://discord.com/developers/docs/events/gateway#sharding">Sharding</a>
 */
public record ShardPlan(int first, int last, int count) {

  /**
   * Checks the range.
   *
   * @param first the id of the first shard, in [0, {@code last}]
   * @param last the id of the last shard, below {@code count}
   * @param count the number of shards of the bot, at least 1
   * @throws IllegalArgumentException if it is not a range of shards below the count
   */
  public ShardPlan {
    checkCount(count);
    if (first < 0 || last < first || last >= count) {
      throw new IllegalArgumentException(
          "shards: " + first + ".." + last + " (expected: a range within 0.." + (count - 1) + ')');
    }
  }

  /**
   * {@return the plan of a process that runs every shard}
   *
   * @param count the number of shards of the bot, at least 1
   */
  public static ShardPlan all(int count) {
    return new ShardPlan(0, count - 1, count);
  }

  /**
   * {@return the plan of one of several processes that share the shards evenly}
   *
   * @param index which process, zero-based
   * @param processes how many there are, at most {@code count}
   * @param count the number of shards of the bot
   * @throws IllegalArgumentException if the index is not one of the processes, or they are more
   *     than the shards
   */
  public static ShardPlan ofProcess(int index, int processes, int count) {
    if (processes < 1 || processes > count) {
      throw new IllegalArgumentException(
          "processes: " + processes + " (expected: 1.." + count + ')');
    }
    if (index < 0 || index >= processes) {
      throw new IllegalArgumentException(
          "process index: " + index + " (expected: 0.." + (processes - 1) + ')');
    }
    int first = (int) ((long) index * count / processes);
    int last = (int) ((index + 1L) * count / processes) - 1;
    return new ShardPlan(first, last, count);
  }

  /** {@return how many shards the plan has} */
  public int size() {
    return last - first + 1;
  }

  /** {@return the shards, by ascending id} */
  public List<ShardId> shards() {
    List<ShardId> shards = new ArrayList<>(size());
    for (int id = first; id <= last; id++) {
      shards.add(new ShardId(id, count));
    }
    return shards;
  }

  /**
   * {@return whether a shard is in the plan}
   *
   * @param shardId its id
   */
  public boolean contains(int shardId) {
    return shardId >= first && shardId <= last;
  }

  /**
   * {@return the id of the shard that a guild's events come on} What has no guild comes on shard 0.
   *
   * @param guildId the guild, an unsigned snowflake
   * @param count the number of shards of the bot, at least 1
   * @throws IllegalArgumentException if the count is below 1
   */
  public static int shardOf(long guildId, int count) {
    checkCount(count);
    return (int) ((guildId >>> 22) % count);
  }

  private static void checkCount(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("shard count: " + count + " (expected: >= 1)");
    }
  }
}
