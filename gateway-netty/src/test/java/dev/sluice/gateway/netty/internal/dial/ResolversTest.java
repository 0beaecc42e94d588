package dev.sluice.gateway.netty.internal.dial;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsNameResolverTimeoutException;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With a name server on loopback. */
final class ResolversTest {

  private static final long TIMEOUT_SECONDS = 30;
  private static final String KNOWN = "gateway.sluice.test.";

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(3, NioIoHandler.newFactory());
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private volatile boolean silent;
  private final Channel nameServer =
      new Bootstrap()
          .group(group)
          .channel(NioDatagramChannel.class)
          .handler(
              new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                  channel
                      .pipeline()
                      .addLast(
                          new DatagramDnsQueryDecoder(),
                          new DatagramDnsResponseEncoder(),
                          new NameServer());
                }
              })
          .bind(InetAddress.getLoopbackAddress(), 0)
          .syncUninterruptibly()
          .channel();
  private final DnsAddressResolverGroup resolvers =
      new DnsAddressResolverGroup(
          Resolvers.builder(NioDatagramChannel.class, NioSocketChannel.class)
              .resolvedAddressTypes(ResolvedAddressTypes.IPV4_ONLY)
              .searchDomains(List.of("svc.cluster.test"))
              .nameServerProvider(
                  new SingletonDnsServerAddressStreamProvider(
                      (InetSocketAddress) nameServer.localAddress())));

  private final class NameServer extends SimpleChannelInboundHandler<DatagramDnsQuery> {

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramDnsQuery query) {
      DnsQuestion question = query.recordAt(DnsSection.QUESTION);
      asked.add(question.name());
      if (silent) {
        return;
      }
      DatagramDnsResponse response =
          new DatagramDnsResponse(query.recipient(), query.sender(), query.id());
      response.setRecursionAvailable(true);
      response.addRecord(DnsSection.QUESTION, question);
      if (question.name().equals(KNOWN)) {
        for (int host = 1; host <= 3; host++) {
          response.addRecord(
              DnsSection.ANSWER,
              new DefaultDnsRawRecord(
                  KNOWN, DnsRecordType.A, 3_600, ctx.alloc().buffer(4).writeInt(127 << 24 | host)));
        }
      } else {
        response.setCode(DnsResponseCode.NXDOMAIN);
      }
      ctx.writeAndFlush(response);
    }
  }

  @AfterEach
  void end() {
    resolvers.close();
    group
        .shutdownGracefully(0, 5, TimeUnit.SECONDS)
        .awaitUninterruptibly(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  private Future<List<InetSocketAddress>> resolve(EventLoop eventLoop, String host)
      throws Exception {
    Future<List<InetSocketAddress>> resolved =
        resolvers.getResolver(eventLoop).resolveAll(InetSocketAddress.createUnresolved(host, 443));
    assertThat(resolved.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    return resolved;
  }

  @Test
  void allAddressesComeAndAllEventLoopsShareTheAnswer() throws Exception {
    for (int i = 0; i < 3; i++) {
      assertThat(resolve(group.next(), "gateway.sluice.test").getNow())
          .extracting(address -> address.getAddress().getHostAddress())
          .containsExactlyInAnyOrder("127.0.0.1", "127.0.0.2", "127.0.0.3");
    }

    assertThat(asked).containsExactly(KNOWN);
  }

  @Test
  void aNameWithADotIsTriedAsItIsBeforeAnySearchDomain() throws Exception {
    Future<List<InetSocketAddress>> resolved = resolve(group.next(), "missing.sluice.test");

    assertThat(resolved.cause()).isInstanceOf(UnknownHostException.class);
    assertThat(asked)
        .containsExactly("missing.sluice.test.", "missing.sluice.test.svc.cluster.test.");
  }

  @Test
  void aMissingNameIsNotAskedForAgainAtOnce() throws Exception {
    EventLoop eventLoop = group.next();
    Future<List<InetSocketAddress>> first = resolve(eventLoop, "missing.sluice.test");
    int questions = asked.size();

    Future<List<InetSocketAddress>> second = resolve(eventLoop, "missing.sluice.test");

    assertThat(first.isSuccess()).isFalse();
    assertThat(second.isSuccess()).isFalse();
    assertThat(asked).hasSize(questions);
  }

  @Test
  void aSilentNameServerFailsWithinADialAndIsAskedAgain() throws Exception {
    silent = true;
    EventLoop eventLoop = group.next();
    long startNanos = System.nanoTime();

    Future<List<InetSocketAddress>> first = resolve(eventLoop, "gateway.sluice.test");

    assertThat(first.cause()).hasRootCauseInstanceOf(DnsNameResolverTimeoutException.class);
    assertThat(System.nanoTime() - startNanos).isLessThan(TimeUnit.SECONDS.toNanos(10));

    silent = false;
    assertThat(resolve(eventLoop, "gateway.sluice.test").isSuccess()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "localhost"})
  void addressesAndTheHostsFileNeedNoNameServer(String host) throws Exception {
    Future<List<InetSocketAddress>> resolved = resolve(group.next(), host);

    assertThat(resolved.getNow())
        .allSatisfy(address -> assertThat(address.getAddress().isLoopbackAddress()).isTrue());
    assertThat(asked).isEmpty();
  }
}
