package dev.sluice.gateway.testkit;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.ServerFrame;
import dev.sluice.gateway.server.ServerSession;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.ssl.SslHandler;
import java.nio.ByteBuffer;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Drives one connection of the server role over its channel: messages in, messages out as long as
 * the socket takes them, one timer. Confined to the event loop.
 */
final class GatewayHandler extends SimpleChannelInboundHandler<WebSocketFrame> {

  private static final long CLOSE_REPLY_TIMEOUT_SECONDS = 2;

  /**
   * Makes any byte invalid as the first of a message: type 11 is reserved of the blocks of both
   * deflate and zstd, there is no compression method 14 in a zlib header, the magic of zstd begins
   * with 0x28 and ETF with 0x83; no JSON begins with 0x7f.
   */
  private static final int CORRUPTING_BITS = 0x06;

  private final GatewayLoop gateway;
  private final GatewayServerConnection connection;
  private final Link link;
  private final Channel channel;
  private final ChannelFutureListener onWritten = future -> written(future.isSuccess());

  private boolean opened;
  private boolean drained;
  private boolean draining;
  private boolean closeSent;
  private boolean cut;
  private int writesInFlight;
  private @Nullable FloodLane flood;
  private @Nullable PreparedFlood floodOwner;
  private @Nullable Future<?> timer;
  private long timerNanos;

  GatewayHandler(GatewayLoop gateway, GatewayServerConnection connection, Link link) {
    this.gateway = gateway;
    this.connection = connection;
    this.link = link;
    this.channel = link.channel;
  }

  GatewayServerConnection connection() {
    return connection;
  }

  Link link() {
    return link;
  }

  /** {@return whether the socket took everything that there is to send} */
  boolean isIdle() {
    return drained && writesInFlight == 0 && flood == null;
  }

  /** {@return whether nothing but a flood is sent, or waits to be} */
  boolean isFlooded() {
    return flood != null;
  }

  /** Begins to write; the handshake's response is on its way. */
  void open() {
    opened = true;
    drain();
  }

  void outputPending() {
    drained = false;
  }

  /** Writes messages as long as the socket takes them; the rest waits in the session's ring. */
  void drain() {
    if (!opened || draining || cut || closeSent) {
      return;
    }
    draining = true; // for a flush may tell that the channel is writable
    try {
      if (flood != null) {
        sendFlood(flood);
        return;
      }
      writeAll();
    } finally {
      draining = false;
    }
    channel.flush();
    if (drained && connection.closeCode() != 0) {
      sendClose(connection.closeCode());
    }
    scheduleTimer();
    gateway.checkSent();
  }

  private void writeAll() {
    while (channel.isActive() && !cut) {
      if (!channel.isWritable()) {
        channel.flush();
        if (!channel.isWritable()) {
          return; // channelWritabilityChanged goes on
        }
      }
      ServerFrame frame = connection.send();
      if (frame != null) {
        write(frame);
      } else if (!gateway.announceMore(connection)) {
        drained = true;
        return;
      }
    }
  }

  /**
   * Makes room for a flood: from here on nothing else is sent.
   *
   * @return what is to be filled
   * @throws IllegalStateException if there is a flood already, or no session
   */
  FloodLane beginFlood(int events) {
    ServerSession session = connection.session();
    if (flood != null || session == null) {
      throw new IllegalStateException(
          "connection: " + (session == null ? "no session" : "flooded") + " (expected: idle)");
    }
    flood = new FloodLane(session.shard(), this, channel.alloc(), events);
    return flood;
  }

  /**
   * Prepares some more events of a flood.
   *
   * @param generator makes them
   * @param max how many at most
   * @throws IllegalStateException if the connection has ended, or its intents cover no event
   */
  void prepareFlood(FloodLane lane, TrafficGenerator generator, int max) {
    ServerSession session = connection.session();
    if (session == null || flood != lane) {
      throw lane.lost();
    }
    addPending(lane);
    int refused = 0;
    for (int i = 0; i < max && !lane.isPrepared(); i++) {
      String type = generator.next(session.shard());
      long before = session.sequence();
      if (session.dispatch(type, generator.data()) == before) {
        if (++refused == max) {
          throw new IllegalStateException(
              "intents: " + session.intents() + " (expected: to cover events of the flood)");
        }
        continue;
      }
      addNext(lane);
      lane.eventAdded(session.sequence());
    }
  }

  /**
   * Begins to wait until a flood is started.
   *
   * @return false if the connection has ended meanwhile
   */
  boolean floodPrepared(FloodLane lane, PreparedFlood owner) {
    if (flood != lane) {
      return false;
    }
    floodOwner = owner;
    return true;
  }

  /** Frees a flood that was not sent wholly, and cuts the connection, which can send no more. */
  void giveUp(FloodLane lane) {
    if (flood == lane) {
      kill();
      releaseFlood();
    }
  }

  private void addPending(FloodLane lane) {
    for (ServerFrame frame = connection.send(); frame != null; frame = connection.send()) {
      lane.add(frame);
    }
  }

  private void addNext(FloodLane lane) {
    ServerFrame frame = connection.send();
    if (frame != null) {
      lane.add(frame);
    }
  }

