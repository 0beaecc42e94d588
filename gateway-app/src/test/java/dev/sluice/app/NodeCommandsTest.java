package dev.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.kafka.ShardCommands;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node of a fleet, and the commands that look at it, with a broker. */
@Tag("broker")
@Timeout(180)
final class NodeCommandsTest {

  private static final int SHARDS = 2;

  @TempDir private static Path directory;
  private static KafkaBroker broker;

  private final BlockingQueue<JsonNode> presences = new LinkedBlockingQueue<>();
  private final ObjectMapper mapper = new ObjectMapper();

  @BeforeAll
  static void startBroker() throws Exception {
    broker = KafkaBroker.start(directory.resolve("kafka"));
  }

  @AfterAll
  static void stopBroker() {
    if (broker != null) {
      broker.close();
    }
  }

  @Test
  void aFleetOfOneNode() throws Exception {
    try (LocalGateway gateway = gateway()) {
      Map<String, String> settings = settings(gateway);
      Map<String, String> token = Map.of("SLUICE_TOKEN", gateway.token());

      Program before = new Program(token);
      assertThat(before.run(Program.args("check", settings))).isZero();
      assertThat(before.printed())
          .contains("topic commands.events: the fleet will make it, partitions: 3");

      Program node = new Program(token);
      CompletableFuture<Integer> exitCode = node.start(Program.args("run", settings));
      awaitTopic(settings);
      gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 1, 100)).join();
      Program events = new Program(Map.of());
      assertThat(
              events.run(with(Program.args("events", settings), "--count=3", "--from-beginning")))
          .isZero();
      List<JsonNode> lines = new ArrayList<>();
      for (String line : events.printed().lines().toList()) {
        lines.add(mapper.readTree(line));
      }
      assertThat(lines).hasSize(3);
      assertThat(lines.get(0).get("shards").asInt()).isEqualTo(SHARDS);
      assertThat(lines.get(0).get("session").asText()).matches("[0-9a-f]{16}");
      Program brief = new Program(Map.of());
      assertThat(
              brief.run(
                  with(
                      Program.args("events", settings),
                      "--count=1",
                      "--short",
                      "--type=MESSAGE_CREATE")))
          .isZero();
      assertThat(brief.printed()).matches("[0-9:.]+ {2}MESSAGE_CREATE +shard [01]/2 .* bytes\n");

      Program send = new Program(Map.of());
      assertThat(
              send.run(
                  with(
                      Program.args("send", settings),
                      "{\"op\":3,\"d\":{\"since\":null,\"activities\":[],\"status\":\"dnd\","
                          + "\"afk\":false}}")))
          .as(send.err.toString())
          .isZero();
      assertThat(send.printed()).isEqualTo("sent op 3, fleet of 2 shards\n");
      for (int shard = 0; shard < SHARDS; shard++) {
        JsonNode presence = presences.poll(60, TimeUnit.SECONDS);
        assertThat(presence).isNotNull();
        assertThat(presence.get("status").asText()).isEqualTo("dnd");
      }

      Program wrong = new Program(Map.of());
      assertThat(
              wrong.run(with(Program.args("send", settings), "--shard=7", "{\"op\":3,\"d\":{}}")))
          .isNotZero();

      Program reshard = new Program(Map.of());
      assertThat(reshard.run(with(Program.args("reshard", settings), "--shards=2")))
          .isEqualTo(End.FAILED);
      assertThat(reshard.err.toString()).contains("shards: 2 (expected: not 2, which there are)");
      Program cancel = new Program(Map.of());
      assertThat(cancel.run(with(Program.args("reshard", settings), "--cancel")))
          .isEqualTo(End.FAILED);
      assertThat(new Program(Map.of()).run(Program.args("reshard", settings))).isEqualTo(End.USAGE);

      node.stop.complete(null);
      assertThat(exitCode.get(60, TimeUnit.SECONDS)).isEqualTo(End.OK);
    }
  }

  @Test
  void aFleetThatWasNeverStarted() {
    Program send = new Program(Map.of());
    Map<String, String> settings = new HashMap<>();
    settings.put("application", "nobody");
    settings.put("kafka.bootstrap-servers", broker.bootstrapServers());

    assertThat(send.run(with(Program.args("events", settings)))).isEqualTo(End.FAILED);
    assertThat(send.err.toString()).contains("topic nobody.events: there is none");
  }

  @Test
  void withoutBrokersThereIsNoFleet() {
    Program send = new Program(Map.of());

    assertThat(send.run("send", "{\"op\":3,\"d\":{}}")).isEqualTo(End.USAGE);
    assertThat(send.err.toString())
        .contains("kafka.bootstrap-servers: not set (expected: the brokers of the fleet)");
  }

  /** The fleet's topics are there when its shard count is known. */
  private static void awaitTopic(Map<String, String> settings) throws Exception {
    try (ShardCommands commands =
        ShardCommands.create(
            settings.get("application"), Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      commands.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  private LocalGateway gateway() {
    return LocalGateway.builder()
        .guildsPerShard(2)
        .listener(
            new GatewayServerListener() {
              @Override
              public void received(ServerSession session, Opcode opcode, JsonNode d) {
                if (opcode == Opcode.PRESENCE_UPDATE) {
                  presences.add(d);
                }
              }
            })
        .server(server -> server.shards(SHARDS).maxConcurrency(SHARDS))
        .start();
  }

  private static Map<String, String> settings(LocalGateway gateway) {
    Map<String, String> settings = new HashMap<>();
    settings.put("application", "commands");
    settings.put("shards", String.valueOf(SHARDS));
    settings.put("intents", "all");
    settings.put("api-uri", gateway.apiUri().toString());
    settings.put("console.port", "0");
    settings.put("kafka.bootstrap-servers", broker.bootstrapServers());
    settings.put("kafka.replication-factor", "1");
    settings.put("kafka.events-partitions", "3");
    return settings;
  }

  private static String[] with(String[] args, String... more) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
