package dev.sluice.gateway.kafka.internal.group;

import java.time.Duration;

/**
 * What a {@link ShardGroup} needs to know. Immutable.
 *
 * @param topic whose partition i is shard i; the group has its name
 * @param shards how many there are
 * @param sessionTimeout after which the coordinator takes a silent node for dead
 * @param handOverTimeout how long shards that move may take to stop
 * @param maxCommandAge older commands are dropped
 * @param stopsOnBrokerLoss whether the shards are given up while no broker answers
 */
public record GroupSettings(
    String topic,
    int shards,
    Duration sessionTimeout,
    Duration handOverTimeout,
    Duration maxCommandAge,
    boolean stopsOnBrokerLoss) {}
