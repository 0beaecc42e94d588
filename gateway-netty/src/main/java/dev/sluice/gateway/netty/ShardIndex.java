package dev.sluice.gateway.netty;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.ShardPlan;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The shards that run here, of one generation or of two with different shard counts while a bot is
 * being resharded, and which of the generations is current: the one that guild ids route to. Every
 * look-up of one shard takes constant time. Thread-safe.
 */
final class ShardIndex {

  private final Map<ShardId, Shard> shards = new ConcurrentHashMap<>();
  private volatile int count; // of the current generation; 0 before the first shard

  /**
   * Adds a shard. The generation of the first one becomes the current one, and so does any that is
   * added when none of the current one runs here.
   *
   * @return whether it was added; false when a shard of this id runs here
   */
  synchronized boolean add(Shard shard) {
    if (shards.putIfAbsent(shard.id(), shard) != null) {
      return false;
    }
    if (shard.id().count() != count && current().noneMatch(other -> true)) {
      count = shard.id().count();
    }
    return true;
  }

  /** {@return the shard that was removed, or null when it was not there} */
  synchronized @Nullable Shard remove(ShardId id) {
    return shards.remove(id);
  }

  /** Makes the generation of a shard count the current one. */
  synchronized void cutOver(int shardCount) {
    count = shardCount;
  }

  /** {@return the shard count of the current generation, 0 before the first shard} */
  int count() {
    return count;
  }

  /** {@return the shards of all generations, in no order; a live view} */
  Collection<Shard> all() {
    return shards.values();
  }

  /** {@return the shards of the current generation, in no order} */
  List<Shard> ofCurrentGeneration() {
    return current().toList();
  }

  /** {@return the shard with an id in any generation} */
  @Nullable Shard get(ShardId id) {
    return shards.get(id);
  }

  /** {@return the shard with an id in the current generation, or null when it is not here} */
  @Nullable Shard get(int shardId) {
    int current = count;
    return shardId < 0 || shardId >= current ? null : shards.get(new ShardId(shardId, current));
  }

  /** {@return the shard of the current generation that serves a guild, null when it is not here} */
  @Nullable Shard ofGuild(long guildId) {
    int current = count;
    return current == 0
        ? null
        : shards.get(new ShardId(ShardPlan.shardOf(guildId, current), current));
  }

  private Stream<Shard> current() {
    int current = count;
    return shards.values().stream().filter(shard -> shard.id().count() == current);
  }
}
