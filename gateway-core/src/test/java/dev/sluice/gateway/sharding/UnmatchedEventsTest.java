package dev.sluice.gateway.sharding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.sharding.UnmatchedEvents.Entry;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class UnmatchedEventsTest {

  private final UnmatchedEvents<String> events = new UnmatchedEvents<>();

  private Entry<String> add(long fingerprint, String held) {
    Entry<String> entry =
        new Entry<>(fingerprint, EventType.TYPING_START, 0, held, false, events.size());
    events.add(entry);
    return entry;
  }

  private String take(long fingerprint) {
    return Objects.requireNonNull(Objects.requireNonNull(events.take(fingerprint)).held);
  }

  @Test
  void thoseOfOneFingerprintLeaveInTheirOrder() {
    add(7, "a");
    add(7, "b");
    assertThat(take(7)).isEqualTo("a");
    add(7, "c");
    add(7, "d");
    assertThat(take(7)).isEqualTo("b");
    assertThat(take(7)).isEqualTo("c");
    assertThat(take(7)).isEqualTo("d");
    assertThat(events.take(7)).isNull();
    add(7, "e");
    assertThat(take(7)).isEqualTo("e");
  }

  @Test
  void manyOfOneFingerprintAreAddedInTimeThatDoesNotGrow() {
    int many = 400_000; // a walk along all of them for each would take minutes
    for (int i = 0; i < many; i++) {
      add(7, "");
    }
    assertThat(events.size()).isEqualTo(many);
  }

  @Test
  void whatWasTakenIsLetGoOfBehindOneThatStays() {
    add(1, "stays");
    for (int i = 0; i < 1_000; i++) {
      add(2, "copied");
      take(2);
    }
    assertThat(events.size()).isOne();
    assertThat(events.kept()).isLessThan(10);
    assertThat(Objects.requireNonNull(events.poll()).held).isEqualTo("stays");
    assertThat(events.poll()).isNull();
    assertThat(events.kept()).isZero();
  }

  @Test
  void knowsWhatCameBeforeOneThatWasTakenAndLetGoOf() {
    for (int i = 0; i < 20; i++) {
      add(i, "");
    }
    for (int i = 0; i < 18; i++) {
      events.take(i);
    }
    Entry<String> last = add(20, "");
    events.take(20);
    assertThat(events.hasBefore(last)).isTrue();
    events.take(18);
    events.take(19);
    Entry<String> first = add(21, "");
    add(22, "");
    events.take(21);
    assertThat(events.hasBefore(first)).isFalse();
    assertThat(events.peek()).isNotNull();
  }
}
