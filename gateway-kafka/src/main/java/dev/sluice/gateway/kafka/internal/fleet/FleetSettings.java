package dev.sluice.gateway.kafka.internal.fleet;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.ShardManager;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a node of a fleet was built with. Immutable.
 *
 * @param application the first part of every topic's name
 * @param clients connect to the brokers
 * @param shards how many the first generation has, 0 if it is not set
 * @param instanceId the name that the node keeps over restarts, null for none
 * @param exactlyOnce whether sessions are written in the transactions of the events
 * @param eventTypes which are published, null for those of the manager
 * @param eventSink takes the events instead of a topic, null for none
 * @param publishes whether the events go to a topic
 * @param eventsTopic where they go
 * @param eventsPartitions how many it has if it is created
 * @param replicationFactor of topics that are created, -1 for the broker's default
 * @param sessionTimeout after which the coordinator takes a silent node for dead
 * @param handOverTimeout how long shards that move may take to stop
 * @param maxCommandAge older commands are dropped
 * @param stopsOnBrokerLoss whether the shards are given up while no broker answers
 * @param onManager is told of the manager of each generation
 * @param transactionalId the first part of the id of each generation's transactions
 */
public record FleetSettings(
    String application,
    ClientProperties clients,
    int shards,
    @Nullable String instanceId,
    boolean exactlyOnce,
    @Nullable Set<EventType> eventTypes,
    @Nullable EventSink eventSink,
    boolean publishes,
    String eventsTopic,
    int eventsPartitions,
    short replicationFactor,
    Duration sessionTimeout,
    Duration handOverTimeout,
    Duration maxCommandAge,
    boolean stopsOnBrokerLoss,
    Consumer<ShardManager> onManager,
    String transactionalId) {}
