package dev.sluice.gateway.kafka;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.kafka.internal.fleet.FleetSettings;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The settings of a node. Not thread-safe; confine to one thread. */
public final class KafkaFleetBuilder {

  private static final int MAX_APPLICATION_LENGTH = 200; // a topic's name may have 249
  private static final Pattern APPLICATION = Pattern.compile("[a-zA-Z0-9._-]+");
  private static final Duration MIN_SESSION_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration MAX_SESSION_TIMEOUT = Duration.ofMinutes(30);
  private static final Duration MAX_HAND_OVER_TIMEOUT = Duration.ofMinutes(4);
  private static final Duration MAX_COMMAND_AGE = Duration.ofHours(1);
  private static final int MAX_INSTANCE_ID_LENGTH = 200;

  private final String application;
  private final ClientProperties clients;
  private final Set<String> set = new HashSet<>();
  private int shards;
  private @Nullable String instanceId;
  private DeliveryGuarantee guarantee = DeliveryGuarantee.AT_LEAST_ONCE;
  private @Nullable Set<EventType> eventTypes;
  private @Nullable EventSink eventSink;
  private boolean publishes = true;
  private String eventsTopic;
  private int eventsPartitions = 16;
  private short replicationFactor = -1;
  private Duration sessionTimeout = Duration.ofSeconds(10);
  private Duration handOverTimeout = Duration.ofSeconds(30);
  private Duration maxCommandAge = Duration.ofMinutes(5);
  private BrokerLossPolicy brokerLossPolicy = BrokerLossPolicy.KEEP_RUNNING;
  private Consumer<ShardManager> onManager = manager -> {};

  KafkaFleetBuilder(String application, ClientProperties clients) {
    this.application = application;
    this.clients = clients;
    this.eventsTopic = Topics.events(application);
  }

  static void checkApplication(String application) {
    if (!APPLICATION.matcher(application).matches()
        || application.length() > MAX_APPLICATION_LENGTH) {
      throw new IllegalArgumentException(
          "application: "
              + application
              + " (expected: 1.."
              + MAX_APPLICATION_LENGTH
              + " letters, digits, '.', '_' and '-')");
    }
  }

  /**
   * Sets how many shards the fleet starts with. Once it was started, the shards are those of its
   * present generation, whatever this says.
   *
   * @param shards at least 1
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public KafkaFleetBuilder shards(int shards) {
    if (shards < 1) {
      throw new IllegalArgumentException("shards: " + shards + " (expected: >= 1)");
    }
    once("shards");
    this.shards = shards;
    return this;
  }

  /**
   * Gives the node a name that it keeps over restarts, such as that of a pod of a StatefulSet: if
   * it is back within the session time-out it has the same shards as before, and no other node
   * notices. No two nodes may have the same. Default: none.
   *
   * @param instanceId 1 to 200 letters, digits, '.', '_' and '-'
   * @return this
   * @throws IllegalArgumentException if it is not
   * @see #sessionTimeout
   */
  public KafkaFleetBuilder instanceId(String instanceId) {
    if (!APPLICATION.matcher(instanceId).matches()
        || instanceId.length() > MAX_INSTANCE_ID_LENGTH) {
      throw new IllegalArgumentException(
          "instanceId: "
              + instanceId
              + " (expected: 1.."
              + MAX_INSTANCE_ID_LENGTH
              + " letters, digits, '.', '_' and '-')");
    }
    once("instanceId");
    this.instanceId = instanceId;
    return this;
  }

  /**
   * Sets what a crash does to the events that are published. Default: {@link
   * DeliveryGuarantee#AT_LEAST_ONCE}.
   *
   * @param guarantee the guarantee
   * @return this
   */
  public KafkaFleetBuilder guarantee(DeliveryGuarantee guarantee) {
    once("guarantee");
    this.guarantee = requireNonNull(guarantee, "guarantee");
    return this;
  }

  /**
   * Sets which events are published. Default: all, or those of {@link
   * ShardManagerBuilder#eventTypes}.
   *
   * @param eventTypes their types
   * @return this
   * @throws IllegalArgumentException if there is none
   */
  public KafkaFleetBuilder eventTypes(Collection<EventType> eventTypes) {
    if (eventTypes.isEmpty()) {
      throw new IllegalArgumentException("eventTypes: none (expected: >= 1)");
    }
    once("eventTypes");
    this.eventTypes = Set.copyOf(EnumSet.copyOf(eventTypes));
    return this;
  }

  /**
   * Sets the topic of the events. Default: {@code <application>.events} with 16 partitions.
   *
   * @param topic its name
   * @param partitions how many it has if the fleet creates it
   * @return this
   * @throws IllegalArgumentException if there are no partitions
   */
  public KafkaFleetBuilder events(String topic, int partitions) {
    if (partitions < 1) {
      throw new IllegalArgumentException(
          "partitions of the events: " + partitions + " (expected: >= 1)");
    }
    once("events, eventSink or eventsHere");
    this.eventsTopic = requireNonNull(topic, "topic");
    this.eventsPartitions = partitions;
    return this;
  }

  /**
   * Sends events elsewhere than to Kafka.
   *
   * @param eventSink takes them; that of every generation
   * @return this
   */
  public KafkaFleetBuilder eventSink(EventSink eventSink) {
    once("events, eventSink or eventsHere");
    this.eventSink = requireNonNull(eventSink, "eventSink");
    this.publishes = false;
    return this;
  }

