package dev.sluice.examples.guide;

import dev.sluice.gateway.nats.NatsEventSink;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.MessageConsumer;
import io.nats.client.api.ConsumerConfiguration;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiConsumer;

/** Events out to NATS JetStream, and a worker in another process that reads them. */
final class NatsEvents {

  private NatsEvents() {}

  static void run(ShardManagerBuilder bot, String url, CountDownLatch stopped) throws Exception {
    try (NatsEventSink sink = NatsEventSink.builder("my-bot").servers(url).open();
        ShardManager manager = bot.eventSink(sink).build()) {
      manager.start().toCompletableFuture().get();
      stopped.await();
    } // the manager stops first, when the stream has what it sent
  }

  static MessageConsumer work(Connection nats, int bucket, BiConsumer<String, byte[]> handler)
      throws IOException, JetStreamApiException {
    return nats.getStreamContext("my-bot-events")
        .createOrUpdateConsumer(
            ConsumerConfiguration.builder()
                .durable("worker-" + bucket)
                .filterSubject("my-bot.events." + bucket + ".*")
                .build())
        .consume(message -> handle(message, handler));
  }

  private static void handle(Message message, BiConsumer<String, byte[]> handler) {
    handler.accept(message.getHeaders().getFirst("type"), message.getData());
    message.ack(); // what is not acknowledged comes again
  }
}
