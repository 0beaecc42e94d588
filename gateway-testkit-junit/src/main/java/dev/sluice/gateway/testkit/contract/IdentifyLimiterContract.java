package dev.sluice.gateway.testkit.contract;

import static dev.sluice.gateway.testkit.contract.Waits.get;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.IdentifyLimiter;
import dev.sluice.gateway.netty.IdentifyLimiter.Permit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/**
 * What every {@link IdentifyLimiter} has to do: give permits of one bucket one at a time and a
 * window apart, those of different buckets independently of each other, and pass over requests that
 * were cancelled. It runs on the clock, so each test takes as long as the windows in it; one alone
 * waits for them.
 */
public abstract class IdentifyLimiterContract {

  private static final int SHARDS = 16;

  /** For the classes of implementations. */
  protected IdentifyLimiterContract() {}

  /**
   * {@return the limiters of one bot, each as if in its own process; one if it serves one process}
   * Always the same in a test. They have two buckets, no window is open anywhere, and they may
   * start at least 100 sessions.
   */
  protected abstract List<? extends IdentifyLimiter> limiters();

  /** {@return how far apart permits of a bucket are that were sent; by default Discord's 5 s} */
  protected Duration window() {
    return Duration.ofSeconds(5);
  }

  /** Asks the limiters in turn, so that shards of a bucket ask different ones. */
  private CompletableFuture<Permit> acquire(int shard) {
    IdentifyLimiter limiter = limiters().get(shard / 2 % limiters().size());
    return limiter.acquire(shard % 2, new ShardId(shard, SHARDS)).toCompletableFuture();
  }

  @Test
  void oneOfABucketAtATimeAndBucketsApart() throws Exception {
    Permit first = get(acquire(0));
    CompletableFuture<Permit> second = acquire(2);
    get(acquire(1)).release();
    assertFalse(second.isDone(), "a second permit of bucket 0");

    first.release();

    get(second).release();
  }

  @Test
  void permitsThatWereSentAreAWindowApart() throws Exception {
    int each = 2;
    List<CompletionStage<List<Grant>>> buckets = new ArrayList<>();
    for (int bucket = 0; bucket < 2; bucket++) {
      List<CompletionStage<Grant>> grants = new ArrayList<>();
      for (int i = 0; i < each; i++) {
        grants.add(acquire(2 * i + bucket).thenApply(IdentifyLimiterContract::send));
      }
      buckets.add(
          grants.stream()
              .reduce(
                  CompletableFuture.completedStage(List.of()),
                  (all, grant) -> all.thenCombine(grant, IdentifyLimiterContract::plus),
                  (one, other) -> one));
    }
    for (CompletionStage<List<Grant>> bucket : buckets) {
      List<Grant> grants = new ArrayList<>(get(bucket));
      grants.sort((one, other) -> Long.compare(one.grantedNanos, other.grantedNanos));
      for (int i = 1; i < grants.size(); i++) {
        long gap = grants.get(i).grantedNanos - grants.get(i - 1).sentNanos;
        assertTrue(
            gap >= window().toNanos(),
            () -> "permits " + gap / 1_000_000 + " ms apart (expected: >= " + window() + ')');
      }
    }
  }

  /** When a permit came, and when it was said that the IDENTIFY was sent, or a little before. */
  private static final class Grant {

    final long grantedNanos = System.nanoTime();
    final long sentNanos;

    Grant(Permit permit) {
      sentNanos = System.nanoTime();
      permit.sent();
      permit.release(); // only the first call counts
      permit.sent();
      permit.answered();
    }
  }

  private static Grant send(Permit permit) {
    return new Grant(permit);
  }

  private static List<Grant> plus(List<Grant> all, Grant one) {
    List<Grant> more = new ArrayList<>(all);
    more.add(one);
    return more;
  }

  @Test
  void aPermitIsGoodForAWhile() throws Exception {
    CompletableFuture<Permit> acquired = acquire(0);
    // Asked right when it comes, for this thread may be late.
    long expiryNanos = get(acquired.thenApply(Permit::expiryNanos));

    assertTrue(expiryNanos > 0, () -> "expiry: " + expiryNanos);
    get(acquired).release();
  }

  @Test
  void aRequestThatWasCancelledIsPassedOver() throws Exception {
    Permit first = get(acquire(0));
    CompletableFuture<Permit> second = acquire(2);
    CompletableFuture<Permit> third = acquire(4);

    second.cancel(false);
    first.release();

    get(third).release();
  }

  @Test
  void whatIsReleasedTwiceLetsOneGo() throws Exception {
    Permit first = get(acquire(0));
    CompletableFuture<Permit> second = acquire(2);
    first.release();
    Permit held = get(second);
    CompletableFuture<Permit> third = acquire(4);
    CompletableFuture<Permit> ofTheOther = acquire(1);

    first.release();
    first.sent();
    get(ofTheOther).release();

    assertFalse(third.isDone(), "a permit while the second is out");
    held.release();
    get(third).release();
  }

  @Test
  void shardsOfTwoGenerationsWithTheSameIdTakeTurns() throws Exception {
    IdentifyLimiter limiter = limiters().get(0);
    Permit first = get(acquire(0));
    CompletableFuture<Permit> old = acquire(2);
    CompletableFuture<Permit> fresh =
        limiter.acquire(0, new ShardId(2, 2 * SHARDS)).toCompletableFuture();

    first.release();
    get(CompletableFuture.anyOf(old, fresh));
    (old.isDone() ? get(old) : get(fresh)).release();

    get(CompletableFuture.allOf(old, fresh));
    get(old).release();
    get(fresh).release();
  }

  @Test
  void aShardThatAsksAgainWhileItsPermitIsOutGetsAnother() throws Exception {
    Permit stuck = get(acquire(0));
    CompletableFuture<Permit> again = acquire(0);

    stuck.release();

    get(again).release();
  }
}
