package dev.sluice.gateway.netty;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.URI;
import java.util.function.Consumer;

/** Dials the gateway: a channel with TLS and HTTP, ready for the upgrade. */
interface Connector {

  /**
   * Dials on an event loop, from it.
   *
   * @param onConnect is given the channel before it connects, to add its handlers
   * @return completes on the event loop when TCP is up; the upgrade then tells more
   */
  Future<Channel> connect(EventLoop eventLoop, URI uri, Consumer<Channel> onConnect);
}
