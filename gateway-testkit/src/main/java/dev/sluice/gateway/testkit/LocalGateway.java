package dev.sluice.gateway.testkit;

import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.GatewayServerConfig;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.sharding.ShardPlan;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A Discord gateway on loopback, over real sockets, for one bot: the HTTP endpoints {@code GET
 * /api/v10/gateway}, {@code GET /api/v10/gateway/bot} and {@code GET /api/v10/users/@me}, the rest
 * of the API as an {@link ApiHandler} has it, the WebSocket in every encoding and compression that
 * its request may ask for, sessions that can be resumed, made-up traffic, and faults on demand. For
 * zstd-stream the library {@code com.github.luben:zstd-jni} must be added.
 *
 * <p>Resuming has a URL of its own, on a second port, so that one can tell which a client dialled
 * and refuse either. After READY each guild of the shard gets its GUILD_CREATE.
 *
 * <p>What is sent respects the client: nothing is buffered beside the socket, events wait in the
 * ring of their session. A ring that overflows before the client took an event ends the session.
 *
 * <p>Thread-safe. Everything happens on one event loop, in the order of the calls. Futures are
 * completed there: what depends on them must not block. They fail with {@link
 * IllegalStateException} once the gateway is closed. What takes shards works on the connections
 * that have a session of such a shard at that moment, and yields how many they were.
 */
public final class LocalGateway implements AutoCloseable {

  /** Which URL of the gateway. */
  public enum Endpoint {
    /** That of {@link LocalGateway#uri}, for new sessions. */
    BASE,
    /** That of {@link LocalGateway#resumeUri}, which READY tells. */
    RESUME
  }

  private static final String HOST = "127.0.0.1";
  private static final byte[] LOOPBACK = {127, 0, 0, 1};
  private static final int BACKLOG = 4096;
  private static final int MAX_REQUEST_BYTES = 1 << 16;
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(32 << 10, 128 << 10);
  private static final long SHUTDOWN_SECONDS = 5;

  private final EventLoopGroup group;
  private final EventLoop loop;
  private final GatewayLoop gateway;
  private final @Nullable LocalCertificate certificate;
  private final String token;
  private final ChannelGroup acceptors;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final URI uri;
  private final URI resumeUri;
  private final URI apiUri;

