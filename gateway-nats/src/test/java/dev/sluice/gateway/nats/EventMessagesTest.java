package dev.sluice.gateway.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.ShardId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EventMessagesTest {

  @ParameterizedTest
  @CsvSource({
    "197038439483310086, 16, 2", // shard 2 of 16
    "197038439483310086, 1, 0",
    "4194304, 16, 1",
    "-1, 10, 3", // ids are unsigned
    "0, 16, 5", // of no guild: by the shard
    "0, 3, 2",
  })
  void guildsAndShardsHaveTheirBuckets(long guildId, int buckets, int bucket) {
    assertThat(EventMessages.bucket(guildId, new ShardId(5, 64), buckets)).isEqualTo(bucket);
  }

  @Test
  void typesAreTheNamesOfEvents() {
    assertThat(EventMessages.type("MESSAGE_CREATE")).isEqualTo("MESSAGE_CREATE");
    assertThat(EventMessages.type("NEW_EVENT_2")).isEqualTo("NEW_EVENT_2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a", "A.B", "A B", "*", ">", "A\r\nB", "É"})
  void whatIsNoNameIsUnknown(String name) {
    assertThat(EventMessages.type(name)).isEqualTo("UNKNOWN");
  }

  @Test
  void aTagTellsSessionsApartAndDoesNotTellTheirIds() {
    assertThat(EventMessages.tag("session-1"))
        .matches("[0-9a-f]{16}")
        .isEqualTo(EventMessages.tag("session-1"))
        .isNotEqualTo(EventMessages.tag("session-2"));
  }
}
