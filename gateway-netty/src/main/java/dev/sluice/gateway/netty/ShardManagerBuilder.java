package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.sharding.IdentifyBreaker;
import dev.sluice.gateway.sharding.ShardPlan;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProtocols;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Collects the settings of a {@link ShardManager}. Not thread-safe. Each can be set once. */
public final class ShardManagerBuilder {

  private static final URI DEFAULT_API_URI = URI.create("https://discord.com/api/v10");

  private static final Duration MIN_INTERVAL = Duration.ofMillis(1);

  /** What no nanosecond clock overflows with. */
  private static final Duration MAX_DURATION = Duration.ofDays(1);

  /** Enough for a storm of some thousand shards; each takes some kilobytes. */
  private static final int TLS_SESSIONS = 4096;

  final String token;
  private final Intents intents;
  private final GatewayConfig.Builder config;
  private final Set<String> set = new HashSet<>();
  @Nullable URI gatewayUri;
  URI apiUri = DEFAULT_API_URI;
  Duration drainTimeout = Duration.ofSeconds(5);
  Duration apiRetryDelay = Duration.ofSeconds(1);
  LongSupplier wallMillis = System::currentTimeMillis; // for tests to move
  Duration apiRefreshInterval = Duration.ofMinutes(1);
  @Nullable ShardPlan plan;
  @Nullable ShardAssignment assignment;
  int maxConcurrency;
  boolean tracksGuilds;
  Duration guildsTimeout = Duration.ofSeconds(15);
  int maxShardsLoading = Integer.MAX_VALUE;
  int identifiesAnHour; // 0: derived from the number of shards
  int identifiesOfAShard = IdentifyBreaker.DEFAULT_SHARD_LIMIT;
  @Nullable EventLoopGroup eventLoopGroup;
  private @Nullable IoTransport ioTransport;
  int eventLoopThreads = Runtime.getRuntime().availableProcessors();
  private @Nullable SslContext sslContext;
  @Nullable ProxySettings proxy;
  private @Nullable DispatchHandler handler;
  private @Nullable Workers workers;
  private @Nullable EventSink eventSink;
  private @Nullable Set<EventType> eventTypes;
  private boolean acknowledgedByHand;
  private @Nullable DispatchExceptionHandler exceptionHandler;
  @Nullable IdentifyLimiter identifyLimiter;
  @Nullable SessionStore sessionStore;
  Path sessionParent = DefaultSessions.PARENT;
  Duration checkpointInterval = Duration.ofSeconds(1);
  @Nullable CommandSource commandSource;
  PipelineCustomizer customizer = new PipelineCustomizer() {};
  ShardListener listener = new ShardListener() {};
  boolean shardDetails;
  double readyShare = 0.9;
  Duration maxLoopLag = Duration.ofSeconds(30);

  ShardManagerBuilder(String token, Intents intents) {
    this.token = token;
    this.intents = intents;
    this.config = GatewayConfig.builder(token, intents).identifyPermitsGranted();
  }

  /**
   * Runs every shard of the bot here. Default: as many as GET /gateway/bot recommends.
   *
   * @param count the number of shards, at least 1
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public ShardManagerBuilder shards(int count) {
    return shards(ShardPlan.all(atLeast1("shards", count)));
  }

  /**
   * Runs some of the bot's shards here.
   *
   * @param plan which of how many
   * @return this
   */
  public ShardManagerBuilder shards(ShardPlan plan) {
    requireNonNull(plan, "plan");
    once("shards or assignment");
    this.plan = plan;
    return this;
  }

  /**
   * Lets an assignment say which shards run here. Default: those of the plan.
   *
   * @param assignment the assignment
   * @return this
   */
  public ShardManagerBuilder assignment(ShardAssignment assignment) {
    requireNonNull(assignment, "assignment");
    once("shards or assignment");
    this.assignment = assignment;
    return this;
  }

  /**
   * Sets the encoding of payloads. Default: {@link Encoding#JSON}.
   *
   * @param encoding the encoding
   * @return this
   */
  public ShardManagerBuilder encoding(Encoding encoding) {
    config.encoding(encoding);
    return this;
  }

  /**
   * Sets how the gateway compresses. Default: {@link Compression#ZLIB_STREAM}.
   *
   * @param compression the compression
   * @return this
   */
  public ShardManagerBuilder compression(Compression compression) {
    config.compression(compression);
    return this;
  }

