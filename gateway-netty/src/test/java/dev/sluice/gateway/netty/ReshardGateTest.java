package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.ShardId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One old shard, two new ones, whose sessions end and begin anew meanwhile. */
class ReshardGateTest {

  private static final long GUILD = 2L << 22; // of the new shard 0, as is the other
  private static final long OTHER = 4L << 22;
  private static final long LOAD_NANOS = Duration.ofSeconds(60).toNanos();

  private final AtomicLong nowNanos = new AtomicLong();
  private final List<String> delivered = new ArrayList<>();
  private final ReshardGate gate =
      new ReshardGate(
          1,
          2,
          Duration.ofSeconds(1),
          1_000,
          new EventDelivery(
              (shard, dispatch) -> delivered.add(shard.id() + " " + dispatch.name()),
              null,
              false,
              null),
          nowNanos::get);

  private final List<EmbeddedShard> shards = new ArrayList<>();

  @AfterEach
  void release() {
    shards.forEach(shard -> shard.channel.finishAndReleaseAll());
  }

  private EmbeddedShard shard(int id, int count) {
    EmbeddedShard shard =
        new EmbeddedShard(new ShardId(id, count), Compression.NONE, config -> config);
    shard.reshardGate = gate;
    shards.add(shard);
    return shard.upgrade(Frames.text(Frames.hello(3_600_000)));
  }

  private static void ready(EmbeddedShard shard, long... guilds) {
    StringBuilder list = new StringBuilder();
    for (long guild : guilds) {
      list.append(list.isEmpty() ? "" : ",").append("{\"id\":\"").append(guild).append("\"}");
    }
    in(
        shard,
        "READY",
        1,
        "{\"session_id\":\"session\",\"resume_gateway_url\":\"ws://resume.test\",\"guilds\":["
            + list
            + "]}");
  }

  private static void in(EmbeddedShard shard, String name, long sequence, String d) {
    shard.in(
        Frames.text("{\"t\":\"" + name + "\",\"s\":" + sequence + ",\"op\":0,\"d\":" + d + "}"));
  }

  private static void typing(EmbeddedShard shard, long sequence, long guild) {
    in(shard, "TYPING_START", sequence, "{\"guild_id\":\"" + guild + "\"}");
  }

  private void pass(Duration time) {
    nowNanos.addAndGet(time.toNanos());
    gate.tick(LOAD_NANOS);
  }

  @Test
  void theOldShardsStayUntilANewOneThatLostItsSessionIsReadyAgain() {
    EmbeddedShard fresh0 = shard(0, 2);
    EmbeddedShard fresh1 = shard(1, 2);
    ready(fresh0);
    ready(fresh1);
    pass(Duration.ofSeconds(2));
    assertThat(gate.isCutOver()).isTrue();

    fresh1.in(Frames.text("{\"op\":9,\"d\":false}"));
    assertThat(gate.shardsNotReady()).isOne();
    assertThat(gate.isCutOver()).isFalse();

    ready(shard(1, 2));
    assertThat(gate.shardsNotReady()).isZero();
    assertThat(gate.isCutOver()).isTrue();
  }

  @Test
  void theSequencesOfAnOldShardMayBeginAnew() {
    EmbeddedShard old = shard(0, 1);
    ready(old);
    EmbeddedShard fresh = shard(0, 2);
    ready(fresh, GUILD, OTHER);
    in(fresh, "GUILD_CREATE", 2, "{\"id\":\"" + GUILD + "\"}");
    in(fresh, "GUILD_CREATE", 3, "{\"id\":\"" + OTHER + "\"}");
    typing(old, 1_000, GUILD);
    typing(fresh, 4, GUILD);

    EmbeddedShard again = shard(0, 1);
    ready(again);
    typing(again, 2, OTHER);
    typing(fresh, 5, OTHER);
    pass(Duration.ofMillis(1_500));
    assertThat(gate.isBehind(again.shard)).isTrue();
    gate.handled(again.shard);
    pass(Duration.ofMillis(100));

    assertThat(gate.remainingGuilds()).isZero();
    assertThat(gate.forcedCuts()).isZero();
    assertThat(gate.undecided()).isEmpty();
  }
}
