package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.DroppedCommand;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Outgoing;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.SessionLost;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.IdentifyLimiter.Permit;
import dev.sluice.gateway.sharding.ShardPlan;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.ConnectException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * One shard: its connection, its one timer, and its commands, pinned to one event loop for life.
 *
 * <p>Thread-safe: what is public may be called from any thread, and hops to the event loop where it
 * changes anything.
 */
public final class Shard implements Dispatch.Acknowledger {

  /** A write that fails leaves a broken transport behind; its loss is then handled as any other. */
  static final ChannelFutureListener CLOSE_ON_FAILURE =
      written -> {
        if (!written.isSuccess()) {
          written.channel().close();
        }
      };

  private static final Logger log = LoggerFactory.getLogger(Shard.class);
  private static final long PERMIT_RETRY_SECONDS = 5;
  private static final long MAX_DOWN_SECONDS = TimeUnit.DAYS.toSeconds(365);
  private static final int DIAL_FAILURES_UNTIL_SUSPICION = 3;
  private static final Duration MIN_TIMEOUT = Duration.ofMillis(1);
  private static final Duration MAX_TIMEOUT = Duration.ofDays(1);

  private final ShardHost host;
  private final ShardId id;
  private final long epoch;
  private final LoopContext context;
  private final ShardFigures figures;
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();

  private volatile GatewayState state = GatewayState.IDLE;

  private volatile boolean storing;
  private volatile boolean storesAgain; // what came while it was storing
  private volatile boolean storeFailed;

  private volatile @Nullable EventQueue eventQueue; // null before the first event for a worker
  private volatile @Nullable ShardInFlight inFlight; // null before the first event for such a sink

  // Everything below is confined to the event loop.
  private @Nullable GatewayConnection connection;
  private @Nullable Future<Channel> dialling; // before TCP is up
  private @Nullable Channel channel; // upgrading or upgraded
  private @Nullable ChannelHandlerContext gateway; // once upgraded
  private @Nullable ScheduledFuture<?> timeout;
  private long timeoutAtNanos;
  private @Nullable ScheduledFuture<?> redial;
  private boolean reconnecting;
  private DialLimiter.@Nullable Slot dialSlot;
  private boolean dialSlotUntilIdentify;
  private @Nullable CompletableFuture<Permit> permitRequest;
  private @Nullable Permit permit;
  private @Nullable Permit usedPermit; // until its IDENTIFY is answered or the transport is gone
  private @Nullable StopMode stopBeforeStart;
  private @Nullable URI dialledUri;
  private int dialFailures; // in a row
  private boolean readingPaused; // by the sink
  private @Nullable CompletableFuture<Void> drained; // null while events may come
  private boolean awaitsSession; // of an IDENTIFY that is under way, before it is drained
  private boolean wasReady;
  private boolean identified; // at least once
  private boolean identifyBlocked; // until the breaker is released
  private @Nullable GuildTracker guilds; // once asked for, and only if guilds are tracked
  private long downSinceNanos; // of the session that is to be resumed
  private long replayedFrom; // the sequence that RESUME names
  private boolean abandoned; // another process may run the shard
  private boolean checkpointDue; // or there is nothing to store it in
  private long storedSequence = -1; // which the stored session carries
  private @Nullable Queue<LoopContext.Task> held; // what came before the session was loaded
  private @Nullable MemberRequests memberRequests; // once there was one
  private @Nullable CompletableFuture<Void> reconnected; // while the application waits for it

  /** A command whose sender has a stage. */
  private static final class SentCommand extends PendingCommand {

    final CompletableFuture<CommandOutcome> outcome = new CompletableFuture<>();

    SentCommand(Shard shard, GatewayCommand command) {
      super(shard, command);
    }

    @Override
    void ended(End end) {
      outcome.complete(end.outcome);
    }

    @Override
    void failed(RuntimeException failure) {
      outcome.completeExceptionally(failure);
    }
  }

  /** A request of another thread whose answer is waited for. */
  private final class Ask implements LoopContext.Task {

    private final RequestGuildMembers request;
    private final MemberRequest.Waiter waiter;

    Ask(RequestGuildMembers request, MemberRequest.Waiter waiter) {
      this.request = request;
      this.waiter = waiter;
    }

    @Override
    public void run() {
      GatewayConnection current = connection;
      if (current == null) {
        hold(this);
        return;
      }
      if (memberRequests == null) {
        memberRequests =
            new MemberRequests(
                Shard.this, current, context.eventLoop, host.config().maxQueuedCommands());
      }
      memberRequests.ask(request, waiter);
    }

    @Override
    public void refuse() {
      waiter.fail(
          MemberRequests.failure(
              request, GuildMembersException.Reason.REFUSED, "refused: shard " + id + " ends"));
    }
  }

  /** An acknowledgement of another thread. */
  private final class Acknowledgement implements LoopContext.Task {

    private final int sessionEpoch;
    private final long sequence;

    Acknowledgement(int sessionEpoch, long sequence) {
      this.sessionEpoch = sessionEpoch;
      this.sequence = sequence;
    }

    @Override
    public void run() {
      acknowledged(sessionEpoch, sequence);
    }

    @Override
    public void refuse() {
      // the session was stored when the shard stopped; what was not handled by then comes again
    }
  }

  Shard(ShardHost host, ShardId id, long epoch, LoopContext context) {
    this.host = host;
    this.id = id;
    this.epoch = epoch;
    this.context = context;
    this.figures = new ShardFigures(host.shardDetails());
  }

  /** {@return which shard of how many this is} */
  public ShardId id() {
    return id;
  }

  /**
   * {@return the number of the assignment that the shard runs under, as its {@link ShardAssignment}
   * gave it; what a sink publishes with an event can name it, to tell a former owner's from the
   * present one's}
   */
  public long assignmentEpoch() {
    return epoch;
  }

  /** {@return the state of the connection, as of the last input} */
  public GatewayState state() {
    return state;
  }

  /** {@return the latency of the last heartbeat in nanoseconds, 0 before the first ACK} */
  public long lastHeartbeatLatencyNanos() {
    return figures.lastHeartbeatLatencyNanos();
  }

  /** {@return the mean latency of all heartbeats in nanoseconds, 0 before the first ACK} */
  public long meanHeartbeatLatencyNanos() {
    return figures.meanHeartbeatLatencyNanos();
  }

  /**
   * {@return the few figures that one look at thousands of shards needs} It costs a fraction of
   * {@link #stats}, whatever details are kept.
   */
  public ShardOverview overview() {
    return new ShardOverview(
        id,
        state,
        figures.events(),
        figures.lastHeartbeatLatencyNanos(),
        unhandledEvents(),
        figures.isPaused(),
        figures.sessionSinceSeconds(),
        figures.reconnects());
  }