  /**
   * Sets the presence that sessions start with. Default: none.
   *
   * @param presence the presence
   * @return this
   */
  public ShardManagerBuilder presence(Presence presence) {
    config.presence(presence);
    return this;
  }

  /**
   * Changes settings of the connections that have no method here, such as time-outs and limits.
   *
   * @param configure is given the configuration's builder; the gateway URI is the manager's to set
   * @return this
   */
  public ShardManagerBuilder configure(Consumer<GatewayConfig.Builder> configure) {
    configure.accept(config);
    return this;
  }

  /**
   * Sets what handles the events. Default: nothing does.
   *
   * @param handler the handler
   * @return this
   */
  public ShardManagerBuilder onDispatch(DispatchHandler handler) {
    requireNonNull(handler, "handler");
    once("onDispatch or eventSink");
    this.handler = handler;
    return this;
  }

  /**
   * Lets workers call the handler, with copies, so that one which takes its time holds up no event
   * loop. Default: the handler is called on the event loop of its shard.
   *
   * @param workers which threads, in which order, and how many events may wait
   * @return this
   */
  public ShardManagerBuilder workers(Workers workers) {
    requireNonNull(workers, "workers");
    once("workers");
    this.workers = workers;
    return this;
  }

  /**
   * Sets where the events go, for what a {@link DispatchHandler} cannot do: pausing a shard.
   *
   * @param eventSink the sink
   * @return this
   */
  public ShardManagerBuilder eventSink(EventSink eventSink) {
    requireNonNull(eventSink, "eventSink");
    once("onDispatch or eventSink");
    this.eventSink = eventSink;
    return this;
  }

  /**
   * Lets only events of some types come to the handler or the sink. The others acknowledge
   * themselves before anything of them is copied, and are counted; the handlers of a pipeline, and
   * the protocol itself, still see them. Intents are the better filter where they can tell: what
   * the gateway does not send costs nothing. Default: all types.
   *
   * @param types the types; {@link EventType#UNKNOWN} stands for every one that has no constant,
   *     and READY and RESUMED are types like any other
   * @return this
   * @throws IllegalArgumentException if there are none
   */
  public ShardManagerBuilder eventTypes(Set<EventType> types) {
    if (types.isEmpty()) {
      throw new IllegalArgumentException("eventTypes: none (expected: at least one)");
    }
    once("eventTypes");
    this.eventTypes = Set.copyOf(types);
    return this;
  }

  /**
   * Leaves every acknowledgement to the application, as if {@link
   * dev.sluice.gateway.Dispatch#defer()} were called on each event before its handler: for handlers
   * that go on asynchronously. Each event then owes a {@link
   * dev.sluice.gateway.Dispatch#acknowledge()}; reading pauses while too many are due. Default: an
   * event is acknowledged when its handler returns.
   *
   * @return this
   */
  public ShardManagerBuilder acknowledgeByHand() {
    once("acknowledgeByHand");
    this.acknowledgedByHand = true;
    return this;
  }

  /**
   * Sets who is told when the handling of an event throws, and decides whether the event counts as
   * handled. Default: the failure is logged, and the event acknowledged.
   *
   * @param exceptionHandler the exception handler
   * @return this
   */
  public ShardManagerBuilder onDispatchException(DispatchExceptionHandler exceptionHandler) {
    requireNonNull(exceptionHandler, "exceptionHandler");
    once("onDispatchException");
    this.exceptionHandler = exceptionHandler;
    return this;
  }

  /**
   * Sets who is told what happens to shards. Default: nobody.
   *
   * @param listener the listener
   * @return this
   */
  public ShardManagerBuilder listener(ShardListener listener) {
    requireNonNull(listener, "listener");
    once("listener");
    this.listener = listener;
    return this;
  }

  /**
   * Sets what puts the application's handlers into the pipelines. Default: nothing does.
   *
   * @param customizer the customizer
   * @return this
   */
  public ShardManagerBuilder pipeline(PipelineCustomizer customizer) {
    requireNonNull(customizer, "customizer");
    once("pipeline");
    this.customizer = customizer;
    return this;
  }

