package dev.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of well-formed commands that Discord does not honour, or not in full. */
class CommandLimitsTest {

  private static final String WHOLE_LIST = "\"guild_id\":\"1\",\"query\":\"\",\"limit\":0";

  private final TestGateway gateway = new TestGateway(TestGateway.config().maxConcurrency(2));

  private TestClient connect(int shard, Intents intents) {
    TestClient client = gateway.connect();
    client.identifyWith("\"intents\":" + intents.value() + ",\"shard\":[" + shard + ",2]");
    client.takeAll();
    gateway.told.clear();
    return client;
  }

  private static void setPresence(TestClient client) {
    client.send(
        "{\"op\":3,\"d\":{\"since\":null,\"activities\":[],\"status\":\"idle\",\"afk\":true}}");
  }

  private static void requestMembers(TestClient client, String fields) {
    client.send("{\"op\":8,\"d\":{" + fields + "}}");
  }

  private static String received(String fields) {
    return "received REQUEST_GUILD_MEMBERS {" + fields + '}';
  }

  // Presence.

  @Test
  void presencesOverFiveIn20SecondsAreIgnored() {
    TestClient client = connect(0, Intents.of());
    setPresence(client);
    gateway.advanceMillis(10_000);
    for (int sent = 1; sent < 6; sent++) {
      setPresence(client);
    }
    assertThat(gateway.told).hasSize(6);
    assertThat(gateway.told.subList(0, 5)).allMatch(told -> told.startsWith("received PRESENCE"));
    assertThat(gateway.told.get(5)).startsWith("ignored PRESENCE_UPDATE {\"since\":null,");

    gateway.advanceMillis(9_999);
    setPresence(client);
    assertThat(gateway.told.get(6)).startsWith("ignored");
    gateway.advanceMillis(1);
    setPresence(client);
    setPresence(client);

    assertThat(gateway.told.get(7)).startsWith("received");
    assertThat(gateway.told.get(8)).startsWith("ignored");
    assertThat(client.takeAll()).isEmpty();
    assertThat(client.connection.closeCode()).isZero();
  }

  @Test
  void presenceLimitIsOfOneConnection() {
    TestClient client = connect(0, Intents.of());
    ServerSession session = client.session();
    for (int sent = 0; sent < 5; sent++) {
      setPresence(client);
    }
    client.connection.transportLost();
    TestClient next = gateway.connect();
    next.resume(session.id(), 1);

    setPresence(next);

    assertThat(gateway.told).last().asString().startsWith("received PRESENCE_UPDATE");
  }

  // Requests for members.

  @Test
  void wholeListIsRateLimitedByGuildAcrossSessions() {
    TestClient first = connect(0, Intents.all());
    TestClient second = connect(1, Intents.all());
    requestMembers(first, WHOLE_LIST);
    requestMembers(second, WHOLE_LIST.replace("\"1\"", "\"2\""));
    gateway.advanceMillis(543);

    requestMembers(second, WHOLE_LIST + ",\"nonce\":\"m-1\"");

    assertThat(second.takeAll())
        .containsExactly(
            "{\"t\":\"RATE_LIMITED\",\"s\":2,\"op\":0,\"d\":{\"retry_after\":29.457,\"opcode\":8,"
                + "\"meta\":{\"nonce\":\"m-1\",\"guild_id\":\"1\"}}}");
    assertThat(gateway.told)
        .containsExactly(
            received(WHOLE_LIST),
            received(WHOLE_LIST.replace("\"1\"", "\"2\"")),
            "dispatched 2 RATE_LIMITED {\"retry_after\":29.457,\"opcode\":8,"
                + "\"meta\":{\"nonce\":\"m-1\",\"guild_id\":\"1\"}}",
            "rateLimited REQUEST_GUILD_MEMBERS {" + WHOLE_LIST + ",\"nonce\":\"m-1\"}");
  }

