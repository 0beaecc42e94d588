/**
 * The figures of a shard manager as Micrometer meters: {@link
 * dev.sluice.gateway.micrometer.ShardManagerMetrics} names them all.
 */
@NullMarked
package dev.sluice.gateway.micrometer;

import org.jspecify.annotations.NullMarked;
