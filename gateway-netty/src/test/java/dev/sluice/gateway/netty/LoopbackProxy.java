package dev.sluice.gateway.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.socksx.v5.DefaultSocks5CommandResponse;
import io.netty.handler.codec.socksx.v5.DefaultSocks5InitialResponse;
import io.netty.handler.codec.socksx.v5.DefaultSocks5PasswordAuthResponse;
import io.netty.handler.codec.socksx.v5.Socks5AddressType;
import io.netty.handler.codec.socksx.v5.Socks5AuthMethod;
import io.netty.handler.codec.socksx.v5.Socks5CommandRequest;
import io.netty.handler.codec.socksx.v5.Socks5CommandRequestDecoder;
import io.netty.handler.codec.socksx.v5.Socks5CommandStatus;
import io.netty.handler.codec.socksx.v5.Socks5InitialRequest;
import io.netty.handler.codec.socksx.v5.Socks5InitialRequestDecoder;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthRequest;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthRequestDecoder;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthStatus;
import io.netty.handler.codec.socksx.v5.Socks5ServerEncoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A proxy on loopback that leads every host to one port of this machine. */
final class LoopbackProxy implements AutoCloseable {

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Channel server;
  private final int targetPort;
  private final @Nullable String credentials;
  private final boolean refusing;
  private final List<String> destinations = new CopyOnWriteArrayList<>();

