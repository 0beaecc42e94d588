package dev.sluice.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.events.EventHeaders;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GatewayEventsTest {

  private static final String TOPIC = "bot.events";

  private final GatewayEvents events = GatewayEvents.create();
  private long nextOffset;

  private static Map<String, String> headers(String session, long sequence) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(EventHeaders.TYPE, "MESSAGE_CREATE");
    headers.put(EventHeaders.SHARD, "3/64");
    headers.put(EventHeaders.SEQUENCE, Long.toString(sequence));
    headers.put(EventHeaders.SESSION, session);
    headers.put(EventHeaders.EPOCH, "7");
    headers.put(EventHeaders.GENERATION, "2");
    headers.put(EventHeaders.ENCODING, "json");
    return headers;
  }

  private static ConsumerRecord<byte[], byte[]> record(
      int partition, long offset, String key, String value, Map<String, String> headers) {
    ConsumerRecord<byte[], byte[]> record =
        new ConsumerRecord<>(TOPIC, partition, offset, key.getBytes(UTF_8), value.getBytes(UTF_8));
    headers.forEach((name, text) -> record.headers().add(name, text.getBytes(UTF_8)));
    return record;
  }

  private ConsumerRecord<byte[], byte[]> record(int partition, String session, long sequence) {
    return record(partition, nextOffset++, "41771983423143937", "{}", headers(session, sequence));
  }

  private boolean isNew(int partition, String session, long sequence) {
    return events.of(record(partition, session, sequence)) != null;
  }

  @Test
  void anEventIsWhatTheHeadersSay() throws IOException {
    GatewayEvent event =
        GatewayEvent.of(
            record(5, 8, "41771983423143937", "{\"content\":\"hi\"}", headers("0a1b", 42)));

    assertThat(event.type()).isEqualTo(EventType.MESSAGE_CREATE);
    assertThat(event.name()).isEqualTo("MESSAGE_CREATE");
    assertThat(event.shard()).isEqualTo(new ShardId(3, 64));
    assertThat(event.sequence()).isEqualTo(42);
    assertThat(event.session()).isEqualTo("0a1b");
    assertThat(event.epoch()).isEqualTo(7);
    assertThat(event.generation()).isEqualTo(2);
    assertThat(event.encoding()).isEqualTo(Encoding.JSON);
    assertThat(event.guildId()).isEqualTo(41771983423143937L);
    assertThat(event.data()).asString(UTF_8).isEqualTo("{\"content\":\"hi\"}");
    assertThat(event.readTree().path("content").textValue()).isEqualTo("hi");
    assertThat(event.record().partition()).isEqualTo(5);
    assertThat(event).hasToString("MESSAGE_CREATE #42 of shard 3/64, 16 bytes");
  }

  @Test
  void etfIsReadAsATreeToo() throws IOException {
    Map<String, String> headers = headers("0a1b", 42);
    headers.put(EventHeaders.ENCODING, "etf");
    byte[] map = {116, 0, 0, 0, 1, 119, 1, 'n', 97, 7}; // #{n => 7}
    ConsumerRecord<byte[], byte[]> record =
        new ConsumerRecord<>(TOPIC, 0, 0, "shard-3".getBytes(UTF_8), map);
    headers.forEach((name, text) -> record.headers().add(name, text.getBytes(UTF_8)));
    GatewayEvent event = GatewayEvent.of(record);

    assertThat(event.readTree().path("n").intValue()).isEqualTo(7);
    assertThat(event.guildId()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "type, , type: missing",
    "shard, 64/64, 'shard: 64/64 (expected: 3/64)'",
    "shard, 3, 'shard: 3 (expected: 3/64)'",
    "sequence, x, 'sequence: x (expected: a decimal number)'",
    "sequence, -1, 'sequence: -1 (expected: 0.."
  })
  void aRecordOfOthersIsRefused(String header, String value, String message) {
    Map<String, String> headers = headers("0a1b", 42);
    headers.remove(header);
    if (value != null) {
      headers.put(header, value);
    }
    ConsumerRecord<byte[], byte[]> record = record(0, 0, "1", "{}", headers);

    assertThatThrownBy(() -> GatewayEvent.of(record))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
    assertThat(events.of(record)).isNull();
    assertThat(events.foreignRecords()).isOne();
    assertThat(events.duplicates()).isZero();
  }

  @Test
  void anEventThatWasReadBeforeIsLeftOut() {
    assertThat(isNew(0, "a", 1)).isTrue();
    assertThat(isNew(0, "a", 4)).isTrue();
    assertThat(isNew(0, "a", 9)).isTrue();

    // A node was lost, and the next owner begins again behind the last checkpoint.
    assertThat(isNew(0, "a", 4)).isFalse();
    assertThat(isNew(0, "a", 9)).isFalse();
    assertThat(isNew(0, "a", 11)).isTrue();
    assertThat(events.duplicates()).isEqualTo(2);
  }

  @Test
  void anEventThatComesLateIsReadOnce() {
    assertThat(isNew(0, "a", 1)).isTrue();
    assertThat(isNew(0, "a", 9)).isTrue();
    assertThat(isNew(0, "a", 4)).isTrue();
    assertThat(isNew(0, "a", 4)).isFalse();
  }

  @Test
  void sessionsAndPartitionsHaveTheirOwnSequences() {
    assertThat(isNew(0, "a", 5)).isTrue();
    assertThat(isNew(0, "b", 5)).isTrue();
    assertThat(isNew(1, "a", 5)).isTrue();
    assertThat(events.duplicates()).isZero();
  }

  @Test
  void recordsThatAreReadAgainOnPurposeComeAgain() {
    isNew(0, "a", 1);
    isNew(0, "a", 2);
    nextOffset = 0; // the consumer was sent back to what it had committed

    assertThat(isNew(0, "a", 1)).isTrue();
    assertThat(isNew(0, "a", 2)).isTrue();
  }

  @Test
  void aPartitionThatIsForgottenIsReadAfresh() {
    isNew(0, "a", 1);
    isNew(1, "a", 1);
    events.forget(List.of(new TopicPartition(TOPIC, 0)));

    assertThat(isNew(0, "a", 1)).isTrue();
    assertThat(isNew(1, "a", 1)).isFalse();
  }

  @Test
  void theEventsOfAPollKeepTheirOrder() {
    TopicPartition partition = new TopicPartition(TOPIC, 0);
    ConsumerRecords<byte[], byte[]> records =
        new ConsumerRecords<>(
            Map.of(
                partition,
                List.of(
                    record(0, "a", 1), record(0, "a", 2), record(0, "a", 1), record(0, "a", 3))),
            Map.of());

    assertThat(events.of(records)).extracting(GatewayEvent::sequence).containsExactly(1L, 2L, 3L);
  }

  @Test
  void consumersReadCommittedRecordsAlone() {
    assertThat(
            GatewayEvents.consumerProperties(
                Map.of("group.id", "workers", "isolation.level", "read_uncommitted")))
        .containsEntry("isolation.level", "read_committed")
        .containsEntry("auto.offset.reset", "earliest")
        .containsEntry("group.id", "workers");
    assertThat(GatewayEvents.consumerProperties(Map.of("auto.offset.reset", "latest")))
        .containsEntry("auto.offset.reset", "latest");
  }
}
