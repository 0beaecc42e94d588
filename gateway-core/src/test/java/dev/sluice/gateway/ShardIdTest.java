package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardIdTest {

  @ParameterizedTest
  @CsvSource({"0, 1", "0, 16", "15, 16", "2147483646, 2147483647"})
  void namesAShardOfACount(int id, int count) {
    assertThat(new ShardId(id, count)).hasToString(id + "/" + count);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, shard count: 0 (expected: >= 1)",
    "0, -1, shard count: -1 (expected: >= 1)",
    "-1, 16, shard id: -1 (expected: 0..15)",
    "16, 16, shard id: 16 (expected: 0..15)",
  })
  void refusesWhatIsNoShard(int id, int count, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ShardId(id, count))
        .withMessage(message);
  }

  @Test
  void aBotThatDoesNotShardIsItsOnlyShard() {
    assertThat(ShardId.SINGLE).isEqualTo(new ShardId(0, 1));
  }
}
