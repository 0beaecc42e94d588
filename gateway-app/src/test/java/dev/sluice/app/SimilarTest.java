package dev.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SimilarTest {

  @ParameterizedTest
  @CsvSource({"'', '', 0", "a, '', 1", "shards, shrads, 2", "kitten, sitting, 3", "flaw, lawn, 2"})
  void distance(String from, String to, int distance) {
    assertThat(Similar.distance(from, to)).isEqualTo(distance);
    assertThat(Similar.distance(to, from)).isEqualTo(distance);
  }

  @Test
  void onlyWhatIsNearIsMeant() {
    assertThat(Similar.to("shrads", List.of("intents", "shards"))).contains("shards");
    assertThat(Similar.to("elephant", List.of("intents", "shards"))).isEmpty();
    assertThat(Similar.to("anything", List.of())).isEmpty();
  }
}