  /** {@return what the shard did so far} */
  public ShardStats stats() {
    return new ShardStats(
        id,
        state,
        figures.sessions(),
        figures.traffic(),
        figures.heartbeats(),
        figures.reading(unhandledEvents(), System.nanoTime()),
        figures.disconnects());
  }

  /**
   * {@return the session as it can be stored now, or completes with null when there is none;
   * exceptionally when the event loop has ended}
   */
  public CompletionStage<@Nullable GatewaySession> session() {
    CompletableFuture<@Nullable GatewaySession> session = new CompletableFuture<>();
    if (!execute(() -> session.complete(connection == null ? null : connection.session()))) {
      session.completeExceptionally(
          new IllegalStateException("shard " + id + ": its event loop has ended"));
    }
    return session;
  }

  /**
   * {@return the session as it could be stored now, null when there is none; for a sink, which is
   * called on the event loop} Within {@link EventSink#offer} it is the session of the event, unless
   * that is a copy that was kept back.
   *
   * @throws IllegalStateException on any other thread
   */
  public @Nullable GatewaySession currentSession() {
    if (!context.eventLoop.inEventLoop()) {
      throw new IllegalStateException(
          "currentSession() on " + Thread.currentThread().getName() + " (expected: event loop)");
    }
    return connection == null ? null : connection.session();
  }