  /**
   * Publishes no events: the application handles them in this process, as the settings of its
   * manager say.
   *
   * @return this
   */
  public KafkaFleetBuilder eventsHere() {
    once("events, eventSink or eventsHere");
    this.publishes = false;
    return this;
  }

  /**
   * Sets how many brokers keep what the fleet's topics have, when it creates them. Default: that of
   * the brokers, {@code default.replication.factor}.
   *
   * @param replicationFactor at least 1; 3 for a fleet that is to outlive a broker
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public KafkaFleetBuilder replicationFactor(int replicationFactor) {
    if (replicationFactor < 1 || replicationFactor > Short.MAX_VALUE) {
      throw new IllegalArgumentException(
          "replicationFactor: " + replicationFactor + " (expected: 1.." + Short.MAX_VALUE + ')');
    }
    once("replicationFactor");
    this.replicationFactor = (short) replicationFactor;
    return this;
  }

  /**
   * Sets after what silence the group takes a node for dead and gives its shards to others. It has
   * to be within what the brokers allow, by default 6 s to 30 min. Default: 10 s.
   *
   * @param sessionTimeout from 1 s to 30 min; with an {@link #instanceId} longer than a restart
   *     takes
   * @return this
   * @throws IllegalArgumentException if it is out of range
   */
  public KafkaFleetBuilder sessionTimeout(Duration sessionTimeout) {
    between("sessionTimeout", sessionTimeout, MIN_SESSION_TIMEOUT, MAX_SESSION_TIMEOUT);
    once("sessionTimeout");
    this.sessionTimeout = sessionTimeout;
    return this;
  }

  /**
   * Sets how long the shards that move to another node, or stop, may take for it. What is not
   * handled by then comes again where the session is resumed. Default: 30 s.
   *
   * @param handOverTimeout from 100 ms to 4 min
   * @return this
   * @throws IllegalArgumentException if it is out of range
   */
  public KafkaFleetBuilder handOverTimeout(Duration handOverTimeout) {
    between("handOverTimeout", handOverTimeout, Duration.ofMillis(100), MAX_HAND_OVER_TIMEOUT);
    once("handOverTimeout");
    this.handOverTimeout = handOverTimeout;
    return this;
  }

  /**
   * Sets how old a command of another process may get, such as while its shard is down. Older ones
   * are dropped, counted and logged. Default: 5 min.
   *
   * @param maxCommandAge from 1 s to 1 h
   * @return this
   * @throws IllegalArgumentException if it is out of range
   */
  public KafkaFleetBuilder maxCommandAge(Duration maxCommandAge) {
    between("maxCommandAge", maxCommandAge, Duration.ofSeconds(1), MAX_COMMAND_AGE);
    once("maxCommandAge");
    this.maxCommandAge = maxCommandAge;
    return this;
  }

  /**
   * Sets what becomes of the shards while no broker answers. Default: {@link
   * BrokerLossPolicy#KEEP_RUNNING}.
   *
   * @param brokerLossPolicy the policy
   * @return this
   */
  public KafkaFleetBuilder onBrokerLoss(BrokerLossPolicy brokerLossPolicy) {
    once("onBrokerLoss");
    this.brokerLossPolicy = requireNonNull(brokerLossPolicy, "brokerLossPolicy");
    return this;
  }

  /**
   * Sets who is told of the manager of each generation, before it starts: to add listeners, metrics
   * or a console.
   *
   * @param onManager called on a thread of the fleet
   * @return this
   */
  public KafkaFleetBuilder onManager(Consumer<ShardManager> onManager) {
    once("onManager");
    this.onManager = requireNonNull(onManager, "onManager");
    return this;
  }

  /**
   * Makes the node. It does nothing before {@link KafkaFleet#start}.
   *
   * @return the node
   * @throws IllegalStateException if a setting is of no use with another one
   */
  public KafkaFleet build() {
    if (guarantee == DeliveryGuarantee.EXACTLY_ONCE && !publishes) {
      throw new IllegalStateException(
          "guarantee: EXACTLY_ONCE without a topic (expected: events that go to Kafka)");
    }
    String node = instanceId == null ? UUID.randomUUID().toString() : instanceId;
    return new KafkaFleet(
        new FleetSettings(
            application,
            clients,
            shards,
            instanceId,
            guarantee == DeliveryGuarantee.EXACTLY_ONCE,
            eventTypes,
            eventSink,
            publishes,
            eventsTopic,
            eventsPartitions,
            replicationFactor,
            sessionTimeout,
            handOverTimeout,
            maxCommandAge,
            brokerLossPolicy == BrokerLossPolicy.STOP,
            onManager,
            transactionalId(application, node)));
  }

  /** Neither name has a slash, so no two nodes of whatever fleets have the same. */
  static String transactionalId(String application, String node) {
    return application + ".node/" + node;
  }

  private static void between(String setting, Duration value, Duration min, Duration max) {
    requireNonNull(value, setting);
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          setting + ": " + value + " (expected: " + min + ".." + max + ')');
    }
  }

  private void once(String setting) {
    if (!set.add(setting)) {
      throw new IllegalStateException(setting + ": set already (expected: once)");
    }
  }
}
