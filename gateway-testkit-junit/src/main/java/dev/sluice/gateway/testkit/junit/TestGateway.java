package dev.sluice.gateway.testkit.junit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.GatewayServerConfig;
import dev.sluice.gateway.testkit.ApiHandler;
import dev.sluice.gateway.testkit.ApiRequest;
import dev.sluice.gateway.testkit.ApiResponse;
import dev.sluice.gateway.testkit.Delivery;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import dev.sluice.gateway.testkit.TrafficGenerator;
import dev.sluice.gateway.testkit.TrafficMix;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * A local Discord gateway in the hands of a test. The bot under test, of whatever library, is given
 * {@link #apiUri()} or {@link #uri()} and {@link #token()} in the place of Discord's; the test
 * sends events, waits for what the bot does, and cuts it off.
 *
 * <p>Nothing here sleeps. What waits does so until it has come or a timeout is over, which is an
 * {@link AssertionError} with what the gateway saw. It is one too if the thread is interrupted.
 *
 * <p>Methods that take ids of shards take zero-based ones; without any they mean every shard.
 *
 * <p>Thread-safe. Made by {@link LocalGatewayTest}, which also closes it; what a test still asks of
 * it then throws {@link IllegalStateException}.
 */
public final class TestGateway {

  private static final Set<Opcode> COMMANDS =
      EnumSet.of(
          Opcode.PRESENCE_UPDATE,
          Opcode.VOICE_STATE_UPDATE,
          Opcode.REQUEST_GUILD_MEMBERS,
          Opcode.REQUEST_SOUNDBOARD_SOUNDS,
          Opcode.REQUEST_CHANNEL_INFO);

  private static final long SEED = 1;

  private final GatewayObserver observer = new GatewayObserver();
  private final LocalGateway local;
  private final TrafficGenerator generator; // guarded by itself
  private final int shards;
  private final Duration timeout;
  private final boolean allowsOpenConnections;
  private volatile ApiHandler api = new MadeUpAnswers(this::message);

  private TestGateway(LocalGatewayTest settings) {
    shards = atLeast("shards", settings.shards(), 1);
    timeout = Duration.ofSeconds(atLeast("timeoutSeconds", settings.timeoutSeconds(), 1));
    allowsOpenConnections = settings.allowOpenConnections();
    atLeast("maxConcurrency", settings.maxConcurrency(), 0);
    LocalGateway.Builder builder =
        LocalGateway.builder()
            .token(settings.token())
            .guildsPerShard(settings.guildsPerShard())
            .guildCreates(settings.guildCreates())
            .server(server -> configure(server, settings));
    ReflectionSupport.newInstance(settings.customizer()).customize(builder);
    generator =
        TrafficGenerator.create(TrafficMix.NO_PRESENCES, settings.guildsPerShard(), 0, SEED);
    local = builder.listener(observer).api(this::answer).start();
  }

  private static void configure(GatewayServerConfig.Builder server, LocalGatewayTest settings) {
    int maxConcurrency = settings.maxConcurrency();
    server
        .shards(settings.shards())
        .maxConcurrency(maxConcurrency == 0 ? settings.shards() : maxConcurrency)
        .identifyWindow(Duration.ofMillis(settings.identifyWindowMillis()))
        .sessionStartTotal(settings.sessionStarts())
        .heartbeatInterval(Duration.ofMillis(settings.heartbeatIntervalMillis()));
  }

  static TestGateway start(LocalGatewayTest settings) {
    return new TestGateway(settings);
  }

  /** {@return the gateway itself, for faults, traffic and all else} */
  public LocalGateway local() {
    return local;
  }

  /** {@return the base of the HTTP endpoints, {@code http://127.0.0.1:port/api/v10}} */
  public URI apiUri() {
    return local.apiUri();
  }

  /** {@return the base URL of the gateway, {@code ws://127.0.0.1:port}} */
  public URI uri() {
    return local.uri();
  }

  /** {@return the bare bot token that the gateway knows} */
  public String token() {
    return local.token();
  }

  /** {@return how many shards are recommended} */
  public int shards() {
    return shards;
  }

  /** {@return the first guild of shard 0} */
  public long guildId() {
    return guildId(0);
  }

  /**
   * {@return the first guild of a shard}
   *
   * @param shardId the id of the shard, below {@link #shards()}
   * @throws IllegalArgumentException if it is not
   */
  public long guildId(int shardId) {
    return local.guilds(new ShardId(shardId, shards))[0];
  }

  /** {@return what the gateway has seen and done, as of now} */
  public LocalGatewayStats stats() {
    return now(local.stats());
  }

  /**
   * Waits until each of the {@linkplain #shards() recommended} shards has a session and a
   * connection: after the start of the bot, and after it was cut off.
   *
   * @throws AssertionError if they have not within the timeout
   */
  public void awaitReady() {
    observer.awaitUntil(
        () -> notReady().isEmpty(),
        deadline(),
        () ->
            "shards: "
                + (shards - notReady().size())
                + " ready within "
                + seconds()
                + " (expected: "
                + shards
                + "; not ready: "
                + String.join(", ", notReady())
                + ')');
  }

  /**
   * Sends an event to the shard that its guild belongs to, shard 0 if it has none. Waits until that
   * has a session; one that was cut off gets the event when it resumes.
   *
   * @param event the event
   * @return what was sent
   * @throws AssertionError if there is no session within the timeout, or its intents do not cover
   *     the event
   * @throws IllegalArgumentException if the type is no name of an event, or a value cannot be set
   *     where the event says
   */
  public SentEvent send(Event<?> event) {
    Objects.requireNonNull(event, "event");
    ObjectNode d = event.build(this::generate, guildId());
    long guildId = event.guildOf(d);
    byte[] data = Json.toBytes(d);
    observer.note("the test sends " + event.type() + " of guild " + guildId);
    long deadlineNanos = deadline();
    long begun = observer.begun();
    List<Delivery> deliveries = now(local.deliver(guildId, event.type(), data));
    while (deliveries.isEmpty()) {
      awaitBegun(begun, deadlineNanos, event.type(), guildId);
      begun = observer.begun();
      deliveries = now(local.deliver(guildId, event.type(), data));
    }
    List<Delivery> covered = deliveries.stream().filter(Delivery::covered).toList();
    if (covered.isEmpty()) {
      Delivery first = deliveries.get(0);
      throw failure(
          event.type()
              + ": not covered by the intents of shard "
              + first.shard()
              + ", "
              + first.intents()
              + " (expected: the intent of this event)");
    }
    return new SentEvent(this, event.type(), d, covered);
  }

  private void awaitBegun(long begun, long deadlineNanos, String type, long guildId) {
    observer.awaitUntil(
        () -> observer.begun() > begun,
        deadlineNanos,
        () ->
            type
                + ": no session of the shard of guild "
                + guildId
                + " within "
                + seconds()
                + " (expected: one to send it to)");
  }

  /**
   * Waits until the bot has received everything that was sent to its sessions, as {@link
   * SentEvent#awaitReceived} does for one event. Traffic must not run.
   *
   * @throws AssertionError if it has not within the timeout
   */
  public void awaitReceived() {
    observer
        .attached()
        .forEach(
            (shard, attached) -> {
              String session = attached.sessionId();
              awaitReceived("what was sent", shard, session, observer.sequence(session));
            });
  }

  void awaitReceived(String what, ShardId shard, String sessionId, long sequence) {
    long deadlineNanos = deadline();
    while (observer.heard(sessionId) < sequence) {
      long begun = observer.begun();
      GatewayObserver.Attached attached = observer.attached().get(shard);
      if (attached != null && attached.sessionId().equals(sessionId)) {
        awaitSent(what, deadlineNanos);
        // Behind the event on the connection, so that the answer names it.
        now(local.requestHeartbeats(shard::equals));
      }
      observer.awaitUntil(
          () ->
              observer.heard(sessionId) >= sequence
                  || observer.begun() > begun
                  || observer.ended(sessionId) != null,
          deadlineNanos,
          () ->
              what
                  + ", sequence "
                  + sequence
                  + " of shard "
                  + shard
                  + ": no heartbeat named it within "
                  + seconds()
                  + " (expected: the answer to a request for one)");
      if (observer.heard(sessionId) < sequence && observer.ended(sessionId) != null) {
        throw failure(
            what
                + ", sequence "
                + sequence
                + " of shard "
                + shard
                + ": its session ended, "
                + observer.ended(sessionId)
                + " (expected: that the bot receives it)");
      }
    }
  }

  private void awaitHeartbeat(ShardId shard, String sessionId) {
    long before = observer.heartbeats(sessionId);
    now(local.requestHeartbeats(shard::equals));
    observer.awaitUntil(
        () -> observer.heartbeats(sessionId) > before || !observer.attached().containsKey(shard),
        deadline(),
        () ->
            "heartbeats of shard "
                + shard
                + ": none within "
                + seconds()
                + " (expected: the answer to a request for one)");
  }

  private void awaitSent(String what, long deadlineNanos) {
    try {
      local.whenSent().get(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw failure(
          what
              + ": not taken by the connections of the bot within "
              + seconds()
              + " (expected: that it reads)");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("interrupted while " + what + " was sent");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /**
   * Waits for the next command of the bot that no such call has yielded yet. Heartbeats are no
   * commands, and what Discord ignores or refuses is none here.
   *
   * @return the command
   * @throws AssertionError if there is none within the timeout
   */
  public BotCommand awaitCommand() {
    return awaitCommand(null, "command");
  }

  /**
   * Waits for the next command of one kind that no such call has yielded yet; others stay to be
   * asked for.
   *
   * @param opcode that of a command
   * @return the command
   * @throws AssertionError if there is none within the timeout
   * @throws IllegalArgumentException if it is not the opcode of a command
   */
  public BotCommand awaitCommand(Opcode opcode) {
    if (!COMMANDS.contains(opcode)) {
      throw new IllegalArgumentException(
          "opcode: " + opcode + " (expected: one of " + COMMANDS + ')');
    }
    return awaitCommand(opcode, opcode.name());
  }

  private BotCommand awaitCommand(@Nullable Opcode opcode, String what) {
    return observer.await(
        () -> observer.takeCommand(command -> opcode == null || command.opcode() == opcode),
        deadline(),
        () ->
            what
                + ": none within "
                + seconds()
                + " (expected: one"
                + (opcode == null ? "" : "; others that came: " + observer.commands())
                + ')');
  }

  /**
   * Waits for the next request of the bot to the HTTP API that no such call has yielded yet. GET
   * /gateway, /gateway/bot and /users/@me are answered without being told here.
   *
   * @return the request
   * @throws AssertionError if there is none within the timeout
   */
  public BotRequest awaitRequest() {
    return observer.await(
        () -> observer.takeRequest(request -> true),
        deadline(),
        () -> "request: none within " + seconds() + " (expected: one)");
  }

  /**
   * Waits for the next request to one path of the HTTP API that no such call has yielded yet;
   * others stay to be asked for.
   *
   * @param method in upper case, such as {@code POST}
   * @param path the path below {@code /api/v10}, such as {@code /channels/42/messages}
   * @return the request
   * @throws AssertionError if there is none within the timeout
   */
  public BotRequest awaitRequest(String method, String path) {
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(path, "path");
    return observer.await(
        () -> observer.takeRequest(request -> request.is(method, path)),
        deadline(),
        () ->
            method
                + ' '
                + path
                + ": none within "
                + seconds()
                + " (expected: one; others that came: "
                + observer.requests()
                + ')');
  }

  /**
   * Sets what answers the bot's requests to the HTTP API from now on. Default: messages that are
   * sent or edited are answered with a message, answers to interactions, PUT and DELETE with 204,
   * all else with 404.
   *
   * @param handler called on the event loop of the gateway; must not block. Requests that it
   *     answers are told by {@link #awaitRequest()}
   */
  public void answerRequests(ApiHandler handler) {
    api = Objects.requireNonNull(handler, "handler");
  }

  private ApiResponse answer(ApiRequest request) {
    ApiResponse response = api.handle(request);
    observer.requested(new BotRequest(request), response.status());
    return response;
  }

  private ObjectNode message() {
    return Objects.requireNonNull(generate("MESSAGE_CREATE", guildId()), "message");
  }

  /**
   * Asserts that the bot has sent no command beside those that {@link #awaitCommand} yielded, as of
   * when it has {@linkplain #awaitReceived received} everything and answered to one more heartbeat,
   * for heartbeats may overtake commands. A bot that handles events on other threads, or whose
   * commands wait for their turn, may send some later.
   *
   * @throws AssertionError if it has
   */
  public void assertNoCommand() {
    awaitReceived();
    observer.attached().forEach((shard, attached) -> awaitHeartbeat(shard, attached.sessionId()));
    List<BotCommand> commands = observer.commands();
    if (!commands.isEmpty()) {
      throw failure("commands: " + commands + " (expected: none)");
    }
  }

  /**
   * Asserts how many sessions the bot has started: IDENTIFYs that were answered with READY.
   *
   * @param expected how many
   * @throws AssertionError if there are more or less
   */
  public void assertIdentifies(long expected) {
    assertCount("identifies", stats().identifies(), expected);
  }

  /**
   * Asserts how often the bot has resumed a session.
   *
   * @param expected how often
   * @throws AssertionError if it has more or less often
   */
  public void assertResumes(long expected) {
    assertCount("resumes", stats().resumes(), expected);
  }

  private void assertCount(String what, long actual, long expected) {
    if (actual != expected) {
      throw failure(what + ": " + actual + " (expected: " + expected + ')');
    }
  }

  /**
   * Cuts connections without a close frame, as a network does; the sessions can be resumed.
   *
   * @param shardIds of which shards
   * @throws AssertionError if there is no such connection
   */
  public void cut(int... shardIds) {
    strike("cuts off", shardIds, local::killConnections);
  }

  /**
   * Closes connections with a code of the gateway. The session ends if bots start a new one after
   * this code.
   *
   * @param closeCode 1000 to 4999, but not 1005 or 1006
   * @param shardIds of which shards
   * @throws AssertionError if there is no such connection
   * @throws IllegalArgumentException if the code is another
   */
  public void closeConnections(int closeCode, int... shardIds) {
    strike(
        "closes with " + closeCode, shardIds, struck -> local.closeConnections(struck, closeCode));
  }

  /**
   * Asks the bot to reconnect and resume, opcode 7.
   *
   * @param shardIds which shards
   * @throws AssertionError if there is no such connection
   */
  public void requestReconnect(int... shardIds) {
    strike("asks to reconnect", shardIds, local::requestReconnect);
  }

  /**
   * Tells the bot that its session is invalid, opcode 9.
   *
   * @param resumable whether it may resume; if not, the session has ended
   * @param shardIds which shards
   * @throws AssertionError if there is no such connection
   */
  public void invalidateSessions(boolean resumable, int... shardIds) {
    strike(
        "invalidates, resumable: " + resumable + ',',
        shardIds,
        struck -> local.invalidateSessions(struck, resumable));
  }

  /**
   * Forgets sessions, as Discord does when nobody resumes them in time: cuts their connections, and
   * refuses to resume them.
   *
   * @param shardIds of which shards
   * @throws AssertionError if there is no such session
   */
  public void expireSessions(int... shardIds) {
    strike("forgets the sessions of", shardIds, local::forgetSessions);
  }

  private void strike(
      String what, int[] shardIds, Function<Predicate<ShardId>, CompletableFuture<Integer>> blow) {
    String whom =
        shardIds.length == 0
            ? "all shards"
            : IntStream.of(shardIds)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", ", "shard ", ""));
    observer.note("the test " + what + ' ' + whom);
    int[] ids = shardIds.clone();
    Predicate<ShardId> struck =
        shard -> {
          boolean isStruck = ids.length == 0 || Arrays.stream(ids).anyMatch(id -> id == shard.id());
          if (isStruck) {
            observer.struck(shard);
          }
          return isStruck;
        };
    if (now(blow.apply(struck)) == 0) {
      throw failure(whom + ": not there (expected: at least one, to be struck)");
    }
  }

  /** {@return what the gateway saw and what the test asked of it, in lines, the newest last} */
  public String journal() {
    return observer.journal();
  }

  /** Ends the gateway, and if it is checked asserts that the bot has gone. */
  void end(boolean checked) {
    try {
      if (checked && !allowsOpenConnections) {
        observer.awaitUntil(
            () -> observer.openConnections() == 0,
            deadline(),
            () ->
                "connections: "
                    + observer.openShards()
                    + " still open at the end of the test (expected: none; close the bot)");
      }
    } finally {
      local.close();
    }
  }

  private @Nullable ObjectNode generate(String type, long guildId) {
    synchronized (generator) {
      return generator.event(type, guildId)
          ? Json.parse(type, UTF_8.decode(generator.data()).toString())
          : null;
    }
  }

  private List<String> notReady() {
    Set<ShardId> ready = observer.attached().keySet();
    return IntStream.range(0, shards)
        .mapToObj(id -> new ShardId(id, shards))
        .filter(shard -> !ready.contains(shard))
        .map(ShardId::toString)
        .toList();
  }

  private GatewayAssertionError failure(String message) {
    return new GatewayAssertionError(message + '\n' + journal());
  }

  private long deadline() {
    return System.nanoTime() + timeout.toNanos();
  }

  private String seconds() {
    return timeout.toSeconds() + " s";
  }

  private static <T extends @Nullable Object> T now(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private static int atLeast(String element, int value, int min) {
    if (value < min) {
      throw new IllegalArgumentException(element + ": " + value + " (expected: >= " + min + ')');
    }
    return value;
  }
}