  /**
   * Runs the shards on event loops of the application, perhaps beside other things, and with the
   * transport that they have. The application ends them, after {@link ShardManager#stop}; the
   * manager never does. Default: a group of the manager's own.
   *
   * @param eventLoopGroup a group of io_uring, epoll, kqueue or NIO event loops
   * @return this
   */
  public ShardManagerBuilder eventLoopGroup(EventLoopGroup eventLoopGroup) {
    requireNonNull(eventLoopGroup, "eventLoopGroup");
    once("eventLoopGroup or eventLoopThreads");
    this.eventLoopGroup = eventLoopGroup;
    return this;
  }

  /**
   * Sets how the manager's own event loops reach the kernel. Default: {@link IoTransport#best()}.
   *
   * @param ioTransport one that is {@linkplain IoTransport#isAvailable() available}
   * @return this
   */
  public ShardManagerBuilder ioTransport(IoTransport ioTransport) {
    requireNonNull(ioTransport, "ioTransport");
    once("ioTransport");
    this.ioTransport = ioTransport;
    return this;
  }

  /**
   * Sets how many event loops the manager's own group has. Default: one for each processor.
   *
   * @param eventLoopThreads at least 1
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public ShardManagerBuilder eventLoopThreads(int eventLoopThreads) {
    atLeast1("eventLoopThreads", eventLoopThreads);
    once("eventLoopGroup or eventLoopThreads");
    this.eventLoopThreads = eventLoopThreads;
    return this;
  }

  /**
   * Sets what is trusted in TLS, and by which provider. Host names are verified whatever it says.
   * Default: TLS 1.2 and 1.3, the platform's authorities, BoringSSL where {@code
   * netty-tcnative-boringssl-static} is on the class path and the JDK elsewhere. All shards share
   * its session cache, so that those that dial again resume sessions of TLS.
   *
   * @param sslContext a context for clients
   * @return this
   * @throws IllegalArgumentException if it is one for servers
   */
  public ShardManagerBuilder sslContext(SslContext sslContext) {
    if (!requireNonNull(sslContext, "sslContext").isClient()) {
      throw new IllegalArgumentException("sslContext: for servers (expected: for clients)");
    }
    once("sslContext");
    this.sslContext = sslContext;
    return this;
  }

  /**
   * Sets a proxy to go through to all hosts. Default: none.
   *
   * @param proxy the proxy
   * @return this
   */
  public ShardManagerBuilder proxy(ProxySettings proxy) {
    requireNonNull(proxy, "proxy");
    once("proxy");
    this.proxy = proxy;
    return this;
  }

  /**
   * Sets where new sessions start. Default: what GET /gateway/bot says.
   *
   * @param gatewayUri a {@code ws} or {@code wss} URI
   * @return this
   * @throws IllegalArgumentException if it is another kind of URI
   */
  public ShardManagerBuilder gatewayUri(URI gatewayUri) {
    String scheme = requireNonNull(gatewayUri, "gatewayUri").getScheme();
    if (!("wss".equalsIgnoreCase(scheme) || "ws".equalsIgnoreCase(scheme))
        || !namesAPlace(gatewayUri)) {
      throw new IllegalArgumentException("gatewayUri: " + gatewayUri + " (expected: wss://host)");
    }
    once("gatewayUri");
    this.gatewayUri = gatewayUri;
    return this;
  }

  /**
   * Sets where the HTTP API is. Default: {@code https://discord.com/api/v10}.
   *
   * @param apiUri an {@code http} or {@code https} URI, with the version, without a trailing slash
   * @return this
   * @throws IllegalArgumentException if it is another kind of URI
   */
  public ShardManagerBuilder apiUri(URI apiUri) {
    String scheme = requireNonNull(apiUri, "apiUri").getScheme();
    if (!("https".equalsIgnoreCase(scheme) || "http".equalsIgnoreCase(scheme))
        || !namesAPlace(apiUri)) {
      throw new IllegalArgumentException("apiUri: " + apiUri + " (expected: https://host/path)");
    }
    once("apiUri");
    this.apiUri = apiUri;
    return this;
  }

  /**
   * Sets how long to wait at most before GET /gateway/bot is asked again after a failure that may
   * pass; it doubles with each further one, up to 1 min. A random part of it is taken, but never
   * less than what the answer asks for. Default: 1 s.
   *
   * @param apiRetryDelay from 0 to a day
   * @return this
   * @throws IllegalArgumentException if it is out of range
   */
  public ShardManagerBuilder apiRetryDelay(Duration apiRetryDelay) {
    between("apiRetryDelay", apiRetryDelay, Duration.ZERO);
    once("apiRetryDelay");
    this.apiRetryDelay = apiRetryDelay;
    return this;
  }

