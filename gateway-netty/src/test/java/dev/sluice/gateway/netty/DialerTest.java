package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.StubResolvers.loopback;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.netty.internal.dial.Dialer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ReflectiveChannelFactory;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One host, several addresses, some of which do not answer. */
final class DialerTest extends Resources {

  private static final String HOST = "gateway.test";

  private final StubResolvers resolvers = new StubResolvers();
  private final List<Channel> opened = new CopyOnWriteArrayList<>();
  private final List<Channel> connected = new CopyOnWriteArrayList<>();

  static List<IoTransport> available() {
    return Stream.of(IoTransport.values()).filter(IoTransport::isAvailable).toList();
  }

  private EventLoop eventLoop(IoTransport transport) {
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(1, transport.newIoHandlerFactory());
    open(
        () ->
            group
                .shutdownGracefully(0, 5, TimeUnit.SECONDS)
                .await(TIMEOUT_SECONDS, TimeUnit.SECONDS));
    return group.next();
  }

  private Dialer dialer(IoTransport transport) {
    ReflectiveChannelFactory<SocketChannel> factory =
        new ReflectiveChannelFactory<>(transport.socketChannel());
    return new Dialer(
        new Bootstrap()
            .channelFactory(
                () -> {
                  Channel channel = factory.newChannel();
                  opened.add(channel);
                  return channel;
                })
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0),
        resolvers,
        null);
  }

  private ServerSocket server(InetAddress address, int port) throws Exception {
    return open(new ServerSocket(port, 50, address));
  }

  private Future<Channel> dial(Dialer dialer, EventLoop eventLoop, int port) throws Exception {
    return eventLoop.submit(() -> dialer.dial(eventLoop, HOST, port, connected::add)).get();
  }

  private static Channel await(Future<Channel> dialled) throws Exception {
    return dialled.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  private static Throwable failureOf(Future<Channel> dialled) throws Exception {
    assertThat(dialled.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    return dialled.cause();
  }

  /** Waits until as many channels as given were opened, and some of them are open. */
  private void awaitChannels(int made, int open) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (opened.size() != made || opened.stream().filter(Channel::isOpen).count() != open) {
      assertThat(System.nanoTime() - deadline).as("%s", opened).isNegative();
      Thread.onSpinWait();
    }
  }

  private static InetAddress addressOf(Channel channel) {
    return ((InetSocketAddress) channel.remoteAddress()).getAddress();
  }

  @ParameterizedTest
  @MethodSource("available")
  void anAddressThatRefusesCostsNothing(IoTransport transport) throws Exception {
    EventLoop eventLoop = eventLoop(transport);
    Dialer dialer = dialer(transport);
    int port = server(loopback(1), 0).getLocalPort();
    resolvers.with(HOST, loopback(2), loopback(3), loopback(1));

    for (int i = 0; i < 3; i++) {
      assertThat(addressOf(await(dial(dialer, eventLoop, port)))).isEqualTo(loopback(1));
    }

    awaitChannels(6, 3); // after two, one and no refusal
  }

  @ParameterizedTest
  @MethodSource("available")
  void anAddressThatIsSilentCostsItsHeadStart(IoTransport transport) throws Exception {
    EventLoop eventLoop = eventLoop(transport);
    Dialer dialer = dialer(transport);
    int port = server(loopback(1), 0).getLocalPort();
    open(new BlackHole(loopback(2), port));
    resolvers.with(HOST, loopback(2), loopback(1));

    for (int i = 0; i < 4; i++) { // every other one begins with the black hole
      assertThat(addressOf(await(dial(dialer, eventLoop, port)))).isEqualTo(loopback(1));
    }

    assertThat(connected).hasSize(4);
    awaitChannels(6, 4);
  }

  @ParameterizedTest
  @MethodSource("available")
  void aDialThatIsCancelledLeavesNothingBehind(IoTransport transport) throws Exception {
    EventLoop eventLoop = eventLoop(transport);
    BlackHole first = open(new BlackHole(loopback(2), 0));
    open(new BlackHole(loopback(3), first.port()));
    resolvers.with(HOST, loopback(2), loopback(3));
    Future<Channel> dialled = dial(dialer(transport), eventLoop, first.port());
    awaitChannels(2, 2);

    eventLoop.submit(() -> dialled.cancel(false)).get();

    awaitChannels(2, 0);
    assertThat(connected).isEmpty();
  }

  @Test
  void aDialThatIsCancelledAsItConnectsIsClosed() throws Exception {
    EventLoop eventLoop = eventLoop(IoTransport.NIO);
    int port = server(loopback(1), 0).getLocalPort();
    resolvers.with(HOST, loopback(1));
    Dialer dialer = dialer(IoTransport.NIO);

    Future<Channel> dialled =
        eventLoop
            .submit(
                () -> {
                  Future<Channel> dialling = dialer.dial(eventLoop, HOST, port, connected::add);
                  dialling.cancel(false);
                  return dialling;
                })
            .get();

    assertThat(dialled.isCancelled()).isTrue();
    awaitChannels(1, 0);
    assertThat(connected).isEmpty();
  }

  @Test
  void allAddressesAreNamedWhenAllFail() throws Exception {
    EventLoop eventLoop = eventLoop(IoTransport.NIO);
    resolvers.with(HOST, loopback(2), loopback(3));

    Throwable failure = failureOf(dial(dialer(IoTransport.NIO), eventLoop, 1));

    assertThat(failure)
        .hasMessageStartingWith("none of 2 addresses: ")
        .hasMessageContaining("/127.0.0.2:1")
        .hasMessageContaining("/127.0.0.3:1");
    assertThat(failure.getCause()).hasMessageContaining("refused");
    awaitChannels(2, 0);
  }

  @Test
  void dialsSpreadOverAllAddresses() throws Exception {
    EventLoop eventLoop = eventLoop(IoTransport.NIO);
    Dialer dialer = dialer(IoTransport.NIO);
    int port = server(loopback(1), 0).getLocalPort();
    server(loopback(2), port);
    server(loopback(3), port);
    resolvers.with(HOST, loopback(1), loopback(2), loopback(3));

    List<InetAddress> dialled = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      dialled.add(addressOf(await(dial(dialer, eventLoop, port))));
    }

    assertThat(dialled.stream().collect(Collectors.groupingBy(a -> a, Collectors.counting())))
        .containsOnlyKeys(loopback(1), loopback(2), loopback(3))
        .allSatisfy((address, dials) -> assertThat(dials).isEqualTo(4));
  }

  @Test
  void aNameThatNobodyKnowsFailsTheDial() throws Exception {
    EventLoop eventLoop = eventLoop(IoTransport.NIO);

    Throwable failure = failureOf(dial(dialer(IoTransport.NIO), eventLoop, 1));

    assertThat(failure).isInstanceOf(UnknownHostException.class).hasMessage(HOST);
  }

  @Test
  void theLastAnswerCountsWhenNoNameServerAnswers() throws Exception {
    EventLoop eventLoop = eventLoop(IoTransport.NIO);
    Dialer dialer = dialer(IoTransport.NIO);
    int port = server(loopback(1), 0).getLocalPort();
    resolvers.with(HOST, loopback(1));
    await(dial(dialer, eventLoop, port));

    resolvers.forget(HOST);

    assertThat(addressOf(await(dial(dialer, eventLoop, port)))).isEqualTo(loopback(1));
  }

  @Test
  void handlersSeeTheChannelBecomeActiveOnce() throws Exception {
    EventLoop eventLoop = eventLoop(IoTransport.NIO);
    int port = server(loopback(1), 0).getLocalPort();
    resolvers.with(HOST, loopback(1));
    CompletableFuture<List<String>> names = new CompletableFuture<>();
    List<String> active = new ArrayList<>();

    Future<Channel> dialled =
        eventLoop
            .submit(
                () ->
                    dialer(IoTransport.NIO)
                        .dial(
                            eventLoop,
                            HOST,
                            port,
                            channel -> {
                              channel
                                  .pipeline()
                                  .addLast(
                                      "user",
                                      new ChannelInboundHandlerAdapter() {
                                        @Override
                                        public void channelActive(ChannelHandlerContext ctx) {
                                          active.add("active");
                                        }
                                      });
                              names.complete(channel.pipeline().names());
                            }))
            .get();
    await(dialled);

    assertThat(get(names)).first().isEqualTo("user");
    assertThat(eventLoop.submit(() -> List.copyOf(active)).get()).containsExactly("active");
  }

  @Test
  void aHandlerThatCannotBeAddedFailsTheDial() throws Exception {
    EventLoop eventLoop = eventLoop(IoTransport.NIO);
    int port = server(loopback(1), 0).getLocalPort();
    resolvers.with(HOST, loopback(1));

    Future<Channel> dialled =
        eventLoop
            .submit(
                () ->
                    dialer(IoTransport.NIO)
                        .dial(
                            eventLoop,
                            HOST,
                            port,
                            channel -> {
                              throw new IllegalStateException("no handler");
                            }))
            .get();

    assertThat(failureOf(dialled)).hasMessage("no handler");
    awaitChannels(1, 0);
  }
}