  @Test
  void wholeListMayBeRequestedAgainAfterTheRetryTime() {
    TestClient client = connect(0, Intents.all());
    requestMembers(client, WHOLE_LIST);
    gateway.advanceMillis(29_999);
    requestMembers(client, WHOLE_LIST);
    assertThat(client.takeAll())
        .containsExactly(
            "{\"t\":\"RATE_LIMITED\",\"s\":2,\"op\":0,\"d\":{\"retry_after\":0.001,\"opcode\":8,"
                + "\"meta\":{\"guild_id\":\"1\"}}}");

    gateway.advanceMillis(1);
    requestMembers(client, WHOLE_LIST);

    assertThat(gateway.told).endsWith(received(WHOLE_LIST));
    assertThat(client.takeAll()).isEmpty();
  }

  @Test
  void prefixesAndIdsAreNotRateLimited() {
    TestClient client = connect(0, Intents.all());
    requestMembers(client, WHOLE_LIST);

    requestMembers(client, "\"guild_id\":\"1\",\"query\":\"\",\"limit\":1");
    requestMembers(client, "\"guild_id\":\"1\",\"query\":\"a\",\"limit\":1");
    requestMembers(client, "\"guild_id\":\"1\",\"user_ids\":\"2\"");

    assertThat(client.takeAll()).isEmpty();
    assertThat(gateway.told).hasSize(4).allMatch(told -> told.startsWith("received"));
  }

  @Test
  void wholeListNeedsTheMembersIntent() {
    TestClient without = connect(0, Intents.of(Intent.GUILDS));
    requestMembers(without, WHOLE_LIST);
    assertThat(gateway.told).containsExactly("ignored REQUEST_GUILD_MEMBERS {" + WHOLE_LIST + '}');

    TestClient with = connect(1, Intents.of(Intent.GUILD_MEMBERS));
    requestMembers(with, WHOLE_LIST);

    assertThat(gateway.told).containsExactly(received(WHOLE_LIST));
  }

