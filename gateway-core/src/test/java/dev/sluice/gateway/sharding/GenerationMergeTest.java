package dev.sluice.gateway.sharding;

import static dev.sluice.gateway.sharding.GenerationMerge.Generation.NEW;
import static dev.sluice.gateway.sharding.GenerationMerge.Generation.OLD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.ManualClock;
import dev.sluice.gateway.sharding.GenerationMerge.Generation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One guild, one step at a time; events are numbers, and the number is the fingerprint. */
class GenerationMergeTest {

  private static final long GUILD = 42;
  private static final long WINDOW_MILLIS = 1_000;

  private final ManualClock clock = new ManualClock();
  private final List<String> out = new ArrayList<>();
  private boolean handled = true;
  private final GenerationMerge<String> merge = merge(1_000);

  private GenerationMerge<String> merge(int maxEvents) {
    return GenerationMerge.create(
        Duration.ofMillis(WINDOW_MILLIS),
        maxEvents,
        clock,
        new GenerationMerge.Outlet<>() {
          @Override
          public void deliver(String event) {
            out.add(event);
          }

          @Override
          public void drop(String event) {
            out.add("dropped " + event);
          }

          @Override
          public boolean isHandled(long guildId) {
            assertThat(guildId).isEqualTo(GUILD);
            return handled;
          }
        });
  }

  private void offer(Generation generation, int event) {
    offer(merge, generation, event);
  }

  private void offer(GenerationMerge<String> to, Generation generation, int event) {
    String name = generation.name().toLowerCase(java.util.Locale.ROOT) + event;
    if (to.offer(generation, GUILD, EventType.TYPING_START, event, () -> name)) {
      out.add(name);
    }
  }

  private void pass(long millis) {
    clock.advanceMillis(millis);
    merge.tick();
  }

  /** The guild was loaded a window ago, and nothing happened in it. */
  private void cutOver() {
    assertThat(merge.isExpected(GUILD)).isFalse();
    merge.expect(GUILD);
    assertThat(merge.isExpected(GUILD)).isTrue();
    merge.loaded(GUILD);
    assertThat(merge.isExpected(GUILD)).isFalse();
    assertThat(merge.isCutOver(GUILD)).isFalse();
    pass(WINDOW_MILLIS);
    assertThat(merge.isCutOver(GUILD)).isTrue();
    assertThat(merge.remaining()).isZero();
  }

  @Test
  void theOldGenerationDeliversUntilBothBroughtAnEventLikeNoOther() {
    merge.expect(GUILD);
    offer(OLD, 1);
    offer(NEW, 1);
    merge.loaded(GUILD);
    offer(NEW, 2);
    offer(OLD, 2);
    pass(WINDOW_MILLIS - 1);
    offer(NEW, 3);
    offer(OLD, 3);
    assertThat(out).containsExactly("old1", "dropped new2", "old2", "dropped new3", "old3");
    assertThat(merge.remaining()).isOne(); // for the new session may have begun after it

    pass(1);
    offer(OLD, 4);
    assertThat(merge.remaining()).isOne();
    offer(NEW, 4);
    assertThat(merge.remaining()).isZero();
    offer(OLD, 5);
    offer(NEW, 5);
    offer(NEW, 6);
    offer(OLD, 6);
    assertThat(out.subList(5, out.size())).containsExactly("old4", "dropped old5", "new5", "new6");
    assertThat(merge.matched()).isEqualTo(6);
    assertThat(merge.undecided()).isEmpty();
    assertThat(merge.isSettled()).isTrue();
    assertThat(merge.isCutOver()).isTrue();
  }

  @Test
  void whatTheNewGenerationIsAheadByFollowsTheCut() {
    merge.loaded(GUILD);
    pass(WINDOW_MILLIS - 1);
    offer(NEW, 1);
    offer(OLD, 1);
    pass(1);
    offer(NEW, 2);
    offer(NEW, 3);
    offer(NEW, 1);
    offer(OLD, 2);

    assertThat(merge.remaining()).isZero();
    assertThat(out).containsExactly("dropped new1", "old1", "new2", "new3", "new1");
    offer(OLD, 3);
    offer(OLD, 1);
    assertThat(out).hasSize(5);
    assertThat(merge.isSettled()).isTrue();
  }