  private void sendFlood(FloodLane lane) {
    while (channel.isActive() && lane.hasDue()) {
      if (!channel.isWritable()) {
        channel.flush();
        if (!channel.isWritable()) {
          return; // channelWritabilityChanged goes on
        }
      }
      writesInFlight++;
      channel.write(lane.next()).addListener(onWritten);
      if (lane.isPaced()) {
        channel.flush();
      }
    }
    channel.flush();
  }

  /** Goes on with what had to wait. */
  private void floodWritten(FloodLane lane) {
    PreparedFlood owner = floodOwner;
    flood = null;
    floodOwner = null;
    gateway.written(lane.events(), lane.bytes());
    if (owner != null) {
      owner.laneSent();
    }
    channel.eventLoop().execute(this::drain);
  }

  private void releaseFlood() {
    FloodLane lane = flood;
    PreparedFlood owner = floodOwner;
    flood = null;
    floodOwner = null;
    if (lane != null) {
      lane.release();
      if (owner != null) {
        owner.laneLost(lane);
      }
    }
  }

  /** Cuts the connection without a close frame; the client sees a reset. */
  void kill() {
    if (!channel.isActive()) {
      return; // closed in this turn of the loop, and about to be told
    }
    channel.config().setOption(ChannelOption.SO_LINGER, 0);
    ChannelHandlerContext tls = channel.pipeline().context(SslHandler.class);
    // Past the TLS handler, which would take its leave.
    Transports.close(tls == null ? channel : tls);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
    if (frame instanceof TextWebSocketFrame) {
      connection.recv(FrameType.TEXT, frame.content().nioBuffer());
    } else if (frame instanceof BinaryWebSocketFrame) {
      connection.recv(FrameType.BINARY, frame.content().nioBuffer());
    } else if (frame instanceof PingWebSocketFrame) {
      ctx.writeAndFlush(new PongWebSocketFrame(frame.content().retain()))
          .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    } else if (frame instanceof CloseWebSocketFrame close) {
      closeReceived(ctx, close);
    }
    scheduleTimer();
  }

  private void closeReceived(ChannelHandlerContext ctx, CloseWebSocketFrame frame) {
    int code = frame.statusCode();
    connection.recvCloseCode(code < 0 ? CloseCode.NO_STATUS.code() : code);
    if (closeSent) {
      Transports.close(ctx);
    } else {
      closeSent = true;
      ctx.writeAndFlush(frame.retain()).addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (channel.isWritable()) {
      drain();
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (timer != null) {
      timer.cancel(false);
    }
    releaseFlood();
    connection.transportLost();
    gateway.closed(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    Transports.fail(ctx, cause);
  }

  private void write(ServerFrame frame) {
    ByteBuffer payload = frame.payload();
    int length = payload.remaining();
    ByteBuf content = channel.alloc().buffer(length).writeBytes(payload);
    boolean whole = true;
    switch (gateway.faults().damage(link)) {
      case NONE -> {}
      case CORRUPT -> content.setByte(0, content.getByte(0) | CORRUPTING_BITS);
      case TRUNCATE -> content.writerIndex(length / 2);
      case CUT -> {
        content.writerIndex(length / 2);
        whole = false;
      }
    }
    gateway.written(1, content.readableBytes());
    writesInFlight++;
    ChannelFuture written =
        channel.write(
            frame.type() == FrameType.TEXT
                ? new TextWebSocketFrame(whole, 0, content)
                : new BinaryWebSocketFrame(whole, 0, content));
    written.addListener(onWritten);
    if (!whole) {
      cut = true;
      written.addListener(future -> kill());
    }
  }

  /** A failed write needs nothing more: the channel closes, and the session keeps its events. */
  private void written(boolean success) {
    writesInFlight--;
    if (!success) {
      releaseFlood(); // which loses what it has not sent
    }
    if (writesInFlight == 0 && flood != null && flood.isSent()) {
      floodWritten(flood);
    }
    if (writesInFlight == 0) {
      gateway.checkSent();
    }
  }

  private void sendClose(int code) {
    closeSent = true;
    channel
        .writeAndFlush(new CloseWebSocketFrame(code, ""))
        .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    Future<?> deadline =
        channel
            .eventLoop()
            .schedule(
                () -> Transports.close(channel), CLOSE_REPLY_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    channel.closeFuture().addListener(closed -> deadline.cancel(false));
  }

  private void scheduleTimer() {
    long remainingNanos = connection.nextTimeoutNanos();
    if (remainingNanos == Long.MAX_VALUE || !channel.isActive()) {
      return;
    }
    long dueNanos = System.nanoTime() + remainingNanos;
    // One that is too early only asks again, which is cheaper than to move it at each heartbeat.
    if (timer != null && timerNanos - dueNanos <= 0) {
      return;
    }
    if (timer != null) {
      timer.cancel(false);
    }
    timerNanos = dueNanos;
    timer = channel.eventLoop().schedule(this::timeout, remainingNanos, TimeUnit.NANOSECONDS);
  }

  private void timeout() {
    timer = null;
    connection.onTimeout();
    scheduleTimer();
  }
}