  /**
   * Sets how often GET /gateway/bot may be asked again, which happens while dials fail again and
   * again or no session start is left. Default: 1 min.
   *
   * @param apiRefreshInterval from 0 to a day
   * @return this
   * @throws IllegalArgumentException if it is out of range
   */
  public ShardManagerBuilder apiRefreshInterval(Duration apiRefreshInterval) {
    between("apiRefreshInterval", apiRefreshInterval, Duration.ZERO);
    once("apiRefreshInterval");
    this.apiRefreshInterval = apiRefreshInterval;
    return this;
  }

  /**
   * Sets how many shards may identify in 5 s. Default: what GET /gateway/bot says; it is not asked
   * when this, the shards and the gateway URI are all set.
   *
   * @param maxConcurrency at least 1
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public ShardManagerBuilder maxConcurrency(int maxConcurrency) {
    atLeast1("maxConcurrency", maxConcurrency);
    once("maxConcurrency");
    this.maxConcurrency = maxConcurrency;
    return this;
  }

  /**
   * Sets who may identify when. Default: the shards of this manager, by {@code max_concurrency}.
   *
   * @param identifyLimiter the limiter
   * @return this
   */
  public ShardManagerBuilder identifyLimiter(IdentifyLimiter identifyLimiter) {
    requireNonNull(identifyLimiter, "identifyLimiter");
    once("identifyLimiter");
    this.identifyLimiter = identifyLimiter;
    return this;
  }

  /**
   * Keeps track of which guilds each shard has, at about 12 bytes a guild: every GUILD_CREATE then
   * {@linkplain dev.sluice.gateway.Dispatch#mark() says} whether the guild was loaded, joined or is
   * available again, and {@link Shard#guildsLoaded()}, {@link ShardManager#guildsLoaded()} and
   * {@link ShardListener#onGuildsLoaded} tell when a shard has its guilds. After the resume of a
   * session that another process began the guilds are not known: nothing is marked but what comes
   * back from an outage. Default: they are not tracked.
   *
   * @return this
   */
  public ShardManagerBuilder trackGuilds() {
    once("trackGuilds");
    this.tracksGuilds = true;
    return this;
  }

  /**
   * Sets how long after READY, or after the last guild that came, a shard still waits for guilds
   * that READY announced. It needs {@link #trackGuilds()}. Default: 15 s.
   *
   * @param guildsTimeout from 1 ms to a day
   * @return this
   * @throws IllegalArgumentException if it is out of range
   */
  public ShardManagerBuilder guildsTimeout(Duration guildsTimeout) {
    between("guildsTimeout", guildsTimeout, MIN_INTERVAL);
    once("guildsTimeout");
    this.guildsTimeout = guildsTimeout;
    return this;
  }

  /**
   * Sets how many shards may be between IDENTIFY and their last guild at a time, for an application
   * that does much work for each guild. Further shards wait with their transport up, but without
   * their permit, so the buckets of {@code max_concurrency} go on. It needs {@link #trackGuilds()}.
   * Default: no limit.
   *
   * @param maxShardsLoading at least 1; below {@code max_concurrency} it makes the start slower
   *     than the gateway demands
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public ShardManagerBuilder maxShardsLoading(int maxShardsLoading) {
    atLeast1("maxShardsLoading", maxShardsLoading);
    once("maxShardsLoading");
    this.maxShardsLoading = maxShardsLoading;
    return this;
  }

  /**
   * Sets how many identifies are too many: beyond it they stop until {@link
   * ShardManager#releaseIdentifyBreaker()}, and sessions that live go on and resume. Default:
   * {@link IdentifyBreaker#defaultFleetLimit} and {@link IdentifyBreaker#DEFAULT_SHARD_LIMIT}.
   *
   * @param anHour how many an hour may have beside the first of each shard, at least 1; beyond it
   *     no shard identifies; {@link Integer#MAX_VALUE} for no limit
   * @param ofAShard how many beside its first ten minutes of a shard may have, at least 1; beyond
   *     it that shard does not; {@link Integer#MAX_VALUE} for no limit
   * @return this
   * @throws IllegalArgumentException if one of them is below 1
   */
  public ShardManagerBuilder identifyBreaker(int anHour, int ofAShard) {
    atLeast1("identifyBreaker.anHour", anHour);
    atLeast1("identifyBreaker.ofAShard", ofAShard);
    once("identifyBreaker");
    this.identifiesAnHour = anHour;
    this.identifiesOfAShard = ofAShard;
    return this;
  }

