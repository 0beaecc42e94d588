/**
 * A console for a running bot: a page that shows its shards, the same figures as JSON and for
 * Prometheus, health for an orchestrator's probes, and, if it is switched on, control.
 *
 * <p>{@link dev.sluice.gateway.console.Console#attach} is the one line that it takes.
 */
@NullMarked
package dev.sluice.gateway.console;

import org.jspecify.annotations.NullMarked;
