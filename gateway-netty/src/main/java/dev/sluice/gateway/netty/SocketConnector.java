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

/** Dials over TCP. */
final class SocketConnector implements Connector {

  private final Bootstrap bootstrap;
  private final Tls tls;

  SocketConnector(Bootstrap bootstrap, Tls tls) {
    this.bootstrap = bootstrap;
    this.tls = tls;
  }

  @Override
  public Future<Channel> connect(EventLoop eventLoop, URI uri, Consumer<Channel> onConnect) {
    Promise<Channel> dialled = eventLoop.newPromise();
    ChannelFuture connected;
    try {
      connected =
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
    } catch (RuntimeException e) { // the gateway named a host or port that no socket takes
      return eventLoop.newFailedFuture(e);
    }
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
