package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.console.Happening.Kind;
import dev.sluice.gateway.console.Happening.Level;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class HappeningsTest {

  private final Transitions transitions = new Transitions();
  private final Happenings happenings =
      new Happenings(transitions, InstantSource.fixed(Instant.ofEpochMilli(7)));

  @Test
  void whatIsTooMuchIsCounted() {
    Happening one = Happening.ofBot(Kind.HEALTH, Level.INFO, 1, "one");
    for (int i = 0; i < Happenings.CAPACITY + 1_234; i++) {
      happenings.add(one);
    }

    List<Happening> drained = happenings.drain();

    assertThat(drained).hasSize(Happenings.CAPACITY + 1);
    assertThat(drained.get(Happenings.CAPACITY).text())
        .isEqualTo("1,234 more happenings came at once and are not listed");
    assertThat(happenings.drain()).isEmpty();
  }

  @Test
  void theLastTransitionsOfAShardAreKept() {
    ShardId shard = new ShardId(3, 4);
    GatewayState[] states = GatewayState.values();
    for (int i = 0; i < 100; i++) {
      transitions.add(
          shard,
          1_764_126_000_000L + i,
          states[i % states.length],
          states[(i + 1) % states.length]);
    }

    List<Transitions.Transition> last = transitions.of(shard);

    assertThat(last).hasSize(Transitions.KEPT);
    assertThat(last.get(Transitions.KEPT - 1))
        .isEqualTo(
            new Transitions.Transition(
                1_764_126_000_099L, states[99 % states.length], states[100 % states.length]));
    assertThat(last).isSortedAccordingTo((a, b) -> Long.compare(a.atMillis(), b.atMillis()));
    transitions.retain(Set.of());
    assertThat(transitions.of(shard)).isEmpty();
  }
}
