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
   * @param onConnect is given the channel once TCP is up and before anything is read, to add its
   *     handlers; they see {@code channelActive} next
   * @return completes on the event loop when TCP is up; the upgrade then tells more. Cancelling it
   *     before ends the dial, and {@code onConnect} is not called any more
   */
  Future<Channel> connect(EventLoop eventLoop, URI uri, Consumer<Channel> onConnect);
}
