package dev.sluice.gateway.netty.internal.dial;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Dials hosts over TCP, through a proxy if there is one. A host may have several addresses: they
 * are dialled one after another, the next one when the last has failed or has taken longer than the
 * head start, and the first that connects is taken. Each dial starts with another address, so that
 * many spread over all.
 *
 * <p>A dial has no deadline of its own, except the proxy's answer; who dials cancels it.
 *
 * <p>Thread-safe.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8305">Happy Eyeballs</a>
 */
public final class Dialer {

  /** What RFC 8305 recommends: longer than most round trips, shorter than most people wait. */
  private static final long HEAD_START_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final Bootstrap bootstrap;
  private final HostAddresses addresses;
  private final @Nullable Proxy proxy;
  private final long headStartNanos;

  /**
   * Creates a dialer.
   *
   * @param bootstrap the kind of channels and their options; its handler and resolver are not used
   * @param resolvers finds the addresses of host names
   * @param proxy what to dial through, or null; it then is the proxy that resolves the hosts' names
   */
  public Dialer(
      Bootstrap bootstrap,
      AddressResolverGroup<InetSocketAddress> resolvers,
      @Nullable Proxy proxy) {
    this(bootstrap, resolvers, proxy, HEAD_START_NANOS);
  }

  Dialer(
      Bootstrap bootstrap,
      AddressResolverGroup<InetSocketAddress> resolvers,
      @Nullable Proxy proxy,
      long headStartNanos) {
    this.bootstrap = bootstrap.clone().disableResolver();
    this.addresses = new HostAddresses(resolvers);
    this.proxy = proxy;
    this.headStartNanos = headStartNanos;
  }

  /**
   * Dials a host, from the event loop.
   *
   * @param eventLoop what the channel is registered with
   * @param host a name or an IP address
   * @param onConnected is given the channel once it is connected, through the proxy if there is
   *     one, and before anything was read from it, to add its handlers; they see {@code
   *     channelActive} next
   * @return completes on the event loop after that. Cancelling it ends the dial and closes every
   *     channel of it; one that completed belongs to the caller
   */
  public Future<Channel> dial(
      EventLoop eventLoop, String host, int port, Consumer<Channel> onConnected) {
    Promise<Channel> dialled = eventLoop.newPromise();
    Proxy through = proxy;
    InetSocketAddress destination;
    try {
      destination = InetSocketAddress.createUnresolved(host, port);
    } catch (IllegalArgumentException e) { // the gateway named a port that no socket takes
      return eventLoop.newFailedFuture(
          new ConnectException("port: " + port + " (expected: 0 to 65535)"));
    }
    InetSocketAddress first =
        through == null
            ? destination
            : InetSocketAddress.createUnresolved(through.host(), through.port());
    Future<List<InetSocketAddress>> resolution = addresses.of(eventLoop, first);
    resolution.addListener(
        (Future<List<InetSocketAddress>> resolved) -> {
          if (dialled.isDone()) {
            return; // cancelled meanwhile
          }
          if (!resolved.isSuccess()) {
            dialled.tryFailure(
                through == null ? resolved.cause() : through.failure(resolved.cause()));
            return;
          }
          new Race(
                  bootstrap.clone(eventLoop),
                  eventLoop,
                  resolved.getNow(),
                  through,
                  destination,
                  onConnected,
                  headStartNanos,
                  dialled)
              .start();
        });
    return dialled;
  }
}
