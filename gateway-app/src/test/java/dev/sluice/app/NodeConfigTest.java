package dev.sluice.app;

import static dev.sluice.app.SettingsTest.problems;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.app.NodeConfig.Assignment;
import dev.sluice.app.NodeConfig.EventsTo;
import dev.sluice.gateway.Activity;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.sharding.ShardPlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NodeConfigTest {

  @TempDir private Path directory;

  @Test
  void withoutASettingItRunsAllShardsAndPrints() throws Exception {
    NodeConfig config = config();

    assertThat(config.assignment()).isEqualTo(Assignment.SINGLE);
    assertThat(config.eventsTo()).isEqualTo(EventsTo.STDOUT);
    assertThat(config.shards()).isNull();
    assertThat(config.intents()).isEqualTo(Intents.nonPrivileged());
    assertThat(config.kafka()).isNull();
    assertThat(config.nats()).isNull();
    assertThat(config.console().port()).isEqualTo(8077);
    assertThat(config.summary()).isEqualTo("sluice, all shards, events to stdout");
  }

  @ParameterizedTest
  @CsvSource({
    "nats,  '',    auto,   auto, SINGLE, NATS",
    "'',    kafka, auto,   auto, KAFKA,  KAFKA",
    "nats,  kafka, auto,   auto, KAFKA,  NATS",
    "nats,  kafka, auto,   none, KAFKA,  NONE",
    "'',    kafka, single, auto, SINGLE, STDOUT",
    "'',    '',    static, auto, STATIC, STDOUT",
    "nats,  '',    static, auto, STATIC, NATS",
  })
  void modes(
      String nats, String kafka, String assignment, String to, Assignment by, EventsTo events)
      throws Exception {
    Map<String, String> settings = new HashMap<>();
    settings.put("shards", "8");
    settings.put("node.index", "1");
    settings.put("node.count", "4");
    settings.put("assignment", assignment);
    settings.put("events.to", to);
    if (!nats.isEmpty()) {
      settings.put("nats.url", "nats://localhost:4222");
    }
    if (!kafka.isEmpty()) {
      settings.put("kafka.bootstrap-servers", "localhost:9092");
    }
    NodeConfig config = NodeConfig.of(Settings.read(null, Map.of(), settings));

    assertThat(config.assignment()).isEqualTo(by);
    assertThat(config.eventsTo()).isEqualTo(events);
  }

  @Test
  void whatAFleetDoesNotTakeIsAWrongSetting() {
    assertThat(
            SettingsTest.problems(
                () ->
                    config(
                        "kafka.bootstrap-servers", "a:1",
                        "kafka.properties.acks", "1")))
        .containsExactly(
            "kafka: acks: set in the client properties (expected: not, for the fleet sets it)");
    assertThat(
            SettingsTest.problems(
                () -> config("kafka.bootstrap-servers", "a:1", "kafka.instance-id", "a node")))
        .singleElement()
        .asString()
        .startsWith("kafka: instance-id: a node (expected: ");
    assertThat(
            SettingsTest.problems(
                () ->
                    config(
                        "kafka.bootstrap-servers", "a:1",
                        "nats.url", "nats://a:2",
                        "kafka.guarantee", "exactly-once")))
        .containsExactly(
            "kafka.guarantee: exactly-once (expected: at-least-once, for events go to nats)"
                + " [--set]");
  }

  @Test
  void aPodKnowsItsShardsByItsName() throws Exception {
    NodeConfig config =
        NodeConfig.of(
            Settings.read(
                null,
                Map.of("HOSTNAME", "bot-3"),
                Map.of("assignment", "static", "shards", "16", "node.count", "4")));

    assertThat(config.plan()).isEqualTo(ShardPlan.ofProcess(3, 4, 16));
    assertThat(config.summary()).isEqualTo("sluice, shards 12..15 of 16, events to stdout");
  }

  @Test
  void valuesAreReadAsOneWritesThem() throws Exception {
    NodeConfig config =
        config(
            "intents", "guilds, Guild-Messages",
            "events.types", "message_create,INTERACTION_CREATE",
            "presence.activity", "Watching every guild",
            "drain-timeout", "1500ms",
            "compression", "ZSTD_STREAM",
            "kafka.bootstrap-servers", "a:1",
            "kafka.properties.client.rack", "a",
            "kafka.session-timeout", "PT30S",
            "shards", "4");

    assertThat(config.intents()).isEqualTo(Intents.of(Intent.GUILDS, Intent.GUILD_MESSAGES));
    assertThat(config.eventTypes())
        .containsExactlyInAnyOrder(EventType.MESSAGE_CREATE, EventType.INTERACTION_CREATE);
    assertThat(config.presence()).isEqualTo(Presence.online(Activity.watching("every guild")));
    assertThat(config.drainTimeout()).isEqualTo(Duration.ofMillis(1_500));
    assertThat(config.kafka().sessionTimeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(config.kafka().eventsTopic()).isEqualTo("sluice.events");
    assertThat(config.kafka().properties())
        .isEqualTo(Map.of("client.rack", "a", "bootstrap.servers", "a:1"));
    assertThat(config("intents", "513").intents()).isEqualTo(new Intents(513));
  }

  @Test
  void everythingThatIsWrongIsToldAtOnce() {
    assertThat(
            problems(
                () ->
                    config(
                        "shards", "0",
                        "intents", "GUILDZ",
                        "events.types", "MESSAGE_CREATED",
                        "drain-timeout", "soon",
                        "console.port", "99999",
                        "console.bind-address", "0.0.0.0",
                        "console.control", "yes",
                        "events.to", "nats",
                        "application", "my bot",
                        "log.level", "loud",
                        "proxy", "ftp://user:hunter2@proxy:1")))
        .containsExactlyInAnyOrder(
            "shards: 0 (expected: 1..1048576) [--set]",
            "intents: GUILDZ (expected: an intent, perhaps GUILDS) [--set]",
            "events.types: MESSAGE_CREATED (expected: a type of events, perhaps MESSAGE_CREATE)"
                + " [--set]",
            "drain-timeout: soon (expected: 0s..10m, like 500ms, 10s or 5m) [--set]",
            "console.port: 99999 (expected: 0..65535) [--set]",
            "console.bind-address: 0.0.0.0 (expected: a loopback address, or a token too:"
                + " SLUICE_CONSOLE_TOKEN or console.token-file) [--set]",
            "console.control: yes (expected: true or false) [--set]",
            "events.to: nats (expected: nats.url is set too) [--set]",
            "application: my bot (expected: up to 100 of A-Z, a-z, 0-9, - and _) [--set]",
            "log.level: loud (expected: error, warn, info, debug) [--set]",
            "proxy: ftp://***@proxy:1 (expected: http://host, socks5://host) [--set]");
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() {
    assertThat(problems(() -> config("assignment", "kafka", "shards", "1")))
        .containsExactly(
            "assignment: kafka (expected: kafka.bootstrap-servers is set too) [--set]");
    assertThat(problems(() -> config("assignment", "static", "node.index", "0", "node.count", "1")))
        .containsExactly("shards: not set (expected: a number, for the assignment is static)");
    assertThat(problems(() -> config("kafka.bootstrap-servers", "a:1", "on-stop", "goodbye")))
        .containsExactly("on-stop: goodbye (expected: restart or leave, in a fleet) [--set]");
    assertThat(problems(() -> config("on-stop", "leave")))
        .containsExactly("on-stop: leave (expected: restart or goodbye, without a fleet) [--set]");
    assertThat(
            problems(
                () -> config("encoding", "etf", "compression", "payload", "events.to", "none")))
        .containsExactly("compression: payload (expected: another one, for the encoding is etf)");
    assertThat(problems(() -> config("encoding", "etf")))
        .containsExactly("encoding: etf (expected: json, for events go to stdout)");
    assertThat(problems(() -> config("events.to", "kafka")))
        .containsExactly(
            "events.to: kafka (expected: kafka, only if the assignment is kafka too) [--set]");
    assertThat(problems(() -> config("assignment", "static", "shards", "4", "node.count", "8")))
        .containsExactly("node.count: 8 (expected: 1..4)");
  }

  @Test
  void theTokenComesFromTheEnvironmentOrAFileAndIsNeverTold() throws Exception {
    Path file = Files.writeString(directory.resolve("token"), " of-the-file\n");
    NodeConfig fromFile = config("token-file", file.toString());
    NodeConfig fromVariable =
        NodeConfig.of(
            Settings.read(
                null,
                Map.of("SLUICE_TOKEN", "of-the-variable"),
                Map.of("token-file", file.toString())));

    assertThat(fromFile.withToken().token().value()).isEqualTo("of-the-file");
    assertThat(fromVariable.token().value()).isEqualTo("of-the-variable");
    assertThat(fromVariable.toString()).doesNotContain("of-the-variable").contains("SLUICE_TOKEN");
    assertThat(problems(() -> config().withToken()))
        .containsExactly(
            "token: not set (expected: SLUICE_TOKEN in the environment, or token-file)");
    assertThat(problems(() -> config("token-file", "/nowhere/token")))
        .containsExactly("token-file: /nowhere/token (expected: a file that can be read) [--set]");
  }

  @Test
  void secretsOfKafkaAreNotTold() throws Exception {
    NodeConfig config =
        config(
            "kafka.bootstrap-servers",
            "a:1",
            "kafka.properties.sasl.jaas.config",
            "hunter2",
            "shards",
            "1");

    assertThat(config.toString()).doesNotContain("hunter2");
  }

  private static NodeConfig config(String... keysAndValues) throws ConfigurationException {
    Map<String, String> settings = new HashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      settings.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    return NodeConfig.of(Settings.read(null, Map.of(), settings));
  }
}
