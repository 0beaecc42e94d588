package dev.sluice.gateway.kafka.internal.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class ShardRangesTest {

  @ParameterizedTest
  @MethodSource("ranges")
  void shardsAreNamedByRanges(List<Integer> ids, String text) {
    assertThat(ShardRanges.of(ids.stream().map(id -> new TopicPartition("t", id)).toList()))
        .isEqualTo(text);
  }

  static Stream<Arguments> ranges() {
    return Stream.of(
        Arguments.of(List.of(), "no shards"),
        Arguments.of(List.of(4), "1 shard (4)"),
        Arguments.of(List.of(3, 0, 1, 7, 4), "5 shards (0-1, 3-4, 7)"),
        Arguments.of(
            Stream.iterate(0, id -> id + 2).limit(20).toList(),
            "20 shards (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, ...)"));
  }
}
