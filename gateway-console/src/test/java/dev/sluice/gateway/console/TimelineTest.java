package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.console.Happening.Kind;
import dev.sluice.gateway.console.Happening.Level;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TimelineTest {

  private final Timeline timeline = new Timeline();

  private static Happening lost(int shard) {
    return new Happening(
        Kind.DISCONNECTED, Level.WARN, "lost", new ShardId(shard, 4_000), 1, "lost in detail");
  }

  private static Happening resumed(int shard) {
    return new Happening(
        Kind.RESUMED, Level.INFO, "resumed", new ShardId(shard, 4_000), 2, "resumed, 1 event");
  }

  private JsonNode entries(long after) throws Exception {
    byte[] json = Json.object(out -> timeline.write(out, "entries", after)).getBytes();
    return new JsonMapper().readTree(json).get("entries");
  }

  @Test
  void oneShardIsToldInDetail() throws Exception {
    timeline.add(List.of(lost(3)));

    JsonNode entry = entries(0).get(0);
    assertThat(entry.get("seq").longValue()).isEqualTo(1);
    assertThat(entry.get("at").longValue()).isEqualTo(1);
    assertThat(entry.get("kind").asText()).isEqualTo("disconnected");
    assertThat(entry.get("shards").intValue()).isEqualTo(1);
    assertThat(entry.get("ids").toString()).isEqualTo("[3]");
    assertThat(entry.get("of").intValue()).isEqualTo(4_000);
    assertThat(entry.get("text").asText()).isEqualTo("shard 3: lost in detail");
    assertThat(entry.get("operation").isNull()).isTrue();
  }

  @Test
  void manyAlikeAreOneLine() throws Exception {
    List<Happening> happenings = new ArrayList<>();
    for (int shard = 0; shard < 4_000; shard++) {
      happenings.add(lost(shard));
      happenings.add(resumed(shard));
    }
    timeline.add(happenings);

    assertThat(entries(0)).hasSize(2);
    assertThat(entries(0).get(0).get("text").asText()).isEqualTo("4,000 shards: lost");
    assertThat(entries(0).get(0).get("shards").intValue()).isEqualTo(4_000);
    assertThat(entries(0).get(0).get("ids").toString()).isEqualTo("[0,1,2,3,4,5,6,7]");
    assertThat(entries(0).get(1).get("text").asText()).isEqualTo("4,000 shards: resumed");
  }

  @Test
  void whatConcernsTheBotIsNotMerged() throws Exception {
    Happening health = Happening.ofBot(Kind.HEALTH, Level.WARN, 5, "not ready");
    timeline.add(List.of(health, health));

    assertThat(entries(0)).hasSize(2);
    assertThat(entries(0).get(0).get("shards").intValue()).isZero();
    assertThat(entries(0).get(0).get("ids")).isEmpty();
    assertThat(entries(0).get(0).get("of").isNull()).isTrue();
    assertThat(entries(0).get(0).get("text").asText()).isEqualTo("not ready");
  }

  @Test
  void theLastOnesAreKept() throws Exception {
    for (int i = 0; i < Timeline.KEPT + 10; i++) {
      timeline.add(List.of(lost(i)));
    }

    assertThat(entries(0)).hasSize(Timeline.KEPT);
    assertThat(entries(0).get(0).get("seq").longValue()).isEqualTo(11);
    assertThat(entries(timeline.lastSequence() - 2)).hasSize(2);
    assertThat(entries(timeline.lastSequence())).isEmpty();
  }
}
