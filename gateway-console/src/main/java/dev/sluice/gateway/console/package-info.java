/** A page, endpoints and controls for a running shard manager. */
@NullMarked
package dev.sluice.gateway.console;

import org.jspecify.annotations.NullMarked;
