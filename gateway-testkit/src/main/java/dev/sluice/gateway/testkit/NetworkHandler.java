package dev.sluice.gateway.testkit;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.testkit.Fault.Direction;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The network between the gateway and one client while something is wrong with it: bytes, and the
 * end of the connection after them, come late, wait, or are lost. The first of its pipeline, below
 * TLS. Confined to the event loop.
 */
final class NetworkHandler extends ChannelDuplexHandler {

  // As much as a network with a long round trip may have under way before the sender waits.
  private static final int HIGH_WATER_MARK_BYTES = 1 << 20;
  private static final int LOW_WATER_MARK_BYTES = 1 << 19;
  private static final int WRITABILITY_INDEX = 1;

  /** What is under way; without a message, the end of the connection. */
  private record Parcel(
      @Nullable Object message, @Nullable ChannelPromise promise, int bytes, long dueNanos) {}

  /** One direction. */
  private static final class Way {

    final Direction direction;
    final Queue<Parcel> parcels = new ArrayDeque<>();
    long bytes;
    long lastDueNanos = System.nanoTime();
    boolean lost;
    @Nullable Future<?> timer;

    Way(Direction direction) {
      this.direction = direction;
    }
  }

  private final RandomGenerator random;
  private final List<ActiveFault> faults = new ArrayList<>();
  private final Way fromClient = new Way(Direction.FROM_CLIENT);
  private final Way toClient = new Way(Direction.TO_CLIENT);
  private @Nullable ChannelHandlerContext context;
  private @Nullable ChannelPromise lostClose;
  private boolean inputEnded;
  private boolean readPending;
  private boolean writable = true;

  NetworkHandler(RandomGenerator random) {
    this.random = random;
  }

  boolean isStruckBy(ActiveFault fault) {
    return faults.contains(fault);
  }

  void struckBy(ActiveFault fault) {
    faults.add(fault);
    if (fault.fault() instanceof Faults.HalfOpen halfOpen) {
      lose(fromClient, halfOpen.direction());
      lose(toClient, halfOpen.direction());
    }
    updateWritability();
  }

  /** What a fault delayed goes on as it is; what it stalled goes on at once. */
  void ended(ActiveFault fault) {
    if (faults.remove(fault)) {
      deliver(fromClient);
      deliver(toClient);
      ChannelHandlerContext ctx = context();
      if (readPending && !isStalled(fromClient)) {
        readPending = false;
        ctx.read();
      }
      updateWritability();
    }
  }

  /**
   * Makes up for the TCP handshake, which the kernel did before anybody could delay it: what the
   * client sends first comes a round trip later.
   */
  void delayHandshake() {
    long roundTripNanos = sampleNanos(fromClient) + sampleNanos(toClient);
    fromClient.lastDueNanos = System.nanoTime() + roundTripNanos + sampleNanos(fromClient);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    // For else the channel is closed as soon as the client has closed its side, before the bytes
    // that it sent have arrived.
    ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    discard(fromClient);
    discard(toClient);
  }