  private LocalGateway(Builder builder) throws IOException {
    group =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("local-gateway", true), NioIoHandler.newFactory());
    loop = group.next();
    acceptors = new DefaultChannelGroup(loop);
    token = builder.token;
    try {
      certificate = builder.certificate;
      Channel base = bind(builder.port, Endpoint.BASE);
      Channel resume = bind(0, Endpoint.RESUME);
      String suffix = certificate == null ? "://" : "s://";
      uri = URI.create("ws" + suffix + HOST + ':' + port(base));
      resumeUri = URI.create("ws" + suffix + HOST + ':' + port(resume));
      apiUri = URI.create("http" + suffix + HOST + ':' + port(base) + "/api/v10");
      GatewayServerConfig.Builder config = GatewayServerConfig.builder(token);
      builder.server.accept(config);
      int guilds = builder.guildsPerShard;
      config
          .gatewayUrl(uri.toString())
          .resumeGatewayUrl(resumeUri.toString())
          .guilds(builder.guilds());
      gateway =
          new GatewayLoop(
              loop, config.build(), guilds, builder.guildCreates, builder.listener, builder.api);
      base.config().setAutoRead(true);
      resume.config().setAutoRead(true);
    } catch (IOException | RuntimeException e) {
      shutDown();
      throw e;
    }
  }

  /** Binds a port that accepts nothing yet, for the gateway's configuration needs the port. */
  private Channel bind(int port, Endpoint endpoint) throws IOException {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    initialize(channel, endpoint);
                  }
                });
    ChannelFuture bound =
        bootstrap.bind(new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port));
    if (!bound.awaitUninterruptibly().isSuccess()) {
      throw new IOException("port: " + port + " (expected: one that is free)", bound.cause());
    }
    acceptors.add(bound.channel());
    return bound.channel();
  }

  private void initialize(SocketChannel channel, Endpoint endpoint) {
    Link link = new Link(channel, endpoint);
    gateway.faults().accepted(link);
    ChannelPipeline pipeline = channel.pipeline();
    if (certificate != null) {
      pipeline.addLast(certificate.serverContext().newHandler(channel.alloc()));
    }
    pipeline
        .addLast(new HttpServerCodec())
        .addLast(new HttpObjectAggregator(MAX_REQUEST_BYTES))
        .addLast(new HttpHandler(gateway, link));
  }

  private static int port(Channel channel) {
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  /**
   * {@return a builder with the values of Discord where they are known, and four guilds a shard}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Runs a gateway as a process of its own, until it is interrupted. Prints its URLs and its token,
   * one a line: {@code gateway=}, {@code resume=}, {@code api=}, {@code token=}.
   *
   * <p>Options, each {@code --key=value}: {@code port}, {@code token}, {@code shards}
   * (recommended), {@code guilds-per-shard}, {@code max-concurrency}, {@code identify-window} and
   * {@code heartbeat-interval} (milliseconds), {@code session-starts} (in 24 h), {@code
   * replay-capacity} (events a session), {@code rate} (events a second of all sessions, or {@code
   * unlimited}; no traffic without it), {@code mix} ({@code all-intents}, {@code no-presences} or
   * {@code slash-commands}), {@code seed}, {@code large-event-every} (events), {@code round-trip}
   * (milliseconds that everything is delayed by, there and back) and {@code jitter} (milliseconds
   * that may be added to that), {@code tls} (the file to write the certificate to trust to, in
   * PEM), and {@code --until-stdin-closes} to end with the process that started this one.
   *
   * @param args the options
   * @throws IOException if a port is taken, or the certificate could not be written
   * @throws InterruptedException if the thread was interrupted
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    StandaloneGateway gateway;
    try {
      gateway = new StandaloneGateway(args);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
      return;
    }
    gateway.run(System.in, System.out);
  }

  /** {@return a gateway with the values of {@link #builder}, started} */
  public static LocalGateway start() {
    return builder().start();
  }

  /** {@return the base URL, {@code ws://127.0.0.1:port}, or {@code wss} with TLS} */
  public URI uri() {
    return uri;
  }

  /** {@return the URL for resuming, of another port} */
  public URI resumeUri() {
    return resumeUri;
  }

  /** {@return the base of the HTTP endpoints, {@code http://127.0.0.1:port/api/v10}} */
  public URI apiUri() {
    return apiUri;
  }

  /** {@return the bare bot token that the gateway knows} */
  public String token() {
    return token;
  }

  /**
   * {@return the ids of the guilds of a shard, those of its READY}
   *
   * @param shard the shard
   */
  public long[] guilds(ShardId shard) {
    return gateway.server().config().guilds().apply(shard);
  }

  /** {@return what the gateway has seen and done, as of now} */
  public CompletableFuture<LocalGatewayStats> stats() {
    return onLoop(gateway::stats);
  }

  /**
   * Plans a fault: something that strikes connections and sessions, those that exist and those that
   * come, until it is closed. The other methods do one thing, now, to what exists.
   *
   * <pre>{@code
   * gateway.fault(Fault.roundTrip(Duration.ofMillis(50))).start();
   * gateway.fault(Fault.refusal(503)).at(Endpoint.RESUME).start();
   * gateway.fault(Fault.corruptMessage()).on(shard::equals).forNext(1).start();
   * }</pre>
   *
   * @param fault what goes wrong
   * @return where to say whom it strikes, and to start it
   */
  public FaultPlan fault(Fault fault) {
    return new FaultPlan(fault, this::start);
  }

  private ActiveFault start(FaultPlan plan) {
    ActiveFault fault = new ActiveFault(this, plan);
    try {
      runNow(() -> gateway.faults().start(fault)).join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
    return fault;
  }

  void end(ActiveFault fault) {
    // A gateway that was closed has ended its faults.
    runNow(() -> gateway.faults().end(fault)).exceptionally(closed -> null).join();
  }

  /** Runs a task at the end of this turn of the event loop. */
  void later(Runnable task) {
    loop.execute(task);
  }

  CompletableFuture<@Nullable Void> whenStruck(ActiveFault fault, int times) {
    CompletableFuture<@Nullable Void> struck = new CompletableFuture<>();
    execute(struck, () -> fault.whenStruck(times, struck));
    return struck;
  }

  /**
   * Cuts connections without a close frame; the client sees a reset. The sessions are kept.
   *
   * @param shards which
   * @return how many
   */
  public CompletableFuture<Integer> killConnections(Predicate<ShardId> shards) {
    return forEach(shards, GatewayHandler::kill);
  }

  /**
   * Cuts every connection without a close frame, those without a session too.
   *
   * @return how many
   */
  public CompletableFuture<Integer> killAllConnections() {
    return onLoop(() -> gateway.forEach(GatewayHandler::kill));
  }

  /**
   * Closes connections with a code. The session ends if clients start a new one after this code.
   *
   * @param shards which
   * @param closeCode 1000 to 4999, but not 1005 or 1006, which no close frame can carry
   * @return how many
   */
  public CompletableFuture<Integer> closeConnections(Predicate<ShardId> shards, int closeCode) {
    return forEachConnection(shards, connection -> connection.close(closeCode));
  }

  /**
   * Sends RECONNECT, opcode 7. Connections that are still open after a grace, 5 s by default, are
   * closed with 1001.
   *
   * @param shards which
   * @return how many
   */
  public CompletableFuture<Integer> requestReconnect(Predicate<ShardId> shards) {
    return forEachConnection(shards, GatewayServerConnection::reconnect);
  }

  /**
   * Sends INVALID_SESSION, opcode 9. The connections stay open, without a session.
   *
   * @param shards which
   * @param resumable the {@code d} of the message: true keeps the session, false ends it
   * @return how many
   */
  public CompletableFuture<Integer> invalidateSessions(
      Predicate<ShardId> shards, boolean resumable) {
    return forEachConnection(shards, connection -> connection.invalidSession(resumable));
  }

  /**
   * Forgets sessions, as Discord does when nobody resumes them in time: cuts their connections
   * without a close frame, and answers a RESUME with INVALID_SESSION from then on.
   *
   * @param shards which
   * @return how many sessions, those that waited to be resumed among them
   */
  public CompletableFuture<Integer> forgetSessions(Predicate<ShardId> shards) {
    Objects.requireNonNull(shards, "shards");
    return onLoop(() -> gateway.forgetSessions(shards));
  }

  /**
   * Asks for a heartbeat at once, opcode 1.
   *
   * @param shards which
   * @return how many
   */
  public CompletableFuture<Integer> requestHeartbeats(Predicate<ShardId> shards) {
    return forEachConnection(shards, GatewayServerConnection::requestHeartbeat);
  }

  /**
   * Gives an event to every session of a shard, attached or not.
   *
   * @param shard the shard
   * @param type the name of the event: upper-case letters, digits and underscores
   * @param d one JSON value in UTF-8; not checked
   * @return the sequence of the event in the newest session, that of its last event if its intents
   *     do not cover this one; fails with IllegalStateException if the shard has none, with
   *     IllegalArgumentException if the event has another form
   */
  public CompletableFuture<Long> dispatch(ShardId shard, String type, byte[] d) {
    Objects.requireNonNull(shard, "shard");
    ByteBuffer data = ByteBuffer.wrap(d.clone());
    return onLoop(() -> gateway.dispatch(shard, type, data));
  }

  /**
   * Gives an event of a guild to every session of the bot that has the guild, attached or not: of
   * each generation while a bot is resharded.
   *
   * @param guildId the guild, 0 for an event that comes on shard 0
   * @param type the name of the event: upper-case letters, digits and underscores
   * @param d one JSON value in UTF-8, in one form or several, such as with its members in another
   *     order; sessions get them in turn; not checked
   * @return how many sessions got it
   */
  public CompletableFuture<Integer> dispatchToGuild(long guildId, String type, byte[]... d) {
    List<ByteBuffer> forms = Arrays.stream(d).map(form -> ByteBuffer.wrap(form.clone())).toList();
    if (forms.isEmpty()) {
      throw new IllegalArgumentException("d: no form (expected: >= 1)");
    }
    return onLoop(() -> gateway.dispatchToGuild(guildId, type, forms));
  }

  /**
   * Gives an event of a guild to every session of the bot that has the guild, as {@link
   * #dispatchToGuild} does, and tells what became of it.
   *
   * @param guildId the guild, 0 for an event that comes on shard 0
   * @param type the name of the event: upper-case letters, digits and underscores
   * @param d one JSON value in UTF-8; not checked
   * @return what became of it in each session, the oldest session first; empty if there is none;
   *     fails with IllegalArgumentException if the event has another form
   */
  public CompletableFuture<List<Delivery>> deliver(long guildId, String type, byte[] d) {
    ByteBuffer data = ByteBuffer.wrap(d.clone());
    return onLoop(() -> gateway.deliver(guildId, type, data));
  }

  /**
   * Sends any bytes as one payload, compressed like every other of the connection.
   *
   * @param shard the shard
   * @param payload the bytes
   * @return how many connections it was sent to
   */
  public CompletableFuture<Integer> sendPayload(ShardId shard, byte[] payload) {
    ByteBuffer bytes = ByteBuffer.wrap(payload.clone());
    return forEachConnection(shard::equals, connection -> connection.sendPayload(bytes));
  }

  /**
   * Sends any bytes as one WebSocket message, never compressed.
   *
   * @param shard the shard
   * @param type the kind of message
   * @param message the bytes
   * @return how many connections it was sent to
   */
  public CompletableFuture<Integer> sendRaw(ShardId shard, FrameType type, byte[] message) {
    ByteBuffer bytes = ByteBuffer.wrap(message.clone());
    return forEachConnection(shard::equals, connection -> connection.sendRaw(type, bytes));
  }

  /**
   * Answers {@code GET /gateway/bot} so, whatever the token, until {@link #restoreGatewayBot}.
   *
   * @param httpStatus 200 to 599
   * @param body the body, which need not be JSON
   * @return done when in force
   * @throws IllegalArgumentException if the status is another
   */
  public CompletableFuture<@Nullable Void> respondToGatewayBot(int httpStatus, String body) {
    Objects.requireNonNull(body, "body");
    if (httpStatus < 200 || httpStatus > 599) {
      throw new IllegalArgumentException("HTTP status: " + httpStatus + " (expected: 200..599)");
    }
    return run(() -> gateway.answerGatewayBot(new GatewayLoop.CannedAnswer(httpStatus, body)));
  }

  /**
   * Answers {@code GET /gateway/bot} truthfully again.
   *
   * @return done when in force
   */
  public CompletableFuture<@Nullable Void> restoreGatewayBot() {
    return run(() -> gateway.answerGatewayBot(null));
  }

  /**
   * Starts traffic for all sessions in turn, those that wait to be resumed too; {@linkplain
   * Traffic#UNLIMITED unlimited} traffic only for attached ones. Sessions that come later join in.
   *
   * @param traffic which
   * @return done when it runs; fails with IllegalStateException if traffic runs already
   */
  public CompletableFuture<@Nullable Void> startTraffic(Traffic traffic) {
    Objects.requireNonNull(traffic, "traffic");
    return run(() -> gateway.startTraffic(traffic));
  }

  /**
   * Stops the traffic, if it runs.
   *
   * @return done when nothing more is made; all that was made is in the rings of the sessions
   */
  public CompletableFuture<@Nullable Void> stopTraffic() {
    return run(gateway::stopTraffic);
  }

  /**
   * Prepares as many events as the flood says for each connection that has a session of such a
   * shard, once the sockets took what was to be sent before: encodes and compresses them as the
   * connection does, with the sequences of its session, in memory of some hundred bytes an event.
   * Takes a few microseconds an event, in portions between which the gateway does other things.
   *
   * <p>From then on these connections {@linkplain PreparedFlood send nothing else}, heartbeat ACKs
   * among it, until the flood is sent or closed: that should be sooner than a client gives up.
   * Traffic must not run. The listener is told of each event when it is prepared. The replay ring
   * of each session takes the events too, as far as it reaches.
   *
   * @param shards which
   * @param flood which events
   * @return the flood, to be closed by the caller; fails with IllegalStateException if there is no
   *     such connection, one ends meanwhile, has a flood already, or has intents that cover none of
   *     the events
   */
  public CompletableFuture<PreparedFlood> prepareFlood(Predicate<ShardId> shards, Flood flood) {
    Objects.requireNonNull(shards, "shards");
    Objects.requireNonNull(flood, "flood");
    CompletableFuture<PreparedFlood> prepared = new CompletableFuture<>();
    execute(prepared, () -> gateway.prepareFlood(shards, flood, prepared));
    return prepared;
  }

  /**
   * {@return a future that is done once the sockets of all attached sessions took everything up to
   * their newest sequence} Traffic that runs on may keep it from being done.
   */
  public CompletableFuture<@Nullable Void> whenSent() {
    CompletableFuture<@Nullable Void> sent = new CompletableFuture<>();
    execute(sent, () -> gateway.whenSent(sent));
    return sent;
  }

  /**
   * Cuts all connections, frees the ports and ends the event loop; waits for that, at most 5 s. May
   * be called again. Not to be called on the event loop, thus not by a listener.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      // Ports that no loop serves any more would take connections until they are closed for good.
      acceptors.close().awaitUninterruptibly(SHUTDOWN_SECONDS, TimeUnit.SECONDS);
      // Before the group closes the channels, which it does politely.
      loop.submit(gateway::close).awaitUninterruptibly(SHUTDOWN_SECONDS, TimeUnit.SECONDS);
    }
    shutDown();
  }

  private void shutDown() {
    group
        .shutdownGracefully(0, SHUTDOWN_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(SHUTDOWN_SECONDS, TimeUnit.SECONDS);
  }

  private CompletableFuture<Integer> forEach(
      Predicate<ShardId> shards, Consumer<GatewayHandler> action) {
    Objects.requireNonNull(shards, "shards");
    return onLoop(() -> gateway.forEach(shards, action));
  }

  private CompletableFuture<Integer> forEachConnection(
      Predicate<ShardId> shards, Consumer<GatewayServerConnection> action) {
    return forEach(shards, handler -> action.accept(handler.connection()));
  }

  private CompletableFuture<@Nullable Void> run(Runnable task) {
    return onLoop(
        () -> {
          task.run();
          return null;
        });
  }

  /** Runs a task at once if this is the event loop. */
  private CompletableFuture<@Nullable Void> runNow(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
      return CompletableFuture.completedFuture(null);
    }
    return run(task);
  }

  private <T extends @Nullable Object> CompletableFuture<T> onLoop(Supplier<T> task) {
    CompletableFuture<T> future = new CompletableFuture<>();
    execute(future, () -> future.complete(task.get()));
    return future;
  }

  private void execute(CompletableFuture<?> future, Runnable task) {
    try {
      loop.execute(
          () -> {
            try {
              task.run();
            } catch (RuntimeException e) {
              future.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      future.completeExceptionally(new IllegalStateException("local gateway: closed", e));
    }
  }

  /** Collects how a gateway is to be. Not thread-safe. */
  public static final class Builder {

    private String token = "local-gateway-token";
    private int port;
    private int guildsPerShard = 4;
    private int allGuilds; // 0 for some to each shard
    private boolean guildCreates = true;
    private @Nullable LocalCertificate certificate;
    private GatewayServerListener listener = new GatewayServerListener() {};
    private ApiHandler api = ApiHandler.interactions();
    private Consumer<GatewayServerConfig.Builder> server = config -> {};

    private Builder() {}

    /**
     * Sets the bare bot token that clients must send; some constant by default.
     *
     * @param token not empty
     * @return this
     */
    public Builder token(String token) {
      this.token = Objects.requireNonNull(token, "token");
      return this;
    }

    /**
     * Sets the port of the base URL and of the HTTP endpoints; a free one by default. That of the
     * resume URL is a free one always.
     *
     * @param port 0 to 65535, 0 for a free one
     * @return this
     * @throws IllegalArgumentException if the port is another
     */
    public Builder port(int port) {
      if (port < 0 || port > 65_535) {
        throw new IllegalArgumentException("port: " + port + " (expected: 0..65535)");
      }
      this.port = port;
      return this;
    }

    /**
     * Serves TLS on both ports; plain by default.
     *
     * @param certificate what clients are shown
     * @return this
     */
    public Builder tls(LocalCertificate certificate) {
      this.certificate = Objects.requireNonNull(certificate, "certificate");
      return this;
    }

    /**
     * Sets how many guilds each shard has; 4 by default.
     *
     * @param guildsPerShard 1 to 2500
     * @return this
     * @throws IllegalArgumentException if the number is another
     */
    public Builder guildsPerShard(int guildsPerShard) {
      if (guildsPerShard < 1 || guildsPerShard > SyntheticGuild.MAX_PER_SHARD) {
        throw new IllegalArgumentException(
            "guildsPerShard: "
                + guildsPerShard
                + " (expected: 1.."
                + SyntheticGuild.MAX_PER_SHARD
                + ')');
      }
      this.guildsPerShard = guildsPerShard;
      return this;
    }

    /**
     * Sets how many guilds the bot has, whatever its number of shards: each belongs to the shard
     * that its id says. In the place of {@link #guildsPerShard}; {@link LocalGateway#startTraffic
     * Traffic} is for that one.
     *
     * @param guilds at least 1
     * @return this
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder guilds(int guilds) {
      if (guilds < 1) {
        throw new IllegalArgumentException("guilds: " + guilds + " (expected: >= 1)");
      }
      this.allGuilds = guilds;
      return this;
    }

    private Function<ShardId, long[]> guilds() {
      int each = guildsPerShard;
      if (allGuilds == 0) {
        return shard -> SyntheticGuild.ids(shard, each);
      }
      long[] all = SyntheticGuild.ids(allGuilds);
      return shard ->
          Arrays.stream(all)
              .filter(guild -> ShardPlan.shardOf(guild, shard.count()) == shard.id())
              .toArray();
    }

    /**
     * Says whether each guild of a READY gets its GUILD_CREATE; true by default.
     *
     * @param guildCreates false for a gateway that dispatches nothing by itself
     * @return this
     */
    public Builder guildCreates(boolean guildCreates) {
      this.guildCreates = guildCreates;
      return this;
    }

    /**
     * Sets who is told what happens: of sessions, commands and each dispatched event. Called on the
     * event loop of the gateway; must not block. None by default.
     *
     * @param listener the listener, whose {@code outputPending} is never called
     * @return this
     */
    public Builder listener(GatewayServerListener listener) {
      this.listener = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Sets what answers requests below {@code /api/v10} that are not about the gateway. Who does
     * not show the bot's token is answered with 401 without asking it, but for paths below {@code
     * /interactions} and {@code /webhooks}, which carry a token of their own. Default: {@link
     * ApiHandler#interactions()}.
     *
     * @param api the handler, called on the event loop of the gateway
     * @return this
     */
    public Builder api(ApiHandler api) {
      this.api = Objects.requireNonNull(api, "api");
      return this;
    }

    /**
     * Sets everything else: heartbeat interval, identify buckets, session start limit, recommended
     * shards, replay ring and the like. The URLs and the guilds are not to be set. May be called
     * again, to set more.
     *
     * @param server is given the configuration of the protocol's server role
     * @return this
     */
    public Builder server(Consumer<GatewayServerConfig.Builder> server) {
      this.server = this.server.andThen(Objects.requireNonNull(server, "server"));
      return this;
    }

    /**
     * Starts the gateway; its ports are open when this returns.
     *
     * @return the gateway, to be closed by the caller
     * @throws IllegalArgumentException if a value of {@link #server} is out of its range
     * @throws UncheckedIOException if the port is taken
     */
    public LocalGateway start() {
      try {
        return new LocalGateway(this);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
