package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.IdentifyBreaker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A shard on an embedded channel, dialled once; later dials stay open until a test ends them. */
final class EmbeddedShard implements ShardHost, Connector {

  static final ShardId ID = new ShardId(0, 1);
  static final long CHECKPOINT_NANOS = 1_000_000_000L;

  final EmbeddedChannel channel = new EmbeddedChannel();
  final LoopContext context = new LoopContext(channel.eventLoop());
  final Recorder recorder = new Recorder();
  SessionStore store = SessionStore.inMemory();
  final List<URI> dials = new ArrayList<>();
  final List<Promise<Channel>> pendingDials = new ArrayList<>();
  boolean dialsPend;
  final Shard shard;
  @Nullable ReshardGate reshardGate;
  PipelineCustomizer customizer = new PipelineCustomizer() {};
  EventSink sink = recorder;
  ShardListener listener = recorder;
  @Nullable Set<EventType> eventTypes;
  boolean acknowledgedByHand;
  @Nullable DispatchExceptionHandler exceptionHandler;
  private final DialLimiter dialLimiter = new DialLimiter(ImmediateEventExecutor.INSTANCE, 1, 1, 1);
  private final IdentifyGuard identifyGuard =
      new IdentifyGuard(
          IdentifyBreaker.create(Integer.MAX_VALUE, Integer.MAX_VALUE, NanoClock.system()),
          () -> Integer.MAX_VALUE,
          new HealthReasons());
  private final GatewayConfig config;

  EmbeddedShard() {
    this(config -> config);
  }

  EmbeddedShard(UnaryOperator<GatewayConfig.Builder> settings) {
    this(Compression.NONE, settings);
  }

  EmbeddedShard(Compression compression, UnaryOperator<GatewayConfig.Builder> settings) {
    this(ID, compression, settings);
  }

  EmbeddedShard(
      ShardId id, Compression compression, UnaryOperator<GatewayConfig.Builder> settings) {
    shard = new Shard(this, id, 1, context);
    config =
        settings
            .apply(
                GatewayConfig.builder("token", Intents.of())
                    .gatewayUri(URI.create("ws://gateway.test"))
                    .compression(compression)
                    .identifyPermitsGranted())
            .build();
  }

  /** Dials; the request of the upgrade is the next output. */
  EmbeddedShard dial() {
    return dial(null);
  }

  EmbeddedShard dial(@Nullable GatewaySession session) {
    shard.start(session);
    run();
    return this;
  }

  /** Runs what was handed to the event loop and what is due on it. */
  void run() {
    channel.runPendingTasks();
    channel.runScheduledPendingTasks();
    channel.runPendingTasks();
  }

  /** The sequence of the session as it could be stored now; the shard must have one. */
  long storedSequence() {
    CompletableFuture<Long> sequence =
        shard.session().thenApply(s -> requireNonNull(s).sequence()).toCompletableFuture();
    run();
    return sequence.join();
  }

  /** Dials and answers the upgrade, with what follows in the same read. */
  EmbeddedShard upgrade(byte[]... following) {
    dial();
    String key = takeKey();
    in(Frames.concat(Frames.switchingProtocols(key), Frames.concat(following)));
    return this;
  }

  /** A shard that has sent its IDENTIFY. */
  EmbeddedShard identifying() {
    return upgrade(Frames.text(Frames.hello(3_600_000)));
  }

  /** A shard that is READY at sequence 1. */
  EmbeddedShard ready() {
    identifying();
    in(Frames.text(Frames.ready("session", "ws://resume.test")));
    channel.releaseOutbound();
    return this;
  }

  String takeKey() {
    ByteBuf request = channel.readOutbound();
    String text = request.toString(StandardCharsets.US_ASCII);
    request.release();
    return keyOf(text);
  }

  /** {@return the key in a request of an upgrade} */
  static String keyOf(String text) {
    int start = text.toLowerCase(java.util.Locale.ROOT).indexOf("sec-websocket-key: ") + 19;
    return text.substring(start, text.indexOf('\r', start));
  }

  void in(byte[] bytes) {
    channel.writeInbound(Unpooled.copiedBuffer(bytes));
    run();
  }

  /** {@return the names of the events that the sink was offered} */
  List<String> events() {
    return recorder.events(0).stream().map(Recorder.Event::name).toList();
  }

  @Override
  public Future<Channel> connect(EventLoop eventLoop, URI uri, Consumer<Channel> onConnect) {
    dials.add(uri);
    if (dialsPend || dials.size() > 1) {
      Promise<Channel> pending = eventLoop.newPromise();
      pendingDials.add(pending);
      return pending;
    }
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.addLast(PipelineNames.HTTP_CODEC, new HttpClientCodec());
    onConnect.accept(channel);
    pipeline.fireChannelActive();
    return eventLoop.newSucceededFuture(channel);
  }

  @Override
  public GatewayConfig config() {
    return config;
  }

  @Override
  public int maxConcurrency() {
    return 1;
  }

  @Override
  public URI gatewayUri() {
    return config().gatewayUri();
  }

  @Override
  public void gatewayUnreachable() {
    // there is nobody to ask
  }

  @Override
  public IdentifyLimiter identifyLimiter() {
    return new ShardManagerTest.UnlimitedIdentifies();
  }

  @Override
  public DialLimiter dialLimiter() {
    return dialLimiter;
  }

  @Override
  public IdentifyGuard identifyGuard() {
    return identifyGuard;
  }

  @Override
  public @Nullable GuildLoads guildLoads() {
    return null;
  }

  @Override
  public long reconnectJitterNanos() {
    return 0;
  }

  @Override
  public Connector connector() {
    return this;
  }

  @Override
  public SessionStore sessionStore() {
    return store;
  }

  @Override
  public long checkpointIntervalNanos() {
    return store.isDurable() ? CHECKPOINT_NANOS : 0;
  }

  @Override
  public EventDelivery sink() {
    return new EventDelivery(sink, eventTypes, acknowledgedByHand, exceptionHandler);
  }

  @Override
  public @Nullable ReshardGate reshardGate() {
    return reshardGate;
  }

  @Override
  public PipelineCustomizer customizer() {
    return customizer;
  }

  @Override
  public List<ShardListener> listeners() {
    return List.of(listener);
  }

  @Override
  public @Nullable CloseCode fatalCloseCode() {
    return null;
  }

  @Override
  public boolean shardDetails() {
    return true;
  }

  @Override
  public void shardReady() {}

  @Override
  public void shardFailed(Shard shard, CloseCode closeCode) {}
}