  /**
   * Sets where sessions are kept. Default: in files below {@code sluice-sessions} in the working
   * directory, in a directory that is named after the bot and that nobody else can read, so that a
   * process that is started again resumes. An {@link #assignment} shares it with other processes.
   * In memory if without one another process has it in use, if it cannot be written, or if {@link
   * #apiUri} or {@link #gatewayUri} names another gateway than Discord's.
   *
   * @param sessionStore the store; who gives one closes it, once the manager has stopped
   * @return this
   */
  public ShardManagerBuilder sessionStore(SessionStore sessionStore) {
    requireNonNull(sessionStore, "sessionStore");
    once("sessionStore");
    this.sessionStore = sessionStore;
    return this;
  }

  /**
   * Sets how often a shard stores its session while events come, if the store is durable. What was
   * handled since the last time comes again after a crash. Default: 1 s.
   *
   * @param checkpointInterval from 1 ms to a day
   * @return this
   * @throws IllegalArgumentException if it is out of range
   */
  public ShardManagerBuilder checkpointInterval(Duration checkpointInterval) {
    between("checkpointInterval", checkpointInterval, MIN_INTERVAL);
    once("checkpointInterval");
    this.checkpointInterval = checkpointInterval;
    return this;
  }

  /**
   * Counts events by type and keeps a histogram of heartbeat latencies for each shard too, which
   * takes some 4 kB a shard: for a few shards, or to find out why some differ. Default: off, for
   * the manager and its event loops have both.
   *
   * @param shardDetails whether to
   * @return this
   */
  public ShardManagerBuilder shardDetails(boolean shardDetails) {
    once("shardDetails");
    this.shardDetails = shardDetails;
    return this;
  }

  /**
   * Sets which share of the shards has to be READY so that {@link ShardManager#health()} says that
   * the manager is ready. Default: 0.9.
   *
   * @param readyShare from 0 to 1
   * @return this
   * @throws IllegalArgumentException if it is outside that
   */
  public ShardManagerBuilder readyShare(double readyShare) {
    if (!(readyShare >= 0 && readyShare <= 1)) {
      throw new IllegalArgumentException("readyShare: " + readyShare + " (expected: 0..1)");
    }
    once("readyShare");
    this.readyShare = readyShare;
    return this;
  }

  /**
   * Sets how late an event loop may be so that {@link ShardManager#health()} says that the manager
   * is live. Default: 30 s, well below the time in which heartbeats that are late end a session.
   *
   * @param maxLoopLag from 1 s, for the lag is measured every 100 ms, to a day
   * @return this
   * @throws IllegalArgumentException if it is out of range
   */
  public ShardManagerBuilder maxLoopLag(Duration maxLoopLag) {
    between("maxLoopLag", maxLoopLag, Duration.ofSeconds(1));
    once("maxLoopLag");
    this.maxLoopLag = maxLoopLag;
    return this;
  }

  /**
   * Sets where commands of other processes come from. Default: nowhere.
   *
   * @param commandSource the source; the manager starts and stops it
   * @return this
   */
  public ShardManagerBuilder commandSource(CommandSource commandSource) {
    requireNonNull(commandSource, "commandSource");
    once("commandSource");
    this.commandSource = commandSource;
    return this;
  }

  /**
   * Sets how long a shard that is stopped waits until the events that came are acknowledged. What
   * is not by then comes again when the session is resumed. Default: 5 s.
   *
   * @param drainTimeout from 0 to a day
   * @return this
   * @throws IllegalArgumentException if it is out of range
   */
  public ShardManagerBuilder drainTimeout(Duration drainTimeout) {
    between("drainTimeout", drainTimeout, Duration.ZERO);
    once("drainTimeout");
    this.drainTimeout = drainTimeout;
    return this;
  }

