/**
 * The other side of the protocol, without I/O: one application as the gateway sees it. It holds
 * clients to every documented rule, so it is made for tests, simulations, demos and load.
 *
 * <p>{@link dev.sluice.gateway.server.GatewayServer} has the sessions, the replay and the limits,
 * and makes a {@link dev.sluice.gateway.server.GatewayServerConnection} for each transport; {@link
 * dev.sluice.gateway.server.GatewayServerListener} is told what happens. Paired with {@link
 * dev.sluice.gateway.GatewayConnection} on a virtual clock it gives tests that are the same every
 * time. {@code LocalGateway} of the module {@code dev.sluice.gateway.testkit} puts it behind
 * sockets.
 */
@NullMarked
package dev.sluice.gateway.server;

import org.jspecify.annotations.NullMarked;
