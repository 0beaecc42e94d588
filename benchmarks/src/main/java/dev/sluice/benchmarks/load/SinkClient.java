package dev.sluice.benchmarks.load;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.kafka.DeliveryGuarantee;
import dev.sluice.gateway.kafka.KafkaFleet;
import dev.sluice.gateway.nats.NatsEventSink;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.netty.ShardOverview;
import java.util.concurrent.TimeUnit;

/**
 * Sluice with a sink that publishes to a broker: a fleet of one node on Kafka, or a manager with
 * the sink for NATS. An event counts when it is acknowledged.
 */
final class SinkClient implements LoadClient {

  private static final String APPLICATION = "load";
  private static final long READY_MINUTES = 3;

  private final String name;
  private KafkaFleet fleet;
  private NatsEventSink sink;
  private ShardManager manager;
  private EventCounter counter;

  /**
   * Makes one.
   *
   * @param name {@code kafka}, {@code kafka-exactly-once} or {@code nats}
   */
  SinkClient(String name) {
    this.name = name;
  }

  @Override
  public void start(LoadTarget target, EventCounter counter) throws Exception {
    this.counter = counter;
    if (name.equals("nats")) {
      sink = NatsEventSink.builder(APPLICATION).servers(target.broker()).open();
      manager =
          builder(target)
              .shards(target.shards())
              .sessionStore(SessionStore.inMemory())
              .eventSink(sink)
              .build();
      manager.start().toCompletableFuture().get(READY_MINUTES, TimeUnit.MINUTES);
    } else {
      fleet =
          KafkaFleet.builder(APPLICATION, FleetThroughput.producerProperties(target.broker()))
              .shards(target.shards())
              .events(FleetThroughput.TOPIC, FleetThroughput.PARTITIONS)
              .guarantee(
                  name.equals("kafka")
                      ? DeliveryGuarantee.AT_LEAST_ONCE
                      : DeliveryGuarantee.EXACTLY_ONCE)
              .build();
      fleet.start(() -> builder(target)).toCompletableFuture().get(READY_MINUTES, TimeUnit.MINUTES);
      manager = fleet.manager();
    }
    awaitReady(target.shards());
  }

  private static ShardManagerBuilder builder(LoadTarget target) {
    return ShardManager.builder(target.token(), LoadTarget.INTENTS)
        .apiUri(target.apiUri())
        .compression(target.compression());
  }

  /** The fleet gives shards to the manager after it has started. */
  private void awaitReady(int shards) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(READY_MINUTES);
    while (ready() < shards) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("ready: " + ready() + " (expected: " + shards + ')');
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private long ready() {
    return manager.shards().stream().filter(shard -> shard.state() == GatewayState.READY).count();
  }

  @Override
  public boolean tellsSequences() {
    return false;
  }

  @Override
  public void refresh() {
    for (Shard shard : manager.shards()) {
      ShardOverview overview = shard.overview();
      counter.set(shard.id().id(), overview.events() - overview.unhandledEvents(), 0);
    }
  }

  @Override
  public int eventLoops() {
    return Runtime.getRuntime().availableProcessors();
  }

  @Override
  public void close() {
    if (fleet != null) {
      fleet.close();
    } else {
      manager.close();
      sink.close();
    }
  }
}
