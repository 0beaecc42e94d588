package dev.sluice.gateway.netty.internal.dial;

import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.resolver.dns.DefaultDnsCache;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverChannelStrategy;

/**
 * Makes resolvers that ask the name servers of the platform without blocking. The platform's hosts
 * file goes before them.
 */
public final class Resolvers {

  /** So that a host that moves is followed, whatever the zone says. */
  static final int MAX_TTL_SECONDS = 300;

  /** So that a thousand shards do not ask for the same missing name, and one retry later it may. */
  static final int NEGATIVE_TTL_SECONDS = 2;

  /** So that a second name server has its turn within one dial. */
  private static final long QUERY_TIMEOUT_MILLIS = 2_000;

  private Resolvers() {}

  /**
   * {@return resolvers that share one cache, for event loops that work with these channels}
   *
   * @param socketChannel for answers that are too long for a datagram
   */
  public static DnsAddressResolverGroup create(
      Class<? extends DatagramChannel> datagramChannel,
      Class<? extends SocketChannel> socketChannel) {
    return new DnsAddressResolverGroup(builder(datagramChannel, socketChannel));
  }

  static DnsNameResolverBuilder builder(
      Class<? extends DatagramChannel> datagramChannel,
      Class<? extends SocketChannel> socketChannel) {
    return new DnsNameResolverBuilder()
        .datagramChannelType(datagramChannel)
        .datagramChannelStrategy(DnsNameResolverChannelStrategy.ChannelPerResolution)
        .socketChannelType(socketChannel)
        .resolveCache(new DefaultDnsCache(0, MAX_TTL_SECONDS, NEGATIVE_TTL_SECONDS))
        .queryTimeoutMillis(QUERY_TIMEOUT_MILLIS)
        // A cluster's resolv.conf may send names with few dots through every search domain first.
        .ndots(1);
  }
}
