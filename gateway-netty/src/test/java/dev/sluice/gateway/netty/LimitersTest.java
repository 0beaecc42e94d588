package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.IdentifyLimiter.Permit;
import dev.sluice.gateway.sharding.ResumeLane;
import dev.sluice.gateway.sharding.SessionStartBudget;
import dev.sluice.gateway.sharding.SessionStarts;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

final class LimitersTest {

  @Nested
  final class Identifies {

    private final io.netty.channel.EventLoop executor = new io.netty.channel.DefaultEventLoop();

    @AfterEach
    void end() {
      executor
          .shutdownGracefully(0, 5, java.util.concurrent.TimeUnit.SECONDS)
          .syncUninterruptibly();
    }

    private LocalIdentifyLimiter limiter(int maxConcurrency) {
      return new LocalIdentifyLimiter(executor, maxConcurrency, null, () -> {});
    }

    private CompletableFuture<Permit> acquire(LocalIdentifyLimiter limiter, int shard)
        throws Exception {
      CompletableFuture<Permit> permit =
          limiter.acquire(shard % 2, new ShardId(shard, 16)).toCompletableFuture();
      settle();
      return permit;
    }

    private void settle() throws Exception {
      executor.submit(() -> {}).get();
      executor.submit(() -> {}).get();
    }

    @Test
    void oneOfABucketAtATimeAndBucketsApart() throws Exception {
      LocalIdentifyLimiter limiter = limiter(2);

      assertThat(acquire(limiter, 0)).isCompleted();
      assertThat(acquire(limiter, 1)).isCompleted();
      assertThat(acquire(limiter, 2)).isNotDone();
      assertThat(acquire(limiter, 3)).isNotDone();
    }

    @Test
    void noMorePermitsThanSessionStartsAreLeft() throws Exception {
      SessionStartBudget budget = SessionStartBudget.create(0, NanoClock.system());
      budget.update(1000, 1, Duration.ofHours(1));
      LocalIdentifyLimiter limiter = new LocalIdentifyLimiter(executor, 4, budget, () -> {});

      Permit last = acquire(limiter, 0).join();
      CompletableFuture<Permit> beyond = acquire(limiter, 1);
      assertThat(beyond).isNotDone();

      last.release();
      settle();
      assertThat(beyond).isCompleted();
      beyond.join().sent();
      settle();
      assertThat(acquire(limiter, 2)).isNotDone();
    }

    /** Keeps the count of session starts when the test says so. */
    private static final class CountStore implements SessionStore {

      final List<Integer> spent = new ArrayList<>();
      CompletableFuture<SessionStarts> answer = new CompletableFuture<>();

      @Override
      public CompletionStage<SessionStarts> keepStarts(SessionStarts known, int spent) {
        this.spent.add(spent);
        return answer;
      }

      @Override
      public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
        return CompletableFuture.completedStage(null);
      }

      @Override
      public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
        return CompletableFuture.completedStage(true);
      }

