package dev.sluice.examples.guide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("broker")
@Timeout(90)
final class KafkaEventsTest {

  @Test
  void aWorkerGetsTheEventsOfAllShards(@TempDir Path directory) throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    Set<String> ready = new HashSet<>();
    try (KafkaBroker broker = KafkaBroker.start(directory);
        LocalGateway gateway =
            LocalGateway.builder().server(server -> server.maxConcurrency(64)).start()) {
      String brokers = broker.bootstrapServers();
      FutureTask<Void> node =
          start(
              () -> {
                KafkaEvents.run(
                    () ->
                        ShardManager.builder(gateway.token(), Intents.all())
                            .apiUri(gateway.apiUri()),
                    brokers,
                    stopped);
                return null;
              });

      KafkaEvents.work(
          brokers,
          event -> {
            if (event.type() == EventType.READY) {
              ready.add(event.shard().toString());
            }
          },
          () -> ready.size() < 64);

      stopped.countDown();
      node.get();
    }
    assertThat(ready).hasSize(64);
  }

  private static FutureTask<Void> start(Callable<Void> call) {
    FutureTask<Void> task = new FutureTask<>(call);
    new Thread(task, "node").start();
    return task;
  }
}
