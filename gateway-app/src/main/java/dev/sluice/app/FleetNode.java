package dev.sluice.app;

import dev.sluice.gateway.kafka.BrokerLossPolicy;
import dev.sluice.gateway.kafka.DeliveryGuarantee;
import dev.sluice.gateway.kafka.KafkaFleet;
import dev.sluice.gateway.kafka.KafkaFleetBuilder;
import dev.sluice.gateway.kafka.KafkaFleetMetrics;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node of a fleet: Kafka says which shards run here. */
final class FleetNode implements Node {

  private static final Logger log = LoggerFactory.getLogger(FleetNode.class);

  private static final long STOP_SECONDS = 45; // the fleet hands over for 30 s at most

  private final NodeConfig config;
  private final Egress egress;
  private final KafkaFleet fleet;
  private final NodeConsole console;
  private final CompletableFuture<End> ended = new CompletableFuture<>();

  /** The manager of the generation that the console shows; null before the first. */
  private final AtomicReference<@Nullable ShardManager> shown = new AtomicReference<>();

  /**
   * Prepares it.
   *
   * @param egress where events go, unless to Kafka; closed with the node
   */
  FleetNode(NodeConfig config, NodeConfig.Kafka kafka, Egress egress) {
    this.config = config;
    this.egress = egress;
    egress.onFailure(ended::complete);
    this.console = new NodeConsole(config);
    KafkaFleetBuilder builder =
        KafkaFleet.builder(config.application(), kafka.properties())
            .sessionTimeout(kafka.sessionTimeout())
            .onBrokerLoss(
                switch (kafka.onBrokerLoss()) {
                  case KEEP_RUNNING -> BrokerLossPolicy.KEEP_RUNNING;
                  case STOP -> BrokerLossPolicy.STOP;
                })
            .onManager(this::begin);
    EventSink sink = egress.sink();
    if (config.eventsTo() == NodeConfig.EventsTo.KAFKA) {
      builder
          .events(kafka.eventsTopic(), kafka.eventsPartitions())
          .guarantee(
              switch (kafka.guarantee()) {
                case AT_LEAST_ONCE -> DeliveryGuarantee.AT_LEAST_ONCE;
                case EXACTLY_ONCE -> DeliveryGuarantee.EXACTLY_ONCE;
              });
    } else if (sink == null) {
      builder.eventsHere();
    } else {
      builder.eventSink(sink);
    }
    if (config.shards() != null) {
      builder.shards(config.shards());
    }
    if (kafka.instanceId() != null) {
      builder.instanceId(kafka.instanceId());
    }
    if (kafka.replicationFactor() != null) {
      builder.replicationFactor(kafka.replicationFactor());
    }
    this.fleet = builder.build();
    KafkaFleetMetrics.bindTo(fleet, console.registry());
  }

  /**
   * Called by the fleet for each generation of shards. The console shows the first at once; a later
   * one may still be cancelled, so it waits until that is the present one.
   */
  private void begin(ShardManager manager) {
    if (shown.compareAndSet(null, manager)) {
      console.show(manager, fleet::health);
    }
  }

  private ShardManagerBuilder settings() {
    RefusalWatch refusals = new RefusalWatch(() -> fleet.manager(), ended::complete);
    return ManagerSettings.builder(config).listener(refusals.andThen(this::showPresent));
  }

  /** On an event loop, at each change of a shard: those of the old generation stop in the end. */
  private void showPresent() {
    ShardManager present = fleet.manager();
    ShardManager before = shown.get();
    if (present != null
        && before != null
        && !present.equals(before)
        && shown.compareAndSet(before, present)) {
      new Thread(() -> showLater(present), "console").start(); // it waits for the one before
    }
  }

  private void showLater(ShardManager present) {
    try {
      console.show(present, fleet::health);
    } catch (UncheckedIOException e) {
      log.error("the console is gone: {}", Checks.reason(e.getCause()));
    }
  }

  @Override
  public void start() {
    fleet
        .start(this::settings)
        .whenComplete(
            (started, failure) -> {
              if (failure != null) {
                ended.complete(End.ofFailedStart(failure));
              }
            });
    fleet
        .terminated()
        .whenComplete(
            (terminated, failure) -> {
              if (failure != null) {
                ended.complete(new End(End.FAILED, Checks.reason(failure)));
              }
            });
  }

  @Override
  public CompletionStage<End> ended() {
    return ended;
  }

  @Override
  public void close() {
    CompletionStage<Void> stopped =
        config.onStop() == NodeConfig.OnStop.LEAVE ? fleet.leave() : fleet.stop();
    try {
      stopped.toCompletableFuture().get(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("the fleet did not stop within {} s", STOP_SECONDS, e);
    }
    console.close();
    egress.close();
  }
}
