package dev.sluice.gateway.kafka.internal.identify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.kafka.internal.identify.IdentifyLedger.Verdict;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Answered;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Claim;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Limit;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Released;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Sent;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class IdentifyLedgerTest {

  private static final long START = 1_700_000_000_000L;
  private static final long WINDOW = 5_150;
  private static final long CREDIT = 3_000; // what a READY that does not come may add
  private static final long VALIDITY = IdentifyLedger.VALIDITY.toMillis();

  private final IdentifyLedger ledger = new IdentifyLedger();
  private long now = START;
  private int epoch = 1;
  private long number;

  private Verdict claim(int shard) {
    return ledger.apply(now, epoch, new Claim("a", ++number, shard, 64));
  }

  private void sent(int shard) {
    ledger.apply(now, epoch, new Sent("a", number, shard));
  }

  private void sentAndAnswered(int shard) {
    sent(shard);
    ledger.apply(now, epoch, new Answered("a", number, shard));
  }

  private void released(int shard) {
    ledger.apply(now, epoch, new Released("a", number, shard));
  }

  private void limit(int total, int remaining, int maxConcurrency) {
    ledger.apply(
        now, epoch, new Limit(total, remaining, 3_600_000, maxConcurrency, now - 1, epoch));
  }

  /** A limit, and the silence after it is over. */
  private void open(int maxConcurrency) {
    limit(1_000, 1_000, maxConcurrency);
    now += 10_000; // and so long that nothing carries over
  }

  @Test
  void nobodyIdentifiesBeforeTheLimitIsKnown() {
    assertThat(claim(0)).isEqualTo(Verdict.NO_LIMIT);
    assertThat(ledger.opensAtMillis(0)).isEqualTo(Long.MAX_VALUE);
    assertThat(ledger.limitAgeMillis(now)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void theFirstLimitIsFollowedByAWindowOfSilence() {
    limit(1_000, 1_000, 2);

    now += WINDOW - 1;
    assertThat(claim(0)).isEqualTo(Verdict.TOO_EARLY);
    assertThat(ledger.opensAtMillis(0)).isEqualTo(now + 1);
    now++;
    assertThat(claim(0)).isEqualTo(Verdict.VALID);
  }

  @Test
  void ofTwoClaimsTheFirstInTheLogIsValid() {
    open(2);

    assertThat(claim(0)).isEqualTo(Verdict.VALID);
    assertThat(claim(2)).isEqualTo(Verdict.TOO_EARLY);
    assertThat(claim(1)).isEqualTo(Verdict.VALID);
    assertThat(ledger.shardsOut()).containsExactly(0, 1);
  }

  @Test
  void theWindowCountsFromWhenItWasSent() {
    open(1);
    claim(0);
    now += 1_500;
    sentAndAnswered(0);

    assertThat(ledger.opensAtMillis(1)).isEqualTo(now + WINDOW);
    now += WINDOW - 1;
    assertThat(claim(1)).isEqualTo(Verdict.TOO_EARLY);
    now++;
    assertThat(claim(1)).isEqualTo(Verdict.VALID);
  }

  @Test
  void aLateReadyMakesTheWindowLonger() {
    open(1);
    claim(0);
    sent(0);
    assertThat(ledger.opensAtMillis(1)).isEqualTo(now + WINDOW + CREDIT);
    now += 1_150;
    ledger.apply(now, epoch, new Answered("a", number, 0));

    assertThat(ledger.opensAtMillis(1)).isEqualTo(now - 1_150 + WINDOW + 1_000);
  }

  @Test
  void anAnswerOfAnEarlierClaimOfTheBucketChangesNothing() {
    open(1);
    claim(0);
    sent(0);
    now += WINDOW + CREDIT;
    assertThat(claim(0)).isEqualTo(Verdict.VALID); // the same shard, once more
    sent(0);
    long opensAt = ledger.opensAtMillis(0);

    ledger.apply(now, epoch, new Answered("a", number - 1, 0));

    assertThat(ledger.opensAtMillis(0)).isEqualTo(opensAt);
  }

  @Test
  void aClaimWithoutAWordCountsAsSentAtTheEndOfItsValidity() {
    open(1);
    assertThat(claim(0)).isEqualTo(Verdict.VALID);
    long opensAt = now + VALIDITY + WINDOW + CREDIT;

    assertThat(ledger.opensAtMillis(1)).isEqualTo(opensAt);
    now = opensAt - 1;
    assertThat(claim(1)).isEqualTo(Verdict.TOO_EARLY);
    now = opensAt;
    assertThat(claim(1)).isEqualTo(Verdict.VALID);
  }

  @Test
  void aClaimThatWasSentTooLateClosesTheBucketFromThere() {
    open(1);
    claim(0);
    now += VALIDITY + WINDOW;
    sent(0); // whoever wrote it had been frozen in the midst

    assertThat(ledger.opensAtMillis(1)).isEqualTo(now + WINDOW);
  }

  @Test
  void aClaimThatOthersFoundValidClosesTheBucketWhenItIsSent() {
    open(2);

    ledger.apply(now, epoch, new Sent("who was here before", 9, 3));

    assertThat(ledger.opensAtMillis(1)).isEqualTo(now + WINDOW);
    assertThat(ledger.opensAtMillis(0)).isEqualTo(now);
  }

  @Test
  void aReleasedClaimLeavesTheBucketOpenAndItsStartUnspent() {
    limit(1_000, 1, 1);
    now += WINDOW;
    assertThat(claim(0)).isEqualTo(Verdict.VALID);
    released(0);
    released(0); // counts once

    assertThat(ledger.starts().remaining()).isEqualTo(1);
    assertThat(claim(1)).isEqualTo(Verdict.VALID);
    assertThat(ledger.starts().remaining()).isZero();
  }

  @Test
  void aClaimIsReleasedTooLateForTheWindowButNotForItsStart() {
    open(1);
    claim(0);
    now += VALIDITY;
    released(0);

    assertThat(ledger.opensAtMillis(1)).isEqualTo(now + WINDOW + CREDIT);
    assertThat(ledger.starts().remaining()).isEqualTo(1_000);
  }

  @Test
  void whatWasSentIsNotGivenBack() {
    open(1);
    claim(0);
    sent(0);
    released(0);

    assertThat(ledger.starts().remaining()).isEqualTo(999);
  }

  @Test
  void aRepeatedClaimIsNoOther() {
    open(1);
    claim(0);
    now += 60_000;

    assertThat(ledger.apply(now, epoch, new Claim("a", number, 0, 64))).isEqualTo(Verdict.REPEATED);
  }

  @Test
  void noClaimIsValidWithoutAStartThatIsLeft() {
    limit(1_000, 1, 2);
    now += WINDOW;

    assertThat(claim(0)).isEqualTo(Verdict.VALID);
    assertThat(claim(1)).isEqualTo(Verdict.NO_STARTS);
    assertThat(ledger.isExhausted(now)).isTrue();
    long resetAt = START + 3_600_000;
    assertThat(ledger.opensAtMillis(1)).isEqualTo(resetAt);
    assertThat(ledger.isExhausted(resetAt)).isFalse();
    now = resetAt;
    assertThat(claim(1)).isEqualTo(Verdict.VALID);
    assertThat(ledger.starts().remaining()).isEqualTo(999);
  }

  @Test
  void whatWasClaimedSinceTheApiWasAskedIsTakenFromWhatItSaid() {
    open(4);
    claim(0);
    sent(0);
    now += IdentifyLedger.ON_ITS_WAY.toMillis() + 1;
    claim(1);
    sent(1);
    claim(2);
    released(2);
    claim(3); // not sent yet

    ledger.apply(now, epoch, new Limit(1_000, 700, 1, 4, now, epoch));

    assertThat(ledger.starts().remaining()).isEqualTo(698); // 0 is counted in it, 2 is none
    released(3);
    assertThat(ledger.starts().remaining()).isEqualTo(699);
  }

  @Test
  void everyRecentClaimIsTakenFromAnAnswerOfUnknownAge() {
    open(4);
    claim(0);
    sent(0);
    now += IdentifyLedger.RECENT.toMillis() - 1;

    ledger.apply(now, epoch, new Limit(1_000, 700, 1, 4, 0, epoch));

    assertThat(ledger.starts().remaining()).isEqualTo(699);
  }

  @Test
  void whatWasClaimedByAnotherClockIsTakenFromEveryAnswer() {
    open(4);
    claim(0);
    sent(0);
    epoch++;
    now += 60_000; // nobody can say for how long: this clock may be ahead of the other

    ledger.apply(now, epoch, new Limit(1_000, 700, 1, 4, now, epoch));

    assertThat(ledger.starts().remaining()).isEqualTo(699);
  }

  @Test
  void whenTheApiWasAskedByAnotherClockIsNotKnown() {
    open(4);
    epoch++;
    ledger.apply(now, epoch, null);
    now += WINDOW;
    claim(0);
    sent(0);

    ledger.apply(now, epoch, new Limit(1_000, 700, 1, 4, now + 60_000, epoch - 1));

    assertThat(ledger.starts().remaining()).isEqualTo(699);
  }

  @Test
  void thePeriodOfTheStartsDoesNotEndByAnotherClock() {
    limit(1_000, 1, 2);
    now += WINDOW;
    claim(0);
    sent(0);
    epoch++;
    now += 3_600_000;
    ledger.apply(now, epoch, null);
    now += WINDOW;

    assertThat(claim(1)).isEqualTo(Verdict.NO_STARTS);
    assertThat(ledger.isExhausted(now)).isTrue();
  }

  @Test
  void anAnswerThatIsTooOldSaysNothing() {
    open(4);

    ledger.apply(
        now, epoch, new Limit(1_000, 7, 1, 1, now - IdentifyLedger.RECENT.toMillis() - 1, epoch));

    assertThat(ledger.starts().remaining()).isEqualTo(1_000);
    assertThat(ledger.maxConcurrency()).isEqualTo(4);
  }

  @Test
  void startsAreNotCountedWhenNobodyAsked() {
    limit(0, 0, 1);
    now += WINDOW;

    assertThat(claim(0)).isEqualTo(Verdict.VALID);
    assertThat(ledger.starts()).isNull();
    assertThat(ledger.isExhausted(now)).isFalse();
  }

  @Test
  void anotherLeaderIsFollowedByAWindowOfSilence() {
    open(2);
    claim(0);
    epoch++;
    now -= 3_600_000; // its clock is another
    sentAndAnswered(0);

    assertThat(ledger.silences()).isEqualTo(2);
    assertThat(ledger.opensAtMillis(0)).isEqualTo(now + WINDOW);
    assertThat(ledger.opensAtMillis(1)).isEqualTo(now + WINDOW);
    now += WINDOW;
    assertThat(claim(1)).isEqualTo(Verdict.VALID);
  }

  @Test
  void aClockThatIsSetBackIsAnotherClock() {
    open(1);
    now -= 60_000;

    assertThat(claim(0)).isEqualTo(Verdict.TOO_EARLY);
    assertThat(ledger.opensAtMillis(0)).isEqualTo(now + WINDOW);
  }

  @Test
  void aClockThatJittersStandsStill() {
    limit(1_000, 1_000, 1);
    now += WINDOW;
    ledger.apply(now, epoch, null);
    now -= 900;

    assertThat(claim(0)).isEqualTo(Verdict.VALID);
  }

  @Test
  void anotherConcurrencyClosesAllBucketsUntilWhatIsOutIsDone() {
    open(2);
    claim(0);
    now += 500;
    limit(1_000, 1_000, 4);

    assertThat(ledger.maxConcurrency()).isEqualTo(4);
    now += 1_000;
    sentAndAnswered(0);
    assertThat(ledger.opensAtMillis(3)).isEqualTo(now + WINDOW);
  }

  @Test
  void whatIsOutWhileTheConcurrencyChangesMayBeReleasedOrExpire() {
    open(2);
    claim(0);
    limit(1_000, 1_000, 4);
    released(0);
    assertThat(ledger.opensAtMillis(1)).isEqualTo(now + WINDOW);
    now += WINDOW;
    claim(1);
    limit(1_000, 1_000, 2);

    now += VALIDITY;
    ledger.apply(now, epoch, null);
    assertThat(ledger.opensAtMillis(0)).isEqualTo(now + WINDOW);
  }

  @Test
  void aLimitThatIsTooOldHoldsNoMoreAndTheNextOneBeginsAnew() {
    open(1);
    now = START + IdentifyLedger.LIMIT_VALIDITY.toMillis() - 1;
    assertThat(claim(0)).isEqualTo(Verdict.VALID);
    sentAndAnswered(0);
    now = START + Duration.ofDays(3).toMillis();

    assertThat(claim(1)).isEqualTo(Verdict.NO_LIMIT);
    limit(1_000, 500, 1);
    assertThat(claim(1)).isEqualTo(Verdict.TOO_EARLY);
    now += WINDOW;
    assertThat(claim(1)).isEqualTo(Verdict.VALID);
    assertThat(ledger.starts().remaining()).isEqualTo(499);
  }
}