      @Override
      public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
        return CompletableFuture.completedStage(true);
      }
    }

    private static SessionStarts left(int remaining) {
      return new SessionStarts(1000, remaining, Instant.now().plusSeconds(3600));
    }

    private static SessionStartBudget budgetOf(int remaining) {
      SessionStartBudget budget = SessionStartBudget.create(0, NanoClock.system());
      budget.update(1000, remaining, Duration.ofHours(1));
      return budget;
    }

    @Test
    void aStartIsKeptBeforeItIsGrantedAndTakenBackWhenItIsReleased() throws Exception {
      CountStore store = new CountStore();
      LocalIdentifyLimiter limiter =
          new LocalIdentifyLimiter(executor, 1, budgetOf(500), store, () -> {});

      CompletableFuture<Permit> permit = acquire(limiter, 0);
      assertThat(store.spent).containsExactly(0);
      CompletableFuture<SessionStarts> asked = store.answer;
      store.answer = new CompletableFuture<>();
      asked.complete(left(400));
      settle();
      assertThat(store.spent).containsExactly(0, 1);
      assertThat(permit).isNotDone();
      assertThat(limiter.sessionStarts().remaining()).isEqualTo(399);

      store.answer.complete(left(399));
      settle();
      assertThat(permit).isCompleted();
      permit.join().release();
      settle();
      assertThat(store.spent).containsExactly(0, 1, -1);
    }

    @Test
    void anAnswerThatIsLateTakesNothingBack() throws Exception {
      CountStore store = new CountStore();
      store.answer.complete(left(500));
      LocalIdentifyLimiter limiter =
          new LocalIdentifyLimiter(executor, 2, budgetOf(500), store, () -> {});
      Permit first = acquire(limiter, 0).join();
      CompletableFuture<SessionStarts> ofSecond = new CompletableFuture<>();
      store.answer = ofSecond;
      CompletableFuture<Permit> second = acquire(limiter, 1);
      CompletableFuture<SessionStarts> ofRelease = new CompletableFuture<>();
      store.answer = ofRelease;
      first.release();
      settle();

      ofSecond.complete(left(498));
      ofRelease.complete(left(499));
      settle();

      assertThat(second).isCompleted();
      assertThat(store.spent).containsExactly(0, 1, 1, -1);
      assertThat(limiter.sessionStarts().remaining()).isEqualTo(499);
    }

    @Test
    void aCountThatWasKeptAndIsStricterHolds() throws Exception {
      CountStore store = new CountStore();
      store.answer.complete(left(0));
      AtomicInteger asked = new AtomicInteger();
      LocalIdentifyLimiter limiter =
          new LocalIdentifyLimiter(executor, 1, budgetOf(500), store, asked::incrementAndGet);

      assertThat(acquire(limiter, 0)).isNotDone();
      assertThat(asked).hasPositiveValue();
      assertThat(store.spent).containsExactly(0);

      GatewayBot answer =
          new GatewayBot(URI.create("wss://a.test"), 16, 1000, 500, Duration.ofHours(1), 1);
      limiter.update(answer, 1, Duration.ZERO);
      settle();
      assertThat(limiter.sessionStarts().remaining()).isZero();
    }

    @Test
    void aStoreThatFailsDelaysNoStart() throws Exception {
      CountStore store = new CountStore();
      store.answer.completeExceptionally(new java.io.IOException("disk full"));
      LocalIdentifyLimiter limiter =
          new LocalIdentifyLimiter(executor, 1, budgetOf(2), store, () -> {});

      assertThat(acquire(limiter, 0)).isCompleted();
      assertThat(limiter.sessionStarts().remaining()).isEqualTo(1);
    }

    @Test
    void aPermitThatWasCancelledMeanwhileGoesToTheNext() throws Exception {
      CountStore store = new CountStore();
      LocalIdentifyLimiter limiter =
          new LocalIdentifyLimiter(executor, 1, budgetOf(500), store, () -> {});
      CompletableFuture<Permit> cancelled = acquire(limiter, 0);
      CompletableFuture<Permit> next = acquire(limiter, 1);
      cancelled.cancel(false);

      store.answer.complete(left(500));
      settle();

      assertThat(next).isCompleted();
      assertThat(store.spent).containsExactly(0, 1, -1, 1);
    }

    @Test
    void asksForTheSessionStartLimitWhileNoneIsLeftAndGoesOnWithWhatItSays() throws Exception {
      SessionStartBudget budget = SessionStartBudget.create(0, NanoClock.system());
      budget.update(1000, 0, Duration.ofHours(1));
      AtomicInteger asked = new AtomicInteger();
      LocalIdentifyLimiter limiter =
          new LocalIdentifyLimiter(executor, 1, budget, asked::incrementAndGet);
      CompletableFuture<Permit> first = acquire(limiter, 0);
      CompletableFuture<Permit> second = acquire(limiter, 1);
      assertThat(first).isNotDone();
      assertThat(asked).hasPositiveValue();

      GatewayBot answer =
          new GatewayBot(URI.create("wss://a.test"), 16, 1000, 2, Duration.ofHours(1), 2);
      limiter.update(answer, 2, Duration.ZERO);
      settle();

      assertThat(first).isCompleted();
      assertThat(second).as("in a bucket of its own now").isCompleted();
    }

    @Test
    void whatTheGatewaySaysIsLeftDoesNotCountThePermitsThatAreOut() throws Exception {
      LocalIdentifyLimiter limiter = new LocalIdentifyLimiter(executor, 2, budgetOf(1), () -> {});
      Permit out = acquire(limiter, 0).join();
      CompletableFuture<Permit> second = acquire(limiter, 1);
      GatewayBot answer =
          new GatewayBot(URI.create("wss://a.test"), 16, 1000, 1, Duration.ofHours(1), 2);

      limiter.update(answer, 2, Duration.ZERO);
      settle();
      assertThat(second).as("the last one belongs to the permit that is out").isNotDone();
      out.release();
      settle();

      assertThat(second).isCompleted();
    }

    @Test
    void anotherConcurrencyWaitsForThePermitsThatAreOut() throws Exception {
      LocalIdentifyLimiter limiter = limiter(1);
      Permit out = acquire(limiter, 0).join();
      CompletableFuture<Permit> second = acquire(limiter, 1);
      CompletableFuture<Permit> third = acquire(limiter, 2);
      GatewayBot answer =
          new GatewayBot(URI.create("wss://a.test"), 16, 1000, 1000, Duration.ofHours(1), 4);

      limiter.update(answer, 4, Duration.ZERO);
      settle();
      settle();
      assertThat(second).isNotDone();
      out.release();
      settle();

      assertThat(second).isCompleted();
      assertThat(third).as("in a bucket of its own now").isCompleted();
    }

    @Test
    void aPermitThatWasReleasedGoesToTheNextAtOnce() throws Exception {
      LocalIdentifyLimiter limiter = limiter(1);
      Permit first = acquire(limiter, 0).join();
      CompletableFuture<Permit> second = acquire(limiter, 1);

      first.release();
      settle();

      assertThat(second).isCompleted();
    }

    @Test
    void aPermitThatWasSentClosesTheBucket() throws Exception {
      LocalIdentifyLimiter limiter = limiter(1);
      Permit first = acquire(limiter, 0).join();

      first.sent();
      first.release(); // only the first call counts
      settle();

      assertThat(acquire(limiter, 1)).isNotDone();
    }

    @Test
    void aRequestThatWasCancelledIsPassedOver() throws Exception {
      LocalIdentifyLimiter limiter = limiter(1);
      Permit first = acquire(limiter, 0).join();
      CompletableFuture<Permit> second = acquire(limiter, 1);
      CompletableFuture<Permit> third = acquire(limiter, 2);

      second.cancel(false);
      first.release();
      settle();

      assertThat(third).isCompleted();
    }

    @Test
    void shardsOfTwoGenerationsWithTheSameIdTakeTurns() throws Exception {
      LocalIdentifyLimiter limiter = limiter(1);
      Permit first = acquire(limiter, 0).join();
      CompletableFuture<Permit> old = limiter.acquire(0, new ShardId(1, 16)).toCompletableFuture();
      CompletableFuture<Permit> fresh =
          limiter.acquire(0, new ShardId(1, 32)).toCompletableFuture();
      first.release();
      settle();
      assertThat(old).isCompleted();
      assertThat(fresh).isNotDone();

      old.join().release();
      settle();

      assertThat(fresh).isCompleted();
    }

    @Test
    void aShardThatAsksAgainWhileItsPermitIsOutGetsAnother() throws Exception {
      LocalIdentifyLimiter limiter = limiter(1);
      Permit stuck = acquire(limiter, 0).join();
      CompletableFuture<Permit> again = acquire(limiter, 0);
      assertThat(again).isNotDone();

      stuck.release();
      settle();

      assertThat(again).isCompleted();
    }
  }

  @Nested
  final class Dials {

    private final List<Integer> dialled = new ArrayList<>();
    private final List<DialLimiter.Slot> slots = new ArrayList<>();
    private DialLimiter limiter = dials(2, 64);

    private static DialLimiter dials(int maxConcurrency, int maxDials) {
      return new DialLimiter(
          ImmediateEventExecutor.INSTANCE, maxConcurrency, DialLimiter.AHEAD_A_BUCKET, maxDials);
    }

    private void acquire(int shard) {
      limiter.acquire(
          shard,
          slot -> {
            dialled.add(shard);
            slots.add(slot);
          });
    }

    @Test
    void identifiesAreBoundedByBucket() {
      for (int shard = 0; shard < 8; shard++) {
        acquire(shard);
      }

      assertThat(dialled).containsExactly(0, 1, 2, 3, 4, 5);
    }

    @Test
    void anIdentifyLimiterSaysHowManyOfABucketWait() {
      limiter = new DialLimiter(ImmediateEventExecutor.INSTANCE, 2, 1, 64);
      for (int shard = 0; shard < 4; shard++) {
        acquire(shard);
      }
      assertThat(dialled).containsExactly(0, 1);

      slots.get(1).release();

      assertThat(dialled).containsExactly(0, 1, 3);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new DialLimiter(ImmediateEventExecutor.INSTANCE, 2, 0, 64))
          .withMessage("dialsAhead: 0 (expected: >= 1)");
    }

    @Test
    void theLowestOfABucketIsTheNext() {
      for (int shard : new int[] {10, 8, 6, 4, 2, 0}) {
        acquire(shard);
      }
      slots.get(0).release();
      slots.get(1).release();

      assertThat(dialled).containsExactly(10, 8, 6, 0, 2);
    }

    @Test
    void soManyOfAllBucketsAreOnTheirWayToTheUpgrade() {
      limiter = dials(1_000, 4);
      for (int shard = 0; shard < 10; shard++) {
        acquire(shard);
      }
      assertThat(dialled).containsExactly(0, 1, 2, 3);

      slots.get(0).upgraded();
      slots.get(1).release();
      slots.get(0).release(); // counts as one dial all the same

      assertThat(dialled).containsExactly(0, 1, 2, 3, 4, 5);
    }

    @Test
    void aBucketIsForgottenOnceNothingOfItWaitsOrDials() {
      limiter = dials(1_000, 4);
      for (int shard = 0; shard < 5; shard++) {
        acquire(shard);
      }
      assertThat(limiter.busyBuckets()).as("four dial, one waits").isEqualTo(5);

      slots.get(0).upgraded();
      assertThat(limiter.busyBuckets()).as("an upgraded one keeps its slot").isEqualTo(5);

      slots.forEach(DialLimiter.Slot::release);
      assertThat(limiter.busyBuckets()).isZero();

      acquire(3);
      assertThat(dialled).containsExactly(0, 1, 2, 3, 4, 3);
    }

    @Test
    void stoppedIdentifiesDoNotDial() {
      limiter.stopIdentifies();

      acquire(0);

      assertThat(dialled).isEmpty();
    }
  }

  @Nested
  final class Resumes {

    private final List<Integer> dialled = new ArrayList<>();
    private final List<DialLimiter.Slot> slots = new ArrayList<>();
    private final AtomicLong lagNanos = new AtomicLong();
    private final ResumeDials dials = new ResumeDials(lagNanos::get);

    private void acquire(int shard, long downSinceNanos) {
      dials.acquire(
          downSinceNanos,
          slot -> {
            dialled.add(shard);
            slots.add(slot);
          });
    }

    @Test
    void theOldestOfThoseThatWaitIsTheNext() {
      for (int shard = 0; shard < ResumeLane.MAX_DIALS + 2; shard++) {
        acquire(shard, -shard);
      }
      assertThat(dialled).hasSize(ResumeLane.MAX_DIALS);

      slots.get(0).release();

      assertThat(dialled).hasSize(ResumeLane.MAX_DIALS + 1).endsWith(ResumeLane.MAX_DIALS + 1);
    }

    @Test
    void anEventLoopThatIsLateDialsLess() {
      lagNanos.set(10_000_000_000L);
      for (int shard = 0; shard < 10; shard++) {
        acquire(shard, shard);
      }
      assertThat(dialled).containsExactly(0, 1, 2, 3);

      lagNanos.set(0);
      slots.get(0).release();

      assertThat(dialled).hasSize(10);
    }

    @Test
    void dialsThatFailWithinTheCallLetTheNextGo() {
      int shards = 100_000; // deeper than any stack
      slots.clear();
      acquire(0, 0);
      AtomicInteger failed = new AtomicInteger();
      for (int i = 1; i < ResumeLane.MAX_DIALS; i++) {
        acquire(i, 0);
      }
      for (int i = 0; i < shards; i++) {
        dials.acquire(
            1,
            slot -> {
              failed.incrementAndGet();
              slot.release();
            });
      }
      assertThat(failed).hasValue(0);

      slots.get(0).release();

      assertThat(failed).hasValue(shards);
    }
  }
}
