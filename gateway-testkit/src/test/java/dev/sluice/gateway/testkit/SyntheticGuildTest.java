package dev.sluice.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.ShardId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SyntheticGuildTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 16, 1_000, 8_192})
  void guildsBelongToTheirShardAndToNoOther(int count) {
    Set<Long> seen = new HashSet<>();
    for (int shard : new int[] {0, count / 2, count - 1}) {
      for (long id : SyntheticGuild.ids(new ShardId(shard, count), SyntheticGuild.MAX_PER_SHARD)) {
        assertThat((id >>> 22) % count).isEqualTo(shard);
        assertThat(id).isPositive();
        seen.add(id);
      }
    }
    int shards = (int) IntStream.of(0, count / 2, count - 1).distinct().count();
    assertThat(seen).hasSize(shards * SyntheticGuild.MAX_PER_SHARD);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 16, 32, 1_000})
  void guildsOfABotSpreadOverAnyNumberOfShards(int count) {
    Map<Long, Integer> guildsOfShards = new HashMap<>();
    for (long id : SyntheticGuild.ids(10 * count)) {
      assertThat(id).isPositive();
      guildsOfShards.merge((id >>> 22) % count, 1, Integer::sum);
    }
    assertThat(guildsOfShards).hasSize(count);
    assertThat(guildsOfShards.values()).allMatch(guilds -> guilds == 10);
  }
}
