package dev.sluice.gateway.sharding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.sluice.gateway.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdentifyQueueTest {

  private static final long SPACING_MILLIS = 5_150;

  private final ManualClock clock = new ManualClock();

  @Test
  void letsOneShardOfABucketPassAndTheNextAfterTheWindow() {
    IdentifyQueue queue = queue(1, 3);

    assertThat(queue.poll()).isZero();
    sentAndAnswered(queue, 0);
    assertThat(queue.poll()).isEqualTo(-1);
    assertThat(queue.nextTimeoutNanos()).isEqualTo(SPACING_MILLIS * 1_000_000);
    clock.advanceMillis(SPACING_MILLIS - 1);
    assertThat(queue.poll()).isEqualTo(-1);
    clock.advanceMillis(1);
    assertThat(queue.nextTimeoutNanos()).isZero();
    assertThat(queue.poll()).isEqualTo(1);
  }

  @Test
  void theWindowCountsFromTheWriteNotFromThePermit() {
    IdentifyQueue queue = queue(1, 2);
    queue.poll();
    clock.advanceMillis(60_000);

    assertThat(queue.poll()).isEqualTo(-1);
    assertThat(queue.nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
    sentAndAnswered(queue, 0);
    assertThat(queue.poll()).isEqualTo(-1);
    assertThat(queue.nextTimeoutNanos()).isEqualTo(SPACING_MILLIS * 1_000_000);
  }

  @Test
  void aPermitThatWasNotUsedCostsNothing() {
    IdentifyQueue queue = queue(1, 2);
    assertThat(queue.poll()).isZero();

    queue.release(0);

    assertThat(queue.poll()).isEqualTo(1);
  }

  @Test
  void aReleaseDoesNotReopenAWindowThatIsRunning() {
    IdentifyQueue queue = queue(1, 3);
    queue.poll();
    sentAndAnswered(queue, 0);
    clock.advanceMillis(SPACING_MILLIS);
    assertThat(queue.poll()).isEqualTo(1);
    queue.release(1);
    queue.enqueue(1);
    assertThat(queue.poll()).isEqualTo(1);
    sentAndAnswered(queue, 1);

    assertThat(queue.poll()).isEqualTo(-1);
  }

  @Test
  void bucketsAreIndependentAndServeTheirLowestShardFirst() {
    IdentifyQueue queue = IdentifyQueue.create(4, clock);
    for (int shard : new int[] {9, 5, 1, 2, 7}) {
      queue.enqueue(shard);
    }

    assertThat(pollAll(queue)).containsExactly(1, 2, 7);
    assertThat(queue.size()).isEqualTo(2);
  }

  @Test
  void aShardWaitsOnceHoweverOftenItAsks() {
    IdentifyQueue queue = queue(1, 1);
    queue.enqueue(0);
    assertThat(queue.size()).isEqualTo(1);
    queue.poll();
    queue.enqueue(0);
    assertThat(queue.size()).isZero();
  }

  @Test
  void forgetsAShardThatNoLongerWaits() {
    IdentifyQueue queue = queue(1, 2);
    queue.cancel(0);
    queue.cancel(0);

    assertThat(queue.size()).isEqualTo(1);
    assertThat(queue.poll()).isEqualTo(1);
  }

  @Test
  void waitsForNothingWhenNobodyWaits() {
    IdentifyQueue queue = IdentifyQueue.create(2, clock);

    assertThat(queue.poll()).isEqualTo(-1);
    assertThat(queue.nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void noSpacingBehindAProxyThatPaces() {
    IdentifyQueue queue = IdentifyQueue.create(1, Duration.ZERO, clock);
    queue.enqueue(0);
    queue.enqueue(1);
    queue.poll();
    sentAndAnswered(queue, 0);

    assertThat(queue.poll()).isEqualTo(1);
  }

  @Test
  void aNewConcurrencyKeepsTheWaitingAndTheLatestWindow() {
    IdentifyQueue queue = queue(1, 4);
    queue.poll();
    sentAndAnswered(queue, 0);
    clock.advanceMillis(1_000);

    queue.maxConcurrency(2);

    assertThat(queue.maxConcurrency()).isEqualTo(2);
    assertThat(queue.size()).isEqualTo(3);
    assertThat(queue.poll()).isEqualTo(-1);
    clock.advanceMillis(SPACING_MILLIS - 1_000);
    assertThat(pollAll(queue)).containsExactly(2, 1);
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 2", "0, 1, 2", "2, 0, 1"})
  void aNewConcurrencyCountsFromTheLatestIdentifyOfAll(int first, int last, int unused) {
    IdentifyQueue queue = queue(3, 6);
    queue.poll();
    queue.poll();
    queue.poll();
    sentAndAnswered(queue, first);
    clock.advanceMillis(1_000);
    sentAndAnswered(queue, last);
    queue.release(unused);

    queue.maxConcurrency(1);

    assertThat(queue.nextTimeoutNanos()).isEqualTo(SPACING_MILLIS * 1_000_000);
  }

  @Test
  void anUnusedQueueStaysOpenUnderANewConcurrency() {
    IdentifyQueue queue = queue(1, 2);
    queue.maxConcurrency(1);
    queue.maxConcurrency(2);

    assertThat(pollAll(queue)).containsExactly(0, 1);
  }

  @Test
  void theConcurrencyStaysWhileAPermitIsOut() {
    IdentifyQueue queue = queue(1, 2);
    queue.poll();

    assertThatIllegalStateException()
        .isThrownBy(() -> queue.maxConcurrency(2))
        .withMessage("permit of shard 0 is out (expected: none)");
    assertThat(queue.maxConcurrency()).isEqualTo(1);
    sentAndAnswered(queue, 0);
  }

  @Test
  void refusesMisuse() {
    IdentifyQueue queue = queue(1, 2);
    assertThatIllegalStateException()
        .isThrownBy(() -> queue.sent(0))
        .withMessage("shard 0 holds no permit (expected: one)");
    assertThatIllegalStateException().isThrownBy(() -> queue.release(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> queue.enqueue(-1))
        .withMessage("shard id: -1 (expected: >= 0)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IdentifyQueue.create(0, clock))
        .withMessage("maxConcurrency: 0 (expected: >= 1)");
    assertThatIllegalArgumentException().isThrownBy(() -> queue.maxConcurrency(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IdentifyQueue.create(1, Duration.ofSeconds(-1), clock))
        .withMessage("spacing: PT-1S (expected: not negative)");
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 16", "3, 3", "4, 64"})
  void neverLetsTwoOfABucketIdentifyWithinTheWindow(long seed, int concurrency) {
    SplittableRandom random = new SplittableRandom(seed);
    IdentifyQueue queue = IdentifyQueue.create(concurrency, clock);
    int shards = 4 * concurrency;
    for (int shard = 0; shard < shards; shard++) {
      queue.enqueue(shard);
    }
    Map<Integer, Long> lastSent = new HashMap<>();
    Set<Integer> done = new HashSet<>();
    List<Integer> permitted = new ArrayList<>();
    for (int step = 0; done.size() < shards && step < 100_000; step++) {
      clock.advanceMillis(random.nextInt(1_000));
      permitted.addAll(pollAll(queue));
      if (permitted.isEmpty()) {
        continue;
      }
      int shard = permitted.remove(random.nextInt(permitted.size()));
      if (random.nextInt(4) == 0) {
        queue.release(shard);
        queue.enqueue(shard);
        continue;
      }
      sentAndAnswered(queue, shard);
      long now = clock.nanoTime();
      Long last = lastSent.put(shard % concurrency, now);
      if (last != null) {
        assertThat(now - last).isGreaterThanOrEqualTo(SPACING_MILLIS * 1_000_000);
      }
      done.add(shard);
    }
    assertThat(done).hasSize(shards);
  }

  @ParameterizedTest(name = "READY after {0} ms: windows of {1} and {2} ms")
  @CsvSource({
    "0,    5150, 5150",
    "150,  5150, 5150",
    "151,  5151, 5151",
    "1000, 6000, 6000",
    "2000, 7000, 6390", // what is left of the credit, and what a window adds
    "3150, 8150, 5240",
    "4000, 8150, 5240",
    "9000, 8150, 5240", // it goes on without READY
  })
  void aLateReadyMakesTheWindowLonger(long readyMillis, long firstMillis, long laterMillis) {
    IdentifyQueue queue = queue(1, 3);
    for (long windowMillis : new long[] {firstMillis, laterMillis}) {
      int shard = queue.poll();
      assertThat(shard).isNotNegative();
      queue.sent(shard);
      long beforeReady = Math.min(readyMillis, windowMillis - 1);
      clock.advanceMillis(beforeReady);
      assertThat(queue.poll()).isEqualTo(-1);
      if (readyMillis == beforeReady) {
        queue.answered(shard);
      }
      assertThat(queue.nextTimeoutNanos()).isEqualTo((windowMillis - beforeReady) * 1_000_000);
      clock.advanceMillis(windowMillis - beforeReady);
    }
    assertThat(queue.poll()).isEqualTo(2);
  }

  @Test
  void onlyTheLastIdentifyOfABucketIsAnswered() {
    IdentifyQueue queue = queue(1, 3);
    queue.sent(queue.poll());
    clock.advanceMillis(8_150);
    queue.sent(queue.poll());

    queue.answered(0);
    queue.answered(2);
    assertThat(queue.nextTimeoutNanos()).isEqualTo(5_240_000_000L);

    queue.answered(1);
    clock.advanceMillis(200);
    queue.answered(1);
    assertThat(queue.nextTimeoutNanos()).isEqualTo(4_950_000_000L);
  }

  @Test
  void aBucketThatWasIdleBeginsAnew() {
    IdentifyQueue queue = queue(1, 4);
    queue.sent(queue.poll());
    clock.advanceMillis(8_150);
    queue.sent(queue.poll()); // the credit is used up
    clock.advanceMillis(10_000);
    queue.sent(queue.poll());

    assertThat(queue.nextTimeoutNanos()).isEqualTo(8_150_000_000L);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 16", "16, 1", "48, 16", "1000, 16", "10000, 64"})
  void aStartTakesWhatTheGatewayDemandsAndAtMostFivePercentMore(int shards, int concurrency) {
    IdentifyQueue queue = queue(concurrency, shards);
    long startedAt = clock.nanoTime();
    int done = 0;
    while (done < shards) {
      for (int shard : pollAll(queue)) {
        queue.sent(shard); // and READY never comes in time
        done++;
      }
      if (done < shards) {
        clock.advanceMillis(queue.nextTimeoutNanos() / 1_000_000);
      }
    }
    long floorMillis = (shards + concurrency - 1) / concurrency * 5_000L;
    assertThat((clock.nanoTime() - startedAt) / 1_000_000)
        .isLessThanOrEqualTo(floorMillis * 105 / 100);
  }

  @Test
  void silenceClosesABucketForAWindowFromNow() {
    IdentifyQueue queue = queue(2, 4);

    queue.keepSilence(0);

    assertThat(queue.opensInNanos(2)).isEqualTo(SPACING_MILLIS * 1_000_000);
    assertThat(queue.opensInNanos(1)).isZero();
    assertThat(queue.poll()).isEqualTo(1);
    assertThat(queue.opensInNanos(3)).isEqualTo(Long.MAX_VALUE);
    clock.advanceMillis(SPACING_MILLIS);
    assertThat(queue.poll()).isZero();
  }

  @Test
  void silenceOfAllForgetsWhatWasBeforeAndLeavesAPermitOut() {
    IdentifyQueue queue = queue(2, 3);
    assertThat(queue.poll()).isZero();
    assertThat(queue.poll()).isEqualTo(1);
    queue.sent(1); // and is not answered: the window would be as long as may be

    clock.advanceMillis(1_000);
    queue.keepSilence();

    assertThat(queue.opensInNanos(1)).isEqualTo(SPACING_MILLIS * 1_000_000);
    assertThat(queue.opensInNanos(0)).isEqualTo(Long.MAX_VALUE);
    queue.sent(0);
    assertThat(queue.opensInNanos(0)).isGreaterThan(SPACING_MILLIS * 1_000_000);
  }

  private static void sentAndAnswered(IdentifyQueue queue, int shard) {
    queue.sent(shard);
    queue.answered(shard);
  }

  private IdentifyQueue queue(int maxConcurrency, int shards) {
    IdentifyQueue queue = IdentifyQueue.create(maxConcurrency, clock);
    for (int shard = 0; shard < shards; shard++) {
      queue.enqueue(shard);
    }
    return queue;
  }

  private static List<Integer> pollAll(IdentifyQueue queue) {
    List<Integer> shards = new ArrayList<>();
    for (int shard = queue.poll(); shard >= 0; shard = queue.poll()) {
      shards.add(shard);
    }
    return shards;
  }
}
