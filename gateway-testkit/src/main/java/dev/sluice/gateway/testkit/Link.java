package dev.sluice.gateway.testkit;

import dev.sluice.gateway.server.ServerSession;
import io.netty.channel.socket.SocketChannel;
import org.jspecify.annotations.Nullable;

/** An accepted socket, and what came of it. Confined to the event loop. */
final class Link {

  final SocketChannel channel;
  final LocalGateway.Endpoint endpoint;

  /** What drives the WebSocket, from the upgrade on. */
  @Nullable GatewayHandler handler;

  /** What delays and loses bytes, from the first fault of the network on. */
  @Nullable NetworkHandler network;

  /** What withholds the READY or RESUMED of the session. */
  @Nullable ActiveFault greetingWithheldBy;

  /** Whether the server role was told not to acknowledge the last heartbeat. */
  boolean ackWithheld;

  Link(SocketChannel channel, LocalGateway.Endpoint endpoint) {
    this.channel = channel;
    this.endpoint = endpoint;
  }

  @Nullable ServerSession session() {
    return handler == null ? null : handler.connection().session();
  }
}
