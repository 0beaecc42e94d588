package dev.sluice.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class SinkSettingsTest {

  private static Map<String, Object> properties(
      DeliveryGuarantee guarantee, Map<String, ?> properties) {
    return SinkSettings.of("events", 1, guarantee, "node-1").producerProperties(properties);
  }

  @Test
  void aProducerWithoutTransactionsHasOneRequestOnItsWay() {
    assertThat(properties(DeliveryGuarantee.AT_LEAST_ONCE, Map.of()))
        .containsEntry("max.in.flight.requests.per.connection", 1)
        .doesNotContainKey("transactional.id");
  }

  @Test
  void transactionsMayHaveSeveral() {
    assertThat(properties(DeliveryGuarantee.EXACTLY_ONCE, Map.of()))
        .containsEntry("max.in.flight.requests.per.connection", 5)
        .containsEntry("transactional.id", "node-1");
  }

  @Test
  void whatTheGuaranteeRestsOnIsFixedAndTheRestIsNot() {
    assertThat(
            properties(
                DeliveryGuarantee.AT_LEAST_ONCE,
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
