package dev.sluice.gateway.kafka.internal.node;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The application's properties for Kafka clients, and what each client gets of them. They can hold
 * passwords, so nothing here shows a value. Immutable.
 */
public final class ClientProperties {

  /** What the fleet sets itself, for what it promises rests on it. */
  private static final Set<String> OWN =
      Set.of(
          ConsumerConfig.GROUP_ID_CONFIG,
          ConsumerConfig.GROUP_INSTANCE_ID_CONFIG,
          ConsumerConfig.GROUP_PROTOCOL_CONFIG,
          ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
          ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
          ConsumerConfig.ISOLATION_LEVEL_CONFIG,
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
          ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG,
          ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
          ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
          ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG,
          ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG,
          ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG,
          ProducerConfig.ACKS_CONFIG,
          ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
          ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
          ProducerConfig.TRANSACTIONAL_ID_CONFIG);

  /**
   * How many requests a producer without transactions has on their way to a broker. With more, the
   * second of a new producer can be accepted before the first, which is refused while the leader of
   * a partition is being elected: a broker that does not know the producer takes any sequence for
   * its first. The first is out of order then, for as long as it is tried again.
   */
  public static final int MAX_IN_FLIGHT = 1;

  private final Map<String, Object> properties;

  /**
   * Copies and checks the properties.
   *
   * @param properties by Kafka's names
   * @throws IllegalArgumentException if there are no bootstrap servers, or one is the fleet's own
   */
  public ClientProperties(Map<String, ?> properties) {
    this.properties = new HashMap<>(properties);
    for (String name : OWN) {
      if (this.properties.containsKey(name)) {
        throw new IllegalArgumentException(
            name + ": set in the client properties (expected: not, for the fleet sets it)");
      }
    }
    if (bootstrapServers().isEmpty()) {
      throw new IllegalArgumentException(
          CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG
              + ": none in the client properties (expected: host:port,...)");
    }
  }

  /** {@return where the brokers are, as they were set} */
  public String bootstrapServers() {
    Object servers = properties.get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
    if (servers instanceof Collection<?> list) {
      return String.join(",", list.stream().map(String::valueOf).toList());
    }
    return servers == null ? "" : servers.toString().trim();
  }

  /**
   * {@return all properties, with the id of a client}
   *
   * @param name what the client is for: the second part of its id
   */
  public Map<String, Object> named(String name) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put(CommonClientConfigs.CLIENT_ID_CONFIG, clientId(name));
    return all;
  }

  private String clientId(String name) {
    Object id = properties.get(CommonClientConfigs.CLIENT_ID_CONFIG);
    return (id == null ? "sluice" : id) + "-" + name;
  }

  /**
   * {@return the properties of a consumer of bytes}
   *
   * @param name what the client is for: the second part of its id
   */
  public Map<String, Object> consumer(String name) {
    Map<String, Object> consumer = of(ConsumerConfig.configNames(), name);
    consumer.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    consumer.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    consumer.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    consumer.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    consumer.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    return consumer;
  }

  /**
   * {@return the properties of a producer of bytes, idempotent and acknowledged by all}
   *
   * @param name what the client is for: the second part of its id
   */
  public Map<String, Object> producer(String name) {
    Map<String, Object> producer = of(ProducerConfig.configNames(), name);
    producer.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    producer.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    producer.put(ProducerConfig.ACKS_CONFIG, "all");
    producer.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    producer.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, MAX_IN_FLIGHT);
    return producer;
  }

  /**
   * {@return the properties of an admin client}
   *
   * @param name what the client is for: the second part of its id
   */
  public Map<String, Object> admin(String name) {
    return of(AdminClientConfig.configNames(), name);
  }

  /** Leaves out what only other clients know, for a client warns of it. */
  private Map<String, Object> of(Set<String> known, String name) {
    Map<String, Object> client = new HashMap<>();
    properties.forEach(
        (key, value) -> {
          if (known.contains(key) || !isKnown(key)) {
            client.put(key, value);
          }
        });
    client.put(CommonClientConfigs.CLIENT_ID_CONFIG, clientId(name));
    return client;
  }

  /** Others are for plug-ins, such as interceptors. */
  private static boolean isKnown(String key) {
    return List.of(
            ConsumerConfig.configNames(),
            ProducerConfig.configNames(),
            AdminClientConfig.configNames())
        .stream()
        .anyMatch(names -> names.contains(key));
  }
}
