package dev.sluice.examples.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.testkit.brokers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.MessageConsumer;
import io.nats.client.Nats;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("broker")
@Timeout(60)
final class NatsEventsTest {

  private final CountDownLatch identified = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final BlockingQueue<String> worked = new LinkedBlockingQueue<>();

  @Test
  void aWorkerGetsTheEventsOfItsBucket(@TempDir Path directory) throws Exception {
    assumeTrue(NatsServer.find().isPresent(), "nats-server is not installed");
    try (NatsServer server = NatsServer.start(directory);
        LocalGateway gateway = LocalGateway.builder().listener(identifies()).start()) {
      FutureTask<Void> bot = start(() -> run(bot(gateway), server.url()));
      identified.await(); // so the stream is there
      Connection nats = Nats.connect(server.url());
      MessageConsumer worker =
          NatsEvents.work(nats, 0, (type, data) -> worked.add(type + ' ' + new String(data)));

      // READY is of no guild, and shard 0 in bucket 0.
      assertThat(worked.poll(60, TimeUnit.SECONDS)).startsWith("READY {").endsWith("}");

      worker.close();
      nats.close();
      stopped.countDown();
      bot.get();
    }
  }

  private Void run(ShardManagerBuilder bot, String url) throws Exception {
    NatsEvents.run(bot, url, stopped);
    return null;
  }

  private static ShardManagerBuilder bot(LocalGateway gateway) {
    return ShardManager.builder(gateway.token(), Intents.all())
        .apiUri(gateway.apiUri())
        .sessionStore(SessionStore.inMemory());
  }

  private GatewayServerListener identifies() {
    return new GatewayServerListener() {
      @Override
      public void identified(ServerSession session) {
        identified.countDown();
      }
    };
  }

  private static FutureTask<Void> start(Callable<Void> call) {
    FutureTask<Void> task = new FutureTask<>(call);
    new Thread(task, "bot").start();
    return task;
  }
}
