package dev.sluice.gateway;

/**
 * Which shard of how many: the {@code shard} array of IDENTIFY. Immutable.
 *
 * @param id zero-based, below {@code count}
 * @param count the number of shards that the bot's guilds are spread over, at least 1
 * @see <a href="https://discord.com/developers/docs/events/gateway#sharding">Sharding</a>
 */
public record ShardId(int id, int count) {

  /** The only shard of a bot that does not shard. */
  public static final ShardId SINGLE = new ShardId(0, 1);

  /**
   * Checks the range.
   *
   * @param id zero-based, below {@code count}
   * @param count the number of shards that the bot's guilds are spread over, at least 1
   * @throws IllegalArgumentException if {@code count} is below 1 or {@code id} not in [0, count)
   */
  public ShardId {
    if (count < 1) {
      throw new IllegalArgumentException("shard count: " + count + " (expected: >= 1)");
    }
    if (id < 0 || id >= count) {
      throw new IllegalArgumentException("shard id: " + id + " (expected: 0.." + (count - 1) + ')');
    }
  }

  /** {@return the shard as {@code id/count}, the form that logs use} */
  @Override
  public String toString() {
    return id + "/" + count;
  }
}
