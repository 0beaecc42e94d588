package dev.sluice.gateway.kafka.internal.events;

import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * How a sink publishes.
 *
 * @param topic where to
 * @param generation the generation of shards whose events come
 * @param exactlyOnce whether they go in transactions, with the sessions
 * @param transactionalId the id of the producer's transactions, another one for each process: two
 *     that share one would fence each other; used only for exactly once
 * @param retryDelay the delay before what failed is tried again; it doubles up to 64 times that
 * @param gatherTime how long a thread that has nothing to do lets events gather after the first
 * @param stuckTime for how long an event may be overtaken by later ones before its producer counts
 *     as stuck with a partition; used only for at least once
 */
public record SinkSettings(
    String topic,
    int generation,
    boolean exactlyOnce,
    String transactionalId,
    Duration retryDelay,
    Duration gatherTime,
    Duration stuckTime) {

  static final Duration RETRY_DELAY = Duration.ofMillis(50);
  static final Duration GATHER_TIME = Duration.ofMillis(2);
  static final Duration GATHER_TIME_OF_TRANSACTIONS = Duration.ofMillis(10);

  static final Duration STUCK_TIME = Duration.ofSeconds(15);

  /** The GUILD_CREATE of a large guild has several megabytes. */
  public static final int MAX_EVENT_BYTES = 16 << 20;

  /** With one request at a time, each takes more than Kafka's default of 16 KiB a partition. */
  private static final int BATCH_BYTES = 64 << 10;

  /** The most that keep their order; whoever fails ends the transaction, and all begins anew. */
  private static final int MAX_IN_FLIGHT_OF_TRANSACTIONS = 5;

  private static final int MAX_BLOCK_MILLIS = 10_000;

  /** What a node leaves open when it dies holds up readers of committed records for as long. */
  private static final int TRANSACTION_TIMEOUT_MILLIS = 20_000;

  /** {@return the settings with the defaults for delays} */
  public static SinkSettings of(
      String topic, int generation, boolean exactlyOnce, String transactionalId) {
    return new SinkSettings(
        topic,
        generation,
        exactlyOnce,
        transactionalId,
        RETRY_DELAY,
        exactlyOnce ? GATHER_TIME_OF_TRANSACTIONS : GATHER_TIME,
        STUCK_TIME);
  }

  /**
   * {@return the properties of the producer} What the guarantee rests on is fixed; for the rest the
   * application's properties win.
   *
   * @param properties the application's
   */
  Map<String, Object> producerProperties(Map<String, ?> properties) {
    Map<String, Object> all = new HashMap<>();
    all.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "zstd");
    all.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
    all.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MAX_EVENT_BYTES);
    all.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MILLIS);
    all.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE); // events wait as long
    all.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_TIMEOUT_MILLIS);
    all.putAll(properties);
    all.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    all.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    all.put(ProducerConfig.ACKS_CONFIG, "all");
    all.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    all.remove(ProducerConfig.TRANSACTIONAL_ID_CONFIG);
    if (exactlyOnce) {
      all.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
    }
    all.put(
        ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
        exactlyOnce ? MAX_IN_FLIGHT_OF_TRANSACTIONS : ClientProperties.MAX_IN_FLIGHT);
    return all;
  }
}
