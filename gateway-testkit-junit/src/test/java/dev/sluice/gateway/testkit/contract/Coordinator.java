package dev.sluice.gateway.testkit.contract;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.ShardAssignment;
import dev.sluice.gateway.sharding.ShardPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Divides shards evenly among members of the same process, on one thread: the least that {@link
 * BalancingAssignmentContract} asks for.
 */
final class Coordinator implements AutoCloseable {

  private static final Duration DEADLINE = Duration.ofMillis(300);

  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final ShardPlan plan;
  private final Duration patience;
  private final List<Member> members = new ArrayList<>();
  private final Map<ShardId, Member> owners = new HashMap<>();
  private final Set<ShardId> moving = new HashSet<>();
  private long epoch;

  Coordinator(ShardPlan plan) {
    this(plan, DEADLINE);
  }

  /** Creates one that does not wait as long as it says for owners that are to stop shards. */
  Coordinator(ShardPlan plan, Duration patience) {
    this.plan = plan;
    this.patience = patience;
  }

  ShardAssignment member() {
    return new Member();
  }

  void takeForDead(ShardAssignment assignment) {
    thread.execute(
        () -> {
          Member dead = (Member) assignment;
          members.remove(dead);
          List<ShardId> had = new ArrayList<>(owners.keySet());
          had.removeIf(shard -> owners.get(shard) != dead);
          had.forEach(owners::remove);
          balance();
          thread.execute(() -> had.forEach(dead.listener::lost)); // it finds out later
        });
  }

  /** Gives what nobody has to who has least, and takes from who has more than a fair part. */
  private void balance() {
    if (members.isEmpty()) {
      return;
    }
    int fair = (plan.size() + members.size() - 1) / members.size();
    for (ShardId shard : plan.shards()) {
      Member owner = owners.get(shard);
      if (moving.contains(shard)) {
        continue;
      } else if (owner == null) {
        Member poorest = members.get(0);
        for (Member member : members) {
          poorest = has(member) < has(poorest) ? member : poorest;
        }
        owners.put(shard, poorest);
        poorest.listener.assigned(shard, ++epoch);
      } else if (has(owner) > fair) {
        moving.add(shard);
        owners.remove(shard); // counts no more
        owner
            .listener
            .revoked(shard, DEADLINE)
            .whenComplete((stopped, failure) -> thread.execute(() -> moved(shard)));
        if (patience.isZero()) {
          moved(shard);
        } else {
          thread.schedule(() -> moved(shard), patience.toMillis(), TimeUnit.MILLISECONDS);
        }
      }
    }
  }

  private void moved(ShardId shard) {
    if (moving.remove(shard)) {
      balance();
    }
  }

  private long has(Member member) {
    return owners.values().stream().filter(owner -> owner == member).count();
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private final class Member implements ShardAssignment {

    private Listener listener;

    @Override
    public void start(Listener listener) {
      thread.execute(
          () -> {
            this.listener = listener;
            members.add(this);
            balance();
          });
    }

    @Override
    public void stop() {
      thread.execute(
          () -> {
            members.remove(this);
            owners.values().removeIf(owner -> owner == this);
            balance();
          });
    }
  }
}
