package dev.sluice.app.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.ShardId;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whether the proofs would see what they say did not happen. */
final class VerdictTest {

  private final Sent.Session sent = new Sent.Session(new ShardId(0, 1));
  private final Received.Session received = new Received.Session();

  private Verdict verdict() {
    return Verdict.of(Map.of("session", sent), Map.of("session", received));
  }

  @Test
  void allThereOnceIsWell() {
    for (int sequence = 2; sequence < 500; sequence++) {
      sent.add(sequence, sequence * 31);
      received.add(sequence, sequence * 31);
    }

    Verdict verdict = verdict();
    assertThat(verdict.sent()).isEqualTo(498);
    assertThat(verdict.lost()).isZero();
    assertThat(verdict.doubled()).isZero();
    assertThat(verdict.corrupted()).isZero();
    assertThat(verdict.unexpected()).isZero();
  }

  @Test
  void seesWhatIsLost() {
    sent.add(2, 0);
    sent.add(3, 0);
    received.add(2, 0);

    assertThat(verdict().lost()).isEqualTo(1);
    assertThat(verdict().examples()).containsExactly("lost: shard 0/1, sequence 3");
  }

  @Test
  void seesASessionOfWhichNothingCame() {
    sent.add(2, 0);

    assertThat(Verdict.of(Map.of("session", sent), Map.of()).lost()).isEqualTo(1);
  }

  @Test
  void missesNothingOfASessionThatWasAbandoned() {
    sent.add(2, 0);
    sent.abandon();

    assertThat(verdict().lost()).isZero();
  }

  @Test
  void seesWhatIsThereAgain() {
    sent.add(2, 7);
    received.add(2, 7);
    received.add(2, 7);
    received.add(2, 7);

    assertThat(verdict().doubled()).isEqualTo(2);
  }

  @Test
  void seesAnotherValue() {
    sent.add(2, 7);
    received.add(2, 8);

    assertThat(verdict().corrupted()).isEqualTo(1);
  }

  @Test
  void seesWhatWasNeverSent() {
    received.add(2, 7);

    assertThat(verdict().unexpected()).isEqualTo(1);
    assertThat(Verdict.of(Map.of(), Map.of("another", received)).unexpected()).isEqualTo(1);
  }
}
