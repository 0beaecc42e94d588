package dev.sluice.examples.guide;

import dev.sluice.gateway.kafka.DeliveryGuarantee;
import dev.sluice.gateway.kafka.GatewayEvent;
import dev.sluice.gateway.kafka.GatewayEvents;
import dev.sluice.gateway.kafka.KafkaFleet;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/** A node of a fleet on Kafka, and a worker in another process that reads its events. */
final class KafkaEvents {

  private KafkaEvents() {}

  static void run(Supplier<ShardManagerBuilder> bot, String brokers, CountDownLatch stopped)
      throws Exception {
    try (KafkaFleet node =
        KafkaFleet.builder("my-bot", Map.of("bootstrap.servers", brokers))
            .shards(64) // of the whole fleet
            .instanceId("node-1") // another for each node
            .guarantee(DeliveryGuarantee.EXACTLY_ONCE)
            .build()) {
      node.start(bot).toCompletableFuture().get();
      stopped.await();
    } // the shards wait for this node to come back, and move if it does not
  }

  static void work(String brokers, Consumer<GatewayEvent> handler, BooleanSupplier running) {
    Map<String, Object> properties =
        GatewayEvents.consumerProperties(
            Map.of("bootstrap.servers", brokers, "group.id", "my-workers"));
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties)) {
      consumer.subscribe(List.of("my-bot.events"));
      GatewayEvents events = GatewayEvents.create();
      while (running.getAsBoolean()) {
        events.of(consumer.poll(Duration.ofSeconds(1))).forEach(handler);
        consumer.commitSync(); // what was not committed comes again
      }
    }
  }
}