  @ParameterizedTest(name = "{0} -> {1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "user_ids":["2"],"nonce":"12345678901234567890123456789012"   | "user_ids":["2"],"nonce":"12345678901234567890123456789012"
          "user_ids":["2"],"nonce":"123456789012345678901234567890123"  | "user_ids":["2"]
          "user_ids":["2"],"nonce":"1234567890123456789012345678901ü"   | "user_ids":["2"]
          "user_ids":["2"],"nonce":7                                    | "user_ids":["2"]
          "user_ids":["2"],"nonce":null                                 | "user_ids":["2"]
          "user_ids":["2"],"presences":true                             | "user_ids":["2"],"presences":false
          "query":"a","limit":99                                        | "query":"a","limit":99
          "query":"a","limit":101                                       | "query":"a","limit":100
          "query":"a","limit":0                                         | "query":"a","limit":100
          "query":"","limit":101                                        | "query":"","limit":101
          """)
  void requestIsToldAsItIsHonoured(String sent, String told) {
    TestClient client = connect(0, Intents.of(Intent.GUILD_MEMBERS));

    requestMembers(client, "\"guild_id\":\"1\"," + sent);

    assertThat(gateway.told).containsExactly(received("\"guild_id\":\"1\"," + told));
  }

  @Test
  void presencesAreHonouredWithTheirIntent() {
    TestClient client = connect(0, Intents.of(Intent.GUILD_PRESENCES));

    requestMembers(client, "\"guild_id\":\"1\",\"user_ids\":\"2\",\"presences\":true");

    assertThat(gateway.told)
        .containsExactly(received("\"guild_id\":\"1\",\"user_ids\":\"2\",\"presences\":true"));
  }

  @Test
  void hundredIdsMayBeRequested() {
    TestClient client = connect(0, Intents.of());
    String ids = "1" + ",1".repeat(99);

    requestMembers(client, "\"guild_id\":\"1\",\"user_ids\":[" + ids + ']');
    assertThat(client.connection.closeCode()).isZero();
    requestMembers(client, "\"guild_id\":\"1\",\"user_ids\":[" + ids + ",1]");

    assertThat(client.connection.closeCode()).isEqualTo(4001);
  }

  // The intents of the session.

  @Test
  void eventThatNoIntentCoversTakesNoSequence() {
    TestClient client = connect(0, Intents.of(Intent.GUILD_MESSAGES));
    ServerSession session = client.session();

    long filtered = session.dispatch("MESSAGE_CREATE", TestGateway.utf8("{\"id\":\"1\"}"));
    long sent =
        session.dispatch("MESSAGE_CREATE", TestGateway.utf8("{\"id\":\"1\",\"guild_id\":\"3\"}"));

    assertThat(filtered).isEqualTo(1);
    assertThat(sent).isEqualTo(2);
    assertThat(client.takeAll())
        .containsExactly(
            "{\"t\":\"MESSAGE_CREATE\",\"s\":2,\"op\":0,\"d\":{\"id\":\"1\",\"guild_id\":\"3\"}}");
    assertThat(gateway.told).hasSize(1);
  }

  @Test
  void everythingIsDeliveredWithoutTheFilter() {
    TestGateway open = new TestGateway(TestGateway.config().filterByIntents(false));
    TestClient client = open.connect();
    client.identifyWith("\"intents\":0");

    assertThat(client.session().dispatch("GUILD_CREATE", TestGateway.utf8("{}"))).isEqualTo(2);
  }

  // The answer with members.

  private static List<ObjectNode> members(int count) {
    List<ObjectNode> members = new ArrayList<>();
    for (int id = 1; id <= count; id++) {
      ObjectNode member = JsonNodeFactory.instance.objectNode();
      member.putObject("user").put("id", Integer.toString(id));
      members.add(member);
    }
    return members;
  }

  private static JsonNode json(String text) throws Exception {
    return new ObjectMapper().readTree(text);
  }

  @Test
  void membersAreAnsweredInChunksOfThousand() throws Exception {
    TestClient client = connect(0, Intents.of());

    MemberChunks.dispatch(
        client.session(), json("{" + WHOLE_LIST + ",\"nonce\":\"m\"}"), members(2001));

    List<String> messages = client.takeAll();
    assertThat(messages).hasSize(3);
    int[] sizes = {1000, 1000, 1};
    for (int chunk = 0; chunk < 3; chunk++) {
      JsonNode message = json(messages.get(chunk));
      assertThat(message.path("t").textValue()).isEqualTo("GUILD_MEMBERS_CHUNK");
      JsonNode d = message.path("d");
      assertThat(d.path("chunk_index").intValue()).isEqualTo(chunk);
      assertThat(d.path("chunk_count").intValue()).isEqualTo(3);
      assertThat(d.path("nonce").textValue()).isEqualTo("m");
      assertThat(d.path("members")).hasSize(sizes[chunk]);
      assertThat(d.path("members").path(0).path("user").path("id").asInt())
          .isEqualTo(chunk * 1000 + 1);
      assertThat(d.has("not_found")).isFalse();
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "user_ids":["1","2"] | [1] | ["2"]
          "user_ids":["1",2]   | [1] | [2]
          "user_ids":"2"       | []  | ["2"]
          """)
  void idsWithoutAMemberAreTold(String ids, String found, String notFound) throws Exception {
    TestClient client = connect(0, Intents.of());

    MemberChunks.dispatch(
        client.session(), json("{\"guild_id\":\"7\"," + ids + '}'), members(json(found).size()));

    assertThat(json(client.take()).path("d").path("not_found")).isEqualTo(json(notFound));
    assertThat(client.takeAll()).isEmpty();
  }

  @Test
  void noMembersAreOneEmptyChunk() throws Exception {
    TestClient client = connect(0, Intents.of());

    MemberChunks.dispatch(
        client.session(), json("{\"guild_id\":\"7\",\"query\":\"x\",\"limit\":1}"), List.of());

    assertThat(client.takeAll())
        .containsExactly(
            "{\"t\":\"GUILD_MEMBERS_CHUNK\",\"s\":2,\"op\":0,\"d\":{\"members\":[],"
                + "\"guild_id\":\"7\",\"chunk_index\":0,\"chunk_count\":1}}");
  }
}
