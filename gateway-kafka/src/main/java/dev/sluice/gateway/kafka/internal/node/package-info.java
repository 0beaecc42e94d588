/** What all parts of a node use: the properties of its clients, and what it counts. */
@NullMarked
package dev.sluice.gateway.kafka.internal.node;

import org.jspecify.annotations.NullMarked;
