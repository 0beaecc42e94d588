package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.netty.internal.frame.NioViews;
import dev.sluice.gateway.netty.internal.frame.Utf8;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The handler {@code gateway}: one transport of one shard. Feeds whole messages into the connection
 * and sends the events that come of them on through the pipeline.
 *
 * <p>Stopping a channel's reads does not stop what one read decoded already, so while it is paused
 * it keeps further frames, in order and not inflated, and handles them before it reads on.
 */
final class GatewayHandler extends ChannelInboundHandlerAdapter {

  private static final Logger log = LoggerFactory.getLogger(GatewayHandler.class);
  private static final int NO_STATUS = 1005;

  private final Shard shard;
  private final GatewayConnection connection;
  private final LoopContext context;
  private final int generation;
  private final int maxMessageBytes;

  private @Nullable ByteBuf fragments;
  private FrameType fragmentsType = FrameType.TEXT;
  private int checkedBytes; // of the fragments, if they are text: whole characters, well-formed
  private @Nullable Queue<WebSocketFrame> held; // made at the first pause
  private boolean paused;

  GatewayHandler(
      Shard shard,
      GatewayConnection connection,
      LoopContext context,
      int generation,
      int maxMessageBytes) {
    this.shard = shard;
    this.connection = connection;
    this.context = context;
    this.generation = generation;
    this.maxMessageBytes = maxMessageBytes;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (!(msg instanceof WebSocketFrame frame)) {
      ctx.fireChannelRead(msg);
    } else if (paused) {
      held().add(frame);
    } else {
      handle(ctx, frame);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    connection.bytesReceived(generation); // perhaps of a frame that is not whole yet
    shard.afterInput();
    ctx.fireChannelReadComplete();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    releaseAll();
    connection.transportLost(generation);
    shard.afterInput();
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    releaseAll();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException || cause.getCause() instanceof IOException) {
      Logs.of(log.atDebug(), shard.id()) // TLS wraps what it reports
          .setCause(cause)
          .log("shard {}: transport failed", shard.id());
      connection.transportLost(generation);
    } else {
      // A frame was lost on the way here. The gateway sends it again after a resume.
      connection.recvMalformed(generation, cause.toString());
    }
    shard.afterInput();
  }

  /** Stops handling frames and reading. */
  void pause(ChannelHandlerContext ctx) {
    if (!paused) {
      paused = true;
      ctx.channel().config().setAutoRead(false);
      connection.readingPaused();
      context.pauses.began(shard, System.nanoTime());
    }
  }

  /** Goes on if nothing stands against it any more. */
  void resume(ChannelHandlerContext ctx) {
    if (paused && shard.wantsRead()) {
      readOn(ctx);
    }
  }

  /** Handles what was kept, and reads on unless that brought the next pause. */
  void readOn(ChannelHandlerContext ctx) {
    if (!paused) {
      return;
    }
    endPause();
    try {
      while (!paused && held != null && !held.isEmpty()) {
        handle(ctx, held.remove());
      }
    } catch (Throwable e) {
      exceptionCaught(ctx, e); // there is no pipeline here to do it
    }
    if (!paused) {
      ctx.channel().config().setAutoRead(true);
    }
    shard.afterInput();
  }

  /** Lets go of everything: the transport is not the shard's any more. */
  void detach() {
    releaseAll();
    if (paused) {
      endPause();
    }
  }

  private void endPause() {
    paused = false;
    connection.readingResumed();
    context.pauses.ended(shard, System.nanoTime());
  }

  private void handle(ChannelHandlerContext ctx, WebSocketFrame frame) {
    try {
      if (!shard.isCurrent(ctx.channel())) {
        return; // we are closing this transport already
      }
      if (frame instanceof TextWebSocketFrame) {
        begin(ctx, FrameType.TEXT, frame);
      } else if (frame instanceof BinaryWebSocketFrame) {
        begin(ctx, FrameType.BINARY, frame);
      } else if (frame instanceof ContinuationWebSocketFrame) {
        go(ctx, frame);
      } else if (frame instanceof PingWebSocketFrame) {
        ctx.writeAndFlush(new PongWebSocketFrame(frame.content().retain()))
            .addListener(Shard.CLOSE_ON_FAILURE);
      } else if (frame instanceof CloseWebSocketFrame close) {
        int code = close.statusCode() == -1 ? NO_STATUS : close.statusCode();
        shard.closeFrameReceived(code);
        connection.recvCloseCode(generation, code);
        shard.peerClosed(close);
      }
    } finally {
      frame.release();
    }
  }

