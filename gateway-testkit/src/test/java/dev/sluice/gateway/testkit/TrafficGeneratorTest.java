package dev.sluice.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.gateway.ShardId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class TrafficGeneratorTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final ShardId SHARD = new ShardId(5, 16);
  private static final int EVENTS = 10_000;
  private static final int GUILDS = 40;

  @ParameterizedTest
  @EnumSource(TrafficMix.class)
  void everyEventIsJsonOfAGuildOfTheShard(TrafficMix mix) throws IOException {
    TrafficGenerator generator = TrafficGenerator.create(mix, GUILDS, 0, 1);
    for (int i = 0; i < EVENTS; i++) {
      String type = generator.next(SHARD);
      JsonNode d = MAPPER.readTree(bytes(generator));
      assertThat(d.path("guild_id").asText()).as(type).isEqualTo("" + generator.guildId());
      assertThat((generator.guildId() >>> 22) % SHARD.count()).as(type).isEqualTo(SHARD.id());
    }
  }

  @ParameterizedTest
  @EnumSource(TrafficMix.class)
  void typesComeInTheSharesOfTheMix(TrafficMix mix) {
    TrafficGenerator generator = TrafficGenerator.create(mix, GUILDS, 0, 2);
    Map<String, Integer> counts = new HashMap<>();
    for (int i = 0; i < 10 * EVENTS; i++) {
      counts.merge(generator.next(SHARD), 1, Integer::sum);
    }
    assertThat(mix.shares().values().stream().mapToInt(share -> share).sum())
        .isEqualTo(TrafficMix.WHOLE);
    assertThat(mix.shares().keySet()).containsAll(counts.keySet());
    mix.shares()
        .forEach(
            (type, share) ->
                assertThat(counts.getOrDefault(type, 0) / 10.0)
                    .as(type)
                    .isCloseTo(share, within(3 * Math.sqrt(share) + 2)));
  }

  @ParameterizedTest
  @EnumSource(TrafficMix.class)
  void zlibStreamMakesTheMixFourToSevenTimesSmaller(TrafficMix mix) {
    TrafficGenerator generator = TrafficGenerator.create(mix, GUILDS, 0, 3);
    Deflater deflater = new Deflater(6);
    byte[] sink = new byte[1 << 16];
    long plain = 0;
    long compressed = 0;
    try {
      for (int i = 0; i < EVENTS; i++) {
        String type = generator.next(SHARD);
        String head = "{\"t\":\"" + type + "\",\"s\":" + (i + 2) + ",\"op\":0,\"d\":";
        String payload = head + new String(bytes(generator), StandardCharsets.UTF_8) + '}';
        byte[] message = payload.getBytes(StandardCharsets.UTF_8);
        plain += message.length;
        deflater.setInput(message);
        compressed += deflater.deflate(sink, 0, sink.length, Deflater.SYNC_FLUSH);
      }
    } finally {
      deflater.end();
    }
    assertThat((double) plain / compressed).isBetween(4.0, 7.0);
  }

  @Test
  void oneSeedGivesOneTraffic() {
    TrafficGenerator first = TrafficGenerator.create(TrafficMix.ALL_INTENTS, GUILDS, 500, 4);
    TrafficGenerator second = TrafficGenerator.create(TrafficMix.ALL_INTENTS, GUILDS, 500, 4);
    TrafficGenerator third = TrafficGenerator.create(TrafficMix.ALL_INTENTS, GUILDS, 500, 5);
    Set<ByteBuffer> seen = new HashSet<>();
    for (int i = 0; i < 1500; i++) {
      assertThat(first.next(SHARD)).isEqualTo(second.next(SHARD));
      assertThat(first.data()).isEqualTo(second.data());
      third.next(SHARD);
      assertThat(third.data()).isNotEqualTo(first.data());
      seen.add(ByteBuffer.wrap(bytes(first)));
    }
    // A member may leave the same guild twice: that event has nothing fresh in it.
    assertThat(seen).hasSizeGreaterThan(1490);
  }

  @Test
  void newMessagesHaveRisingIds() throws IOException {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, GUILDS, 0, 6);
    long newest = 0;
    for (int i = 0; i < 1000; i++) {
      if (generator.next(SHARD).equals("MESSAGE_CREATE")) {
        long id = MAPPER.readTree(bytes(generator)).path("id").asLong();
        assertThat(id).isGreaterThan(newest);
        newest = id;
      }
    }
    assertThat(newest).isPositive();
  }

  @Test
  void largeEventsAreAsLargeAsThoseOfLargeGuilds() throws IOException {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, GUILDS, 0, 7);

    assertThat(generator.largeGuildCreate(SHARD)).isEqualTo("GUILD_CREATE");
    assertThat(generator.data().remaining()).isBetween(500_000, 700_000);
    JsonNode guild = MAPPER.readTree(bytes(generator));
    assertThat(guild.path("id").asText()).isEqualTo("" + generator.guildId());
    assertThat(distinctUsers(guild)).isEqualTo(guild.path("member_count").asInt());

    assertThat(generator.largeMembersChunk(SHARD)).isEqualTo("GUILD_MEMBERS_CHUNK");
    assertThat(generator.data().remaining()).isBetween(1 << 20, 3 << 19);
    JsonNode chunk = MAPPER.readTree(bytes(generator));
    assertThat(chunk.path("guild_id").asText()).isEqualTo("" + generator.guildId());
    assertThat(distinctUsers(chunk)).isEqualTo(1000);
    assertThat(chunk.path("presences")).hasSize(1000);
    assertThat(chunk.at("/presences/999/user/id")).isEqualTo(chunk.at("/members/999/user/id"));
  }

  @Test
  void largeEventsComeAtTheirRate() {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, GUILDS, 100, 8);
    int large = 0;
    for (int i = 0; i < 400; i++) {
      generator.next(SHARD);
      large += generator.data().remaining() > 400_000 ? 1 : 0;
    }
    assertThat(large).isEqualTo(4);
  }

  @Test
  void smallGuildIsTheOneAskedFor() throws IOException {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, GUILDS, 0, 9);
    long id = SyntheticGuild.id(SHARD, 3);

    assertThat(generator.guildCreate(id)).isEqualTo("GUILD_CREATE");
    assertThat(generator.data().remaining()).isBetween(9_000, 12_000);
    assertThat(MAPPER.readTree(bytes(generator)).path("id").asText()).isEqualTo("" + id);
  }

  @Test
  void theBotIsInItsGuilds() throws IOException {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, 1, 0, 11, 4_177);

    generator.guildCreate(SyntheticGuild.id(SHARD, 0));
    List<JsonNode> small = MAPPER.readTree(bytes(generator)).findValues("user");
    generator.largeGuildCreate(SHARD);
    List<JsonNode> large = MAPPER.readTree(bytes(generator)).findValues("user");

    assertThat(small).filteredOn(TrafficGeneratorTest::isBot4177).hasSize(1);
    assertThat(large).filteredOn(TrafficGeneratorTest::isBot4177).hasSize(1);
  }

  private static boolean isBot4177(JsonNode user) {
    return user.path("id").asText().equals("4177") && user.path("bot").asBoolean();
  }

  @Test
  void eventsHappenInChannelsThatTheGuildHas() throws IOException {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, 1, 0, 12);
    generator.guildCreate(SyntheticGuild.id(SHARD, 0));
    Map<String, Integer> small = channelTypes(MAPPER.readTree(bytes(generator)));
    generator.largeGuildCreate(SHARD);
    Map<String, Integer> large = channelTypes(MAPPER.readTree(bytes(generator)));
    assertThat(large).containsAllEntriesOf(small);
    Set<String> used = new HashSet<>();
    for (int i = 0; i < 10 * EVENTS; i++) {
      String type = generator.next(SHARD);
      JsonNode d = MAPPER.readTree(bytes(generator));
      for (JsonNode channel : d.findValues("channel_id")) {
        if (!channel.isNull()) {
          assertThat(small.get(channel.asText()))
              .as(type)
              .isEqualTo(type.startsWith("VOICE_") ? VOICE_CHANNEL : TEXT_CHANNEL);
          used.add(channel.asText());
        }
      }
      for (JsonNode parent : d.findValues("parent_id")) {
        assertThat(small.get(parent.asText()))
            .as(type)
            .isEqualTo(type.startsWith("THREAD_") ? TEXT_CHANNEL : CATEGORY);
      }
      if (type.equals("CHANNEL_UPDATE")) {
        assertThat(small.get(d.path("id").asText())).isEqualTo(d.path("type").asInt());
      }
    }
    assertThat(used).hasSize(small.size() - 1); // all but the category
  }

  private static final int TEXT_CHANNEL = 0;
  private static final int VOICE_CHANNEL = 2;
  private static final int CATEGORY = 4;

  private static Map<String, Integer> channelTypes(JsonNode guild) {
    Map<String, Integer> types = new HashMap<>();
    guild
        .path("channels")
        .forEach(channel -> types.put(channel.path("id").asText(), channel.path("type").asInt()));
    return types;
  }

  @Test
  void dataIsReadOnlyAndRewound() {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, 1, 0, 10);
    generator.next(ShardId.SINGLE);
    ByteBuffer data = generator.data();
    data.position(data.limit());

    assertThat(data.isReadOnly()).isTrue();
    assertThat(generator.data().position()).isZero();
  }

  @Test
  void makesAnEventOfOneType() throws Exception {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, 1, 0, 11);

    assertThat(generator.event("GUILD_MEMBERS_CHUNK", 41)).isTrue();

    assertThat(generator.type()).isEqualTo("GUILD_MEMBERS_CHUNK");
    assertThat(generator.guildId()).isEqualTo(41);
    JsonNode d = MAPPER.readTree(bytes(generator));
    assertThat(d.path("guild_id").asText()).isEqualTo("41");
    assertThat(d.path("members")).hasSize(4);
    assertThat(generator.event("PRESENCE", 42)).isFalse();
    assertThat(generator.event("SOMETHING_NEW", 42)).isFalse();
    assertThat(generator.guildId()).isEqualTo(41);
  }

  @Test
  void rejectsNumbersOutOfRange() {
    assertThatThrownBy(() -> TrafficGenerator.create(TrafficMix.NO_PRESENCES, 0, 0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("guildsPerShard: 0 (expected: 1..2500)");
    assertThatThrownBy(() -> TrafficGenerator.create(TrafficMix.NO_PRESENCES, 1, -1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("largeEventEvery: -1 (expected: >= 0)");
  }

  private static int distinctUsers(JsonNode d) {
    Set<String> ids = new HashSet<>();
    d.path("members").forEach(member -> ids.add(member.at("/user/id").asText()));
    return ids.size();
  }

  private static byte[] bytes(TrafficGenerator generator) {
    byte[] bytes = new byte[generator.data().remaining()];
    generator.data().get(bytes);
    return bytes;
  }
}
