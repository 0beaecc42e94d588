package dev.sluice.gateway.kafka.internal.fleet;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.kafka.internal.events.GatedSink;
import dev.sluice.gateway.kafka.internal.events.KafkaEventSink;
import dev.sluice.gateway.kafka.internal.events.SinkSettings;
import dev.sluice.gateway.kafka.internal.group.AdminCommittedOffsets;
import dev.sluice.gateway.kafka.internal.group.GroupConsumer;
import dev.sluice.gateway.kafka.internal.group.GroupSettings;
import dev.sluice.gateway.kafka.internal.group.KafkaSessionStore;
import dev.sluice.gateway.kafka.internal.group.ShardGroup;
import dev.sluice.gateway.kafka.internal.identify.KafkaIdentifyLimiter;
import dev.sluice.gateway.kafka.internal.identify.LimiterShare;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.InFlightEvents;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.netty.ShardOverview;
import java.time.Duration;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;

/**
 * All that one generation of shards has on this node: its manager, and the group that says which
 * shards this runs. Thread-safe.
 */
public final class Generation implements Generations.Run {

  private final int number;
  private final int shards;
  private final ShardGroup group;
  private final @Nullable KafkaEventSink sink; // null if events do not go to Kafka
  private final @Nullable GatedSink elsewhere; // null if they do, or are handled here
  private final Duration handOverTimeout;
  private final LimiterShare limiter;
  private final ShardManager manager;

  private Generation(
      int number,
      int shards,
      ShardGroup group,
      @Nullable KafkaEventSink sink,
      @Nullable GatedSink elsewhere,
      Duration handOverTimeout,
      LimiterShare limiter,
      ShardManager manager) {
    this.number = number;
    this.shards = shards;
    this.group = group;
    this.sink = sink;
    this.elsewhere = elsewhere;
    this.handOverTimeout = handOverTimeout;
    this.limiter = limiter;
    this.manager = manager;
  }

  /**
   * Makes a generation, which does nothing yet. Its topic is there.
   *
   * @param settings of the fleet
   * @param admin reads what was committed
   * @param limiter paces the identifies of the whole fleet
   * @param counters count what goes on
   * @param number the generation's
   * @param shards how many shards it has
   * @param open whether its events are published from the start
   * @param builder the manager's settings but for the seams
   */
  public static Generation create(
      FleetSettings settings,
      Admin admin,
      KafkaIdentifyLimiter limiter,
      FleetCounters counters,
      int number,
      int shards,
      boolean open,
      ShardManagerBuilder builder) {
    String topic = Topics.shards(settings.application(), number);
    String transactionalId = settings.transactionalId() + '-' + number;
    GroupSettings groupSettings =
        new GroupSettings(
            topic,
            shards,
            settings.sessionTimeout(),
            settings.handOverTimeout(),
            settings.maxCommandAge(),
            settings.stopsOnBrokerLoss());
    Map<String, Object> consumer =
        GroupConsumer.properties(
            groupSettings, settings.instanceId(), settings.clients().consumer("shards-" + number));
    ShardGroup group =
        new ShardGroup(
            groupSettings,
            () -> new KafkaConsumer<>(consumer),
            GroupConsumer::responses,
            new AdminCommittedOffsets(
                admin, topic, settings.exactlyOnce() ? transactionalId : null),
            counters,
            System::nanoTime,
            System::currentTimeMillis);
    LimiterShare share = new LimiterShare(limiter);
    builder
        .assignment(group)
        .identifyLimiter(share)
        .sessionStore(new KafkaSessionStore(group))
        .commandSource(group.commandSource());
    if (settings.eventTypes() != null) {
      builder.eventTypes(settings.eventTypes());
    }
    EventSink applications = settings.eventSink();
    GatedSink elsewhere = null;
    KafkaEventSink sink = null;
    if (applications != null) {
      elsewhere = new GatedSink(applications, counters, open);
      builder.eventSink(elsewhere);
    } else if (settings.publishes()) {
      sink =
          KafkaEventSink.start(
              SinkSettings.of(
                  settings.eventsTopic(), number, settings.exactlyOnce(), transactionalId),
              settings.clients().producer("events-" + number),
              shards,
              open,
              group,
              group,
              InFlightEvents.create(),
              counters);
      group.checkpoints(sink);
      group.onOwnershipChange(sink::ownershipChanged);
      builder.eventSink(sink);
    }
    try {
      ShardManager manager = builder.build();
      manager.addListener(group.takeOvers());
      settings.onManager().accept(manager);
      return new Generation(
          number, shards, group, sink, elsewhere, settings.handOverTimeout(), share, manager);
    } catch (RuntimeException e) { // the application's settings; it may be tried again
      if (sink != null) {
        sink.close();
      }
      throw e;
    }
  }

