package dev.sluice.gateway.kafka.internal.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;

final class ClientPropertiesTest {

  private static final Map<String, Object> PROPERTIES =
      Map.of("bootstrap.servers", "127.0.0.1:1", "sasl.jaas.config", "password");

  @Test
  void eachClientGetsWhatItKnows() {
    Map<String, Object> properties = new HashMap<>(PROPERTIES);
    properties.put("client.id", "node-1");
    properties.put("compression.type", "lz4");
    properties.put("fetch.max.wait.ms", 100);
    properties.put("a.plug-in", "x");
    ClientProperties clients = new ClientProperties(properties);

    assertThat(clients.producer("events"))
        .containsEntry("client.id", "node-1-events")
        .containsEntry("compression.type", "lz4")
        .containsEntry("a.plug-in", "x")
        .containsEntry(ProducerConfig.ACKS_CONFIG, "all")
        .doesNotContainKey("fetch.max.wait.ms");
    assertThat(clients.consumer("shards-1"))
        .containsEntry("client.id", "node-1-shards-1")
        .containsEntry("fetch.max.wait.ms", 100)
        .containsEntry(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false)
        .doesNotContainKey("compression.type");
    assertThat(clients.admin("admin"))
        .containsEntry("sasl.jaas.config", "password")
        .doesNotContainKeys("compression.type", "fetch.max.wait.ms");
  }

  @Test
  void bootstrapServersMayBeAList() {
    assertThat(
            new ClientProperties(Map.of("bootstrap.servers", List.of("a:1", "b:2")))
                .bootstrapServers())
        .isEqualTo("a:1,b:2");
  }
}
