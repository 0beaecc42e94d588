/**
 * The server role of the protocol, without I/O: one application as the gateway sees it, for tests,
 * demos and load. Start at {@link dev.sluice.gateway.server.GatewayServer}.
 */
@NullMarked
package dev.sluice.gateway.server;

import org.jspecify.annotations.NullMarked;
