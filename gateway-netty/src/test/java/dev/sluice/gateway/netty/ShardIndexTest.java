package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.ShardId;
import org.junit.jupiter.api.Test;

final class ShardIndexTest {

  private static final long GUILD_OF_FIVE = 5L << 22;

  private final EmbeddedShard host = new EmbeddedShard();
  private final ShardIndex index = new ShardIndex();

  private Shard shard(int id, int count) {
    return new Shard(host, new ShardId(id, count), 1, host.context);
  }

  @Test
  void routesNothingBeforeTheFirstShard() {
    assertThat(index.count()).isZero();
    assertThat(index.ofGuild(GUILD_OF_FIVE)).isNull();
    assertThat(index.get(0)).isNull();
  }

  @Test
  void routesByTheCountOfTheFirstShard() {
    Shard first = shard(1, 4);
    assertThat(index.add(first)).isTrue();
    assertThat(index.add(shard(1, 4))).as("it runs already").isFalse();

    assertThat(index.ofGuild(GUILD_OF_FIVE)).isSameAs(first);
    assertThat(index.ofGuild(2L << 22)).as("of shard 2, which is elsewhere").isNull();
    assertThat(index.get(1)).isSameAs(first);
    assertThat(index.get(-1)).isNull();
    assertThat(index.get(4)).isNull();
  }

  @Test
  void routesToTheOldGenerationUntilTheCutOver() {
    Shard before = shard(1, 4);
    Shard after = shard(5, 8);
    index.add(before);
    index.add(after);

    assertThat(index.ofGuild(GUILD_OF_FIVE)).isSameAs(before);
    assertThat(index.all()).containsExactlyInAnyOrder(before, after);
    assertThat(index.ofCurrentGeneration()).containsExactly(before);

    index.cutOver(8);

    assertThat(index.ofGuild(GUILD_OF_FIVE)).isSameAs(after);
    assertThat(index.get(1)).as("of the generation that is current").isNull();
    assertThat(index.get(new ShardId(1, 4))).isSameAs(before);
    assertThat(index.ofCurrentGeneration()).containsExactly(after);
  }

  @Test
  void takesTheCountThatIsAssignedWhenNothingOfTheCurrentOneRunsHere() {
    Shard before = shard(1, 4);
    Shard after = shard(5, 8);
    index.add(before);

    assertThat(index.remove(before.id())).isSameAs(before);
    assertThat(index.remove(before.id())).isNull();
    index.add(after);

    assertThat(index.count()).isEqualTo(8);
    assertThat(index.ofGuild(GUILD_OF_FIVE)).isSameAs(after);
  }
}
