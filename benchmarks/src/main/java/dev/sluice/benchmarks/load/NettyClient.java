package dev.sluice.benchmarks.load;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.netty.internal.frame.FrameDecoder;
import dev.sluice.gateway.netty.internal.frame.ReceiveBuffers;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker13;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The least that a client on Netty can do, as a baseline: event loops, sockets, allocator and sizes
 * of reads as Sluice has, a decoder of WebSocket frames without a check of UTF-8, and a handler
 * that counts messages. The decoder is Netty's own, which copies each message and is what anyone
 * would write, or Sluice's, which slices it out of what was read; what Sluice does beside decoding
 * is then all that differs. It inflates them where the transport is compressed, and looks into
 * none: it answers HELLO, which is the first message, with a constant IDENTIFY, takes the second
 * for READY, and sends heartbeats by a schedule of its own. It neither resumes nor notices that it
 * should.
 *
 * <p>It counts whatever is a message, so no heartbeat may be acknowledged while it is measured.
 */
final class NettyClient implements LoadClient {

  private static final int MAX_FRAME_BYTES = 16 << 20;
  private static final int MIN_READ_BYTES = 64;
  private static final int FIRST_READ_BYTES = 2048;
  private static final int MAX_READ_BYTES = 256 << 10;
  private static final int MAX_RESPONSE_BYTES = 1 << 16;
  private static final int DIALS_AT_ONCE = 64;
  private static final long READY_MINUTES = 3;
  private static final long HEARTBEAT_MINUTES = 9;
  private static final String HEARTBEAT = "{\"op\":1,\"d\":null}";

  /** Whose decoder of frames, with the buffers for what is read that go with it. */
  enum Decoder {
    NETTY,
    SLUICE;

    RecvByteBufAllocator receiveBuffers() {
      return this == SLUICE
          ? ReceiveBuffers.allocator()
          : new AdaptiveRecvByteBufAllocator(MIN_READ_BYTES, FIRST_READ_BYTES, MAX_READ_BYTES);
    }
  }

  private final Decoder decoder;
  private final ReadCounter.All reads = new ReadCounter.All();
  private final int eventLoops = Runtime.getRuntime().availableProcessors();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final boolean countsReads;
  private EventLoopGroup group;
  private CountDownLatch ready;

  NettyClient(Decoder decoder, boolean countsReads) {
    this.decoder = decoder;
    this.countsReads = countsReads;
  }

