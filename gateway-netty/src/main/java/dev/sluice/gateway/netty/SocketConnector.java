package dev.sluice.gateway.netty;

import dev.sluice.gateway.netty.internal.dial.Dialer;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.util.concurrent.Future;
import java.net.URI;
import java.util.function.Consumer;

/** Dials over TCP. */
final class SocketConnector implements Connector {

  private final Dialer dialer;
  private final Tls tls;

  SocketConnector(Dialer dialer, Tls tls) {
    this.dialer = dialer;
    this.tls = tls;
  }

  @Override
  public Future<Channel> connect(EventLoop eventLoop, URI uri, Consumer<Channel> onConnect) {
    return dialer.dial(
        eventLoop,
        Uris.host(uri),
        Uris.port(uri),
        channel -> {
          tls.addTo(channel.pipeline(), uri);
          channel.pipeline().addLast(PipelineNames.HTTP_CODEC, new HttpClientCodec());
          onConnect.accept(channel);
        });
  }
}
