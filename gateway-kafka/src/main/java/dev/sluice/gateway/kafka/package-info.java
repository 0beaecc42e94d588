/** A fleet of nodes that share the shards of a bot by Apache Kafka. */
@NullMarked
package dev.sluice.gateway.kafka;

import org.jspecify.annotations.NullMarked;
