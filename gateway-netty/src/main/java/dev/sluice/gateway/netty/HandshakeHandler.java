package dev.sluice.gateway.netty;

import dev.sluice.gateway.netty.internal.frame.FrameDecoder;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker13;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * The handler {@code ws-handshake}: upgrades one dialled channel to a WebSocket, or says why not.
 */
final class HandshakeHandler extends ChannelInboundHandlerAdapter {

  private final Shard shard;
  private final WebSocketClientHandshaker handshaker;
  private @Nullable HttpResponse switching;
  private boolean done;

  HandshakeHandler(Shard shard, URI uri, int maxFrameBytes) {
    this.shard = shard;
    this.handshaker = new Handshaker(uri, shard.context().decoderConfig(maxFrameBytes));
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    if (ctx.pipeline().get(SslHandler.class) == null) {
      upgrade(ctx);
    }
    ctx.fireChannelActive();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof SslHandshakeCompletionEvent tls) {
      if (tls.isSuccess()) {
        upgrade(ctx);
      } else {
        fail(ctx, 0, tls.cause());
      }
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    try {
      if (msg instanceof HttpResponse response) {
        if (response.decoderResult().isFailure()) {
          fail(ctx, 0, response.decoderResult().cause());
        } else if (!response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
          int status = response.status().code();
          fail(ctx, status, new IOException("upgrade answered with HTTP " + status));
        } else {
          switching = response;
        }
      }
      if (msg instanceof LastHttpContent && switching != null && !done) {
        finish(ctx, switching);
      }
    } finally {
      ReferenceCountUtil.release(msg);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    fail(ctx, 0, new IOException("connection closed before the upgrade"));
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(ctx, 0, cause);
  }

  private void upgrade(ChannelHandlerContext ctx) {
    handshaker
        .handshake(ctx.channel())
        .addListener(
            written -> {
              if (!written.isSuccess()) {
                fail(ctx, 0, written.cause());
              }
            });
  }

  private void finish(ChannelHandlerContext ctx, HttpResponse response) {
    try {
      // A 101 has no body. The codec leaves the pipeline in a later task of the event loop, so what
      // follows in the same segment meets the handlers that are added here.
      handshaker.finishHandshake(
          ctx.channel(),
          new DefaultFullHttpResponse(
              response.protocolVersion(),
              response.status(),
              Unpooled.EMPTY_BUFFER,
              response.headers(),
              EmptyHttpHeaders.INSTANCE));
    } catch (WebSocketHandshakeException e) {
      fail(ctx, 0, e);
      return;
    }
    done = true;
    shard.upgraded(ctx.channel());
    ctx.pipeline().remove(this);
  }

  private void fail(ChannelHandlerContext ctx, int httpStatus, Throwable cause) {
    if (!done) {
      done = true;
      shard.dialFailed(ctx.channel(), httpStatus, cause);
    }
  }

  private static final class Handshaker extends WebSocketClientHandshaker13 {

    private final WebSocketDecoderConfig decoderConfig;

    Handshaker(URI uri, WebSocketDecoderConfig decoderConfig) {
      super(
          uri,
          WebSocketVersion.V13,
          null,
          false,
          new DefaultHttpHeaders().set(HttpHeaderNames.USER_AGENT, UserAgent.VALUE),
          decoderConfig.maxFramePayloadLength());
      this.decoderConfig = decoderConfig;
    }

    @Override
    protected FullHttpRequest newHandshakeRequest() {
      FullHttpRequest request = super.newHandshakeRequest();
      request.headers().remove(HttpHeaderNames.ORIGIN); // which is for browsers
      return request;
    }

    @Override
    protected WebSocketFrameDecoder newWebsocketDecoder() {
      return new FrameDecoder(decoderConfig);
    }
  }
}
