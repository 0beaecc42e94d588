package dev.sluice.benchmarks.peers;

import dev.sluice.benchmarks.load.EventCounter;
import dev.sluice.benchmarks.load.LoadClient;
import dev.sluice.benchmarks.load.LoadTarget;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import net.dv8tion.jda.api.JDA;
import net.dv8tion.jda.api.events.GenericEvent;
import net.dv8tion.jda.api.events.RawGatewayEvent;
import net.dv8tion.jda.api.events.session.ReadyEvent;
import net.dv8tion.jda.api.hooks.EventListener;
import net.dv8tion.jda.api.requests.GatewayIntent;
import net.dv8tion.jda.api.requests.RestConfig;
import net.dv8tion.jda.api.sharding.DefaultShardManagerBuilder;
import net.dv8tion.jda.api.sharding.ShardManager;
import net.dv8tion.jda.api.utils.Compression;
import net.dv8tion.jda.api.utils.ConcurrentSessionController;

/**
 * JDA with raw events on: {@code createLight}, thus without caches, chunks and member requests;
 * events come on the thread that read them, without an event pool; the listener is the plain
 * interface, not {@code ListenerAdapter}, which tests each event for every type it knows.
 *
 * <p>JDA starts a shard only when its guilds came, and cannot be told not to wait for them.
 */
public final class JdaClient implements LoadClient {

  private ShardManager shards;

  @Override
  public void start(LoadTarget target, EventCounter counter) throws Exception {
    CountDownLatch ready = new CountDownLatch(target.shards());
    shards =
        DefaultShardManagerBuilder.createLight(
                target.token(), GatewayIntent.getIntents(LoadTarget.INTENTS.value()))
            .setSessionController(new LocalSessionController(target.gatewayUri().toString()))
            .setRestConfig(new RestConfig().setBaseUrl(target.apiUri() + "/"))
            .setCompression(compression(target))
            .setRawEventsEnabled(true)
            .setShardsTotal(target.shards())
            .addEventListenerProvider(shard -> new RawListener(shard, counter, ready))
            .build();
    Starts.await(ready);
  }

  private static Compression compression(LoadTarget target) {
    return switch (target.compression()) {
      case NONE -> Compression.NONE;
      case ZLIB_STREAM -> Compression.ZLIB;
      default -> throw Starts.unknownCompression(target, "NONE or ZLIB_STREAM");
    };
  }

  @Override
  public void close() throws IOException {
    if (shards == null) {
      return;
    }
    var running = shards.getShards();
    shards.shutdown();
    try {
      for (JDA shard : running) {
        if (!shard.awaitShutdown(Duration.ofSeconds(Starts.STOP_SECONDS))) {
          shard.shutdownNow();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("JDA: interrupted while its shards stopped");
    }
  }

  /** Where JDA dials again after a failure, before which it asks the HTTP endpoint. */
  private static final class LocalSessionController extends ConcurrentSessionController {

    private final String gateway;

    LocalSessionController(String gateway) {
      this.gateway = gateway;
    }

    @Override
    public String getGateway() {
      return gateway;
    }
  }

  private record RawListener(int shard, EventCounter counter, CountDownLatch ready)
      implements EventListener {

    @Override
    public void onEvent(GenericEvent event) {
      if (event instanceof RawGatewayEvent) {
        counter.received(shard, event.getResponseNumber());
      } else if (event instanceof ReadyEvent) {
        ready.countDown();
      }
    }
  }
}
