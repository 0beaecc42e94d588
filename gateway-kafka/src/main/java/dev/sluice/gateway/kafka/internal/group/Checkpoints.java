package dev.sluice.gateway.kafka.internal.group;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import java.util.concurrent.CompletionStage;

/**
 * Writes the sessions of shards, and with them which commands were handled, to the metadata of
 * their committed offsets. Who does that depends on the guarantee: the group itself, or the sink in
 * the transactions of its events. Thread-safe.
 */
public interface Checkpoints {

  /**
   * Writes a session. A later call for the same shard may take the place of one that waits; both
   * then have the outcome of the later one.
   *
   * @param session the session, names its shard; the same one as before when only commands were
   *     handled since
   * @param epoch the epoch of the assignment that the shard runs under
   * @return completes with whether it was written; false when the shard is another node's
   */
  CompletionStage<Boolean> store(GatewaySession session, long epoch);

  /**
   * Writes that a shard has no session.
   *
   * @param shard which shard of how many
   * @param epoch as for {@link #store}
   * @return as for {@link #store}
   */
  CompletionStage<Boolean> remove(ShardId shard, long epoch);
}
