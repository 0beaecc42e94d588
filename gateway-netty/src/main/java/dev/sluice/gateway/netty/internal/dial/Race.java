package dev.sluice.gateway.netty.internal.dial;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.proxy.ProxyHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One dial: attempts on the addresses of a host, of which the first to connect wins. */
final class Race {

  private final Bootstrap bootstrap;
  private final EventLoop eventLoop;
  private final List<InetSocketAddress> addresses;
  private final @Nullable Proxy proxy;
  private final InetSocketAddress destination;
  private final Consumer<Channel> onConnected;
  private final long headStartNanos;
  private final Promise<Channel> dialled;

  private final List<Attempt> running = new ArrayList<>(2);
  private final List<Throwable> failures = new ArrayList<>(0);
  private @Nullable ScheduledFuture<?> headStart;
  private int next;

  /**
   * Creates a race; everything about it happens on the event loop.
   *
   * @param bootstrap of this event loop, without a handler
   * @param addresses what to dial, in this order: those of the proxy if there is one
   * @param destination where the proxy is to go
   * @param dialled is completed when the race is over; cancelling it ends the race
   */
  Race(
      Bootstrap bootstrap,
      EventLoop eventLoop,
      List<InetSocketAddress> addresses,
      @Nullable Proxy proxy,
      InetSocketAddress destination,
      Consumer<Channel> onConnected,
      long headStartNanos,
      Promise<Channel> dialled) {
    this.bootstrap = bootstrap;
    this.eventLoop = eventLoop;
    this.addresses = addresses;
    this.proxy = proxy;
    this.destination = destination;
    this.onConnected = onConnected;
    this.headStartNanos = headStartNanos;
    this.dialled = dialled;
  }

  void start() {
    dialled.addListener(over -> end());
    startNext();
  }

  private void startNext() {
    if (headStart != null) {
      headStart.cancel(false);
      headStart = null;
    }
    InetSocketAddress address = addresses.get(next++);
    if (next < addresses.size()) {
      headStart = eventLoop.schedule(this::startNext, headStartNanos, TimeUnit.NANOSECONDS);
    }
    new Attempt(address).start();
  }

  /** Ends what still runs: the timer, and the attempts that did not win. */
  private void end() {
    if (headStart != null) {
      headStart.cancel(false);
      headStart = null;
    }
    List<Attempt> losers = List.copyOf(running);
    running.clear();
    losers.forEach(Attempt::close);
  }

  private void failed(Throwable cause) {
    failures.add(cause);
    if (next < addresses.size()) {
      startNext();
    } else if (running.isEmpty()) {
      Throwable failure = failure();
      dialled.tryFailure(proxy == null ? failure : proxy.failure(failure));
    }
  }

  private Throwable failure() {
    Throwable first = failures.get(0);
    if (failures.size() == 1) {
      return first;
    }
    StringBuilder reasons = new StringBuilder("none of " + addresses.size() + " addresses: ");
    for (Throwable failure : failures) {
      reasons.append(failure == first ? "" : "; ").append(failure.getMessage());
    }
    ConnectException all = new ConnectException(reasons.toString());
    all.initCause(first);
    failures.stream().skip(1).forEach(all::addSuppressed);
    return all;
  }

  /** The handler of one channel until it has won or lost. */
  private final class Attempt extends ChannelInboundHandlerAdapter {

    private final InetSocketAddress address;
    private @Nullable Channel channel;

    Attempt(InetSocketAddress address) {
      this.address = address;
    }

    void start() {
      running.add(this);
      SocketAddress target = proxy == null ? address : destination;
      ChannelFuture connected;
      try {
        connected = bootstrap.handler(initializer()).connect(target);
      } catch (RuntimeException e) { // a port that no socket takes
        fail(e);
        return;
      }
      channel = connected.channel();
      connected.addListener(
          outcome -> {
            if (!outcome.isSuccess()) {
              fail(outcome.cause());
            }
          });
    }

    private ChannelInitializer<Channel> initializer() {
      return new ChannelInitializer<>() {
        @Override
        protected void initChannel(Channel channel) {
          if (proxy != null) {
            ProxyHandler handler = proxy.newHandler().apply(address);
            channel.pipeline().addLast(handler);
            handler
                .connectFuture()
                .addListener(
                    outcome -> {
                      if (outcome.isSuccess()) {
                        win(channel);
                      } else {
                        fail(outcome.cause());
                      }
                    });
          }
          channel.pipeline().addLast(Attempt.this);
        }
      };
    }

    /** With a proxy that is only the first half of the way. */
    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      if (proxy == null) {
        win(ctx.channel());
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      ReferenceCountUtil.release(msg); // of a channel that has lost
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      fail(new IOException("connection closed: " + address));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      fail(cause);
      ctx.close();
    }

    private void win(Channel winner) {
      if (dialled.isDone() || !running.remove(this)) {
        winner.close(); // too late
        return;
      }
      end();
      while (winner.pipeline().first() != this) {
        winner.pipeline().removeFirst(); // the proxy's handlers have done their work
      }
      winner.pipeline().remove(this);
      try {
        onConnected.accept(winner);
      } catch (RuntimeException e) {
        winner.close();
        dialled.tryFailure(e);
        return;
      }
      if (winner.isActive() && dialled.trySuccess(winner)) {
        winner.pipeline().fireChannelActive();
      } else {
        winner.close();
        dialled.tryFailure(new IOException("closed as soon as it was connected"));
      }
    }

    private void fail(Throwable cause) {
      if (running.remove(this)) {
        failed(cause);
      }
    }

    private void close() {
      if (channel != null) {
        channel.close();
      }
    }
  }
}
