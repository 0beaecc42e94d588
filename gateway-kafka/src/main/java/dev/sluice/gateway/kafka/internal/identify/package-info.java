/** When a shard may identify, by a log that all nodes read alike. */
@NullMarked
package dev.sluice.gateway.kafka.internal.identify;

import org.jspecify.annotations.NullMarked;