  @Test
  void whatTheOldGenerationIsAheadByIsKnownAfterTheCut() {
    merge.loaded(GUILD);
    pass(WINDOW_MILLIS - 1);
    offer(OLD, 7);
    pass(1);
    offer(OLD, 1);
    offer(OLD, 2);
    offer(OLD, 7);
    offer(NEW, 1); // so the first 7 came before the new session

    assertThat(merge.remaining()).isZero();
    offer(NEW, 2);
    offer(NEW, 7);
    offer(NEW, 7);
    assertThat(out).containsExactly("old7", "old1", "old2", "old7", "new7");
  }

  @Test
  void whatTheNewGenerationBroughtBeforeTheCutIsDone() {
    merge.loaded(GUILD);
    pass(WINDOW_MILLIS);
    pass(1); // cut over, for it is quiet
    merge.expect(GUILD);
    merge.loaded(GUILD);
    offer(OLD, 7);
    pass(WINDOW_MILLIS - 1);
    offer(NEW, 7); // a copy of one that the old session missed, taken for that of the first
    offer(NEW, 7);
    pass(1);
    offer(OLD, 1);
    offer(NEW, 1);

    assertThat(merge.remaining()).isZero();
    assertThat(out).containsExactly("old7", "old1", "new7");
  }

  @Test
  void aPointBehindWhichSomethingWasTakenForOlderIsNone() {
    merge.loaded(GUILD);
    offer(OLD, 7);
    pass(WINDOW_MILLIS - 1);
    offer(OLD, 7);
    pass(1);
    offer(NEW, 2);
    offer(NEW, 7); // the copy of one that comes, taken for that of one that came
    offer(OLD, 2);
    assertThat(merge.remaining()).isOne();

    offer(OLD, 7);
    offer(OLD, 3);
    offer(NEW, 3);
    assertThat(merge.remaining()).isZero();
    assertThat(out).containsExactly("old7", "old7", "dropped new2", "old2", "old7", "old3");
  }

  @Test
  void whatTheOldSessionMissedIsDeliveredBeforeTheCut() {
    merge.loaded(GUILD);
    pass(WINDOW_MILLIS - 1);
    offer(OLD, 9);
    offer(NEW, 9);
    pass(1);
    offer(NEW, 1); // which came while the old shard had no session
    offer(NEW, 2);
    offer(OLD, 2);

    assertThat(merge.remaining()).isZero();
    assertThat(out).containsExactly("old9", "new1", "new2");
    assertThat(merge.undecided()).isEqualTo(Map.of(EventType.TYPING_START, 1L));
  }

  @Test
  void whatTheOldSessionMissedIsDeliveredAlsoWhenItIsAheadAgain() {
    merge.loaded(GUILD);
    pass(WINDOW_MILLIS - 1);
    offer(OLD, 9);
    offer(NEW, 9);
    pass(1);
    offer(NEW, 1);
    offer(OLD, 2);
    offer(NEW, 2);

    assertThat(merge.remaining()).isZero();
    assertThat(out).containsExactly("old9", "old2", "new1");
    assertThat(merge.undecided()).isEqualTo(Map.of(EventType.TYPING_START, 1L));
  }

  @Test
  void theCutWaitsUntilEverythingWasHandled() {
    handled = false;
    merge.loaded(GUILD);
    pass(WINDOW_MILLIS);
    offer(OLD, 1);
    offer(NEW, 1);
    pass(1);
    assertThat(merge.remaining()).isOne();

    handled = true;
    pass(1);
    assertThat(merge.remaining()).isZero();
    assertThat(merge.forcedCuts()).isZero();
  }

  @Test
  void identicalEventsAreCountedNotRecognised() {
    merge.loaded(GUILD);
    offer(OLD, 7);
    offer(OLD, 7);
    offer(NEW, 7);
    offer(OLD, 7);
    offer(NEW, 7);
    offer(NEW, 7);
    offer(NEW, 7);
    offer(OLD, 7);

    assertThat(out).containsExactly("old7", "old7", "old7", "dropped new7", "old7");
    assertThat(merge.isSettled()).isTrue();
  }

