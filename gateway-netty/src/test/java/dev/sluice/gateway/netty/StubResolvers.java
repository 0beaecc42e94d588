package dev.sluice.gateway.netty;

import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Resolves the names that a test gives it, on the spot; fails for the rest. */
final class StubResolvers extends AddressResolverGroup<InetSocketAddress> {

  private final Map<String, List<InetAddress>> hosts = new ConcurrentHashMap<>();

  /** {@return 127.0.0.x} */
  static InetAddress loopback(int x) throws UnknownHostException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) x});
  }

  StubResolvers with(String host, InetAddress... addresses) {
    hosts.put(host, List.of(addresses));
    return this;
  }

  void forget(String host) {
    hosts.remove(host);
  }

  @Override
  protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
    return new Names(executor).asAddressResolver();
  }

  private final class Names extends InetNameResolver {

    Names(EventExecutor executor) {
      super(executor);
    }

    @Override
    protected void doResolve(String host, Promise<InetAddress> promise) {
      promise.setFailure(new AssertionError("all addresses are asked for"));
    }

    @Override
    protected void doResolveAll(String host, Promise<List<InetAddress>> promise) {
      List<InetAddress> addresses = hosts.get(host);
      if (addresses == null) {
        promise.setFailure(new UnknownHostException(host));
      } else {
        promise.setSuccess(addresses);
      }
    }
  }
}
