package dev.sluice.gateway.sharding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResumeLaneTest {

  private final ResumeLane<String> lane = new ResumeLane<>();

  private List<String> pollAll(long lagNanos) {
    List<String> polled = new ArrayList<>();
    for (String shard = lane.poll(lagNanos); shard != null; shard = lane.poll(lagNanos)) {
      polled.add(shard);
    }
    return polled;
  }

  @Test
  void theLongestDownGoesFirstAndEqualsInTheirOrder() {
    lane.enqueue("young", 300);
    lane.enqueue("old", 100);
    lane.enqueue("middle, first", 200);
    lane.enqueue("middle, second", 200);

    assertThat(pollAll(0)).containsExactly("old", "middle, first", "middle, second", "young");
    assertThat(lane.size()).isZero();
    assertThat(lane.dials()).isEqualTo(4);
  }

  @Test
  void timesMayWrap() {
    lane.enqueue("after", Long.MIN_VALUE + 5);
    lane.enqueue("before", Long.MAX_VALUE - 5);

    assertThat(pollAll(0)).containsExactly("before", "after");
  }

  @Test
  void soManyDialsAreInFlightAndTheNextFollowsOneThatIsOver() {
    for (int i = 0; i < ResumeLane.MAX_DIALS + 2; i++) {
      lane.enqueue("shard " + i, i);
    }
    assertThat(pollAll(0)).hasSize(ResumeLane.MAX_DIALS);
    assertThat(lane.size()).isEqualTo(2);

    lane.done();

    assertThat(pollAll(0)).containsExactly("shard " + ResumeLane.MAX_DIALS);
  }

  @Test
  void anEventLoopThatIsLateDialsLessAndNeverNothing() {
    for (int i = 0; i < 100; i++) {
      lane.enqueue("shard " + i, i);
    }
    assertThat(pollAll(1_000_000_000)).hasSize(ResumeLane.MIN_DIALS);
    assertThat(pollAll(40_000_000)).hasSize(ResumeLane.MAX_DIALS / 2 - ResumeLane.MIN_DIALS);
    assertThat(pollAll(1_000_000_000)).as("those in flight go on").isEmpty();
    assertThat(lane.dials()).isEqualTo(ResumeLane.MAX_DIALS / 2);
  }

  @ParameterizedTest(name = "{0} ms: {1}")
  @CsvSource({"0, 64", "20, 64", "21, 60", "40, 32", "160, 8", "320, 4", "60000, 4"})
  void theLimitFallsWithTheLag(long lagMillis, int limit) {
    assertThat(ResumeLane.limit(lagMillis * 1_000_000)).isEqualTo(limit);
  }

  @Test
  void aDialIsOverOnce() {
    assertThatIllegalStateException()
        .isThrownBy(lane::done)
        .withMessage("dials in flight: 0 (expected: >= 1)");
  }
}
