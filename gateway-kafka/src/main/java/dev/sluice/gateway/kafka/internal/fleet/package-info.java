/** What the whole fleet agrees on: its topics, its log, and the generations of its shards. */
@NullMarked
package dev.sluice.gateway.kafka.internal.fleet;

import org.jspecify.annotations.NullMarked;
