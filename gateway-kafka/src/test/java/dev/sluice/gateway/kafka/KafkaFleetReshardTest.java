package dev.sluice.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is refused before a broker is asked. */
final class KafkaFleetReshardTest {

  private static final Map<String, String> PROPERTIES = Map.of("bootstrap.servers", "localhost:1");

  @Test
  void aNodeThatHasNotStartedChangesNothing() {
    try (KafkaFleet fleet = KafkaFleet.builder("bot", PROPERTIES).shards(1).build()) {
      assertThat(fleet.reshard(2).toCompletableFuture())
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableThat()
          .withMessageContaining("reshard() before the start (expected: after it)");
      fleet.cancelReshard();
    }
  }

  @Test
  void aNodeThatWasStoppedChangesNothing() {
    KafkaFleet fleet = KafkaFleet.builder("bot", PROPERTIES).shards(1).build();
    fleet.close();

    assertThat(fleet.reshard(2).toCompletableFuture()).failsWithin(Duration.ofSeconds(30));
  }

  @Test
  void theNumberOfShardsIsChecked() {
    try (KafkaFleet fleet = KafkaFleet.builder("bot", PROPERTIES).shards(1).build()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> fleet.reshard(0))
          .withMessage("shards: 0 (expected: >= 1)");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KafkaFleet.reshard("bot", PROPERTIES, 0))
        .withMessage("shards: 0 (expected: >= 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KafkaFleet.reshard("no bot", PROPERTIES, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KafkaFleet.cancelReshard("bot", Map.of()));
  }
}