  private void begin(ChannelHandlerContext ctx, FrameType type, WebSocketFrame frame) {
    if (frame.isFinalFragment()) {
      ByteBuf content = frame.content();
      ByteBuffer message = NioViews.of(content, content.readerIndex(), content.writerIndex());
      if (type == FrameType.TEXT
          && Utf8.check(message, message.position(), message.limit()) != message.limit()) {
        refuseText();
      } else {
        message(ctx, type, message);
      }
      return;
    }
    releaseFragments(); // a handler before this one may have left a message without its end
    fragmentsType = type;
    checkedBytes = 0;
    fragments = ctx.alloc().buffer(frame.content().readableBytes());
    fragments.writeBytes(frame.content());
    checkFragments(false);
  }

  private void go(ChannelHandlerContext ctx, WebSocketFrame frame) {
    ByteBuf whole = fragments;
    if (whole == null) {
      return; // the decoder refuses a continuation of nothing: this is the rest of a refused one
    }
    if (frame.content().readableBytes() > maxMessageBytes - whole.readableBytes()) {
      releaseFragments();
      connection.recvMalformed(
          generation, "fragmented message: over " + maxMessageBytes + " bytes");
      shard.afterInput();
      return;
    }
    whole.writeBytes(frame.content());
    if (checkFragments(frame.isFinalFragment()) && frame.isFinalFragment()) {
      fragments = null;
      try {
        message(ctx, fragmentsType, NioViews.of(whole, 0, whole.writerIndex()));
      } finally {
        whole.release();
      }
    }
  }

  /**
   * Checks what came since the last check, if it is text. A character may be spread over fragments,
   * but not break off with the last of them.
   *
   * @return false if the message was refused
   */
  private boolean checkFragments(boolean last) {
    ByteBuf whole = fragments;
    if (whole == null || fragmentsType != FrameType.TEXT) {
      return true;
    }
    ByteBuffer unchecked = NioViews.of(whole, checkedBytes, whole.writerIndex());
    int start = unchecked.position();
    int end = Utf8.check(unchecked, start, unchecked.limit());
    if (end == Utf8.MALFORMED || (last && end != unchecked.limit())) {
      releaseFragments();
      refuseText();
      return false;
    }
    checkedBytes += end - start;
    return true;
  }

  /** RFC 6455, 8.1, with the close code that keeps the session in place of 1007. */
  private void refuseText() {
    connection.recvMalformed(generation, "text message: malformed (expected: UTF-8)");
    shard.afterInput();
  }

  private void message(ChannelHandlerContext ctx, FrameType type, ByteBuffer message) {
    int receivedBytes = message.remaining();
    long payloadBytesBefore = connection.payloadBytes();
    int acks = connection.heartbeatAcks();
    Dispatch dispatch = connection.recv(generation, type, message);
    shard.received(receivedBytes, connection.payloadBytes() - payloadBytesBefore);
    if (connection.state() != shard.state()) {
      shard.afterInput(); // before the event, whose handler may ask for the state
    }
    if (dispatch != null) {
      shard.dispatched(dispatch.type());
      try {
        ctx.fireChannelRead(dispatch);
      } finally {
        connection.handled();
      }
      shard.eventReceived();
      if (!shard.wantsRead()) {
        if (shard.isCurrent(ctx.channel())) {
          pause(ctx);
        }
        shard.tellIfDrained();
      }
    } else if (connection.heartbeatAcks() != acks) {
      shard.heartbeatAcked();
    }
  }

  private Queue<WebSocketFrame> held() {
    if (held == null) {
      held = new ArrayDeque<>();
    }
    return held;
  }

  private void releaseAll() {
    releaseFragments();
    if (held != null) {
      held.forEach(WebSocketFrame::release);
      held.clear();
    }
  }

  private void releaseFragments() {
    if (fragments != null) {
      fragments.release();
      fragments = null;
    }
  }
}
