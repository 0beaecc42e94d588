/** The figures of a shard manager as Micrometer meters. */
@NullMarked
package dev.sluice.gateway.micrometer;

import org.jspecify.annotations.NullMarked;
