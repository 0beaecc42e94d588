package dev.sluice.gateway.testkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.ShardAssignment;
import dev.sluice.gateway.sharding.ShardPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * The members of one group, each in place of a manager, and an account of who has which shard.
 * Every assignment of a shard that another member still has is written down, and so is every epoch
 * that is not higher than the one before. Thread-safe.
 */
final class AssignmentGroup {

  private final ShardPlan plan;
  private final List<Member> members = new ArrayList<>();
  private final Map<Integer, Member> owners = new HashMap<>();
  private final Map<Integer, Long> epochs = new TreeMap<>();
  private final List<String> problems = new ArrayList<>();

  AssignmentGroup(ShardPlan plan) {
    this.plan = plan;
  }

  synchronized Member add(ShardAssignment assignment) {
    Member member = new Member(members.size(), assignment);
    members.add(member);
    return member;
  }

  void stopAll() {
    List<Member> all;
    synchronized (this) {
      all = List.copyOf(members);
    }
    all.forEach(Member::stop);
  }

  synchronized void assertNoProblems() {
    assertEquals(List.of(), problems);
  }

  synchronized void await(String what, BooleanSupplier condition) throws InterruptedException {
    await(what, Waits.TIMEOUT_SECONDS, condition);
  }

  synchronized void await(String what, long timeoutSeconds, BooleanSupplier condition)
      throws InterruptedException {
    Waits.await(
        this,
        timeoutSeconds,
        () -> condition.getAsBoolean() || !problems.isEmpty(),
        () -> what + " did not come about; " + members + ", epochs " + epochs);
    assertNoProblems();
  }

  /** Waits until every shard of the plan has an owner among some members, by an epoch of late. */
  void awaitAllOwned(Set<Member> by, Map<Integer, Long> after) throws InterruptedException {
    await(
        "an owner of every shard",
        () ->
            plan.shards().stream()
                .allMatch(
                    shard -> {
                      Member owner = owners.get(shard.id());
                      return owner != null
                          && by.contains(owner)
                          && epochs.getOrDefault(shard.id(), 0L)
                              > after.getOrDefault(shard.id(), 0L);
                    }));
  }

  synchronized Map<Integer, Long> epochs() {
    return new TreeMap<>(epochs);
  }

  /** One process. */
  final class Member implements ShardAssignment.Listener {

    private final int number;
    private final ShardAssignment assignment;
    private final Map<Integer, Long> shards = new TreeMap<>();

    /** The shards that others may take over, though this member does not know yet. */
    private final Set<Integer> takenAway = new TreeSet<>();

    /**
     * By which shards are to be given up, in nanoseconds, a little early for clocks that differ.
     */
    private final Map<Integer, Long> deadlines = new HashMap<>();

    /** What revoking a shard waits for, by the deadline for it. */
    private Function<Duration, CompletionStage<Void>> onRevoked =
        deadline -> CompletableFuture.completedStage(null);

    private int assignments;
    private int revocations;
    private int losses;
    private boolean stopped;
    private Duration longestDeadline = Duration.ZERO;

    private Member(int number, ShardAssignment assignment) {
      this.number = number;
      this.assignment = assignment;
    }

    Member start() {
      assignment.start(this);
      return this;
    }

    ShardAssignment assignment() {
      return assignment;
    }

    void onRevoked(Function<Duration, CompletionStage<Void>> onRevoked) {
      synchronized (AssignmentGroup.this) {
        this.onRevoked = onRevoked;
      }
    }

    Set<Integer> shards() {
      synchronized (AssignmentGroup.this) {
        return Set.copyOf(shards.keySet());
      }
    }

    int assignments() {
      synchronized (AssignmentGroup.this) {
        return assignments;
      }
    }

    int revocations() {
      synchronized (AssignmentGroup.this) {
        return revocations;
      }
    }

    int losses() {
      synchronized (AssignmentGroup.this) {
        return losses;
      }
    }

    Duration longestDeadline() {
      synchronized (AssignmentGroup.this) {
        return longestDeadline;
      }
    }

    /** From now on its shards may be given to others before it is told. */
    void takenAway() {
      synchronized (AssignmentGroup.this) {
        takenAway.addAll(shards.keySet());
      }
    }

    /** Gives one shard back, as a manager does that hands it over. */
    void release(int id) {
      end(id);
      assignment.released(new ShardId(id, plan.count()));
    }

    /** Ends as a manager does: its shards first. */
    void stop() {
      List<Integer> had;
      synchronized (AssignmentGroup.this) {
        if (stopped) {
          return;
        }
        stopped = true;
        had = List.copyOf(shards.keySet());
      }
      had.forEach(this::release);
      assignment.stop();
    }

    @Override
    public void assigned(ShardId shard, long epoch) {
      synchronized (AssignmentGroup.this) {
        int id = shard.id();
        if (stopped) {
          return; // a manager passes over what crosses its stop; that it runs elsewhere, tests see
        }
        if (shard.count() != plan.count() || !plan.contains(id)) {
          problems.add("shard " + shard + " is none of " + plan);
          return;
        }
        Member owner = owners.get(id);
        if (owner != null && !owner.mayLose(id)) {
          problems.add("shard " + id + " assigned to " + this + " while it is with " + owner);
        }
        Long before = epochs.put(id, epoch);
        if (before != null && epoch <= before) {
          problems.add("shard " + id + ": epoch " + epoch + " after " + before);
        }
        assignments++;
        shards.put(id, epoch);
        takenAway.remove(id);
        deadlines.remove(id);
        owners.put(id, this);
        AssignmentGroup.this.notifyAll();
      }
    }

    @Override
    public CompletionStage<Void> revoked(ShardId shard, Duration deadline) {
      CompletionStage<Void> done;
      synchronized (AssignmentGroup.this) {
        if (!shards.containsKey(shard.id())) {
          return CompletableFuture.completedStage(null); // released meanwhile
        }
        revocations++;
        if (deadline.compareTo(longestDeadline) > 0) {
          longestDeadline = deadline;
        }
        if (deadline.isNegative() || deadline.isZero()) {
          problems.add("shard " + shard.id() + " revoked with a deadline of " + deadline);
        }
        done = onRevoked.apply(deadline);
        deadlines.put(shard.id(), System.nanoTime() + deadline.toNanos() * 9 / 10);
        AssignmentGroup.this.notifyAll();
      }
      return done.whenComplete((nothing, failure) -> end(shard.id()));
    }

    /** Whether another may have the shard, though it was not given up. */
    private boolean mayLose(int id) {
      Long deadline = deadlines.get(id);
      return takenAway.contains(id) || (deadline != null && System.nanoTime() - deadline >= 0);
    }

    @Override
    public void lost(ShardId shard) {
      synchronized (AssignmentGroup.this) {
        if (shards.containsKey(shard.id())) {
          losses++;
        }
      }
      end(shard.id());
    }

    private void end(int id) {
      synchronized (AssignmentGroup.this) {
        shards.remove(id);
        takenAway.remove(id);
        deadlines.remove(id);
        owners.remove(id, this);
        AssignmentGroup.this.notifyAll();
      }
    }

    @Override
    public String toString() {
      return "member " + number + " with " + shards.keySet();
    }
  }
}
