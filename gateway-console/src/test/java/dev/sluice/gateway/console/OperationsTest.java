package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.netty.ReshardSettings;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardListener;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What can be asked of a bot by its console. */
@Timeout(60)
final class OperationsTest extends Resources {

  private LocalGateway gateway;
  private ShardManager manager;
  private Client client;

  private void start(int shards) throws Exception {
    gateway = gateway();
    manager = ready(settings(gateway, shards));
    ConsoleBuilder settings = Console.builder(manager).control(true);
    settings.reshardSettings =
        ReshardSettings.DEFAULT
            .withWindow(Duration.ofMillis(100))
            .withLoadTimeout(Duration.ofMillis(200));
    client = new Client(console(settings));
  }

  /** How many shards were down at a time, at most. */
  private static final class Down implements ShardListener {

    private final AtomicInteger now = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    @Override
    public void onStateChange(Shard shard, GatewayState from, GatewayState to) {
      if (from == GatewayState.READY) {
        most.accumulateAndGet(now.incrementAndGet(), Math::max);
      } else if (to == GatewayState.READY) {
        now.decrementAndGet();
      }
    }
  }

  private JsonNode operation(HttpResponse<String> response) throws Exception {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    return Client.parse(response).get("operation");
  }

  /** Waits for the end of an operation in the stream. */
  private static JsonNode end(Client.Stream events, JsonNode operation) throws Exception {
    String id = operation.get("id").asText();
    JsonNode[] ended = new JsonNode[1];
    events.await(
        "tick|fleet", // the latter when it has changed the shards
        data -> {
          for (JsonNode each : data.path("operations")) {
            if (each.get("id").asText().equals(id) && !each.get("endedAt").isNull()) {
              ended[0] = each;
            }
          }
          return ended[0] != null;
        });
    return ended[0];
  }

  @Test
  void oneShardIsReconnected() throws Exception {
    start(2);
    try (Client.Stream events = client.events()) {
      JsonNode begun = operation(client.control("/api/shards/1/reconnect", "{}"));
      assertThat(begun.get("kind").asText()).isEqualTo("reconnect");
      assertThat(begun.get("state").asText()).isEqualTo("running");

      JsonNode ended = end(events, begun);
      assertThat(ended.get("state").asText()).isEqualTo("done");
      assertThat(ended.get("done").intValue()).isEqualTo(1);
    }
    assertThat(manager.stats().resumes()).isEqualTo(1);
    assertThat(manager.stats().identifies()).isEqualTo(2);
    assertThat(manager.shard(0).overview().reconnects()).isZero();
    assertThat(client.json("/api/fleet").get("timeline").toString())
        .contains("\"reconnect of shard 1 began\",\"operation\":\"op-1\"")
        .contains("\"shard 1 reconnected\",\"operation\":\"op-1\"");
  }

  @Test
  void aRollingRestartTakesSomeAtATime() throws Exception {
    start(6);
    Down down = new Down();
    manager.addListener(down);
    try (Client.Stream events = client.events()) {
      JsonNode ended = end(events, operation(client.control("/api/restart", "{\"atATime\":2}")));

      assertThat(ended.get("state").asText()).as(ended.toString()).isEqualTo("done");
      assertThat(ended.get("done").intValue()).isEqualTo(6);
      assertThat(ended.get("total").intValue()).isEqualTo(6);
    }
    assertThat(down.most.get()).isBetween(1, 2);
    assertThat(manager.stats().resumes()).isEqualTo(6);
    assertThat(manager.stats().identifies()).isEqualTo(6);
  }

  @Test
  void nothingElseBeginsMeanwhile() throws Exception {
    start(2);
    open(gateway.fault(Fault.refusal(503)).start()); // so that it does not come to its end
    operation(client.control("/api/restart", "{}"));

    for (String path : new String[] {"/api/restart", "/api/reshard", "/api/shards/1/reconnect"}) {
      HttpResponse<String> second = client.control(path, "{\"shardCount\":4}");
      assertThat(second.statusCode()).as(path).isEqualTo(409);
      assertThat(Client.parse(second).get("error").asText())
          .isEqualTo("operation: op-1 restart is under way (expected: none)");
    }
  }

  @Test
  void aShardThatIsNotUpIsNotReconnected() throws Exception {
    start(1);
    open(gateway.fault(Fault.refusal(503)).start());
    get(gateway.killAllConnections());
    await("the loss", () -> manager.shard(0).state() != GatewayState.READY);
    try (Client.Stream events = client.events()) {
      JsonNode begun = operation(client.control("/api/shards/0/reconnect", "{}"));
      JsonNode ended = end(events, begun);

      assertThat(ended.get("state").asText()).isEqualTo("failed");
      assertThat(ended.get("text").asText())
          .startsWith("reconnect failed: reconnect() of shard 0/1 in ");
    }
  }

  @Test
  void aRestartPassesOverWhatIsNotUp() throws Exception {
    start(3);
    get(gateway.closeConnections(shard -> shard.id() == 1, 4010));
    await("the refusal", () -> manager.shard(1).state() == GatewayState.FATAL);
    try (Client.Stream events = client.events()) {
      JsonNode ended = end(events, operation(client.control("/api/restart", "{\"atATime\":3}")));

      assertThat(ended.get("state").asText()).isEqualTo("done");
      assertThat(ended.get("text").asText())
          .isEqualTo("rolling restart of 3 shards is done, 1 were not up and were passed over");
    }
  }

  @Test
  void theNumberOfShardsIsChanged() throws Exception {
    start(2);
    try (Client.Stream events = client.events()) {
      JsonNode begun = operation(client.control("/api/reshard", "{\"shardCount\":4}"));
      JsonNode both = events.await("fleet", data -> data.get("generations").size() == 2);
      assertThat(both.at("/generations/0/of").intValue()).isEqualTo(2);
      assertThat(both.at("/generations/0/current").booleanValue()).isTrue();
      assertThat(both.at("/generations/1/of").intValue()).isEqualTo(4);
      assertThat(both.at("/generations/1/current").booleanValue()).isFalse();

      assertThat(end(events, begun).get("state").asText()).isEqualTo("done");
    }
    JsonNode generations = client.json("/api/fleet").get("generations");
    assertThat(generations).hasSize(1);
    assertThat(generations.get(0).get("of").intValue()).isEqualTo(4);
  }

  @Test
  void whatTheManagerRefusesIsSaid() throws Exception {
    start(2);

    HttpResponse<String> same = client.control("/api/reshard", "{\"shardCount\":2}");

    assertThat(same.statusCode()).isEqualTo(400);
    assertThat(Client.parse(same).get("error").asText())
        .isEqualTo("shard count: 2 (expected: >= 1 and not 2)");
    assertThat(client.json("/api/fleet").get("operations")).isEmpty();
  }
}
