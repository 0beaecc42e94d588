package dev.sluice.benchmarks.peers;

import dev.sluice.benchmarks.load.EventCounter;
import dev.sluice.benchmarks.load.LoadClient;
import dev.sluice.benchmarks.load.LoadTarget;
import dev.sluice.gateway.Compression;
import discord4j.common.JacksonResources;
import discord4j.common.ReactorResources;
import discord4j.common.retry.ReconnectOptions;
import discord4j.discordjson.json.gateway.Dispatch;
import discord4j.discordjson.json.gateway.Ready;
import discord4j.gateway.DefaultGatewayClient;
import discord4j.gateway.GatewayObserver;
import discord4j.gateway.GatewayOptions;
import discord4j.gateway.GatewayReactorResources;
import discord4j.gateway.IdentifyOptions;
import discord4j.gateway.intent.IntentSet;
import discord4j.gateway.limiter.PayloadTransformer;
import discord4j.gateway.limiter.RateLimitTransformer;
import discord4j.gateway.payload.JacksonPayloadReader;
import discord4j.gateway.payload.JacksonPayloadWriter;
import discord4j.gateway.payload.PayloadReader;
import discord4j.gateway.payload.PayloadWriter;
import discord4j.gateway.retry.GatewayStateChange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;

/**
 * Discord4J's gateway client alone, without the stores, mappers and event threads of its core:
 * about a third of what the whole library costs. Its events are decoded when they come to it; there
 * is no way to have them raw without that. All shards share its event loops and schedulers.
 *
 * <p>It speaks zlib-stream only. Of many shards that start at once it may lose a few, which never
 * identify; those are started anew.
 */
public final class Discord4jClient implements LoadClient {

  private static final Logger LOG = LoggerFactory.getLogger(Discord4jClient.class);

  private static final Duration IDENTIFY_WINDOW = Duration.ofSeconds(5);
  private static final int MAX_MISSED_ACKS = 1; // that of its core
  private static final int ATTEMPTS = 5;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Duration patience;
  private final List<RunningShard> shards = new ArrayList<>();
  private GatewayReactorResources resources;

  /** Makes a client that takes shards for lost when none became ready for 20 s. */
  public Discord4jClient() {
    this(PATIENCE);
  }

  Discord4jClient(Duration patience) {
    this.patience = patience;
  }

  @Override
  public void start(LoadTarget target, EventCounter counter) throws Exception {
    if (target.compression() != Compression.ZLIB_STREAM) {
      throw Starts.unknownCompression(target, "ZLIB_STREAM");
    }
    // The HTTP client of ReactorResources, but for TLS.
    HttpClient http = HttpClient.create().compress(true).followRedirect(true);
    resources = new GatewayReactorResources(ReactorResources.builder().httpClient(http).build());
    JacksonResources jackson = JacksonResources.create();
    PayloadReader reader = new JacksonPayloadReader(jackson.getObjectMapper());
    PayloadWriter writer = new JacksonPayloadWriter(jackson.getObjectMapper());
    PayloadTransformer limiter = new RateLimitTransformer(target.shards(), IDENTIFY_WINDOW);

    List<Integer> missing = IntStream.range(0, target.shards()).boxed().toList();
    for (int attempt = 0; attempt < ATTEMPTS && !missing.isEmpty(); attempt++) {
      if (attempt > 0) {
        LOG.warn("Discord4J lost shards {}: starting them again", missing);
      }
      List<RunningShard> starting = new ArrayList<>();
      for (int shard : missing) {
        GatewayOptions options =
            new GatewayOptions(
                target.token(),
                resources,
                reader,
                writer,
                ReconnectOptions.create(),
                IdentifyOptions.builder(shard, target.shards())
                    .intents(IntentSet.of(LoadTarget.INTENTS.value()))
                    .build(),
                GatewayObserver.NOOP_LISTENER,
                limiter,
                MAX_MISSED_ACKS);
        starting.add(RunningShard.start(shard, options, Starts.gatewayUrl(target), counter));
      }
      missing = awaitReady(starting);
    }
    if (!missing.isEmpty()) {
      throw new TimeoutException(
          "shards: " + missing + " not ready after " + ATTEMPTS + " attempts");
    }
  }

  /** {@return the shards that are still not ready when none became so for a while} */
  private List<Integer> awaitReady(List<RunningShard> starting) throws InterruptedException {
    List<Integer> missing = new ArrayList<>();
    long deadlineNanos = System.nanoTime() + patience.toNanos();
    for (RunningShard shard : starting) {
      if (shard.ready.await(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        shards.add(shard);
        deadlineNanos = System.nanoTime() + patience.toNanos();
      } else {
        shard.execution.dispose();
        missing.add(shard.id);
      }
    }
    return missing;
  }

  @Override
  public void close() {
    Flux.fromIterable(shards)
        .flatMap(shard -> shard.client.close(false).onErrorResume(e -> Mono.empty()))
        .then()
        .timeout(Duration.ofSeconds(Starts.STOP_SECONDS), Mono.empty())
        .block();
    shards.forEach(shard -> shard.execution.dispose());
    if (resources != null) {
      resources.getPayloadSenderScheduler().dispose();
      resources.getTimerTaskScheduler().dispose();
      resources.getBlockingTaskScheduler().dispose();
    }
  }

  private record RunningShard(
      int id, DefaultGatewayClient client, CountDownLatch ready, Disposable execution) {

    static RunningShard start(int id, GatewayOptions options, String url, EventCounter counter) {
      DefaultGatewayClient client = new DefaultGatewayClient(options);
      CountDownLatch ready = new CountDownLatch(1);
      client
          .dispatch()
          .subscribe(
              event -> {
                if (!(event instanceof GatewayStateChange)) {
                  received(id, event, client, counter, ready);
                }
              });
      Disposable execution =
          client
              .execute(url)
              .subscribe(
                  ended -> {}, failure -> LOG.error("Discord4J ended shard {}", id, failure));
      return new RunningShard(id, client, ready, execution);
    }

    /** The client hands an event on before it takes the next one, so its sequence is this one's. */
    private static void received(
        int shard,
        Dispatch event,
        DefaultGatewayClient client,
        EventCounter counter,
        CountDownLatch ready) {
      counter.received(shard, client.getSequence());
      if (event instanceof Ready) {
        ready.countDown();
      }
    }
  }
}
