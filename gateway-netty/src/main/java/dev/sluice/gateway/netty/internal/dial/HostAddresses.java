package dev.sluice.gateway.netty.internal.dial;

import io.netty.channel.EventLoop;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses of hosts in the order in which to dial them. When no name server answers, the last
 * answer counts for a day: sessions outlive an outage of DNS, and TLS tells whether the host at an
 * address is still the right one. Thread-safe.
 */
final class HostAddresses {

  private static final Logger log = LoggerFactory.getLogger(HostAddresses.class);

  static final int MAX_HOSTS = 256;
  private static final long STALE_AFTER_NANOS = TimeUnit.DAYS.toNanos(1);

  private final AddressResolverGroup<InetSocketAddress> resolvers;
  private final AtomicInteger dials = new AtomicInteger();
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();

  /** What a resolver said, and when. */
  private record Answer(List<InetAddress> addresses, long atNanos) {}

  HostAddresses(AddressResolverGroup<InetSocketAddress> resolvers) {
    this.resolvers = resolvers;
  }

  /**
   * {@return the addresses of a host, at least one; completes on the event loop}
   *
   * @param host unresolved
   */
  Future<List<InetSocketAddress>> of(EventLoop eventLoop, InetSocketAddress host) {
    Promise<List<InetSocketAddress>> ordered = eventLoop.newPromise();
    Future<List<InetSocketAddress>> resolution;
    try {
      resolution = resolvers.getResolver(eventLoop).resolveAll(host);
    } catch (RuntimeException e) { // a name that IDN does not take, a resolver that was closed
      return eventLoop.newFailedFuture(e);
    }
    resolution.addListener(
        (Future<List<InetSocketAddress>> resolved) -> {
          List<InetAddress> addresses = null;
          if (resolved.isSuccess()) {
            addresses = resolved.getNow().stream().map(InetSocketAddress::getAddress).toList();
            remember(host.getHostString(), addresses);
          } else {
            addresses = remembered(host.getHostString(), resolved.cause());
          }
          if (addresses == null) {
            ordered.setFailure(resolved.cause());
          } else {
            int dial = dials.getAndIncrement() & Integer.MAX_VALUE;
            ordered.setSuccess(
                inOrder(addresses, dial).stream()
                    .map(address -> new InetSocketAddress(address, host.getPort()))
                    .toList());
          }
        });
    return ordered;
  }

  private void remember(String host, List<InetAddress> addresses) {
    if (answers.size() >= MAX_HOSTS && !answers.containsKey(host)) {
      answers.clear(); // a bot has a handful
    }
    answers.put(host, new Answer(addresses, System.nanoTime()));
  }

  private @Nullable List<InetAddress> remembered(String host, Throwable cause) {
    Answer last = answers.get(host);
    if (last == null || System.nanoTime() - last.atNanos > STALE_AFTER_NANOS) {
      return null;
    }
    log.debug("{} cannot be resolved, its last addresses are dialled", host, cause);
    return last.addresses;
  }

  /**
   * Puts the addresses in order: the two families take turns, beginning with the one that the
   * resolver prefers, and within each family each dial begins with the next address.
   */
  static List<InetAddress> inOrder(List<InetAddress> addresses, int dial) {
    boolean preferred = addresses.get(0) instanceof Inet6Address;
    List<InetAddress> first = new ArrayList<>();
    List<InetAddress> second = new ArrayList<>();
    for (InetAddress address : addresses) {
      (address instanceof Inet6Address == preferred ? first : second).add(address);
    }
    Collections.rotate(first, -(dial % first.size()));
    if (!second.isEmpty()) {
      Collections.rotate(second, -(dial % second.size()));
    }
    List<InetAddress> ordered = new ArrayList<>(addresses.size());
    for (int i = 0; i < Math.max(first.size(), second.size()); i++) {
      if (i < first.size()) {
        ordered.add(first.get(i));
      }
      if (i < second.size()) {
        ordered.add(second.get(i));
      }
    }
    return ordered;
  }
}