  public int number() {
    return number;
  }

  public int shards() {
    return shards;
  }

  public ShardGroup group() {
    return group;
  }

  public ShardManager manager() {
    return manager;
  }

  /** {@return how many events wait for the broker} */
  public long eventsInFlight() {
    return sink == null ? 0 : sink.events();
  }

  /** {@return how many bytes these have} */
  public long bytesInFlight() {
    return sink == null ? 0 : sink.bytes();
  }

  /** {@return whether the group has assigned something to this node, be it no shard} */
  public boolean isMember() {
    CompletableFuture<Void> joined = group.joined().toCompletableFuture();
    return joined.isDone() && !joined.isCompletedExceptionally();
  }

  /** {@return completes when the manager has started and the group was joined} */
  public CompletionStage<Void> start() {
    return manager.start().thenCompose(started -> group.joined());
  }

  @Override
  public BitSet ready() {
    BitSet ready = new BitSet(shards);
    for (Shard shard : manager.shards()) {
      if (shard.state() == GatewayState.READY) {
        ready.set(shard.id().id());
      }
    }
    return ready;
  }

  @Override
  public void open() {
    if (sink != null) {
      sink.open();
    }
    if (elsewhere != null) {
      elsewhere.open();
    }
  }

  @Override
  public BitSet caughtUp() {
    BitSet caughtUp = new BitSet(shards);
    for (Shard shard : manager.shards()) {
      ShardOverview overview = shard.overview();
      if (overview.state() == GatewayState.READY && !overview.paused()) {
        caughtUp.set(shard.id().id());
      }
    }
    return caughtUp;
  }

  @Override
  public boolean areBrokersAway() {
    return group.areBrokersAway();
  }

  /**
   * Ends the sessions. The group is not left but forgotten, for else it would give the shards to
   * nodes that are a moment behind, which would identify.
   */
  @Override
  public CompletionStage<Void> retire() {
    return stop(StopMode.GOODBYE, GroupMembershipOperation.REMAIN_IN_GROUP, handOverTimeout)
        .handleAsync(
            (left, failure) -> {
              close();
              return null;
            },
            closing -> new Thread(closing, "sluice-retire-" + group.topic()).start());
  }

  /**
   * Stops the shards, then leaves the group.
   *
   * @param mode whether their sessions live on
   * @param onClose how it is left
   * @param timeout after which it is left in any case
   * @return completes when it was left
   */
  public CompletionStage<Void> stop(
      StopMode mode, GroupMembershipOperation onClose, Duration timeout) {
    group.onClose(onClose);
    return manager
        .stop(mode)
        .toCompletableFuture()
        .copy()
        .completeOnTimeout(null, timeout.toNanos(), TimeUnit.NANOSECONDS)
        .thenCompose(
            stopped -> {
              group.stop();
              return group.terminated();
            });
  }

  /** Closes what is left once it was stopped. */
  public void close() {
    limiter.close();
    group.stop();
    if (sink != null) {
      sink.close();
    }
  }
}