  private LoopbackProxy(
      boolean socks, int targetPort, @Nullable String credentials, boolean refusing) {
    this.targetPort = targetPort;
    this.credentials = credentials;
    this.refusing = refusing;
    server =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    if (socks) {
                      channel
                          .pipeline()
                          .addLast(
                              Socks5ServerEncoder.DEFAULT,
                              new Socks5InitialRequestDecoder(),
                              new SocksGreeting());
                    } else {
                      channel
                          .pipeline()
                          .addLast(new LineBasedFrameDecoder(4096), new HttpConnect());
                    }
                  }
                })
            .bind(InetAddress.getLoopbackAddress(), 0)
            .syncUninterruptibly()
            .channel();
  }

  /** Starts one that is asked by HTTP CONNECT; the credentials are {@code user:password}. */
  static LoopbackProxy http(int targetPort, @Nullable String credentials, boolean refusing) {
    return new LoopbackProxy(false, targetPort, credentials, refusing);
  }

  /** Starts one of SOCKS5; the credentials are {@code user:password}. */
  static LoopbackProxy socks5(int targetPort, @Nullable String credentials, boolean refusing) {
    return new LoopbackProxy(true, targetPort, credentials, refusing);
  }

  int port() {
    return ((InetSocketAddress) server.localAddress()).getPort();
  }

  /** {@return where clients wanted to go, {@code host:port}} */
  List<String> destinations() {
    return destinations;
  }

  @Override
  public void close() {
    group
        .shutdownGracefully(0, 5, TimeUnit.SECONDS)
        .awaitUninterruptibly(Resources.TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /** Dials the target, says so by the answer, and is a pipe from then on. */
  private void tunnel(Channel client, ChannelHandler[] codec, Object answer) {
    ChannelFuture dialled =
        new Bootstrap()
            .group(client.eventLoop())
            .channel(NioSocketChannel.class)
            .handler(new Pipe(client))
            .connect(InetAddress.getLoopbackAddress(), targetPort);
    dialled.addListener(
        outcome -> {
          if (!outcome.isSuccess()) {
            client.close();
            return;
          }
          client.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
          for (ChannelHandler handler : codec) {
            client.pipeline().remove(handler);
          }
          client.pipeline().addLast(new Pipe(dialled.channel()));
        });
  }

  private static final class Pipe extends ChannelInboundHandlerAdapter {

    private final Channel other;

    Pipe(Channel other) {
      this.other = other;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      other.writeAndFlush(msg).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      other.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }

  private final class HttpConnect extends SimpleChannelInboundHandler<ByteBuf> {

    private @Nullable String destination;
    private boolean authorized = credentials == null;

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf msg) {
      String line = msg.toString(StandardCharsets.UTF_8);
      if (destination == null) {
        destination = line.split(" ")[1];
      } else if (line.isEmpty()) {
        answer(ctx, destination);
      } else if (credentials != null && line.startsWith("proxy-authorization: Basic ")) {
        String sent = line.substring(line.lastIndexOf(' ') + 1);
        authorized =
            credentials.equals(
                new String(Base64.getDecoder().decode(sent), StandardCharsets.UTF_8));
      }
    }

    private void answer(ChannelHandlerContext ctx, String destination) {
      destinations.add(destination);
      if (!authorized || refusing) {
        String status = authorized ? "403 Forbidden" : "407 Proxy Authentication Required";
        ctx.writeAndFlush(ascii(ctx, status, "Content-Length: 0\r\n"))
            .addListener(ChannelFutureListener.CLOSE);
      } else {
        tunnel(
            ctx.channel(),
            new ChannelHandler[] {ctx.pipeline().first(), this},
            ascii(ctx, "200 Connection established", ""));
      }
    }

    private ByteBuf ascii(ChannelHandlerContext ctx, String status, String headers) {
      return ctx.alloc()
          .buffer()
          .writeBytes(
              ("HTTP/1.1 " + status + "\r\n" + headers + "\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
    }
  }

  private final class SocksGreeting extends SimpleChannelInboundHandler<Socks5InitialRequest> {

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Socks5InitialRequest request) {
      ctx.pipeline().remove(Socks5InitialRequestDecoder.class);
      ctx.pipeline().remove(this);
      if (credentials == null) {
        awaitCommand(ctx);
        ctx.channel().writeAndFlush(new DefaultSocks5InitialResponse(Socks5AuthMethod.NO_AUTH));
      } else if (request.authMethods().contains(Socks5AuthMethod.PASSWORD)) {
        ctx.pipeline().addLast(new Socks5PasswordAuthRequestDecoder(), new SocksPassword());
        ctx.channel().writeAndFlush(new DefaultSocks5InitialResponse(Socks5AuthMethod.PASSWORD));
      } else {
        ctx.channel()
            .writeAndFlush(new DefaultSocks5InitialResponse(Socks5AuthMethod.UNACCEPTED))
            .addListener(ChannelFutureListener.CLOSE);
      }
    }
  }

  private void awaitCommand(ChannelHandlerContext ctx) {
    ctx.pipeline().addLast(new Socks5CommandRequestDecoder(), new SocksCommand());
  }

  private final class SocksPassword extends SimpleChannelInboundHandler<Socks5PasswordAuthRequest> {

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Socks5PasswordAuthRequest request) {
      ctx.pipeline().remove(Socks5PasswordAuthRequestDecoder.class);
      ctx.pipeline().remove(this);
      if ((request.username() + ':' + request.password()).equals(credentials)) {
        awaitCommand(ctx);
        ctx.channel()
            .writeAndFlush(new DefaultSocks5PasswordAuthResponse(Socks5PasswordAuthStatus.SUCCESS));
      } else {
        ctx.channel()
            .writeAndFlush(new DefaultSocks5PasswordAuthResponse(Socks5PasswordAuthStatus.FAILURE))
            .addListener(ChannelFutureListener.CLOSE);
      }
    }
  }

  private final class SocksCommand extends SimpleChannelInboundHandler<Socks5CommandRequest> {

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Socks5CommandRequest request) {
      destinations.add(request.dstAddr() + ':' + request.dstPort());
      if (refusing) {
        ctx.channel()
            .writeAndFlush(answer(Socks5CommandStatus.FORBIDDEN))
            .addListener(ChannelFutureListener.CLOSE);
      } else {
        tunnel(
            ctx.channel(),
            new ChannelHandler[] {ctx.pipeline().get(Socks5CommandRequestDecoder.class), this},
            answer(Socks5CommandStatus.SUCCESS));
      }
    }

    private DefaultSocks5CommandResponse answer(Socks5CommandStatus status) {
      return new DefaultSocks5CommandResponse(status, Socks5AddressType.IPv4);
    }
  }
}
