package dev.sluice.gateway.kafka.internal.identify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Answered;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Claim;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Limit;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Released;
import dev.sluice.gateway.kafka.internal.identify.IdentifyRecord.Sent;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IdentifyRecordTest {

  static Stream<IdentifyRecord> everyRecordIsReadAsItWasWritten() {
    return Stream.of(
        new Claim("a", 7, 3, 64),
        new Sent("a", 7, 3),
        new Answered("a", 7, 3),
        new Released("a", 7, 3),
        new Limit(1_000, 999, 14_400_000, 16, 1_700_000_000_000L, 3));
  }

  @ParameterizedTest
  @MethodSource
  void everyRecordIsReadAsItWasWritten(IdentifyRecord record) {
    assertThat(IdentifyRecord.decode(record.encode())).isEqualTo(record);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no JSON",
        "[]",
        "{\"type\":\"claim\"}",
        "{\"type\":\"claim\",\"node\":\"a\",\"number\":-1,\"shard\":0}",
        "{\"type\":\"claim\",\"node\":\"a\",\"number\":1,\"shard\":-1}",
        "{\"type\":\"other\",\"node\":\"a\",\"number\":1,\"shard\":1}",
        "{\"type\":\"limit\",\"total\":1,\"remaining\":1,\"reset_after\":1,\"max_concurrency\":0,"
            + "\"asked_at\":0}",
        "{\"type\":\"limit\",\"total\":1,\"remaining\":1,\"reset_after\":1,"
            + "\"max_concurrency\":1000000,\"asked_at\":0}",
        "{\"type\":\"limit\",\"total\":1,\"remaining\":1,\"reset_after\":9223372036854775807,"
            + "\"max_concurrency\":1,\"asked_at\":0}"
      })
  void whatIsNoneIsPassedOver(String value) {
    assertThat(IdentifyRecord.decode(value.getBytes(StandardCharsets.UTF_8))).isNull();
  }

  @Test
  void aRecordWithoutAValueIsPassedOver() {
    assertThat(IdentifyRecord.decode(null)).isNull();
  }
}
