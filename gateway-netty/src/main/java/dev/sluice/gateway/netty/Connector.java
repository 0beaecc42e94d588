package dev.sluice.gateway.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.URI;
import java.util.function.Consumer;

/** Dials the gateway: a channel with TLS and HTTP, ready for the upgrade. */
final class Connector {

  private final Bootstrap bootstrap;
  private final Tls tls;

  Connector(Bootstrap bootstrap, Tls tls) {
    this.bootstrap = bootstrap;
    this.tls = tls;
  }

  /**
   * Dials on an event loop.
   *
   * @param onConnect is given the channel before it connects, to add its handlers
   * @return completes on the event loop when TCP is up; the upgrade then tells more
   */
  Future<Channel> connect(EventLoop eventLoop, URI uri, Consumer<Channel> onConnect) {
    Promise<Channel> dialled = eventLoop.newPromise();
    ChannelFuture connected =
        bootstrap
            .clone(eventLoop)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    tls.addTo(channel.pipeline(), uri);
                    channel.pipeline().addLast(PipelineNames.HTTP_CODEC, new HttpClientCodec());
                    onConnect.accept(channel);
                  }
                })
            .connect(uri.getHost(), Uris.port(uri));
    connected.addListener(
        outcome -> {
          if (outcome.isSuccess()) {
            dialled.setSuccess(connected.channel());
          } else {
            dialled.setFailure(outcome.cause());
          }
        });
    return dialled;
  }
}
