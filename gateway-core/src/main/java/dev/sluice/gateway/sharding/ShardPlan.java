package dev.sluice.gateway.sharding;

import dev.sluice.gateway.ShardId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which shards a process runs: a consecutive range of all shards of the bot. Immutable.
 *
 * @param first the id of the first shard, in [0, {@code last}]
 * @param last the id of the last shard, below {@code count}
 * @param count the number of shards of the bot, at least 1
 * @see <a href="https://discord.com/developers/docs/events/gateway#sharding">Sharding</a>
 */
public record ShardPlan(int first, int last, int count) {

  private static final String SHARDS = "SLUICE_SHARDS";
  private static final String NODE_COUNT = "SLUICE_NODE_COUNT";
  private static final String NODE_INDEX = "SLUICE_NODE_INDEX";
  private static final String HOST_NAME = "HOSTNAME";

  /** The name of a pod of a StatefulSet ends with its ordinal. */
  private static final Pattern POD = Pattern.compile(".+-([0-9]+)");

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

  /**
   * {@return the plan of this process, by what its environment says} Meant for processes that are
   * all started alike and that an orchestrator numbers, such as the pods of a Kubernetes
   * StatefulSet.
   *
   * <ul>
   *   <li>{@code SLUICE_SHARDS}: the number of shards of the bot.
   *   <li>{@code SLUICE_NODE_COUNT}: how many processes share them, the replicas.
   *   <li>{@code SLUICE_NODE_INDEX}: which of them this is, zero-based. Without it the index is the
   *       number at the end of {@code HOSTNAME}, as in {@code bot-3}.
   * </ul>
   *
   * <p>All processes have to agree on the two numbers: stop all before you change one, or shards
   * run twice meanwhile.
   *
   * @param environment the variables and their values, as of {@link System#getenv()}
   * @throws IllegalArgumentException if one is missing, no number or out of its range; it names the
   *     variable
   */
  public static ShardPlan fromEnvironment(Map<String, String> environment) {
    int count = number(environment, SHARDS, 1, Integer.MAX_VALUE);
    int processes = number(environment, NODE_COUNT, 1, count);
    return ofProcess(index(environment, processes), processes, count);
  }

  private static int index(Map<String, String> environment, int processes) {
    String hostName = environment.get(HOST_NAME);
    if (environment.get(NODE_INDEX) != null || hostName == null) {
      return number(environment, NODE_INDEX, 0, processes - 1);
    }
    Matcher pod = POD.matcher(hostName);
    if (!pod.matches()) {
      throw new IllegalArgumentException(
          HOST_NAME
              + ": "
              + hostName
              + " (expected: a name that ends with the index, like bot-0, or "
              + NODE_INDEX
              + ')');
    }
    return number(HOST_NAME, hostName, pod.group(1), 0, processes - 1);
  }

  private static int number(Map<String, String> environment, String name, int from, int to) {
    String value = environment.get(name);
    return number(name, value, value == null ? "" : value.strip(), from, to);
  }

  /** Reads the digits of a variable's value; the message shows all of the value. */
  private static int number(String name, @Nullable String value, String digits, int from, int to) {
    if (digits.matches("[0-9]{1,10}")) {
      long number = Long.parseLong(digits);
      if (number >= from && number <= to) {
        return (int) number;
      }
    }
    String range = to == Integer.MAX_VALUE ? ">= " + from : from + ".." + to;
    throw new IllegalArgumentException(
        name + ": " + (value == null ? "not set" : value) + " (expected: " + range + ')');
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