  @Test
  void whatCameBeforeTheNewSessionIsNoReasonForDoubt() {
    offer(OLD, 1);
    pass(20);
    merge.expect(GUILD);
    merge.loaded(GUILD);
    pass(WINDOW_MILLIS);

    assertThat(merge.remaining()).isZero();
    assertThat(merge.undecided()).isEmpty();
    assertThat(merge.isSettled()).isTrue();
  }

  @Test
  void whatOnlyTheNewGenerationBringsIsDelivered() {
    merge.loaded(GUILD);
    offer(OLD, 9);
    pass(1);
    offer(NEW, 1);
    pass(WINDOW_MILLIS - 1);
    assertThat(out).containsExactly("old9");
    pass(1);

    assertThat(out).containsExactly("old9", "new1");
    assertThat(merge.undecided()).isEqualTo(Map.of(EventType.TYPING_START, 2L));
    offer(OLD, 1); // late, but not too late to be recognised
    assertThat(out).containsExactly("old9", "new1");
  }

  @Test
  void whatOnlyOneGenerationBringsIsCountedOnce() {
    cutOver();
    offer(OLD, 1);
    offer(NEW, 2);
    pass(WINDOW_MILLIS);
    assertThat(out).containsExactly("new2", "old1");
    assertThat(merge.undecided()).isEqualTo(Map.of(EventType.TYPING_START, 2L));

    pass(WINDOW_MILLIS);
    assertThat(merge.undecided()).isEqualTo(Map.of(EventType.TYPING_START, 2L));
    assertThat(merge.isSettled()).isTrue();
  }

  @Test
  void aGuildOfNothingButRepeatsIsCutOverInTheEndAndBothDeliver() {
    merge.loaded(GUILD);
    for (int i = 0; i < 6; i++) {
      offer(OLD, 7);
      offer(NEW, 7);
      pass(WINDOW_MILLIS - 1);
    }
    offer(OLD, 7);
    offer(NEW, 1);
    pass(5);
    assertThat(merge.remaining()).isOne();
    pass(1);

    assertThat(merge.remaining()).isZero();
    assertThat(merge.forcedCuts()).isOne();
    assertThat(merge.isCutOver()).isFalse();
    out.clear();
    offer(NEW, 7); // its copy was delivered, but it might as well be another
    offer(OLD, 1);
    // One that was forgotten for the cut, and one that both deliver.
    assertThat(merge.undecided()).isEqualTo(Map.of(EventType.TYPING_START, 2L));
    assertThat(out).containsExactly("new7", "old1");
    pass(WINDOW_MILLIS);
    assertThat(merge.isCutOver()).isTrue();
    offer(NEW, 2);
    offer(OLD, 2);
    assertThat(out).containsExactly("new7", "old1", "new2");
    assertThat(merge.isSettled()).isTrue();
  }

  @Test
  void aNewSessionEndsTheOverlap() {
    handled = false;
    merge.loaded(GUILD);
    pass(6 * WINDOW_MILLIS - 1);
    offer(OLD, 1);
    pass(1);
    assertThat(merge.forcedCuts()).isOne();
    merge.expect(GUILD);

    offer(NEW, 2);
    assertThat(out).containsExactly("old1");
  }

  @Test
  void fingerprintsAreRememberedWithinABound() {
    merge.loaded(GUILD);
    pass(WINDOW_MILLIS);
    merge.expect(GUILD);
    merge.loaded(GUILD);
    for (int i = 0; i < 1 << 14; i++) {
      offer(OLD, i);
      offer(NEW, i);
    }
    pass(WINDOW_MILLIS - 1);
    offer(OLD, -1);
    pass(1);
    offer(OLD, -2);
    offer(NEW, -2);
    assertThat(merge.remaining()).isOne();
  }

