package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.internal.dial.ClockWatch;
import dev.sluice.gateway.netty.internal.dial.Dialer;
import dev.sluice.gateway.netty.internal.dial.Resolvers;
import dev.sluice.gateway.netty.internal.frame.ReceiveBuffers;
import dev.sluice.gateway.sharding.IdentifyBreaker;
import dev.sluice.gateway.sharding.IdentifyQueue;
import dev.sluice.gateway.sharding.ReconnectJitter;
import dev.sluice.gateway.sharding.ResumeLane;
import dev.sluice.gateway.sharding.SessionStartBudget;
import dev.sluice.gateway.sharding.SessionStarts;
import dev.sluice.gateway.sharding.ShardPlan;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GenericFutureListener;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the shards of a bot on one event loop group: dials, identifies by the gateway's pace,
 * heartbeats, reconnects, resumes, and hands every event to one handler.
 *
 * <pre>{@code
 * try (ShardManager manager =
 *     ShardManager.builder(token, Intents.of(Intent.GUILDS, Intent.GUILD_MESSAGES))
 *         .onDispatch((shard, dispatch) -> System.out.println(dispatch))
 *         .build()) {
 *   manager.start().toCompletableFuture().join();
 *   ...
 * }
 * }</pre>
 *
 * <p>Thread-safe.
 */
