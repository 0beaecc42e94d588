package dev.sluice.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SeenSequencesTest {

  /** Against a set that forgets nothing but what is lower than the highest 64. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void theHighestAreKnownAndWhatIsLowerCountsAsSeen(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SeenSequences seen = new SeenSequences();
    TreeSet<Long> highest = new TreeSet<>();
    boolean full = false;
    long around = 0;
    for (int i = 0; i < 20_000; i++) {
      around += random.nextInt(4);
      long sequence = Math.max(0, around - random.nextInt(random.nextInt(10) == 0 ? 300 : 3));
      boolean belowAll = full && sequence < highest.first();
      boolean expected = !belowAll && highest.add(sequence);
      if (highest.size() > SeenSequences.KEPT) {
        highest.pollFirst();
        full = true;
      }

      assertThat(seen.add(sequence)).as("step %s: %s", i, sequence).isEqualTo(expected);
    }
  }
}
