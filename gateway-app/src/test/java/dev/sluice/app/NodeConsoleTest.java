package dev.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.kafka.KafkaFleet;
import dev.sluice.gateway.kafka.KafkaFleetMetrics;
import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class NodeConsoleTest {

  private static final String TOKEN = "0123456789abcdef";

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void showsOneManagerAfterTheOther() throws Exception {
    try (LocalGateway gateway = LocalGateway.start();
        NodeConsole console = new NodeConsole(config(gateway));
        KafkaFleet fleet =
            KafkaFleet.builder("bot", Map.of("bootstrap.servers", "127.0.0.1:1"))
                .shards(1)
                .build();
        ShardManager first = ManagerSettings.builder(config(gateway)).shards(1).build();
        ShardManager second = ManagerSettings.builder(config(gateway)).shards(1).build()) {
      KafkaFleetMetrics.bindTo(fleet, console.registry());
      console.show(first, () -> new FleetHealth(true, false, List.of("no broker answers")));
      assertThat(get(console, "health/live").statusCode()).isEqualTo(200);
      assertThat(get(console, "health/ready").statusCode()).isEqualTo(503);

      console.show(second, () -> new FleetHealth(true, true, List.of()));
      assertThat(get(console, "health/ready").statusCode()).isEqualTo(200);
      assertThat(get(console, "metrics").body())
          .contains("sluice_gateway_shards{", "sluice_fleet_", "jvm_memory_used_bytes{");
      assertThat(get(console, "api/console").body()).contains("\"bot\"");
    }
  }

  @Test
  void thereIsNoneIfItIsOff() throws Exception {
    try (LocalGateway gateway = LocalGateway.start();
        ShardManager manager = ManagerSettings.builder(config(gateway)).shards(1).build()) {
      Map<String, String> off = settings(gateway);
      off.put("console.enabled", "false");
      try (NodeConsole console = new NodeConsole(config(off))) {
        console.show(manager, manager::health);
        assertThat(console.uri()).isNull();
      }
    }
  }

  private HttpResponse<String> get(NodeConsole console, String path) throws Exception {
    URI uri = console.uri();
    assertThat(uri).isNotNull();
    return client.send(
        HttpRequest.newBuilder(uri.resolve(path))
            .header("Authorization", "Bearer " + TOKEN)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static NodeConfig config(LocalGateway gateway) throws ConfigurationException {
    return config(settings(gateway));
  }

  private static NodeConfig config(Map<String, String> settings) throws ConfigurationException {
    Map<String, String> environment =
        Map.of("SLUICE_TOKEN", "a-token", "SLUICE_CONSOLE_TOKEN", TOKEN);
    return NodeConfig.of(Settings.read(null, environment, settings));
  }

  private static Map<String, String> settings(LocalGateway gateway) {
    Map<String, String> settings = new HashMap<>();
    settings.put("application", "bot");
    settings.put("api-uri", gateway.apiUri().toString());
    settings.put("console.port", "0");
    return settings;
  }
}