  @Override
  public void start(LoadTarget target, EventCounter counter) throws Exception {
    boolean epoll = Epoll.isAvailable();
    group =
        new MultiThreadIoEventLoopGroup(
            eventLoops,
            new DefaultThreadFactory("netty-client"),
            epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    ready = new CountDownLatch(target.shards());
    Bootstrap bootstrap =
        new Bootstrap()
            .group(group)
            .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(ChannelOption.RECVBUF_ALLOCATOR, decoder.receiveBuffers());
    URI uri = target.gatewayUri();
    for (int shard = 0; shard < target.shards(); shard++) {
      if (shard >= DIALS_AT_ONCE) {
        awaitReady(target.shards() - shard + DIALS_AT_ONCE - 1);
      }
      Handler handler = new Handler(target, shard, counter);
      bootstrap
          .clone()
          .handler(
              new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel channel) {
                  if (countsReads) {
                    channel.pipeline().addLast(reads.next());
                  }
                  if (target.sslContext() != null) {
                    channel
                        .pipeline()
                        .addLast(
                            target
                                .sslContext()
                                .newHandler(channel.alloc(), uri.getHost(), uri.getPort()));
                  }
                  channel
                      .pipeline()
                      .addLast(new HttpClientCodec())
                      .addLast(new HttpObjectAggregator(MAX_RESPONSE_BYTES))
                      .addLast(new Upgrade(target, handler));
                }
              })
          .connect(uri.getHost(), uri.getPort())
          .addListener(
              connected -> {
                if (!connected.isSuccess()) {
                  fail(connected.cause());
                }
              });
    }
    awaitReady(0);
  }

  @Override
  public boolean tellsSequences() {
    return false;
  }

  @Override
  public Reads reads() {
    return reads.sum();
  }

  @Override
  public int eventLoops() {
    return eventLoops;
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private void awaitReady(int stillStarting) throws IOException, InterruptedException {
    long deadlineNanos = System.nanoTime() + TimeUnit.MINUTES.toNanos(READY_MINUTES);
    while (ready.getCount() > stillStarting && failures.isEmpty()) {
      if (deadlineNanos - System.nanoTime() < 0) {
        throw new IOException("shards: " + ready.getCount() + " not ready (expected: 0)");
      }
      if (stillStarting > 0) {
        TimeUnit.MILLISECONDS.sleep(1);
      } else if (ready.await(10, TimeUnit.MILLISECONDS)) {
        break;
      }
    }
    if (!failures.isEmpty()) {
      throw new IOException("netty client: a connection failed", failures.element());
    }
  }

  private void fail(Throwable cause) {
    failures.add(cause);
  }

  /** Upgrades a channel to a WebSocket whose frames go to the handler. */
  private final class Upgrade extends SimpleChannelInboundHandler<FullHttpResponse> {

    private final WebSocketClientHandshaker handshaker;
    private final Handler handler;

    Upgrade(LoadTarget target, Handler handler) {
      String compress =
          switch (target.compression()) {
            case ZLIB_STREAM -> "&compress=zlib-stream";
            case ZSTD_STREAM -> "&compress=zstd-stream";
            case NONE, PAYLOAD -> "";
          };
      URI uri = URI.create(target.gatewayUri() + "/?v=10&encoding=json" + compress);
      this.handshaker =
          new WebSocketClientHandshaker13(
              uri, WebSocketVersion.V13, null, false, new DefaultHttpHeaders(), MAX_FRAME_BYTES) {
            @Override
            protected WebSocketFrameDecoder newWebsocketDecoder() {
              return switch (decoder) {
                case NETTY -> super.newWebsocketDecoder();
                case SLUICE ->
                    new FrameDecoder(
                        WebSocketDecoderConfig.newBuilder()
                            .expectMaskedFrames(false)
                            .allowExtensions(false)
                            .maxFramePayloadLength(MAX_FRAME_BYTES)
                            .build());
              };
            }
          };
      this.handler = handler;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      // With TLS it is written once that is up.
      handshaker.handshake(ctx.channel()).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse response) {
      ctx.pipeline().remove(HttpObjectAggregator.class);
      handshaker.finishHandshake(ctx.channel(), response);
      ctx.pipeline().addLast(handler).remove(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      fail(cause);
      ctx.close();
    }
  }

  /** Counts the messages of one shard. */
  private final class Handler extends SimpleChannelInboundHandler<WebSocketFrame> {

    private final String identify;
    private final int shard;
    private final EventCounter counter;
    private final Inflation inflation;
    private int messages;

    Handler(LoadTarget target, int shard, EventCounter counter) {
      this.identify =
          """
          {"op":2,"d":{"token":"%s","intents":%d,"shard":[%d,%d],\
          "properties":{"os":"linux","browser":"netty","device":"netty"}}}"""
              .formatted(target.token(), LoadTarget.INTENTS.value(), shard, target.shards());
      this.shard = shard;
      this.counter = counter;
      this.inflation =
          target.compression() == Compression.NONE ? null : Inflation.of(target.compression());
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) throws Exception {
      if (inflation != null) {
        inflation.inflate(frame.content());
      }
      if (messages > 1) {
        counter.received(shard, 0);
      } else {
        begin(ctx);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (!ctx.executor().isShuttingDown()) {
        fail(new IOException("shard " + shard + ": its connection ended"));
      }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
      if (inflation != null) {
        inflation.end();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      fail(cause);
      ctx.close();
    }

    private void begin(ChannelHandlerContext ctx) {
      messages++;
      if (messages == 1) {
        send(ctx.channel(), identify);
        ctx.executor()
            .scheduleAtFixedRate(
                () -> send(ctx.channel(), HEARTBEAT),
                HEARTBEAT_MINUTES,
                HEARTBEAT_MINUTES,
                TimeUnit.MINUTES);
      } else {
        ready.countDown();
      }
    }

    private void send(Channel channel, String payload) {
      ByteBuf content = Unpooled.wrappedBuffer(payload.getBytes(StandardCharsets.UTF_8));
      channel
          .writeAndFlush(new TextWebSocketFrame(content))
          .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }
  }
}