public final class ShardManager implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ShardManager.class);

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(15);
  private static final long RESHARD_EPOCH = 1;
  private static final int UNKNOWN = -1; // how many session starts are left
  private static final String EXPECTED_STARTED = " (expected: STARTED)";

  private final ShardManagerBuilder settings;
  private final String token;
  private final EventLoopGroup eventLoopGroup;
  private final boolean ownsEventLoopGroup;
  private final Map<EventExecutor, LoopContext> contexts = new ConcurrentHashMap<>();
  private final EventLoop control;
  private final DnsAddressResolverGroup resolver;
  private final Dialer dialer;
  private final Tls tls;
  private final Connector connector;
  private final EventDelivery sink;
  private volatile SessionStore sessionStore; // the default one is opened by start()
  private final ClockWatch clockWatch;
  private final Host host = new Host();

  private final ShardIndex shards = new ShardIndex();
  private final FleetCommands commands = new FleetCommands(shards, host::config);
  private final GenericFutureListener<Future<Object>> onEventLoopEnd = ended -> eventLoopsEnded();
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final AtomicInteger notYetReady = new AtomicInteger();
  private final List<LoopContext> loops; // in one order, for the figures
  private final ManagerFigures figures;
  private final ReconnectJitter reconnectJitter =
      ReconnectJitter.create(NanoClock.system(), new SplittableRandom()); // guarded by itself
  private final @Nullable GuildLoads guildLoads;
  private final HealthReasons healthReasons = new HealthReasons();
  private final List<ShardListener> listeners = new CopyOnWriteArrayList<>();

  private enum Phase {
    NEW,
    STARTED,
    HANDING_OVER,
    STOPPED
  }

  private Phase phase = Phase.NEW; // guarded by this
  private @Nullable CompletableFuture<Void> stopping; // guarded by this
  private @Nullable CommandSource commandSource; // once it was started; guarded by this

  // Set once, by start(), before the first shard.
  private volatile @Nullable Started running;
  private boolean reshards; // guarded by this
  private @Nullable HandOver handOver; // guarded by this
  private volatile @Nullable Resharding resharding;
  private volatile @Nullable CloseCode fatalCloseCode;
  private volatile @Nullable URI movedGatewayUri; // when it is another than at the start
  private volatile @Nullable GatewayBotRefresh refresh; // null if GET /gateway/bot is never asked

  /** What is known once GET /gateway/bot has answered. */
  private record Started(
      GatewayConfig config,
      int maxConcurrency,
      IdentifyLimiter identifyLimiter,
      DialLimiter dialLimiter,
      IdentifyGuard identifyGuard,
      ShardAssignment assignment) {}

  ShardManager(ShardManagerBuilder builder) {
    this.settings = builder;
    listeners.add(builder.listener);
    this.token = builder.token;
    this.guildLoads =
        builder.tracksGuilds
            ? new GuildLoads(builder.guildsTimeout.toNanos(), builder.maxShardsLoading)
            : null;
    this.sessionStore =
        builder.sessionStore == null ? SessionStore.inMemory() : builder.sessionStore;
    this.ownsEventLoopGroup = builder.eventLoopGroup == null;
    this.eventLoopGroup =
        builder.eventLoopGroup == null
            ? new MultiThreadIoEventLoopGroup(
                builder.eventLoopThreads,
                new DefaultThreadFactory("sluice"),
                builder.ioTransport().newIoHandlerFactory())
            : builder.eventLoopGroup;
    IoTransport transport = IoTransport.of(eventLoopGroup);
    List<LoopContext> loops = new ArrayList<>();
    for (EventExecutor executor : eventLoopGroup) {
      LoopContext context = new LoopContext((EventLoop) executor);
      contexts.put(executor, context);
      loops.add(context);
      executor.terminationFuture().addListener(onEventLoopEnd);
    }
    this.loops = List.copyOf(loops);
    this.figures = new ManagerFigures(this.loops);
    this.sink = builder.sink(contexts.size());
    this.control = eventLoopGroup.next();
    this.resolver = Resolvers.create(transport.datagramChannel(), transport.socketChannel());
    this.dialer =
        new Dialer(
            new Bootstrap()
                .channel(transport.socketChannel())
                .option(ChannelOption.TCP_NODELAY, true)
                // Its caches keep a buffer's NIO view, which an event would have to make otherwise.
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.RECVBUF_ALLOCATOR, ReceiveBuffers.allocator())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0), // who dials has a deadline
            resolver,
            builder.proxy == null ? null : builder.proxy.proxy());
    this.tls = new Tls(builder.sslContext());
    this.connector = new SocketConnector(dialer, tls);
    this.clockWatch = new ClockWatch(NanoClock.system(), builder.wallMillis, this::onSleep);
  }

  /**
   * Starts the settings of a manager.
   *
   * @param token the bot's token, without {@code "Bot "} before it; it appears in no log, exception
   *     or {@code toString}
   * @param intents the events that the sessions ask for
   * @return a builder with the defaults for everything else
   * @throws IllegalArgumentException if the token cannot be one
   */
  public static ShardManagerBuilder builder(String token, Intents intents) {
    return new ShardManagerBuilder(token, intents);
  }

  /**
   * Asks GET /gateway/bot, then starts the shards. While that fails in a way that may pass, as it
   * does in an outage, it is asked again and again, at last once in half a minute on average;
   * {@link ShardListener#onApiFailure} tells. Who does not want to wait calls {@link #stop}.
   *
   * @return completes when the shards were started; exceptionally with a {@link
   *     GatewayApiException} that says what came, when GET /gateway/bot gave an answer that will
   *     not change, such as 401 for a wrong token
   * @throws IllegalStateException if called twice, or after {@link #stop}
   */
  public CompletionStage<Void> start() {
    synchronized (this) {
      if (phase != Phase.NEW) {
        throw new IllegalStateException("start() when " + phase + " (expected: NEW)");
      }
      phase = Phase.STARTED;
      sessionStore = settings.openSessionStore();
    }
    gatewayBot()
        .whenComplete(
            (answer, failure) -> {
              if (failure != null) {
                failStart(Causes.unwrap(failure));
                return;
              }
              try {
                run(answer);
              } catch (RuntimeException e) {
                failStart(e);
              }
            });
    return started.minimalCompletionStage();
  }

  /**
   * {@return completes when every shard that was assigned at the start has been ready once;
   * exceptionally when the manager could not start, was stopped, or a shard ended in a fatal state
   * before}
   */
  public CompletionStage<Void> ready() {
    return ready.minimalCompletionStage();
  }

  /**
   * {@return completes when every shard that was assigned at the start has its guilds, as {@link
   * Shard#guildsLoaded()} says; exceptionally when {@link #ready()} does before, or guilds are not
   * tracked}
   *
   * @see ShardManagerBuilder#trackGuilds()
   */
  public CompletionStage<Void> guildsLoaded() {
    GuildLoads loads = guildLoads;
    if (loads == null) {
      return CompletableFuture.failedStage(
          new IllegalStateException("guilds are not tracked (expected: trackGuilds())"));
    }
    return ready.thenCompose(all -> loads.allLoaded());
  }

  /**
   * {@return whether identifies are stopped because there were too many} Before the start, and for
   * a manager that could not start, nothing is.
   */
  public IdentifyBreakerStatus identifyBreaker() {
    Started current = running;
    return current == null
        ? new IdentifyBreakerStatus(false, Set.of(), 0, 0)
        : current.identifyGuard.status();
  }

  /**
   * Lets shards identify again that {@link #identifyBreaker()} says are blocked, and counts from
   * nothing. Find out first why sessions did not last: the log names what ended each of them.
   */
  public void releaseIdentifyBreaker() {
    Started current = running;
    if (current != null) {
      current.identifyGuard.release();
      shards.all().forEach(Shard::identifiesReleased);
    }
  }

  /**
   * {@return the close code that ended the start of sessions for the whole bot, or null} After
   * 4004, 4012, 4013 and 4014 every other shard would be refused too, at the price of an identify
   * each: those without a session have stopped, those with one live on and may resume, and none
   * identifies any more. A manager does not recover from that; start another one.
   */
  public @Nullable CloseCode fatalCloseCode() {
    return fatalCloseCode;
  }

  /**
   * Stops all shards: each reads no more, what came is handled within {@link
   * ShardManagerBuilder#drainTimeout}, its session is stored, its transport closed. A change of the
   * shard count that is under way is given up, and so is a hand-over: the shards that it has begun
   * with are still handed over.
   *
   * @param mode whether their sessions are to live on
   * @return completes when all have stopped and their sessions are stored, and the event loop
   *     group, if it is the manager's own, has ended
   */
  public CompletionStage<Void> stop(StopMode mode) {
    requireNonNull(mode, "mode");
    CompletableFuture<Void> stop;
    HandOver handOver;
    synchronized (this) {
      if (stopping != null) {
        return stopping.minimalCompletionStage();
      }
      phase = Phase.STOPPED;
      handOver = this.handOver;
      stop = new CompletableFuture<>();
      stopping = stop;
    }
    started.completeExceptionally(new IllegalStateException("stopped before it started"));
    ready.completeExceptionally(new IllegalStateException("stopped before every shard was ready"));
    stopCommandSource();
    Resharding resharding = this.resharding;
    if (resharding != null) {
      resharding.abort("the manager was stopped");
    }
    List<CompletableFuture<?>> ends = new ArrayList<>();
    if (handOver != null) {
      ends.add(handOver.done()); // what is on its way there ends there
    }
    for (Shard shard : handOver == null ? shards.all() : handOver.takeRest()) {
      ends.add(drainAndStop(shard, mode));
    }
    CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
        .whenComplete(
            (done, failure) -> {
              stopAssignment();
              if (resharding != null) {
                resharding.ended("the manager was stopped");
              }
              release(stop);
            });
    return stop.minimalCompletionStage();
  }

  /**
   * Gives the shards up one after another, so that another process takes them over while this one
   * still runs the rest: a shard reads no more, what it has is handled, its session is stored, its
   * transport closed with a code that keeps the session, and then its {@link ShardAssignment} is
   * told. What is not handled within {@link ShardManagerBuilder#drainTimeout} comes again where the
   * session is resumed, so nothing is lost. New shards are not taken any more.
   *
   * @param atATime how many shards are on their way at a time, at least 1
   * @return completes when none runs here any more; then {@link #stop} it. Exceptionally with an
   *     {@link IllegalStateException} if it was stopped before
   * @throws IllegalArgumentException if {@code atATime} is below 1
   * @throws IllegalStateException if the manager is not running, hands over already or changes the
   *     shard count, or sessions cannot outlive it because the {@link SessionStore} is not durable;
   *     nothing has changed
   */
  public CompletionStage<Void> handOver(int atATime) {
    if (atATime < 1) {
      throw new IllegalArgumentException("at a time: " + atATime + " (expected: >= 1)");
    }
    HandOver started;
    synchronized (this) {
      if (phase != Phase.STARTED || running == null) {
        throw new IllegalStateException(
            "handOver() when " + (phase == Phase.STARTED ? "STARTING" : phase) + EXPECTED_STARTED);
      }
      if (reshards) {
        throw new IllegalStateException(
            "handOver() while the shard count changes" + EXPECTED_STARTED);
      }
      if (!sessionStore.isDurable()) {
        throw new IllegalStateException(
            "session store: not durable (expected: one that another process can read)");
      }
      List<Shard> here = new ArrayList<>(shards.all()); // no other comes from now on
      here.sort(Comparator.comparingInt(shard -> shard.id().id()));
      started = new HandOver(here, atATime, this::giveUp);
      phase = Phase.HANDING_OVER;
      handOver = started;
    }
    log.atInfo()
        .addKeyValue("left", started.remaining())
        .log("hands over {} shards, {} at a time", started.remaining(), atATime);
    started.start();
    return started.done().minimalCompletionStage();
  }

  private CompletionStage<Void> giveUp(Shard shard) {
    if (shards.get(shard.id()) != shard) {
      return CompletableFuture.completedStage(null); // it was revoked or lost meanwhile
    }
    return drained(shard, StopMode.RESTART)
        .thenCompose(drained -> shard.stop(StopMode.RESTART))
        .thenRun(
            () -> {
              if (shards.remove(shard.id()) != null) {
                released(shard.id());
                Logs.of(log.atInfo(), shard.id())
                    .addKeyValue("left", shards.all().size())
                    .log(
                        "shard {}: handed over, {} are left here", shard.id(), shards.all().size());
              }
            });
  }

  /**
   * Changes the number of shards while the bot runs, with the defaults of {@link
   * ReshardSettings#DEFAULT}.
   *
   * @param shardCount the new number of shards
   * @return as {@link #reshard(int, ReshardSettings)}
   */
  public CompletionStage<ReshardResult> reshard(int shardCount) {
    return reshard(shardCount, ReshardSettings.DEFAULT);
  }

  /**
   * Changes the number of shards while the bot runs. The new shards identify beside the old ones,
   * at the gateway's pace and only if enough session starts are left for all. Guild by guild the
   * new ones take over, at a point that both have passed, and when all have the old ones are
   * stopped. The application gets each event once, in the order of its guild; where that cannot be
   * decided an event comes twice, and is counted in the result. READY and the GUILD_CREATEs of the
   * new shards are marked {@link dev.sluice.gateway.DispatchMark#RESHARD}.
   *
   * <p>Meanwhile a handler on the event loops runs under a lock of its guild and some others: more
   * than ever it must not wait for what another event loop does.
   *
   * <p>Commands go to the old shards until all guilds were cut over. A command that waits on an old
   * shard when it stops is dropped, and a voice connection has to be made anew.
   *
   * @param shardCount the new number of shards, another than now
   * @param settings windows and time-outs
   * @return completes when the old shards are gone; exceptionally with a {@link ReshardException}
   *     that says why the new ones are: the old ones then go on as before
   * @throws IllegalArgumentException if the count is below 1 or that of now
   * @throws IllegalStateException if not all shards of the bot run here by a fixed plan, not all of
   *     them were ready yet, or a change is under way
   */
  public CompletionStage<ReshardResult> reshard(int shardCount, ReshardSettings settings) {
    requireNonNull(settings, "settings");
    int oldCount = shards.count();
    if (shardCount < 1 || shardCount == oldCount) {
      throw new IllegalArgumentException(
          "shard count: " + shardCount + " (expected: >= 1 and not " + oldCount + ')');
    }
    Started current = running();
    if (!ready.isDone() || ready.isCompletedExceptionally()) {
      throw new IllegalStateException("reshard() before all shards were ready");
    }
    if (this.settings.assignment != null || shards.ofCurrentGeneration().size() != oldCount) {
      throw new IllegalStateException(
          "shards here: "
              + shards.ofCurrentGeneration().size()
              + " of "
              + oldCount
              + (this.settings.assignment == null ? "" : ", by an assignment")
              + " (expected: all, by a fixed plan)");
    }
    synchronized (this) {
      if (phase != Phase.STARTED || reshards) {
        throw new IllegalStateException(
            (reshards ? "reshard() while another goes on" : "reshard() when " + phase)
                + EXPECTED_STARTED);
      }
      reshards = true;
    }
    CompletableFuture<@Nullable GatewayBotAnswer> asked =
        this.settings.knowsAll()
            ? CompletableFuture.completedFuture(null)
            : askGatewayBot().thenApply(answer -> answer);
    return passOverStored(shardCount, settings.timeout())
        .thenCompose(passed -> asked)
        .handleAsync(
            (answer, failure) -> {
              if (answer != null) {
                update(answer);
              }
              return startResharding(current, oldCount, shardCount, settings);
            },
            control)
        .thenCompose(result -> result)
        .whenComplete(
            (result, failure) -> {
              resharding = null;
              synchronized (this) {
                reshards = false;
              }
            })
        .minimalCompletionStage();
  }

  /**
   * Reads what the store has of the new shards, of an earlier life with as many, and lets go of it.
   * A store takes no older epoch than it holds from who has not read what is there.
   */
  private CompletableFuture<Void> passOverStored(int shardCount, Duration timeout) {
    return CompletableFuture.allOf(
            ShardPlan.all(shardCount).shards().stream()
                .map(id -> load(id).toCompletableFuture().exceptionally(failure -> null))
                .toArray(CompletableFuture<?>[]::new))
        .completeOnTimeout(null, timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  private CompletionStage<@Nullable GatewaySession> load(ShardId id) {
    try {
      return requireNonNull(sessionStore.load(id), "loaded");
    } catch (Throwable e) { // an Error that passed would leave the shards after this one unstarted
      return CompletableFuture.failedStage(e);
    }
  }

  private CompletableFuture<ReshardResult> startResharding(
      Started current, int oldCount, int newCount, ReshardSettings reshardSettings) {
    int startsLeft = sessionStartsLeft();
    if (startsLeft != UNKNOWN && startsLeft < newCount) {
      return CompletableFuture.failedFuture(
          new ReshardException(
              "session starts left: " + startsLeft + " (expected: >= " + newCount + ')'));
    }
    ReshardGate gate =
        new ReshardGate(
            oldCount,
            newCount,
            reshardSettings.window(),
            reshardSettings.maxEvents(),
            sink,
            NanoClock.system());
    List<Shard> oldShards = shards.ofCurrentGeneration();
    List<Shard> newShards = new ArrayList<>();
    long windows = (newCount + current.maxConcurrency - 1L) / current.maxConcurrency;
    Resharding next;
    synchronized (this) { // so that who stops the manager finds it, or it does not begin
      if (phase != Phase.STARTED) {
        return CompletableFuture.failedFuture(
            new ReshardException("the manager is " + phase + " (expected: STARTED)"));
      }
      for (ShardId id : ShardPlan.all(newCount).shards()) {
        Shard shard = new Shard(host, id, RESHARD_EPOCH, nextContext());
        shards.add(shard);
        newShards.add(shard);
      }
      next =
          new Resharding(
              control,
              reshardSettings,
              gate,
              oldCount,
              newCount,
              oldShards,
              newShards,
              IdentifyQueue.WINDOW.plus(IdentifyQueue.SLACK).multipliedBy(windows),
              draining ->
                  CompletableFuture.allOf(
                      draining.stream()
                          .map(shard -> drained(shard, StopMode.GOODBYE))
                          .toArray(CompletableFuture<?>[]::new)),
              (gone, tookOver) -> {
                if (tookOver) {
                  shards.cutOver(newCount);
                }
                gone.forEach(shard -> shards.remove(shard.id()));
              });
      resharding = next;
    }
    next.start();
    return next.result();
  }

  /** {@return the context of a new shard; a loop without shards is not measured, nor started} */
  private LoopContext nextContext() {
    LoopContext context = requireNonNull(contexts.get(eventLoopGroup.next()));
    context.lagProbe.start();
    return context;
  }

  /** Stops reading, waits until what came is handled, stores the session, closes. */
  private CompletableFuture<Void> drainAndStop(Shard shard, StopMode mode) {
    return drained(shard, mode)
        .thenCompose(drained -> shard.stop(mode))
        .whenComplete((stopped, failure) -> released(shard.id()));
  }

  private CompletableFuture<Void> drained(Shard shard, StopMode mode) {
    return shard
        .drain(mode)
        .toCompletableFuture()
        .thenApply(drained -> true)
        .completeOnTimeout(false, settings.drainTimeout.toNanos(), TimeUnit.NANOSECONDS)
        .thenAccept(
            drained -> {
              if (!drained) {
                Logs.of(log.atWarn(), shard.id())
                    .addKeyValue("drained_ms", settings.drainTimeout.toMillis())
                    .log(
                        "shard {}: not all of its events were handled within {} ms",
                        shard.id(),
                        settings.drainTimeout.toMillis());
              }
            });
  }

  private void released(ShardId id) {
    try {
      running().assignment.released(id);
    } catch (RuntimeException e) {
      log.error("shard {}: the shard assignment did not take it back", id, e);
    }
  }

  /**
   * Stops all shards and waits for it, at most 15 s longer than they may drain. Their sessions live
   * on if the {@link SessionStore} is durable, for then they can be resumed; otherwise they end and
   * the bot goes offline. On an event loop of the shards it does not wait, for the shards need that
   * to stop.
   */
  @Override
  public void close() {
    Duration timeout = settings.drainTimeout.plus(CLOSE_TIMEOUT);
    StopMode mode = sessionStore.isDurable() ? StopMode.RESTART : StopMode.GOODBYE;
    CompletionStage<Void> stopped = stop(mode);
    if (contexts.values().stream().anyMatch(context -> context.eventLoop.inEventLoop())) {
      return;
    }
    try {
      stopped.toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("shards did not stop within {}", timeout, e);
    }
  }

  /** {@return the shards that run here, in no order} */
  public Collection<Shard> shards() {
    return List.copyOf(shards.all());
  }

  /**
   * {@return the shard with an id, or null when it does not run here; while the bot is being
   * resharded, of the generation that guild ids route to}
   *
   * @param shardId its id
   */
  public @Nullable Shard shard(int shardId) {
    return shards.get(shardId);
  }

  /**
   * Sends a command on the shard that a guild's events come on.
   *
   * @param guildId the guild, an unsigned snowflake
   * @param command the command
   * @return as {@link Shard#send}; {@link CommandOutcome#NOT_HERE} when that shard does not run
   *     here
   */
  public CompletionStage<CommandOutcome> send(long guildId, GatewayCommand command) {
    return commands.send(guildId, command);
  }

  /**
   * Sends a command on the shard of the guild that it names; a {@link
   * GatewayCommand.RequestSoundboardSounds} on the shards of its guilds, each with its own, in as
   * many payloads as they need; a {@link GatewayCommand.Raw} by its {@code guild_id}.
   *
   * @param command the command
   * @return as {@link Shard#send}; {@link CommandOutcome#NOT_HERE} when its shard does not run
   *     here. Of several payloads it is {@link CommandOutcome#SENT} when all were, or else the
   *     outcome of one that was not
   * @throws IllegalArgumentException if it names no guild; {@link #updatePresence} is for all
   *     shards
   */
  public CompletionStage<CommandOutcome> send(GatewayCommand command) {
    return commands.send(command);
  }

  /**
   * Asks for members of a guild on its shard and gathers the answer, as {@link
   * Shard#requestGuildMembers(GatewayCommand.RequestGuildMembers, Duration)} does.
   *
   * @param request what to ask, without a nonce, for it gets one of its own
   * @param timeout how long the gateway may say nothing, at least 1 ms
   * @return completes with the answer; exceptionally with a {@link GuildMembersException}, also
   *     when the shard does not run here
   * @throws IllegalArgumentException if the request has a nonce, or the time-out is too short
   */
  public CompletableFuture<GuildMembers> requestGuildMembers(
      GatewayCommand.RequestGuildMembers request, Duration timeout) {
    return commands.requestGuildMembers(request, timeout);
  }

  /**
   * Asks for members of a guild on its shard and hands on the chunks as they come, as {@link
   * Shard#requestGuildMembers(GatewayCommand.RequestGuildMembers, Duration, GuildMembersHandler)}
   * does.
   *
   * @param request what to ask, without a nonce, for it gets one of its own
   * @param timeout how long the gateway may say nothing, at least 1 ms
   * @param handler takes the chunks, on the event loop
   * @return completes with the number of chunks, after the last was handed on
   * @throws IllegalArgumentException if the request has a nonce, or the time-out is too short
   */
  public CompletableFuture<Integer> requestGuildMembers(
      GatewayCommand.RequestGuildMembers request, Duration timeout, GuildMembersHandler handler) {
    return commands.requestGuildMembers(request, timeout, handler);
  }

  /**
   * Sets the presence of all shards, those that start later included; new sessions start with it.
   * It is spread over time, ten shards of each event loop every 10 ms, and each shard sends at most
   * 5 in 20 s. Of two calls the later one counts: a shard that the earlier one has not reached by
   * then counts as {@link CommandOutcome#OVERWRITTEN}.
   *
   * @param presence the presence
   * @return completes with what became of it on the shards that run here now, once that is known
   *     for all of them: those without a session yet carry it in their IDENTIFY
   * @throws IllegalArgumentException if it does not fit into a payload; nothing has changed
   * @throws IllegalStateException if the manager has not started
   * @see <a href="https://discord.com/developers/docs/events/gateway-events#update-presence">Update
   *     Presence</a>
   */
  public CompletionStage<CommandOutcomes> updatePresence(Presence presence) {
    return commands.updatePresence(presence);
  }

  /**
   * Adds a listener to the one that the builder was given. It is told what happens from now on.
   *
   * @param listener the listener; one that was added before is told twice
   */
  public void addListener(ShardListener listener) {
    listeners.add(requireNonNull(listener, "listener"));
  }

  /**
   * Removes a listener that {@link #addListener} added. What goes on on an event loop meanwhile may
   * still be told to it.
   *
   * @param listener the listener; one that was not added changes nothing
   */
  public void removeListener(ShardListener listener) {
    listeners.remove(listener);
  }

  /**
   * {@return whether each shard counts its events by type and keeps its latencies}
   *
   * @see ShardManagerBuilder#shardDetails
   */
  public boolean hasShardDetails() {
    return settings.shardDetails;
  }

  /**
   * {@return who waits to identify, how long that takes, and what is left of the session starts}
   */
  public IdentifyQueueStatus identifyQueue() {
    Started current = running;
    if (current == null) {
      return IdentifyQueueStatus.NOT_STARTED;
    }
    IdentifyLimiter limiter = current.identifyLimiter;
    int said = limiter.maxConcurrency();
    int maxConcurrency = said > 0 ? said : current.maxConcurrency;
    int[] buckets = new int[maxConcurrency];
    int waiting = 0;
    int longest = 0;
    for (LoopContext loop : loops) {
      for (Shard shard : loop.identifyWaits.shards()) {
        waiting++;
        longest = Math.max(longest, ++buckets[shard.id().id() % maxConcurrency]);
      }
    }
    @Nullable SessionStarts starts = limiter.sessionStarts();
    boolean paced =
        limiter instanceof LocalIdentifyLimiter // of another, shards elsewhere wait as well
            && fatalCloseCode == null
            && !current.identifyGuard.status().fleetBlocked()
            && (starts == null || starts.remaining() >= waiting);
    return new IdentifyQueueStatus(
        waiting,
        maxConcurrency,
        paced ? IdentifyQueue.WINDOW.plus(IdentifyQueue.SLACK).multipliedBy(longest) : null,
        starts);
  }

  /** {@return what the shards did so far} */
  public ShardManagerStats stats() {
    return figures.stats(
        shards.all(),
        sessionStartsLeft(),
        sessionStore instanceof DirectorySessionStore directory
            ? directory.stats()
            : SessionStoreStats.NONE);
  }

  private int sessionStartsLeft() {
    Started current = running;
    SessionStarts starts = current == null ? null : current.identifyLimiter.sessionStarts();
    return starts == null ? UNKNOWN : starts.remaining();
  }

  /** {@return whether the manager works, for the probes of an orchestrator} */
  public FleetHealth health() {
    List<String> reasons = new ArrayList<>();
    boolean isRunning = running != null;
    synchronized (this) {
      if (phase == Phase.STOPPED) {
        reasons.add("stopped");
        isRunning = false;
      } else if (handOver != null) {
        reasons.add("hands over: " + handOver.remaining() + " shards are left here");
      } else if (!isRunning) {
        reasons.add(phase == Phase.NEW ? "not started" : "starts: GET /gateway/bot is asked");
      }
    }
    boolean live = true;
    for (LoopContext context : loops) {
      long lagNanos = context.lagNanos();
      if (lagNanos > settings.maxLoopLag.toNanos()) {
        live = false;
        reasons.add(
            "an event loop is "
                + TimeUnit.NANOSECONDS.toMillis(lagNanos)
                + " ms late (expected: <= "
                + settings.maxLoopLag.toMillis()
                + ')');
      }
    }
    Collection<Shard> here = shards.all();
    long up = here.stream().filter(shard -> shard.state() == GatewayState.READY).count();
    long needed = (long) Math.ceil(here.size() * settings.readyShare);
    if (isRunning && up < needed) {
      reasons.add("shards READY: " + up + " of " + here.size() + " (expected: >= " + needed + ')');
    }
    reasons.addAll(healthReasons.list());
    return new FleetHealth(live, isRunning && up >= needed, reasons);
  }

  // Starting and stopping.

  private void failStart(Throwable failure) {
    if (started.completeExceptionally(failure)) { // unless it was stopped meanwhile
      log.error("cannot start: {}", failure.getMessage());
    }
    ready.completeExceptionally(failure);
  }

  private CompletableFuture<GatewayBotAnswer> gatewayBot() {
    if (settings.knowsAll()) {
      return CompletableFuture.completedFuture(
          new GatewayBotAnswer(
              new GatewayBot(
                  requireNonNull(settings.gatewayUri),
                  1,
                  0,
                  0,
                  Duration.ZERO,
                  settings.maxConcurrency),
              System.nanoTime()));
    }
    CompletableFuture<GatewayBotAnswer> answer =
        new GatewayBotStart(
                control,
                this::askGatewayBot,
                settings.apiRetryDelay.toNanos(),
                new SplittableRandom(),
                this::tellApiFailure)
            .ask();
    started.whenComplete((done, stopped) -> answer.cancel(false));
    return answer;
  }

  private void tellApiFailure(GatewayApiException failure, Duration delay) {
    for (ShardListener listener : listeners) {
      try {
        listener.onApiFailure(failure, delay);
      } catch (RuntimeException e) {
        log.error("the shard listener failed", e);
      }
    }
  }

  private CompletableFuture<GatewayBotAnswer> askGatewayBot() {
    long askedAtNanos = System.nanoTime();
    CompletableFuture<GatewayBot> asked =
        new GatewayBotClient(control, dialer, tls, settings.apiUri, token).get();
    CompletableFuture<GatewayBotAnswer> answer = new CompletableFuture<>();
    asked.whenComplete(
        (gatewayBot, failure) -> {
          if (failure == null) {
            answer.complete(new GatewayBotAnswer(gatewayBot, askedAtNanos));
          } else {
            answer.completeExceptionally(failure);
          }
        });
    answer.whenComplete((done, failure) -> asked.cancel(false)); // cancelled as one
    return answer;
  }

  private int maxConcurrency(GatewayBot gatewayBot) {
    return settings.maxConcurrency > 0 ? settings.maxConcurrency : gatewayBot.maxConcurrency();
  }

  /** What GET /gateway/bot says of a bot that runs already. */
  private void update(GatewayBotAnswer answer) {
    GatewayBot gatewayBot = answer.gatewayBot();
    running().identifyLimiter.update(gatewayBot, maxConcurrency(gatewayBot), answer.age());
    URI said = Uris.withoutTrailingSlash(gatewayBot.url());
    if (settings.gatewayUri == null && !said.equals(host.gatewayUri())) {
      log.warn("the gateway moved from {} to {}", host.gatewayUri(), said);
      movedGatewayUri = said;
      shards.all().forEach(shard -> shard.gatewayMoved(said));
    }
  }

  private void run(GatewayBotAnswer answer) {
    GatewayBot gatewayBot = answer.gatewayBot();
    URI gatewayUri = settings.gatewayUri == null ? gatewayBot.url() : settings.gatewayUri;
    int maxConcurrency = maxConcurrency(gatewayBot);
    ShardPlan plan = settings.plan == null ? ShardPlan.all(gatewayBot.shards()) : settings.plan;
    GatewayConfig config = settings.config(gatewayUri);
    ShardAssignment assignment =
        settings.assignment == null ? ShardAssignment.fixed(plan) : settings.assignment;
    IdentifyLimiter identifyLimiter =
        settings.identifyLimiter == null
            ? new LocalIdentifyLimiter(
                control, maxConcurrency, budget(gatewayBot), sessionStore, host::askGatewayBotAgain)
            : settings.identifyLimiter;
    Started now =
        new Started(
            config,
            maxConcurrency,
            identifyLimiter,
            new DialLimiter(
                control,
                maxConcurrency,
                identifyLimiter.dialsAhead(),
                ResumeLane.MAX_DIALS * loops.size()),
            identifyGuard(gatewayBot),
            assignment);
    if (!settings.knowsAll()) {
      refresh =
          new GatewayBotRefresh(
              control, settings.apiRefreshInterval.toNanos(), this::askGatewayBot, this::update);
    }
    synchronized (this) {
      if (phase == Phase.STOPPED) {
        return; // which stop() has told
      }
      running = now;
    }
    if (settings.assignment == null) {
      notYetReady.set(plan.size());
      if (guildLoads != null) {
        guildLoads.start(plan.size());
      }
      log.atInfo()
          .addKeyValue("shards", plan.count())
          .addKeyValue("max_concurrency", maxConcurrency)
          .log(
              "starts {} of {} shards on {} event loops ({}, TLS by {}), max_concurrency {}",
              plan.size(),
              plan.count(),
              contexts.size(),
              IoTransport.of(eventLoopGroup),
              tls.provider(),
              maxConcurrency);
    } else {
      ready.complete(null); // shards come and go; there is no start that would be complete
      if (guildLoads != null) {
        guildLoads.start(0);
      }
    }
    if (settings.identifyLimiter != null) {
      settings.identifyLimiter.start(host::askGatewayBotAgain);
      settings.identifyLimiter.update(gatewayBot, maxConcurrency, answer.age());
    }
    requireNonNull(contexts.get(control)).lagProbe.start();
    control.execute(() -> clockWatch.start(control));
    assignment.start(new AssignmentListener());
    startCommandSource();
    started.complete(null);
  }

  private final class Host implements ShardHost {

    @Override
    public GatewayConfig config() {
      return running().config;
    }

    @Override
    public int maxConcurrency() {
      return running().maxConcurrency;
    }

    @Override
    public URI gatewayUri() {
      URI moved = movedGatewayUri;
      return moved == null ? config().gatewayUri() : moved;
    }

    @Override
    public void gatewayUnreachable() {
      if (settings.gatewayUri == null) {
        askGatewayBotAgain();
      }
    }

    void askGatewayBotAgain() {
      GatewayBotRefresh asking = refresh;
      if (asking != null) {
        asking.request();
      }
    }

    @Override
    public IdentifyLimiter identifyLimiter() {
      return running().identifyLimiter;
    }

    @Override
    public DialLimiter dialLimiter() {
      return running().dialLimiter;
    }

    @Override
    public IdentifyGuard identifyGuard() {
      return running().identifyGuard;
    }

    @Override
    public long reconnectJitterNanos() {
      synchronized (reconnectJitter) {
        return reconnectJitter.dropped(shards.all().size());
      }
    }

    @Override
    public Connector connector() {
      return connector;
    }

    @Override
    public SessionStore sessionStore() {
      return sessionStore;
    }

    @Override
    public long checkpointIntervalNanos() {
      return sessionStore.isDurable() ? settings.checkpointInterval.toNanos() : 0;
    }

    @Override
    public EventDelivery sink() {
      return sink;
    }

    @Override
    public @Nullable ReshardGate reshardGate() {
      Resharding current = resharding;
      return current == null ? null : current.gate();
    }

    @Override
    public PipelineCustomizer customizer() {
      return settings.customizer;
    }

    @Override
    public @Nullable Presence presence() {
      return commands.presence();
    }

    @Override
    public List<ShardListener> listeners() {
      return listeners;
    }

    @Override
    public @Nullable CloseCode fatalCloseCode() {
      return fatalCloseCode;
    }

    @Override
    public boolean shardDetails() {
      return settings.shardDetails;
    }

    @Override
    public @Nullable GuildLoads guildLoads() {
      return guildLoads;
    }

    @Override
    public void shardReady() {
      if (notYetReady.decrementAndGet() == 0 && !ready.isDone()) {
        log.info("all shards have been ready");
        ready.complete(null);
      }
    }

    @Override
    public void shardFailed(Shard shard, CloseCode closeCode) {
      ready.completeExceptionally(
          new IllegalStateException(
              "shard "
                  + shard.id()
                  + ": gateway closed with "
                  + closeCode.code()
                  + " ("
                  + closeCode
                  + ')'));
      if (FatalClose.concernsWholeBot(closeCode)) {
        fatalCloseCode = closeCode; // before the shards are told, for they look at it
        healthReasons.report(
            "fatal", "no shard identifies: the gateway closed with " + closeCode.code());
        log.atError()
            .addKeyValue("close_code", closeCode.code())
            .log("{} concerns the whole bot: shards without a session stop", closeCode);
        dialLimiter().stopIdentifies();
        shards.all().forEach(Shard::stopWithoutSession);
      } else {
        Logs.of(log.atError(), shard.id())
            .addKeyValue("close_code", closeCode.code())
            .log("{} concerns shard {} alone: the others go on", closeCode, shard.id());
      }
    }
  }

  private IdentifyGuard identifyGuard(GatewayBot gatewayBot) {
    int total = gatewayBot.total();
    IntSupplier fleetLimit =
        () ->
            settings.identifiesAnHour > 0
                ? settings.identifiesAnHour
                : IdentifyBreaker.defaultFleetLimit(shards.all().size(), total);
    return new IdentifyGuard(
        IdentifyBreaker.create(Integer.MAX_VALUE, settings.identifiesOfAShard, NanoClock.system()),
        fleetLimit,
        healthReasons);
  }

  /** What GET /gateway/bot says is left, or null when it was not asked. */
  private static @Nullable SessionStartBudget budget(GatewayBot gatewayBot) {
    if (gatewayBot.total() == 0) {
      return null;
    }
    SessionStartBudget budget = SessionStartBudget.create(0, NanoClock.system());
    budget.update(gatewayBot.total(), gatewayBot.remaining(), gatewayBot.resetAfter());
    return budget;
  }

  private final class AssignmentListener implements ShardAssignment.Listener {

    @Override
    public void assigned(ShardId id, long epoch) {
      LoopContext context = nextContext();
      Shard shard = new Shard(host, id, epoch, context);
      boolean handsOver;
      synchronized (ShardManager.this) {
        handsOver = phase == Phase.HANDING_OVER && shards.get(id) == null;
        if (!handsOver && (phase != Phase.STARTED || !shards.add(shard))) {
          return;
        }
      }
      if (handsOver) {
        released(id); // another process is to run it
        return;
      }
      load(id)
          .whenComplete(
              (session, failure) -> {
                if (failure != null) {
                  context.figures.addFromAnyThread(Figure.STORE_FAILURES, 1);
                  Logs.of(log.atWarn(), id)
                      .setCause(failure)
                      .log("shard {}: its session could not be loaded", id);
                }
                @Nullable GatewaySession loaded = failure == null ? session : null;
                shard.start(loaded);
              });
    }

    @Override
    public CompletionStage<Void> revoked(ShardId id, Duration deadline) {
      Shard shard = shards.remove(id);
      return shard == null
          ? CompletableFuture.completedStage(null)
          : drained(shard, StopMode.RESTART)
              .thenCompose(drained -> shard.stop(StopMode.RESTART))
              .copy() // the time-out is the caller's, not the shard's
              .orTimeout(deadline.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void lost(ShardId id) {
      Shard shard = shards.remove(id);
      if (shard != null) {
        shard.abandon();
      }
    }
  }

  private void stopAssignment() {
    Started current = running;
    if (current == null) {
      return;
    }
    try {
      current.assignment.stop();
    } catch (RuntimeException e) {
      log.error("the shard assignment did not stop", e);
    }
  }

  private void startCommandSource() {
    CommandSource source = settings.commandSource;
    if (source == null || isStopped()) { // while the shards were assigned
      return;
    }
    source.start(commands);
    synchronized (this) {
      if (phase != Phase.STOPPED) {
        commandSource = source;
        return;
      }
    }
    stop(source); // stop() has come meanwhile, and knew of none
  }

  private synchronized boolean isStopped() {
    return phase == Phase.STOPPED;
  }

  private void stopCommandSource() {
    CommandSource source;
    synchronized (this) {
      source = commandSource;
    }
    if (source != null) {
      stop(source);
    }
  }

  private static void stop(CommandSource source) {
    try {
      source.stop();
    } catch (RuntimeException e) {
      log.error("the command source did not stop", e);
    }
  }

  /** Some event loop ended, after a stop or because its owner shut it down before. */
  private void eventLoopsEnded() {
    contexts.forEach(
        (executor, context) -> {
          if (executor.isTerminated()) {
            context.eventLoopEnded();
            commands.eventLoopEnded(executor);
          }
        });
  }

  private void release(CompletableFuture<Void> stop) {
    sink.stopped();
    contexts.values().forEach(context -> context.lagProbe.stop());
    stopClockWatch();
    resolver.close();
    CompletionStage<Void> storeEnded =
        settings.sessionStore == null && sessionStore instanceof DirectorySessionStore own
            ? own.end()
            : CompletableFuture.completedStage(null);
    if (!ownsEventLoopGroup) {
      contexts
          .keySet()
          .forEach(executor -> executor.terminationFuture().removeListener(onEventLoopEnd));
      storeEnded.thenRun(() -> stop.complete(null));
      return;
    }
    Future<?> ended = eventLoopGroup.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    ended.addListener(done -> storeEnded.thenRun(() -> stop.complete(null)));
  }

  private void stopClockWatch() {
    try {
      control.execute(clockWatch::stop);
    } catch (RejectedExecutionException e) {
      log.debug("the event loops have ended, and with them the clock watch", e);
    }
  }

  /** Whatever was up when the host went to sleep may be dead, and look alive for long. */
  private void onSleep(long millis) {
    log.atWarn()
        .addKeyValue("slept_ms", millis)
        .log("the host slept, or its clock was set: every transport is probed");
    shards.all().forEach(Shard::suspectTransport);
  }

  private Started running() {
    Started current = running;
    if (current == null) {
      throw new IllegalStateException("not started");
    }
    return current;
  }
}
