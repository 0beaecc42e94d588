package dev.sluice.gateway.testkit;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundInvoker;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.websocketx.WebSocketHandshakeException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the handlers of a channel have in common. */
final class Transports {

  private static final Logger LOGGER = LoggerFactory.getLogger(LocalGateway.class);

  private static final ChannelFutureListener LOG_FAILURE =
      future -> {
        if (!future.isSuccess()) {
          LOGGER.warn("{}: not closed", future.channel(), future.cause());
        }
      };

  private Transports() {}

  /** Closes a channel, from a place in its pipeline or as a whole. */
  static void close(ChannelOutboundInvoker channel) {
    channel.close().addListener(LOG_FAILURE);
  }

  /** Closes a channel for what it threw. Resets and refused certificates are what tests do. */
  static void fail(ChannelHandlerContext ctx, Throwable cause) {
    boolean byPeer =
        cause instanceof IOException
            || cause instanceof DecoderException
            || cause instanceof WebSocketHandshakeException;
    if (byPeer) {
      LOGGER.debug("{}: closed for what its client did", ctx.channel(), cause);
    } else {
      LOGGER.warn("{}: closed for a failure of the local gateway", ctx.channel(), cause);
    }
    close(ctx);
  }
}
