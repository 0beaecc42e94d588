package dev.sluice.benchmarks.peers;

import dev.kord.common.DiscordBitSet;
import dev.kord.common.entity.DiscordShard;
import dev.kord.gateway.DefaultGateway;
import dev.kord.gateway.DefaultGatewayBuilder;
import dev.kord.gateway.DispatchEvent;
import dev.kord.gateway.Event;
import dev.kord.gateway.Gateway;
import dev.kord.gateway.GatewayConfiguration;
import dev.kord.gateway.GatewayConfigurationBuilder;
import dev.kord.gateway.Intents;
import dev.kord.gateway.Ready;
import dev.kord.gateway.ratelimit.IdentifyRateLimiter;
import dev.kord.gateway.ratelimit.IdentifyRateLimiterKt;
import dev.sluice.benchmarks.load.EventCounter;
import dev.sluice.benchmarks.load.LoadClient;
import dev.sluice.benchmarks.load.LoadTarget;
import dev.sluice.gateway.Compression;
import io.ktor.client.HttpClient;
import io.ktor.client.HttpClientKt;
import io.ktor.client.engine.okhttp.OkHttp;
import io.ktor.client.plugins.websocket.WebSockets;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import kotlin.Unit;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.EmptyCoroutineContext;
import kotlinx.coroutines.BuildersKt;
import kotlinx.coroutines.CoroutineStart;
import kotlinx.coroutines.Dispatchers;
import kotlinx.coroutines.Job;
import kotlinx.coroutines.TimeoutKt;
import kotlinx.coroutines.flow.FlowCollector;
import okhttp3.Dispatcher;

/**
 * Kord's gateway alone, without the cache and the entities of its core. Its events are decoded when
 * they come to it; there is no way to have them raw. They are collected from its flow as it is, not
 * by {@code on}, which starts a coroutine for each.
 */
public final class KordClient implements LoadClient {

  private static final String LIBRARY = "Kord"; // as its configuration has it
  private static final int LARGE_THRESHOLD = 250; // as its configuration has it

  private final List<Gateway> gateways = new ArrayList<>();
  private final List<Job> runs = new ArrayList<>();
  private HttpClient http;

  @Override
  public void start(LoadTarget target, EventCounter counter) throws Exception {
    if (target.compression() != Compression.NONE
        && target.compression() != Compression.ZLIB_STREAM) {
      throw Starts.unknownCompression(target, "NONE or ZLIB_STREAM");
    }
    CountDownLatch ready = new CountDownLatch(target.shards());
    IdentifyRateLimiter limiter =
        IdentifyRateLimiterKt.IdentifyRateLimiter(target.shards(), Dispatchers.getDefault());
    http = httpClient(target.shards());
    for (int shard = 0; shard < target.shards(); shard++) {
      DefaultGatewayBuilder builder = new DefaultGatewayBuilder();
      builder.setUrl(Starts.gatewayUrl(target));
      builder.setClient(http);
      builder.setIdentifyRateLimiter(limiter);
      DefaultGateway gateway = builder.build();
      gateways.add(gateway);
      Collector collector = new Collector(shard, counter, ready);
      launch(gateway, completion -> gateway.getEvents().collect(collector, completion));
      GatewayConfiguration configuration =
          new GatewayConfigurationBuilder(
                  target.token(),
                  LIBRARY,
                  new DiscordShard(shard, target.shards()),
                  null, // no presence
                  LARGE_THRESHOLD,
                  new Intents(new DiscordBitSet(new long[] {LoadTarget.INTENTS.value()})))
              .build();
      runs.add(launch(gateway, completion -> gateway.start(configuration, completion)));
    }
    Starts.await(ready);
  }

  /**
   * One for all, as its core has it. OkHttp counts WebSockets as requests, of which it runs 64 at a
   * time unless told.
   */
  private static HttpClient httpClient(int shards) {
    return HttpClientKt.HttpClient(
        OkHttp.INSTANCE,
        config -> {
          config.engine(
              engine -> {
                engine.config(
                    client -> {
                      Dispatcher dispatcher = new Dispatcher();
                      dispatcher.setMaxRequests(Math.max(dispatcher.getMaxRequests(), shards));
                      client.dispatcher(dispatcher);
                      return Unit.INSTANCE;
                    });
                return Unit.INSTANCE;
              });
          config.install(WebSockets.Plugin, plugin -> Unit.INSTANCE);
          return Unit.INSTANCE;
        });
  }

  @Override
  public void close() throws IOException {
    try {
      for (Gateway gateway : gateways) {
        runBlocking(gateway::stop);
      }
      for (Job run : runs) {
        runBlocking(completion -> joinInTime(run, completion));
      }
      for (Gateway gateway : gateways) {
        runBlocking(gateway::detach);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("Kord: interrupted while its shards stopped");
    } finally {
      if (http != null) {
        http.close();
      }
    }
  }

  /** What Kotlin compiles a suspending block to. */
  private interface Suspending {
    Object run(Continuation<? super Unit> completion);
  }

  private static Object joinInTime(Job run, Continuation<? super Unit> completion) {
    return TimeoutKt.withTimeoutOrNull(
        TimeUnit.SECONDS.toMillis(Starts.STOP_SECONDS),
        (scope, joined) -> run.join(joined),
        completion);
  }

  private static void runBlocking(Suspending block) throws InterruptedException {
    BuildersKt.runBlocking(
        EmptyCoroutineContext.INSTANCE, (scope, completion) -> block.run(completion));
  }

  private static Job launch(DefaultGateway scope, Suspending block) {
    return BuildersKt.launch(
        scope,
        EmptyCoroutineContext.INSTANCE,
        CoroutineStart.UNDISPATCHED,
        (self, completion) -> block.run(completion));
  }

  private record Collector(int shard, EventCounter counter, CountDownLatch ready)
      implements FlowCollector<Event> {

    @Override
    public Object emit(Event event, Continuation<? super Unit> completion) {
      if (event instanceof DispatchEvent dispatch) {
        counter.received(shard, dispatch.getSequence());
        if (event instanceof Ready) {
          ready.countDown();
        }
      }
      return Unit.INSTANCE;
    }
  }
}