  @Test
  void aNewSessionOfANewShardGivesTheGuildBack() {
    cutOver();
    offer(OLD, 1);
    offer(NEW, 2);
    merge.expect(GUILD);

    assertThat(merge.remaining()).isOne();
    assertThat(out).containsExactly("new2", "old1");
    offer(OLD, 2);
    offer(OLD, 3);
    assertThat(out).containsExactly("new2", "old1", "old3");
    merge.expect(GUILD); // and again
    merge.loaded(GUILD);
    merge.loaded(GUILD);
    assertThat(merge.remaining()).isOne();
    pass(WINDOW_MILLIS);
    assertThat(merge.remaining()).isZero();
  }

  @Test
  void theWayBackDeliversWhatIsHeld() {
    cutOver();
    offer(OLD, 1);
    offer(NEW, 2);
    merge.abandonNew();

    assertThat(out).containsExactly("new2", "old1");
    offer(OLD, 2);
    offer(OLD, 3);
    offer(NEW, 4);
    assertThat(out).containsExactly("new2", "old1", "old3");
    pass(WINDOW_MILLIS);
    assertThat(merge.isSettled()).isTrue();
    assertThat(merge.undecided()).isEmpty();
  }

  @Test
  void theWayBackBeforeTheCutKeepsWhatTheNewGenerationWasAheadBy() {
    merge.expect(GUILD);
    offer(NEW, 1);
    offer(NEW, 2);
    merge.abandonNew();
    merge.loaded(GUILD);

    offer(OLD, 1);
    pass(WINDOW_MILLIS);
    assertThat(merge.remaining()).isOne(); // nothing is cut over any more
    assertThat(out).containsExactly("dropped new1", "old1", "new2");
    assertThat(merge.isSettled()).isTrue();
  }

  @Test
  void theOldGenerationGoesWithoutATrace() {
    cutOver();
    offer(OLD, 1);
    offer(OLD, 2);
    offer(NEW, 3);
    merge.retireOld();
    offer(NEW, 1);
    offer(OLD, 4);
    offer(NEW, 4);
    offer(NEW, 3);

    assertThat(out).containsExactly("new3", "dropped old1", "new1", "new4", "new3");
    pass(WINDOW_MILLIS);
    assertThat(out).endsWith("new3", "old2"); // which the new one has not brought
    assertThat(merge.undecided()).isEqualTo(Map.of(EventType.TYPING_START, 1L));
    assertThat(merge.isSettled()).isTrue();
  }

  @Test
  void aGuildThatNobodyNamedIsDeliveredWhenTheOldGenerationGoes() {
    offer(NEW, 1);
    assertThat(out).isEmpty();
    merge.retireOld();
    assertThat(out).containsExactly("new1");
    offer(NEW, 2);
    assertThat(out).containsExactly("new1", "new2");
  }

  @Test
  void aGuildThatIsNotLoadedIsWaitedForLonger() {
    merge.expect(GUILD);
    offer(OLD, 1);
    offer(NEW, 2);
    pass(12 * WINDOW_MILLIS - 1);
    offer(NEW, 1);
    assertThat(out).containsExactly("old1");
    pass(1);
    assertThat(out).containsExactly("old1", "new2");
    assertThat(merge.undecided()).isEqualTo(Map.of(EventType.TYPING_START, 1L));
  }

  @ParameterizedTest
  @EnumSource
  void whatIsTooMuchIsDelivered(Generation generation) {
    GenerationMerge<String> small = merge(1);
    offer(small, OLD, 1);
    offer(small, generation, 2);

    assertThat(out).containsExactly("old1", generation == OLD ? "old2" : "new2");
    assertThat(small.undecided()).isEqualTo(Map.of(EventType.TYPING_START, 1L));
    offer(small, NEW, 1);
    assertThat(small.isSettled()).isTrue();
  }

  @Test
  void namesWhatCannotBe() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GenerationMerge.create(Duration.ZERO, 1, clock, null))
        .withMessage("window: PT0S (expected: positive)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GenerationMerge.create(Duration.ofSeconds(-1), 1, clock, null))
        .withMessage("window: PT-1S (expected: positive)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> merge(0))
        .withMessage("maxEvents: 0 (expected: >= 1)");
  }
}
