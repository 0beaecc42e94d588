package dev.sluice.gateway.kafka.internal.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class SinkSettingsTest {

  private static Map<String, Object> properties(boolean exactlyOnce, Map<String, ?> properties) {
    return SinkSettings.of("events", 1, exactlyOnce, "node-1").producerProperties(properties);
  }

  @Test
  void aProducerWithoutTransactionsHasOneRequestOnItsWay() {
    assertThat(properties(false, Map.of()))
        .containsEntry("max.in.flight.requests.per.connection", 1)
        .doesNotContainKey("transactional.id");
  }

  @Test
  void transactionsMayHaveSeveral() {
    assertThat(properties(true, Map.of()))
        .containsEntry("max.in.flight.requests.per.connection", 5)
        .containsEntry("transactional.id", "node-1");
  }

  @Test
  void whatTheGuaranteeRestsOnIsFixedAndTheRestIsNot() {
    assertThat(
            properties(
                false,
                Map.of(
                    "acks",
                    "1",
                    "enable.idempotence",
                    false,
                    "max.in.flight.requests.per.connection",
                    5,
                    "transactional.id",
                    "another",
                    "compression.type",
                    "lz4",
                    "batch.size",
                    1)))
        .containsEntry("acks", "all")
        .containsEntry("enable.idempotence", true)
        .containsEntry("max.in.flight.requests.per.connection", 1)
        .doesNotContainKey("transactional.id")
        .containsEntry("compression.type", "lz4")
        .containsEntry("batch.size", 1);
  }
}
