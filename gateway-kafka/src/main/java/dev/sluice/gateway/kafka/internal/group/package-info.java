/**
 * Which shards a node runs: its membership of the group, with the sessions and commands that are
 * there.
 */
@NullMarked
package dev.sluice.gateway.kafka.internal.group;

import org.jspecify.annotations.NullMarked;
