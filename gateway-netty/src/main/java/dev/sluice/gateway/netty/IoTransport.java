package dev.sluice.gateway.netty;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.kqueue.KQueue;
import io.netty.channel.kqueue.KQueueDatagramChannel;
import io.netty.channel.kqueue.KQueueIoHandler;
import io.netty.channel.kqueue.KQueueSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringSocketChannel;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The ways in which Netty can reach the kernel's sockets, best first. Epoll before io_uring: as
 * fast for sockets that mostly wait, and some 600 bytes of heap less for each.
 */
@SuppressWarnings("ImmutableEnumChecker") // the suppliers are method references, without state
public enum IoTransport {

  /** Epoll; Linux with {@code netty-transport-native-epoll} on the class path. */
  EPOLL(
      EpollIoHandler.class,
      Epoll::unavailabilityCause,
      EpollIoHandler::newFactory,
      EpollSocketChannel.class,
      EpollDatagramChannel.class),

  /** Kqueue; macOS and BSD with {@code netty-transport-native-kqueue} on the class path. */
  KQUEUE(
      KQueueIoHandler.class,
      KQueue::unavailabilityCause,
      KQueueIoHandler::newFactory,
      KQueueSocketChannel.class,
      KQueueDatagramChannel.class),

  /**
   * io_uring; Linux 5.9 or later with {@code netty-transport-native-io_uring} on the class path.
   */
  IO_URING(
      IoUringIoHandler.class,
      IoUring::unavailabilityCause,
      IoUringIoHandler::newFactory,
      IoUringSocketChannel.class,
      IoUringDatagramChannel.class),

  /** The JDK's selectors, which are everywhere. */
  NIO(
      NioIoHandler.class,
      () -> null,
      NioIoHandler::newFactory,
      NioSocketChannel.class,
      NioDatagramChannel.class);

  private final Class<? extends IoHandler> ioHandler;
  private final Supplier<? extends @Nullable Throwable> unavailabilityCause;
  private final Supplier<IoHandlerFactory> factory;
  private final Class<? extends SocketChannel> socketChannel;
  private final Class<? extends DatagramChannel> datagramChannel;

  IoTransport(
      Class<? extends IoHandler> ioHandler,
      Supplier<? extends @Nullable Throwable> unavailabilityCause,
      Supplier<IoHandlerFactory> factory,
      Class<? extends SocketChannel> socketChannel,
      Class<? extends DatagramChannel> datagramChannel) {
    this.ioHandler = ioHandler;
    this.unavailabilityCause = unavailabilityCause;
    this.factory = factory;
    this.socketChannel = socketChannel;
    this.datagramChannel = datagramChannel;
  }

  /** {@return the best one that works on this machine with the natives on the class path} */
  public static IoTransport best() {
    for (IoTransport transport : values()) {
      if (transport.isAvailable()) {
        return transport;
      }
    }
    throw new AssertionError("NIO is always there");
  }

  /** The one that a group of event loops works with. */
  static IoTransport of(EventLoopGroup group) {
    if (group instanceof IoEventLoopGroup ioGroup) {
      for (IoTransport transport : values()) {
        if (ioGroup.isIoType(transport.ioHandler)) {
          return transport;
        }
      }
    }
    throw new IllegalArgumentException(
        "eventLoopGroup: " + group + " (expected: one of io_uring, epoll, kqueue or NIO)");
  }

  /** {@return whether it works on this machine with the natives on the class path} */
  public boolean isAvailable() {
    return unavailabilityCause() == null;
  }

  /** {@return why it does not work here, or null if it does} */
  public @Nullable Throwable unavailabilityCause() {
    return unavailabilityCause.get();
  }

  IoHandlerFactory newIoHandlerFactory() {
    return factory.get();
  }

  Class<? extends SocketChannel> socketChannel() {
    return socketChannel;
  }

  Class<? extends DatagramChannel> datagramChannel() {
    return datagramChannel;
  }
}