  /**
   * Closes the transport with a code that keeps the session, dials again and resumes: what comes
   * meanwhile is replayed, so nothing is lost. For an operator who doubts the transport.
   *
   * @return completes on the event loop when the shard is READY again, by a new session if the
   *     gateway had let go of the old one; exceptionally with an {@link IllegalStateException} when
   *     no transport was up that could be left, or when the shard ended before it was READY
   */
  public CompletionStage<Void> reconnect() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    if (!execute(() -> reconnect(done))) {
      done.completeExceptionally(
          new IllegalStateException("shard " + id + ": its event loop has ended"));
    }
    return done.minimalCompletionStage();
  }

  private void reconnect(CompletableFuture<Void> done) {
    GatewayConnection current = connection;
    if (reconnected == null
        && (current == null || drained != null || !current.requestReconnect())) {
      done.completeExceptionally(
          new IllegalStateException(
              "reconnect() of shard "
                  + id
                  + " in "
                  + state
                  + (drained == null ? "" : ", which is to stop")
                  + " (expected: READY)"));
      return;
    }
    if (reconnected == null) {
      reconnected = done;
      afterInput();
    } else { // under way already
      reconnected.whenComplete(
          (ready, failure) -> {
            if (failure == null) {
              done.complete(null);
            } else {
              done.completeExceptionally(failure);
            }
          });
    }
  }

  /**
   * Sends a command as soon as the session is ready and the limits allow. Commands of one thread
   * keep their order, except that one that waits for a limit of its own lets others pass, and that
   * a presence update takes the place of one that waits. They wait across reconnects, but not for
   * another session; {@link dev.sluice.gateway.GatewayConnection#queue(GatewayCommand, Object)} has
   * the details.
   *
   * @param command the command
   * @return completes with what became of it, on the event loop; exceptionally with an {@link
   *     IllegalArgumentException} if its payload is over 4096 bytes
   */
  public CompletionStage<CommandOutcome> send(GatewayCommand command) {
    requireNonNull(command, "command");
    SentCommand sent = new SentCommand(this, command);
    offer(sent);
    return sent.outcome;
  }

  /**
   * Sets the presence of this shard: {@link #send} with an {@link UpdatePresence}. {@link
   * ShardManager#updatePresence} sets that of all.
   *
   * @param presence the presence
   * @return as {@link #send}
   */
  public CompletionStage<CommandOutcome> updatePresence(Presence presence) {
    return send(new UpdatePresence(presence));
  }

  /**
   * Asks for members of a guild of this shard and gathers the answer. The chunks go to the
   * application as events, too, unless it filters them out.
   *
   * <p>The request waits for the session and the send budget as every command does. The whole list
   * of a guild can be asked for once in 30 s, so a second one is held back, up to 31 s, unless
   * another caller waits for the first chunk of the same: then both get the same answer. If the
   * gateway answers with RATE_LIMITED it is asked again. A request that was lost with a transport
   * is asked again once the session was resumed.
   *
   * @param request what to ask, without a nonce, for it gets one of its own
   * @param timeout how long the gateway may say nothing, at least 1 ms: counted from the request or
   *     the last chunk, while the shard is ready and reads, and not while RATE_LIMITED forbids to
   *     ask. In all it may take 10 minutes, or this long if that is longer
   * @return completes with the answer on the event loop; exceptionally with a {@link
   *     GuildMembersException} that says why there is none, or an {@link IllegalArgumentException}
   *     if the payload is over 4096 bytes. To cancel it, or to end it in any other way, gives up
   *     the request: what was gathered is let go of, and it is not sent if it was not yet
   * @throws IllegalArgumentException if the guild is of another shard, the request has a nonce, or
   *     the time-out is too short
   * @see <a
   *     href="https://discord.com/developers/docs/events/gateway-events#request-guild-members">Request
   *     Guild Members</a>
   */
  public CompletableFuture<GuildMembers> requestGuildMembers(
      RequestGuildMembers request, Duration timeout) {
    MemberRequest.Gatherer gatherer =
        new MemberRequest.Gatherer(checkRequest(request, timeout), System.nanoTime());
    offer(new Ask(request, gatherer));
    return gatherer.future;
  }

  /**
   * Asks for members of a guild of this shard and hands on the chunks as they come, none of which
   * is kept. For the rest it is {@link #requestGuildMembers(RequestGuildMembers, Duration)}.
   *
   * @param request what to ask, without a nonce, for it gets one of its own
   * @param timeout how long the gateway may say nothing, at least 1 ms
   * @param handler takes the chunks, on the event loop
   * @return completes with the number of chunks, after the last was handed on
   * @throws IllegalArgumentException if the guild is of another shard, the request has a nonce, or
   *     the time-out is too short
   */
  public CompletableFuture<Integer> requestGuildMembers(
      RequestGuildMembers request, Duration timeout, GuildMembersHandler handler) {
    requireNonNull(handler, "handler");
    MemberRequest.Streamer streamer =
        new MemberRequest.Streamer(checkRequest(request, timeout), System.nanoTime(), handler);
    offer(new Ask(request, streamer));
    return streamer.future;
  }

  private long checkRequest(RequestGuildMembers request, Duration timeout) {
    if (request.nonce() != null) {
      throw new IllegalArgumentException(
          "nonce: " + request.nonce() + " (expected: none, for it gets one of its own)");
    }
    if (ShardPlan.shardOf(request.guildId(), id.count()) != id.id()) {
      throw new IllegalArgumentException(
          "guild: "
              + Long.toUnsignedString(request.guildId())
              + " of shard "
              + ShardPlan.shardOf(request.guildId(), id.count())
              + " (expected: of shard "
              + id
              + ')');
    }
    if (timeout.compareTo(MIN_TIMEOUT) < 0) {
      throw new IllegalArgumentException("timeout: " + timeout + " (expected: >= 1 ms)");
    }
    return timeout.compareTo(MAX_TIMEOUT) > 0 ? MAX_TIMEOUT.toNanos() : timeout.toNanos();
  }

  /**
   * Acknowledges an event whose {@link Dispatch#defer()} was called, from any thread. Any order;
   * never lost, however many there are, as long as the event loop lives. {@link
   * Dispatch#acknowledge()} of a copy comes here.
   *
   * @param sessionEpoch the event's
   * @param sequence the event's
   */
  @Override
  public void acknowledge(int sessionEpoch, long sequence) {
    context.acknowledge(new Acknowledgement(sessionEpoch, sequence));
  }

  /**
   * {@return completes, on the event loop, when the guilds that READY announced have come for the
   * first time, or no more of them came for the time-out; at RESUMED of a session that was stored
   * by another process, which loads nothing; exceptionally with an {@link IllegalStateException}
   * when guilds are not tracked, or the shard ended before}
   *
   * @see ShardManagerBuilder#trackGuilds()
   */
  public CompletionStage<Void> guildsLoaded() {
    CompletableFuture<Void> loaded = new CompletableFuture<>();
    boolean accepted =
        execute(
            () -> {
              GuildTracker tracker = guilds();
              if (tracker == null) {
                loaded.completeExceptionally(
                    new IllegalStateException("guilds are not tracked (expected: trackGuilds())"));
                return;
              }
              tracker
                  .loaded()
                  .whenComplete(
                      (done, failure) -> {
                        if (failure == null) {
                          loaded.complete(null);
                        } else {
                          loaded.completeExceptionally(failure);
                        }
                      });
            });
    if (!accepted) {
      loaded.completeExceptionally(
          new IllegalStateException("shard " + id + ": its event loop has ended"));
    }
    return loaded;
  }

  /** Goes on reading after an {@link EventSink} asked for a pause. */
  public void resumeReading() {
    execute(this::readOn);
  }

  /**
   * {@return how many events wait for a worker, or for a sink that counts them by {@link
   * InFlightEvents}, or were not acknowledged since; 0 without either}
   */
  public int unhandledEvents() {
    EventQueue queue = eventQueue;
    int events = queue == null ? 0 : queue.size();
    for (ShardInFlight one = inFlight; one != null; one = one.next) {
      events += one.size();
    }
    return events;
  }

  /** {@return the shard and its state} */
  @Override
  public String toString() {
    return "Shard[" + id + ", " + state + ']';
  }

  // The manager's calls.

  LoopContext context() {
    return context;
  }

  GatewayConfig config() {
    return host.config();
  }

  ShardFigures figures() {
    return figures;
  }

  CompletionStage<Void> stopped() {
    return stopped;
  }

  /** Starts the shard, from any thread; with the session to resume, if there is one. */
  void start(@Nullable GatewaySession session) {
    if (!execute(() -> begin(session))) {
      stopped.complete(null);
    }
  }

  private void begin(@Nullable GatewaySession session) {
    GatewayConnection connection =
        GatewayConnection.create(
            host.config(), id, session, context.scratch, NanoClock.system(), context.random);
    if (!host.gatewayUri().equals(host.config().gatewayUri())) {
      connection.gatewayUri(host.gatewayUri());
    }
    connection.acknowledger(this);
    this.connection = connection;
    guilds();
    if (session != null) {
      // How old a stored session is decides whose turn comes first, so the wall clock will do.
      long downSeconds = Duration.between(session.lastSeen(), Instant.now()).toSeconds();
      downSinceNanos =
          System.nanoTime()
              - TimeUnit.SECONDS.toNanos(Math.max(0, Math.min(MAX_DOWN_SECONDS, downSeconds)));
    }
    if (stopBeforeStart != null) {
      connection.stop(stopBeforeStart);
    }
    Presence presence = host.presence();
    if (presence != null) { // changed for all while this one did not run
      connection.queue(new UpdatePresence(presence));
    }
    afterInput();
    Queue<LoopContext.Task> tasks = held;
    held = null;
    if (tasks != null) {
      tasks.forEach(LoopContext.Task::run);
    }
  }

  /** Says that new sessions start at another URL now, from any thread. */
  void gatewayMoved(URI gatewayUri) {
    execute(
        () -> {
          if (connection != null) {
            connection.gatewayUri(gatewayUri);
          }
        });
  }

  /** Says that the host slept, from any thread: the transport may be dead and look alive. */
  void suspectTransport() {
    execute(
        () -> {
          if (connection != null) {
            connection.transportSuspected();
            afterInput();
          }
        });
  }

  /** Stops the shard, from any thread; {@link #stopped()} tells when it has. */
  CompletionStage<Void> stop(StopMode mode) {
    boolean accepted =
        execute(
            () -> {
              if (connection == null) {
                stopBeforeStart = mode;
                refuseHeld();
                return;
              }
              connection.stop(mode);
              afterInput();
            });
    if (!accepted) {
      stopped.complete(null);
    }
    return stopped;
  }

  /**
   * Reads no more events for good, from any thread: the step before {@link #stop}. Only the answer
   * to an IDENTIFY is waited for if the session is to live on, for else the identify would be spent
   * on one that nobody knows. A transport that is lost from now on is not replaced.
   *
   * @param mode that of the stop
   * @return completes when those that came are acknowledged; on the event loop
   */
  CompletionStage<Void> drain(StopMode mode) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    boolean accepted =
        execute(
            () -> {
              if (drained == null) {
                drained = new CompletableFuture<>();
              }
              awaitsSession = mode == StopMode.RESTART;
              drained.whenComplete((nothing, failure) -> done.complete(null));
              ChannelHandlerContext current = gateway;
              if (current != null && readsNoMore()) {
                handlerOf(current).pause(current);
              }
              tellIfDrained();
            });
    if (!accepted) {
      done.complete(null);
    }
    return done;
  }

  private boolean readsNoMore() {
    return drained != null
        && !(awaitsSession && connection != null && connection.state() == GatewayState.IDENTIFYING);
  }

  /**
   * Ends what waits for something to happen, for the event loop has ended: nothing will. Called
   * once, after the event loop, by whichever thread learns of that.
   */
  void eventLoopEnded() {
    refuseHeld();
    GatewayConnection current = connection;
    if (current != null && !current.state().isTerminal()) {
      current.stop(StopMode.RESTART);
      current.transportLost();
      tellDropped(current);
    }
    if (memberRequests != null) {
      memberRequests.ended();
    }
    failReconnect("its event loop has ended");
    stopped.complete(null);
  }

  private void failReconnect(String reason) {
    CompletableFuture<Void> waited = reconnected;
    reconnected = null;
    if (waited != null) {
      waited.completeExceptionally(new IllegalStateException("shard " + id + ": " + reason));
    }
  }

  /** Stops the shard without storing anything, from any thread: it may run elsewhere already. */
  void abandon() {
    execute(() -> abandoned = true);
    line(Level.WARN).log("shard {}: lost to another owner", id);
    stop(StopMode.RESTART);
  }

  /**
   * Stops the shard if it would have to identify, from any thread: the gateway would refuse it. One
   * that has a session goes on, and so does one whose IDENTIFY is on its way.
   */
  void stopWithoutSession() {
    execute(
        () -> {
          if (connection != null
              && connection.sessionId() == null
              && connection.state() != GatewayState.IDENTIFYING
              && !connection.state().isTerminal()) {
            line(Level.INFO).log("shard {}: stops, for no shard may identify", id);
            connection.stop(StopMode.GOODBYE);
            afterInput();
          }
        });
  }

  private @Nullable GuildTracker guilds() {
    GuildLoads loads = host.guildLoads();
    if (guilds == null && loads != null) {
      guilds = new GuildTracker(this, loads, context.eventLoop, host.config().intents());
    }
    return guilds;
  }

  /** Whether it is the shard's turn to load guilds; if not, it asks for a permit once it is. */
  private boolean mayLoad(GatewayConnection connection) {
    return guilds == null
        || guilds.takeTurn(
            () -> {
              if (!connection.identifyWanted()) {
                endTurn(); // the transport was lost meanwhile: the turn is another's
              } else if (permitRequest == null) {
                requestPermit(connection);
              }
            });
  }

  private void endTurn() {
    if (guilds != null) {
      guilds.endTurn();
    }
  }

  /** Says that the identify breaker was released, from any thread. */
  void identifiesReleased() {
    execute(
        () -> {
          GatewayConnection connection = this.connection;
          if (connection == null || !identifyBlocked) {
            return;
          }
          if (connection.identifyWanted()) {
            requestPermit(connection);
          } else if (reconnecting && redial == null) {
            requestDial(connection);
          }
        });
  }

  /**
   * Whether the shard may identify; if the breaker does not let it, it waits until that is
   * released.
   */
  private boolean mayIdentify() {
    if (drained != null) {
      return false; // it is to stop: an identify would be for nothing
    }
    identifyBlocked = !host.identifyGuard().mayIdentify(id, !identified);
    return !identifyBlocked;
  }

  // The handlers' calls, on the event loop.

  /**
   * Does what the connection owes after an input: writes, reconnects, closes, asks for a permit,
   * sets the timer.
   */
  void afterInput() {
    GatewayConnection connection = connection();
    if (gateway != null) {
      drain(connection, gateway);
    }
    GatewayState from = state;
    GatewayState to = connection.state();
    if (from != to) {
      state = to;
      onStateChange(connection, from, to);
    }
    if (connection.shouldReconnect() && !reconnecting) {
      reconnecting = true;
      onReconnect(connection, connection.reconnect(), from);
    }
    tellDropped(connection);
    tellSessionLost(connection);
    setTimeout(connection);
  }

  /** An event came, so the stored session will be behind. */
  void eventReceived() {
    if (!checkpointDue) {
      checkpointDue = true;
      long intervalNanos = host.checkpointIntervalNanos();
      if (intervalNanos > 0) {
        context.checkpoints.add(this, intervalNanos);
      }
    }
  }

  /**
   * Stores the session if more was handled than the stored one says; returns whether it is still
   * behind what was received.
   */
  boolean storeCheckpoint() {
    GatewayConnection connection = connection();
    if (storing) {
      return true; // the store is slow: one at a time
    }
    if (storeFailed) {
      storeFailed = false;
      storedSequence = -1;
    }
    long acknowledged = connection.acknowledgedSequence();
    checkpointDue =
        connection.sessionId() != null
            && !abandoned
            && !state.isTerminal()
            && (acknowledged != storedSequence || connection.receivedSequence() > acknowledged);
    if (checkpointDue && acknowledged != storedSequence) {
      storeSession(connection);
    }
    return checkpointDue;
  }

  boolean isCurrent(Channel channel) {
    return channel.equals(this.channel);
  }

  void upgraded(Channel channel) {
    GatewayConnection connection = connection();
    if (!isCurrent(channel)) {
      channel.close();
      return;
    }
    int generation = connection.opened();
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.addLast(
        PipelineNames.GATEWAY,
        new GatewayHandler(this, connection, context, generation, host.config().maxMessageBytes()));
    pipeline.addLast(PipelineNames.DISPATCH, new DispatchTail(this, host.sink()));
    gateway = pipeline.context(PipelineNames.GATEWAY);
    if (drained != null) {
      handlerOf(gateway).pause(gateway);
    }
    dialledUri = null;
    dialFailures = 0;
    redial = null;
    if (!dialSlotUntilIdentify) {
      releaseDialSlot();
    } else if (dialSlot != null) {
      dialSlot.upgraded();
    }
    try {
      host.customizer().onUpgraded(this, pipeline);
    } catch (Throwable e) { // an Error would keep the shard from what it owes next
      line(Level.ERROR).setCause(e).log("shard {}: the pipeline customizer failed", id);
      channel.close();
    }
    afterInput();
  }

  void dialFailed(Channel channel, int httpStatus, Throwable cause) {
    if (!isCurrent(channel)) {
      channel.close();
      return;
    }
    this.channel = null;
    channel.close();
    onDialFailure(httpStatus, cause);
  }

  /** The peer's close frame came; unless it answers ours it is owed the same in return. */
  void peerClosed(CloseWebSocketFrame close) {
    boolean answer = connection().state() == GatewayState.STOPPED;
    Channel closing = answer ? null : detach();
    if (closing != null) {
      // Without the reason, which need not be UTF-8: a server may have cut it within a character.
      ByteBuf code =
          close.content().readRetainedSlice(Math.min(close.content().readableBytes(), 2));
      closing
          .writeAndFlush(new CloseWebSocketFrame(true, 0, code))
          .addListener(ChannelFutureListener.CLOSE);
      closeByForce(closing);
    }
    afterInput();
  }

  /** Takes in what an event says of the shard's guilds, and marks it. */
  void trackGuilds(Dispatch dispatch) {
    if (guilds != null) {
      guilds.received(dispatch);
    }
  }

  void tellGuildsLoaded(int loaded, int missing) {
    line(Level.DEBUG).log("shard {}: {} guilds loaded, {} missing", id, loaded, missing);
    notify(listener -> listener.onGuildsLoaded(this, loaded, missing));
  }

  /** The sink wants no more events until {@link #resumeReading}. */
  void pauseReading() {
    readingPaused = true;
  }

  /** The sink wants events again. */
  void readOn() {
    readingPaused = false;
    resume();
  }

  /** Whether both the sink and the bound of unacknowledged events let the next event come. */
  boolean wantsRead() {
    return !readingPaused && !readsNoMore() && connection().wantsRead();
  }

  /** The events that are with the workers, made when the first one comes. */
  EventQueue eventQueue(WorkerSink workers) {
    EventQueue queue = eventQueue;
    if (queue == null) {
      queue = workers.queue(this, context);
      eventQueue = queue;
    }
    return queue;
  }

  /** The events that are with a sink of that kind, made when the first one comes. */
  ShardInFlight inFlight(InFlightEvents owner) {
    ShardInFlight first = inFlight;
    for (ShardInFlight one = first; one != null; one = one.next) {
      if (one.owner == owner) {
        return one;
      }
    }
    ShardInFlight made = new ShardInFlight(owner, this, first);
    inFlight = made;
    return made;
  }

  /**
   * An event was acknowledged, or will not be: perhaps it was the last that {@link #drain} meant.
   */
  void tellIfDrained() {
    if (drained != null && readsNoMore() && unhandledEvents() == 0 && unacknowledged() == 0) {
      drained.complete(null);
    }
  }

  private int unacknowledged() {
    return connection == null ? 0 : connection.unacknowledged();
  }

  /** The application is done with an event; on the event loop. */
  void acknowledged(int sessionEpoch, long sequence) {
    if (connection != null) {
      connection.acknowledge(sessionEpoch, sequence);
      resume();
      tellIfDrained();
    }
  }

  /** How far the session's events were handled; -1 without one; on the event loop. */
  long acknowledgedSequence() {
    return connection == null || connection.sessionId() == null
        ? -1
        : connection.acknowledgedSequence();
  }

  /** Where the event goes next, while the bot is resharded. */
  @Nullable ReshardGate reshardGate() {
    return host.reshardGate();
  }

  void eventFiltered() {
    context.figures.add(Figure.FILTERED_EVENTS, 1);
  }

  /** Lets the requests for guild members see an event, if there are any. */
  void gatherMembers(Dispatch dispatch) {
    if (memberRequests != null && !memberRequests.isEmpty()) {
      memberRequests.onDispatch(dispatch);
    }
  }

  /** The handling of an event threw; on any thread. */
  void handlerFailed() {
    context.figures.addFromAnyThread(Figure.HANDLER_FAILURES, 1);
  }

  void heartbeatAcked() {
    GatewayConnection connection = connection();
    long latencyNanos = connection.heartbeatLatencyNanos();
    figures.heartbeatAcked(latencyNanos, connection.meanHeartbeatLatencyNanos());
    context.figures.heartbeatLatency.record(latencyNanos);
  }

  /** A message came, of so many bytes before and after inflation. */
  void received(long receivedBytes, long payloadBytes) {
    figures.message(receivedBytes, payloadBytes);
    context.figures.add(Figure.RECEIVED_BYTES, receivedBytes);
    context.figures.add(Figure.PAYLOAD_BYTES, payloadBytes);
  }

  void dispatched(EventType type) {
    figures.event(type);
    context.figures.events.add(type, 1);
  }

  void closeFrameReceived(int closeCode) {
    figures.peerClosed(closeCode);
    context.figures.receivedCloseCodes.add(CloseCode.of(closeCode), 1);
  }

  // Reconnecting.

  private void onReconnect(GatewayConnection connection, Reconnect reconnect, GatewayState from) {
    long delayNanos = reconnect.delayNanos();
    if (from == GatewayState.READY) {
      long jitterNanos = host.reconnectJitterNanos();
      delayNanos += connection.sessionId() == null ? 0 : jitterNanos;
    }
    if (reconnect.cause() == Reconnect.Cause.START) {
      line(Level.DEBUG).log("shard {}: {}", id, reconnect.detail());
    } else {
      boolean whileResuming = from == GatewayState.RESUMING;
      figures.disconnected(System.currentTimeMillis(), reconnect.cause(), whileResuming);
      context.figures.reconnects.add(reconnect.cause(), 1);
      if (whileResuming) {
        context.figures.resumeFailures.add(reconnect.cause(), 1);
      }
      long delayMillis = TimeUnit.NANOSECONDS.toMillis(delayNanos);
      line(Level.INFO)
          .addKeyValue("cause", reconnect.cause())
          .addKeyValue("delay_ms", delayMillis)
          .log(
              "shard {}: {}: {}; dials again in {} ms",
              id,
              reconnect.cause(),
              reconnect.detail(),
              delayMillis);
    }
    closeTransport(reconnect.closeCode());
    storeSession(connection);
    notify(listener -> listener.onReconnect(this, reconnect));
    redial =
        context.eventLoop.schedule(() -> requestDial(connection), delayNanos, TimeUnit.NANOSECONDS);
  }

  private void requestDial(GatewayConnection connection) {
    redial = null;
    if (drained != null) {
      return; // it is to stop, and whoever resumes the session gets the rest
    }
    boolean resume = connection.sessionId() != null;
    if (!resume && host.fatalCloseCode() != null) {
      stopWithoutSession();
      return;
    }
    if (!resume && !mayIdentify()) {
      return;
    }
    dialSlotUntilIdentify = !resume;
    DialLimiter.Dialer dialer =
        slot -> {
          if (!execute(() -> dial(connection, slot))) {
            slot.release();
          }
        };
    if (resume) {
      context.resumeDials.acquire(downSinceNanos, dialer);
    } else {
      context.identifyWaits.wanted(this, System.nanoTime());
      host.dialLimiter().acquire(id.id(), dialer);
    }
  }

  private void dial(GatewayConnection connection, DialLimiter.Slot slot) {
    if (!connection.shouldReconnect() || drained != null) { // while it waited for its turn
      slot.release();
      return;
    }
    dialSlot = slot;
    URI uri = connection.reconnect().uri();
    dialledUri = uri;
    connection.connecting();
    reconnecting = false;
    afterInput(); // first, for the dial can fail within the call
    boolean resumes = connection.sessionId() != null;
    line(Level.DEBUG)
        .addKeyValue("uri", uri)
        .addKeyValue("resumes", resumes)
        .log("shard {}: dials {} {}", id, uri, resumes ? "to resume" : "for a new session");
    notify(listener -> listener.onConnecting(this, uri, resumes));
    Future<Channel> connecting =
        host.connector().connect(context.eventLoop, uri, opening -> onConnect(opening, uri));
    dialling = connecting;
    connecting.addListener(
        (Future<Channel> outcome) -> {
          if (connecting != dialling) {
            return; // given up meanwhile
          }
          dialling = null;
          if (!outcome.isSuccess() && connection.state() == GatewayState.CONNECTING) {
            channel = null;
            onDialFailure(0, outcome.cause());
          }
        });
  }

  private void onConnect(Channel opening, URI uri) {
    channel = opening;
    opening
        .pipeline()
        .addLast(
            PipelineNames.WS_HANDSHAKE,
            new HandshakeHandler(this, uri, host.config().maxMessageBytes()));
    try {
      host.customizer().onConnect(this, opening.pipeline());
    } catch (Throwable e) { // an Error would keep the shard from what it owes next
      line(Level.ERROR).setCause(e).log("shard {}: the pipeline customizer failed", id);
      dialFailed(opening, 0, e);
    }
  }

  private void onDialFailure(int httpStatus, Throwable cause) {
    dialFailureSeen(cause);
    connection().connectFailed(httpStatus);
    afterInput();
  }

  private void dialFailureSeen(Throwable cause) {
    URI uri = requireNonNull(dialledUri);
    context.figures.add(Figure.DIAL_FAILURES, 1);
    line(Level.WARN)
        .addKeyValue("uri", uri)
        .log("shard {}: dial of {} failed: {}", id, uri, Causes.describe(cause));
    if (++dialFailures >= DIAL_FAILURES_UNTIL_SUSPICION) {
      host.gatewayUnreachable();
    }
    notify(listener -> listener.onDialFailure(this, uri, cause));
  }

  private void closeTransport(int closeCode) {
    if (dialling != null) {
      dialling.cancel(false);
      dialling = null;
    }
    boolean upgraded = gateway != null;
    Channel closing = detach();
    if (closing == null) {
      return;
    }
    if (upgraded && closeCode != 0 && closing.isActive()) {
      context.figures.closed(closeCode);
      closing
          .writeAndFlush(new CloseWebSocketFrame(closeCode, ""))
          .addListener(ChannelFutureListener.CLOSE);
      closeByForce(closing);
    } else {
      closing.close();
    }
  }

  /** Lets go of the transport, which the caller closes. */
  private @Nullable Channel detach() {
    Channel detached = channel;
    if (gateway != null) {
      handlerOf(gateway).detach();
    }
    channel = null;
    gateway = null;
    return detached;
  }

  /** A peer that takes no bytes would hold a closing socket for ever. */
  private void closeByForce(Channel closing) {
    ScheduledFuture<?> force =
        context.eventLoop.schedule(
            () -> closing.close(), host.config().closeTimeout().toNanos(), TimeUnit.NANOSECONDS);
    closing.closeFuture().addListener(closed -> force.cancel(false));
  }

  // The state.

  private void onStateChange(GatewayConnection connection, GatewayState from, GatewayState to) {
    if (from == GatewayState.WAIT_PERMIT && to != GatewayState.IDENTIFYING) {
      abandonPermit();
      endTurn();
    }
    if (from == GatewayState.IDENTIFYING) {
      identifyEnded(to == GatewayState.READY);
      if (to != GatewayState.READY) { // which is to be handled first
        tellIfDrained();
      }
    }
    if (to.isTerminal() && guilds != null) {
      guilds.ended();
    }
    if (from == GatewayState.READY) {
      downSinceNanos = System.nanoTime();
    }
    switch (to) {
      case WAIT_PERMIT -> requestPermit(connection);
      case READY -> onReady(connection, from);
      case CLOSING -> {
        storeSession(connection);
        Channel closing = channel;
        if (closing != null) {
          context.figures.closed(connection.closeCode());
          closing
              .writeAndFlush(new CloseWebSocketFrame(connection.closeCode(), ""))
              .addListener(CLOSE_ON_FAILURE);
          execute(this::readToTheEnd);
        }
      }
      case FATAL -> onFatal(requireNonNull(connection.failed()));
      case STOPPED -> onStopped(connection);
      case RESUMING -> replayedFrom = connection.receivedSequence();
      case IDENTIFYING -> {
        ReshardGate gate = host.reshardGate();
        if (gate != null) {
          gate.identifying(this);
        }
      }
      case IDLE, CONNECTING, WAIT_HELLO, BACKOFF -> {
        // nothing is owed on entering these
      }
    }
    if (to.isTerminal() && memberRequests != null) {
      memberRequests.ended();
    }
    if (to.isTerminal()) {
      failReconnect("ended in " + to);
    }
    if (to != GatewayState.CONNECTING
        && to != GatewayState.WAIT_HELLO
        && to != GatewayState.WAIT_PERMIT) {
      releaseDialSlot(); // last, for a fatal state may let no other shard dial
    }
    notify(listener -> listener.onStateChange(this, from, to));
    CompletableFuture<Void> waited = reconnected;
    if (to == GatewayState.READY && waited != null) {
      reconnected = null;
      waited.complete(null); // once the listeners know
    }
  }

  private void onReady(GatewayConnection connection, GatewayState from) {
    boolean resumed = from == GatewayState.RESUMING;
    context.figures.add(resumed ? Figure.RESUMES : Figure.IDENTIFIES, 1);
    GatewaySession session = connection.session();
    Instant since = session == null ? Instant.now() : session.firstSeen();
    if (resumed) {
      figures.resumed(since);
    } else {
      figures.identified(since);
    }
    // Behind the event itself, which a store that is its sink too has seen then: the gateway does
    // not send READY again, so a session must not be kept before its READY is.
    execute(
        () -> {
          if (!state.isTerminal()) {
            storeSession(connection);
          }
        });
    if (resumed && memberRequests != null) {
      memberRequests.resumed();
    }
    if (resumed) {
      long replayed = Math.max(0, connection.receivedSequence() - replayedFrom - 1); // but RESUMED
      line(Level.INFO)
          .addKeyValue("replayed", replayed)
          .log("shard {}: resumed, {} events replayed", id, replayed);
      notify(listener -> listener.onResumed(this, replayed));
    } else {
      line(Level.INFO).log("shard {}: ready with a new session", id);
      if (guilds != null) {
        guilds.sessionStarted();
      }
      notify(listener -> listener.onReady(this));
    }
    if (!wasReady) {
      wasReady = true;
      host.shardReady();
    }
  }

  private void onFatal(CloseCode closeCode) {
    String advice = FatalClose.advice(closeCode, id);
    line(Level.ERROR)
        .addKeyValue("close_code", closeCode.code())
        .log("shard {}: gateway closed with {} ({}): {}", id, closeCode.code(), closeCode, advice);
    closeTransport(0);
    context.identifyWaits.ended(this);
    host.shardFailed(this, closeCode);
    notify(listener -> listener.onFatal(this, closeCode, advice));
  }

  private void onStopped(GatewayConnection connection) {
    line(Level.INFO).log("shard {}: stopped", id);
    context.identifyWaits.ended(this);
    Channel last = channel;
    closeTransport(0);
    if (timeout != null) {
      timeout.cancel(false);
    }
    if (redial != null) {
      redial.cancel(false);
    }
    storeSession(connection)
        .whenComplete(
            (kept, failure) -> {
              if (last == null) {
                stopped.complete(null);
              } else {
                last.closeFuture().addListener(closed -> stopped.complete(null));
              }
            });
  }

  /** Keeps the session as it stands now, or forgets the one that ended. */
  private CompletionStage<Boolean> storeSession(GatewayConnection connection) {
    boolean notYet = !host.sessionStore().isDurable() && !state.isTerminal();
    if (abandoned || notYet) {
      return CompletableFuture.completedStage(false);
    }
    if (storing && !state.isTerminal()) { // a slow store must not gather one of each reconnect
      storesAgain = true;
      if (storing) {
        return CompletableFuture.completedStage(false);
      }
    }
    storesAgain = false;
    storing = true;
    storedSequence = connection.acknowledgedSequence();
    CompletionStage<Boolean> stored;
    try {
      GatewaySession session = connection.session();
      SessionStore store = host.sessionStore();
      stored =
          requireNonNull(
              session == null ? store.remove(id, epoch) : store.store(session, epoch), "stored");
    } catch (Throwable e) { // an Error that passed would end the checkpoints of the whole loop
      stored = CompletableFuture.failedStage(e);
    }
    return stored.whenComplete(this::onStored);
  }

  private void storeWhatCameMeanwhile() {
    if (storesAgain && !state.isTerminal()) { // whoever ends stores in any case
      storeSession(connection());
    }
  }

  /** On any thread. */
  private void onStored(@Nullable Boolean kept, @Nullable Throwable failure) {
    if (failure != null) {
      storeFailed = true;
      context.figures.addFromAnyThread(Figure.STORE_FAILURES, 1);
    }
    storing = false;
    if (storesAgain) {
      execute(this::storeWhatCameMeanwhile);
    }
    if (failure != null || !Boolean.TRUE.equals(kept)) {
      long lines = context.checkpoints.failureLog.pass();
      if (lines > 0) {
        line(Level.WARN)
            .addKeyValue("epoch", epoch)
            .log(
                "shard {}: its session was not stored: {}; {} like it in the last minute",
                id,
                failure == null ? "epoch " + epoch + " is stale" : Causes.describe(failure),
                lines - 1);
      }
    }
  }

  private void setTimeout(GatewayConnection connection) {
    long remainingNanos = connection.nextTimeoutNanos();
    if (remainingNanos == Long.MAX_VALUE) {
      return; // one that is set still comes, and finds nothing due
    }
    long atNanos = System.nanoTime() + remainingNanos;
    if (timeout != null) {
      if (atNanos - timeoutAtNanos >= 0) {
        return; // it comes too early, finds nothing due, and is set again
      }
      timeout.cancel(false);
    }
    timeoutAtNanos = atNanos;
    timeout = context.eventLoop.schedule(this::onTimeout, remainingNanos, TimeUnit.NANOSECONDS);
  }

  private void onTimeout() {
    timeout = null;
    GatewayConnection connection = connection();
    boolean connecting = connection.state() == GatewayState.CONNECTING;
    connection.onTimeout();
    if (connecting && connection.shouldReconnect()) {
      dialFailureSeen(
          new ConnectException(connection.reconnect().detail() + ", waited for " + dialPhase()));
    }
    afterInput();
  }

  private String dialPhase() {
    Channel upgrading = channel;
    if (upgrading == null) {
      return "the connection";
    }
    SslHandler tls = upgrading.pipeline().get(SslHandler.class);
    return tls == null || tls.handshakeFuture().isDone() ? "the upgrade" : "the TLS handshake";
  }

  // The identify permit.

  private void requestPermit(GatewayConnection connection) {
    if (host.fatalCloseCode() != null) {
      stopWithoutSession();
      return;
    }
    if (!mayIdentify()) {
      endTurn();
      releaseDialSlot(); // others of the bucket can go on
      return;
    }
    CompletionStage<Permit> acquired;
    try {
      acquired = host.identifyLimiter().acquire(id.id() % host.maxConcurrency(), id);
    } catch (RuntimeException e) {
      acquired = CompletableFuture.failedStage(e);
    }
    CompletableFuture<Permit> request = acquired.toCompletableFuture();
    permitRequest = request;
    request.whenComplete(
        (granted, failure) -> {
          boolean accepted = execute(() -> onPermit(connection, request, granted, failure));
          if (!accepted && granted != null) {
            granted.release();
          }
        });
  }

  private void onPermit(
      GatewayConnection connection,
      CompletableFuture<Permit> request,
      @Nullable Permit granted,
      @Nullable Throwable failure) {
    boolean wanted = request == permitRequest;
    if (wanted) {
      permitRequest = null;
    }
    if (granted == null) {
      if (wanted) {
        line(Level.WARN).setCause(failure).log("shard {}: no identify permit, asks again", id);
        context.eventLoop.schedule(
            () -> {
              if (connection.identifyWanted() && permitRequest == null) {
                requestPermit(connection);
              }
            },
            PERMIT_RETRY_SECONDS,
            TimeUnit.SECONDS);
      }
      return;
    }
    boolean expired = granted.expiryNanos() <= 0;
    if (!wanted || expired || !connection.identifyWanted() || host.fatalCloseCode() != null) {
      granted.release();
      if (wanted && connection.identifyWanted()) { // it was granted, but not in time
        requestPermit(connection);
      }
      return;
    }
    if (!mayIdentify()) { // too many others did meanwhile
      granted.release();
      endTurn();
      releaseDialSlot();
      return;
    }
    if (!mayLoad(connection)) {
      granted.release();
      return;
    }
    permit = granted;
    connection.identifyPermitted();
    afterInput();
  }

  private void abandonPermit() {
    if (permitRequest != null) {
      permitRequest.cancel(false);
      permitRequest = null;
    }
    if (permit != null) {
      permit.release();
      permit = null;
    }
  }

  private void identifyEnded(boolean answered) {
    Permit used = usedPermit;
    usedPermit = null;
    if (!answered) {
      endTurn();
    } else if (used != null) {
      used.answered();
    }
  }

  private void releaseDialSlot() {
    if (dialSlot != null) {
      dialSlot.release();
      dialSlot = null;
    }
  }

  // Writing.

  private void drain(GatewayConnection connection, ChannelHandlerContext ctx) {
    boolean wrote = false;
    for (Outgoing outgoing = connection.send(); outgoing != null; outgoing = connection.send()) {
      write(ctx, outgoing);
      wrote = true;
    }
    if (wrote) {
      ctx.flush();
    }
  }

  private void write(ChannelHandlerContext ctx, Outgoing outgoing) {
    int bytes = outgoing.payload().remaining();
    context.figures.add(Figure.SENT_MESSAGES, 1);
    context.figures.add(Figure.SENT_BYTES, bytes);
    if (outgoing.opcode() == Opcode.IDENTIFY) {
      context.identifyWaits.identified(this, System.nanoTime());
      host.identifyGuard().identified(id, !identified);
      identified = true;
    }
    ByteBuf payload = ctx.alloc().ioBuffer(bytes);
    payload.writeBytes(outgoing.payload());
    ChannelFutureListener listener = CLOSE_ON_FAILURE;
    if (outgoing.opcode() == Opcode.IDENTIFY && permit != null) {
      Permit used = permit;
      permit = null;
      usedPermit = used;
      listener =
          written -> {
            used.sent(); // even if the write failed: the gateway may have got it
            CLOSE_ON_FAILURE.operationComplete(written);
          };
    }
    WebSocketFrame frame =
        outgoing.frameType() == FrameType.TEXT
            ? new TextWebSocketFrame(payload)
            : new BinaryWebSocketFrame(payload);
    ChannelFuture written = ctx.write(frame).addListener(listener);
    if (outgoing.attachment() instanceof PendingCommand command) {
      written.addListener(
          outcome ->
              command.end(
                  outcome.isSuccess() ? PendingCommand.End.SENT : PendingCommand.End.WRITE_FAILED));
    }
  }

  private void offer(LoopContext.Task task) {
    if (!context.offer(task)) {
      task.refuse();
    }
  }

  /** Queues a command, on the event loop. */
  void queue(PendingCommand command) {
    GatewayConnection current = connection;
    if (current == null) {
      hold(command);
      return;
    }
    try {
      if (!current.queue(command.command, command)) {
        command.end(PendingCommand.End.REFUSED);
        return;
      }
    } catch (RuntimeException e) { // too long, or of something that cannot be written
      command.failed(e);
      return;
    }
    afterInput();
  }

  /** Keeps what came before the session was loaded. */
  private void hold(LoopContext.Task task) {
    if (held == null) {
      held = new ArrayDeque<>();
    }
    if (stopBeforeStart != null || held.size() >= host.config().maxQueuedCommands()) {
      task.refuse();
    } else {
      held.add(task);
    }
  }

  private void refuseHeld() {
    Queue<LoopContext.Task> tasks = held;
    held = null;
    if (tasks != null) {
      tasks.forEach(LoopContext.Task::refuse);
    }
  }

  private static void tellDropped(GatewayConnection connection) {
    for (DroppedCommand dropped = connection.pollDroppedCommand();
        dropped != null;
        dropped = connection.pollDroppedCommand()) {
      ((PendingCommand) dropped.attachment()).end(PendingCommand.End.of(dropped.reason()));
    }
  }

  private void tellSessionLost(GatewayConnection connection) {
    SessionLost lost = connection.pollSessionLost();
    if (lost != null) {
      if (guilds != null) {
        guilds.sessionLost();
      }
      if (connection.sessionId() == null) {
        figures.sessionLost();
      }
      context.figures.add(Figure.SESSIONS_LOST, 1);
      if (memberRequests != null) {
        memberRequests.sessionLost();
      }
      ReshardGate gate = host.reshardGate();
      if (gate != null) {
        gate.sessionLost(this);
      }
      line(Level.WARN)
          .addKeyValue("handled", lost.handledSequence())
          .addKeyValue("received", lost.receivedSequence())
          .log(
              "shard {}: session lost after sequence {} of {}: {}",
              id,
              lost.handledSequence(),
              lost.receivedSequence(),
              lost.reason());
      notify(listener -> listener.onSessionLost(this, lost));
    }
  }

  // Reading.

  private void resume() {
    ChannelHandlerContext current = gateway;
    if (current != null) {
      handlerOf(current).resume(current);
    }
  }

  /** The peer's answer to our close frame may be behind what a pause left unread. */
  private void readToTheEnd() {
    ChannelHandlerContext current = gateway;
    if (current != null) {
      handlerOf(current).readOn(current);
    }
  }

  private static GatewayHandler handlerOf(ChannelHandlerContext gateway) {
    return (GatewayHandler) gateway.handler();
  }

  /** Returns whether the event loop took the task; it does not once it has ended. */
  boolean execute(Runnable task) {
    try {
      context.eventLoop.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      line(Level.DEBUG).setCause(e).log("shard {}: its event loop has ended", id);
      return false;
    }
  }

  private interface Notification {
    void send(ShardListener listener);
  }

  private void notify(Notification notification) {
    for (ShardListener listener : host.listeners()) {
      try {
        notification.send(listener);
      } catch (Throwable e) { // an Error would keep the shard from what it owes next
        line(Level.ERROR).setCause(e).log("shard {}: the shard listener failed", id);
      }
    }
  }

  private LoggingEventBuilder line(Level level) {
    return Logs.of(log.atLevel(level), id);
  }

  private GatewayConnection connection() {
    return requireNonNull(connection);
  }
}
