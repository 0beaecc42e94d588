/** Events of shards out to NATS JetStream. */
@NullMarked
package dev.sluice.gateway.nats;

import org.jspecify.annotations.NullMarked;