  /**
   * Makes the manager. It does nothing before {@link ShardManager#start()}.
   *
   * @return the manager
   * @throws IllegalArgumentException if encoding and compression do not go together
   * @throws IllegalStateException if called twice, for a manager has its settings to itself; if the
   *     library that the compression needs is missing; if a setting is of no use without another
   *     one that is missing; or if the transport is not available, with the reason as its cause
   */
  public ShardManager build() {
    checkIoTransport();
    if (workers != null && handler == null) {
      throw new IllegalStateException(
          "workers: without a handler (expected: onDispatch() for them to call)");
    }
    if (!tracksGuilds) {
      refuseWithoutTracking("guildsTimeout");
      refuseWithoutTracking("maxShardsLoading");
    }
    // Which may refuse now, rather than once the gateway has answered.
    URI configured = config.build().gatewayUri();
    if (!configured.equals(GatewayConfig.builder(token, intents).build().gatewayUri())) {
      throw new IllegalStateException(
          "configure: gatewayUri " + configured + " (expected: gatewayUri() of this builder)");
    }
    once("build()");
    return new ShardManager(this);
  }

  private void refuseWithoutTracking(String setting) {
    if (set.contains(setting)) {
      throw new IllegalStateException(setting + ": without a use (expected: trackGuilds() too)");
    }
  }

  /** {@return the settings without the token} */
  @Override
  public String toString() {
    return "ShardManagerBuilder[intents=" + intents + ", apiUri=" + apiUri + ']';
  }

  /** Whether GET /gateway/bot need not be asked at all. */
  boolean knowsAll() {
    return maxConcurrency > 0 && gatewayUri != null && (plan != null || assignment != null);
  }

  /** Opens the store that was set, or the default one, which the caller then has to end. */
  SessionStore openSessionStore() {
    if (sessionStore != null) {
      return sessionStore;
    }
    return gatewayUri == null && apiUri.equals(DEFAULT_API_URI)
        ? DefaultSessions.open(sessionParent, token, assignment != null)
        : SessionStore.inMemory();
  }

  EventDelivery sink(int eventLoops) {
    EventSink sink =
        workers != null && handler != null
            ? new WorkerSink(workers, eventLoops, handler, exceptionHandler)
            : eventSink != null ? eventSink : inline(handler);
    return new EventDelivery(sink, eventTypes, acknowledgedByHand, exceptionHandler);
  }

  private static EventSink inline(@Nullable DispatchHandler handler) {
    DispatchHandler called = handler == null ? (shard, dispatch) -> {} : handler;
    return (shard, dispatch) -> {
      called.onDispatch(shard, dispatch);
      return true;
    };
  }

  IoTransport ioTransport() {
    return ioTransport == null ? IoTransport.best() : ioTransport;
  }

  private void checkIoTransport() {
    if (ioTransport == null) {
      return;
    }
    if (eventLoopGroup != null) {
      throw new IllegalStateException(
          "ioTransport: " + ioTransport + " (expected: none, eventLoopGroup has its own)");
    }
    Throwable cause = ioTransport.unavailabilityCause();
    if (cause != null) {
      throw new IllegalStateException(
          "ioTransport: " + ioTransport + " is not available: " + Causes.describe(cause), cause);
    }
  }

  /** Nothing older than TLS 1.2; sessions kept for resumption. */
  static SslContextBuilder tlsDefaults(SslContextBuilder builder) {
    return builder
        .protocols(SslProtocols.TLS_v1_3, SslProtocols.TLS_v1_2)
        .sessionCacheSize(TLS_SESSIONS)
        .sessionTimeout(TimeUnit.DAYS.toSeconds(1));
  }

  SslContext sslContext() {
    if (sslContext != null) {
      return sslContext;
    }
    try {
      return tlsDefaults(SslContextBuilder.forClient()).build();
    } catch (SSLException e) {
      throw new IllegalStateException("this platform has no TLS for clients", e);
    }
  }

  GatewayConfig config(URI gatewayUri) {
    return config.gatewayUri(gatewayUri).build();
  }

  private static boolean namesAPlace(URI uri) {
    return uri.getHost() != null && Uris.port(uri) <= Uris.MAX_PORT;
  }

  private static void between(String setting, Duration value, Duration min) {
    requireNonNull(value, setting);
    if (value.compareTo(min) < 0 || value.compareTo(MAX_DURATION) > 0) {
      throw new IllegalArgumentException(
          setting + ": " + value + " (expected: " + min + ".." + MAX_DURATION + ')');
    }
  }

  private static int atLeast1(String setting, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(setting + ": " + value + " (expected: >= 1)");
    }
    return value;
  }

  private void once(String setting) {
    if (!set.add(setting)) {
      throw new IllegalStateException(setting + ": set already (expected: once)");
    }
  }
}