  @Override
  public void read(ChannelHandlerContext ctx) {
    if (isStalled(fromClient)) {
      readPending = true;
    } else {
      ctx.read();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (fromClient.lost) {
      ReferenceCountUtil.release(msg);
    } else {
      send(fromClient, msg, null);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      inputEnded = true;
      if (lostClose != null) {
        ctx.close(lostClose); // both sides have given the connection up
      } else if (!fromClient.lost) {
        send(fromClient, null, null);
      }
    } else if (!(event instanceof ChannelInputShutdownReadComplete)) {
      ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    // What is still under way would find no pipeline any more.
    while (!isStalled(fromClient) && !fromClient.parcels.isEmpty()) {
      forward(fromClient, fromClient.parcels.remove());
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
    if (toClient.lost) {
      ReferenceCountUtil.release(msg);
      promise.trySuccess();
    } else {
      send(toClient, msg, promise);
    }
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    if (isCut(ctx) || (toClient.lost && inputEnded)) {
      ctx.close(promise);
    } else if (toClient.lost) {
      lostClose = promise; // the client must not see it
    } else {
      send(toClient, null, promise);
    }
  }

  /** {@return whether the connection is to end at once, with a reset} */
  private static boolean isCut(ChannelHandlerContext ctx) {
    return !ctx.channel().isActive()
        || ctx.channel().config().getOption(ChannelOption.SO_LINGER) == 0;
  }

  private void send(Way way, @Nullable Object message, @Nullable ChannelPromise promise) {
    long nowNanos = System.nanoTime();
    long dueNanos = nowNanos + sampleNanos(way);
    if (dueNanos - way.lastDueNanos < 0) {
      dueNanos = way.lastDueNanos; // nothing overtakes
    }
    way.lastDueNanos = dueNanos;
    int bytes = message instanceof ByteBuf buffer ? buffer.readableBytes() : 0;
    Parcel parcel = new Parcel(message, promise, bytes, dueNanos);
    if (way.parcels.isEmpty() && dueNanos - nowNanos <= 0 && !isStalled(way)) {
      forward(way, parcel);
      return;
    }
    way.parcels.add(parcel);
    way.bytes += bytes;
    if (way.timer == null) {
      deliverLater(way);
    }
    updateWritability();
  }

  private void deliver(Way way) {
    boolean any = false;
    long nowNanos = System.nanoTime();
    Parcel next = way.parcels.peek();
    while (next != null && !isStalled(way) && next.dueNanos - nowNanos <= 0) {
      way.parcels.remove();
      way.bytes -= next.bytes;
      forward(way, next);
      any = true;
      next = way.parcels.peek();
    }
    if (any) {
      ChannelHandlerContext ctx = context();
      if (way == fromClient) {
        ctx.fireChannelReadComplete();
      } else {
        ctx.flush();
      }
    }
    deliverLater(way);
    updateWritability();
  }

  private void deliverLater(Way way) {
    if (way.timer != null) {
      way.timer.cancel(false);
      way.timer = null;
    }
    Parcel next = way.parcels.peek();
    if (next != null && !isStalled(way)) {
      way.timer =
          context()
              .executor()
              .schedule(
                  () -> {
                    way.timer = null;
                    deliver(way);
                  },
                  next.dueNanos - System.nanoTime(),
                  TimeUnit.NANOSECONDS);
    }
  }

  private void forward(Way way, Parcel parcel) {
    ChannelHandlerContext ctx = context();
    if (way == fromClient) {
      if (parcel.message == null) {
        ctx.close();
      } else {
        ctx.fireChannelRead(parcel.message);
      }
    } else {
      ChannelPromise promise = requireNonNull(parcel.promise, "promise");
      if (parcel.message == null) {
        ctx.close(promise);
      } else {
        ctx.write(parcel.message, promise);
      }
    }
  }

  private void lose(Way way, Direction direction) {
    if (direction.covers(way.direction)) {
      discard(way);
      way.lost = true;
    }
  }

  private static void discard(Way way) {
    if (way.timer != null) {
      way.timer.cancel(false);
      way.timer = null;
    }
    for (Parcel parcel = way.parcels.poll(); parcel != null; parcel = way.parcels.poll()) {
      ReferenceCountUtil.release(parcel.message);
      if (parcel.promise != null) {
        parcel.promise.tryFailure(new ClosedChannelException());
      }
    }
    way.bytes = 0;
  }

  private long sampleNanos(Way way) {
    long nanos = 0;
    for (ActiveFault fault : faults) {
      if (fault.fault() instanceof Faults.Delay delay && delay.direction().covers(way.direction)) {
        nanos += delay.sampleNanos(random);
      }
    }
    return nanos;
  }

  private boolean isStalled(Way way) {
    for (ActiveFault fault : faults) {
      if (fault.fault() instanceof Faults.Stall stall && stall.direction().covers(way.direction)) {
        return true;
      }
    }
    return false;
  }

  /** Lets the gateway wait, as it does for a socket that takes no more. */
  private void updateWritability() {
    long limit = writable ? HIGH_WATER_MARK_BYTES : LOW_WATER_MARK_BYTES;
    boolean nowWritable = !isStalled(toClient) && toClient.bytes <= limit;
    ChannelOutboundBuffer buffer = context().channel().unsafe().outboundBuffer();
    if (nowWritable != writable && buffer != null) {
      writable = nowWritable;
      buffer.setUserDefinedWritability(WRITABILITY_INDEX, writable);
    }
  }

  private ChannelHandlerContext context() {
    return requireNonNull(context, "context");
  }
}
