package dev.sluice.gateway.sharding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.ShardId;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardPlanTest {

  @ParameterizedTest
  @CsvSource({
    "0, 1, 0",
    "555944213479837699, 1, 0",
    "197038439483310086, 16, 2",
    "4194303, 10, 0",
    "4194304, 10, 1",
    "-1, 7, 0",
    "-4194304, 10, 3",
  })
  void findsTheShardOfAGuildByItsUnsignedId(long guildId, int count, int shard) {
    assertThat(ShardPlan.shardOf(guildId, count)).isEqualTo(shard);
    assertThat(ShardPlan.shardOf(guildId, count))
        .isEqualTo((int) Long.remainderUnsigned(Long.divideUnsigned(guildId, 1L << 22), count));
  }

  @Test
  void refusesToFindAShardAmongNone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShardPlan.shardOf(1, 0))
        .withMessage("shard count: 0 (expected: >= 1)");
  }

  @Test
  void runsAllShards() {
    ShardPlan plan = ShardPlan.all(3);

    assertThat(plan.size()).isEqualTo(3);
    assertThat(plan.shards())
        .containsExactly(new ShardId(0, 3), new ShardId(1, 3), new ShardId(2, 3));
    assertThat(plan.contains(0)).isTrue();
    assertThat(plan.contains(2)).isTrue();
    assertThat(plan.contains(3)).isFalse();
    assertThat(plan.contains(-1)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "7, 3", "16, 16", "1000, 7", "2147483647, 2"})
  void processesShareTheShardsEvenlyAndLeaveNoneOut(int count, int processes) {
    int next = 0;
    for (int i = 0; i < processes; i++) {
      ShardPlan plan = ShardPlan.ofProcess(i, processes, count);
      assertThat(plan.first()).isEqualTo(next);
      assertThat(plan.size()).isBetween(count / processes, (count - 1) / processes + 1);
      next = plan.last() + 1;
    }
    assertThat(next).isEqualTo(count);
  }

  @Test
  void refusesRangesOutsideTheCount() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShardPlan.all(0))
        .withMessage("shard count: 0 (expected: >= 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ShardPlan(-1, 0, 2))
        .withMessage("shards: -1..0 (expected: a range within 0..1)");
    assertThatIllegalArgumentException().isThrownBy(() -> new ShardPlan(1, 0, 2));
    assertThatIllegalArgumentException().isThrownBy(() -> new ShardPlan(0, 2, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShardPlan.ofProcess(0, 3, 2))
        .withMessage("processes: 3 (expected: 1..2)");
    assertThatIllegalArgumentException().isThrownBy(() -> ShardPlan.ofProcess(0, 0, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShardPlan.ofProcess(2, 2, 2))
        .withMessage("process index: 2 (expected: 0..1)");
    assertThatIllegalArgumentException().isThrownBy(() -> ShardPlan.ofProcess(-1, 2, 2));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      textBlock =
          """
          64, 2, -, bot-0,        0, 31
          64, 2, -, bot-1,       32, 63
          64, 4, 1, laptop,      16, 31
          64, 4, 1, -,           16, 31
          64, 4, 1, bot-3,       16, 31
          64, 4, -, a-7-bot-003, 48, 63
          ' 7', '3 ', 2, -,       4,  6
          """)
  void readsWhichOfTheProcessesThisIs(
      String shards, String nodes, String index, String hostName, int first, int last) {
    ShardPlan plan = ShardPlan.fromEnvironment(environment(shards, nodes, index, hostName));

    assertThat(plan).isEqualTo(new ShardPlan(first, last, Integer.parseInt(shards.strip())));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      delimiter = '|',
      textBlock =
          """
          -   | 2  | 0  | -     | SLUICE_SHARDS: not set (expected: >= 1)
          0   | 2  | 0  | -     | SLUICE_SHARDS: 0 (expected: >= 1)
          8e1 | 2  | 0  | -     | SLUICE_SHARDS: 8e1 (expected: >= 1)
          -8  | 2  | 0  | -     | SLUICE_SHARDS: -8 (expected: >= 1)
          3000000000    | 2 | 0 | - | SLUICE_SHARDS: 3000000000 (expected: >= 1)
          8   | -  | -  | bot-0 | SLUICE_NODE_COUNT: not set (expected: 1..8)
          8   | '' | -  | bot-0 | 'SLUICE_NODE_COUNT:  (expected: 1..8)'
          8   | 9  | -  | bot-0 | SLUICE_NODE_COUNT: 9 (expected: 1..8)
          8   | 2  | 2  | -     | SLUICE_NODE_INDEX: 2 (expected: 0..1)
          8   | 2  | '' | bot-0 | 'SLUICE_NODE_INDEX:  (expected: 0..1)'
          8   | 2  | -  | -     | SLUICE_NODE_INDEX: not set (expected: 0..1)
          8   | 2  | -  | bot-2 | HOSTNAME: bot-2 (expected: 0..1)
          8   | 2  | -  | bot   | 'HOSTNAME: bot (expected: a name that ends with the index, like bot-0, or SLUICE_NODE_INDEX)'
          8   | 2  | -  | bot-7d9f-x2 | 'HOSTNAME: bot-7d9f-x2 (expected: a name that ends with the index, like bot-0, or SLUICE_NODE_INDEX)'
          """)
  void saysWhatIsWrongWithTheEnvironment(
      String shards, String nodes, String index, String hostName, String message) {
    Map<String, String> environment = environment(shards, nodes, index, hostName);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShardPlan.fromEnvironment(environment))
        .withMessage(message);
  }

  private static Map<String, String> environment(
      String shards, String nodes, String index, String hostName) {
    Map<String, String> environment = new HashMap<>();
    environment.put("SLUICE_SHARDS", shards);
    environment.put("SLUICE_NODE_COUNT", nodes);
    environment.put("SLUICE_NODE_INDEX", index);
    environment.put("HOSTNAME", hostName);
    environment.values().removeIf(Objects::isNull);
    return environment;
  }
}
