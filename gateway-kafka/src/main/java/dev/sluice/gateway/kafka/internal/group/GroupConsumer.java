package dev.sluice.gateway.kafka.internal.group;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.jspecify.annotations.Nullable;

/** The consumer that is this node's member of a {@link ShardGroup}. */
public final class GroupConsumer {

  private static final int MAX_COMMANDS_FETCH_BYTES = 64 << 10;

  /** A node learns of a rebalance by its next heartbeat, and a move takes two of them. */
  private static final int HEARTBEATS_PER_SESSION = 20;

  private static final Duration MIN_POLL = Duration.ofMinutes(1);

  private GroupConsumer() {}

  /**
   * {@return the properties of the consumer}
   *
   * @param settings the group's
   * @param instanceId the name that the node keeps over restarts, null for none
   * @param clientProperties the application's, of a consumer of bytes
   */
  public static Map<String, Object> properties(
      GroupSettings settings, @Nullable String instanceId, Map<String, Object> clientProperties) {
    Map<String, Object> consumer = new HashMap<>(clientProperties);
    // A rebalance waits as long for a node, whose shards may be stopping.
    consumer.putIfAbsent(
        ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG,
        Math.toIntExact(MIN_POLL.plus(settings.handOverTimeout()).toMillis()));
    consumer.putIfAbsent(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, MAX_COMMANDS_FETCH_BYTES);
    consumer.put(ConsumerConfig.GROUP_ID_CONFIG, settings.topic());
    consumer.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
    consumer.put(
        ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
        CooperativeStickyAssignor.class.getName());
    int sessionMillis = Math.toIntExact(settings.sessionTimeout().toMillis());
    consumer.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, sessionMillis);
    consumer.put(
        ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, sessionMillis / HEARTBEATS_PER_SESSION);
    if (instanceId != null) {
      consumer.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instanceId);
    }
    return consumer;
  }

  /** {@return how many answers of brokers a consumer has had, by its own count} */
  public static long responses(Consumer<byte[], byte[]> consumer) {
    for (Map.Entry<MetricName, ? extends Metric> metric : consumer.metrics().entrySet()) {
      if (metric.getKey().name().equals("response-total")
          && metric.getKey().group().equals("consumer-metrics")) {
        return ((Number) metric.getValue().metricValue()).longValue();
      }
    }
    throw new IllegalStateException("response-total: missing (expected: in consumer-metrics)");
  }
}
