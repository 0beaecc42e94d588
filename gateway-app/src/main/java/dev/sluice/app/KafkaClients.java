package dev.sluice.app;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;

/** Settings of Kafka's own clients. */
final class KafkaClients {

  private KafkaClients() {}

  /** {@return the names of those that hold secrets} */
  static List<String> secretNames() {
    return Stream.of(ProducerConfig.configDef(), ConsumerConfig.configDef())
        .flatMap(definition -> definition.configKeys().values().stream())
        .filter(key -> key.type == ConfigDef.Type.PASSWORD)
        .map(key -> key.name)
        .distinct()
        .toList();
  }

  /** {@return settings for a client that gives up after some seconds} */
  static Map<String, Object> impatient(NodeConfig.Kafka kafka, int seconds) {
    Map<String, Object> properties = new HashMap<>(kafka.properties());
    properties.put("default.api.timeout.ms", seconds * 1_000);
    properties.put("request.timeout.ms", seconds * 1_000);
    return properties;
  }
}
