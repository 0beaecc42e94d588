package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.SessionStarts;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where sessions are kept, so that shards can resume them after a restart. {@link
 * ShardManagerBuilder#sessionStore} says which one is the default. Thread-safe.
 */
public interface SessionStore {

  /**
   * Looks up the session of a shard.
   *
   * @param shard which shard of how many
   * @return completes with the session, or null when there is none; exceptionally when it cannot be
   *     read, and then the shard starts a new one
   */
  CompletionStage<@Nullable GatewaySession> load(ShardId shard);

  /**
   * Keeps the session of a shard, replacing what was kept.
   *
   * @param session the session; names its shard
   * @param epoch the epoch of the assignment that the shard runs under; a store that is shared
   *     refuses one that is older than what it has seen
   * @return completes with whether it was kept; false when the epoch is stale
   */
  CompletionStage<Boolean> store(GatewaySession session, long epoch);

  /**
   * Forgets the session of a shard, because it ended.
   *
   * @param shard which shard of how many
   * @param epoch as for {@link #store}
   * @return completes with whether it was forgotten; false when the epoch is stale
   */
  CompletionStage<Boolean> remove(ShardId shard, long epoch);

  /**
   * {@return whether sessions outlive this process} If they do not, a shard stores its session only
   * when it stops: until then the shard itself remembers it.
   */
  default boolean isDurable() {
    return true;
  }

  /**
   * Keeps how many sessions the bot may still start, so that a process that is started again and
   * again does not start more than Discord allows. Called before each IDENTIFY, which waits for it,
   * so that none is forgotten by a crash. The default keeps nothing.
   *
   * @param known what the caller knows is left, after it spent
   * @param spent how many starts it has spent since the last call; negative if that many were given
   *     back; 0 to ask what was kept
   * @return completes with what is left by the stricter of {@code known} and what was kept, once
   *     that is kept ({@link SessionStarts#stricter}); exceptionally when it cannot be, and then
   *     the caller goes on with what it knows
   */
  default CompletionStage<SessionStarts> keepStarts(SessionStarts known, int spent) {
    return CompletableFuture.completedStage(known);
  }

  /**
   * {@return a store in files of a directory, with the defaults of {@link
   * DirectorySessionStore.Builder}}
   *
   * @param directory where the files are; made when it is first used
   */
  static DirectorySessionStore directory(Path directory) {
    return DirectorySessionStore.builder(directory).build();
  }

  /** {@return a store that lasts as long as this process} */
  static SessionStore inMemory() {
    return new InMemorySessionStore();
  }
}
