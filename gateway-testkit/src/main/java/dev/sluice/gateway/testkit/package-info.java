/**
 * A Discord gateway on loopback for tests, demos and load.
 *
 * <p>{@link dev.sluice.gateway.testkit.LocalGateway} is the gateway and the parts of the HTTP API
 * that a bot needs to find it; any client can talk to it. {@link dev.sluice.gateway.testkit.Fault}
 * says how it can misbehave, {@link dev.sluice.gateway.testkit.Traffic} what it sends of its own
 * accord, and {@link dev.sluice.gateway.testkit.DeliveryLog} compares what was sent with what was
 * handled. {@link dev.sluice.gateway.testkit.Flood} is for measuring.
 */
@NullMarked
package dev.sluice.gateway.testkit;

import org.jspecify.annotations.NullMarked;
