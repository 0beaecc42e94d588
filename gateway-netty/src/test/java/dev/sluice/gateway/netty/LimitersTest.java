package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.IdentifyLimiter.Permit;
import dev.sluice.gateway.sharding.SessionStartBudget;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
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
      executor.submit(() -> limiter.update(answer, 2)).get();

      assertThat(first).isCompleted();
      assertThat(second).as("in a bucket of its own now").isCompleted();
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

    private void acquire(DialLimiter limiter, int shard, boolean resume) {
      limiter.acquire(
          shard,
          resume,
          slot -> {
            dialled.add(shard);
            slots.add(slot);
          });
    }

    @Test
    void resumesAreBoundedAndGoOnInOrder() {
      DialLimiter limiter = new DialLimiter(ImmediateEventExecutor.INSTANCE, 1, 1);
      for (int shard = 0; shard < DialLimiter.RESUMES_A_LOOP + 2; shard++) {
        acquire(limiter, shard, true);
      }
      assertThat(dialled).hasSize(DialLimiter.RESUMES_A_LOOP);

      slots.get(0).release();

      assertThat(dialled).hasSize(DialLimiter.RESUMES_A_LOOP + 1).endsWith(64);
    }

    @Test
    void identifiesAreBoundedByBucketAndDoNotHinderResumes() {
      DialLimiter limiter = new DialLimiter(ImmediateEventExecutor.INSTANCE, 1, 2);
      for (int shard = 0; shard < 8; shard++) {
        acquire(limiter, shard, false);
      }
      acquire(limiter, 8, true);

      assertThat(dialled).containsExactly(0, 1, 2, 3, 4, 5, 8);
    }

    @Test
    void stoppedIdentifiesDoNotDialAndResumesDo() {
      DialLimiter limiter = new DialLimiter(ImmediateEventExecutor.INSTANCE, 1, 1);
      limiter.stopIdentifies();

      acquire(limiter, 0, false);
      acquire(limiter, 1, true);

      assertThat(dialled).containsExactly(1);
    }
  }
}
