package dev.sluice.examples.guide;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Outgoing;
import dev.sluice.gateway.Scratch;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.console.Console;
import dev.sluice.gateway.micrometer.ShardManagerMetrics;
import dev.sluice.gateway.netty.CommandOutcome;
import dev.sluice.gateway.netty.DirectorySessionStore;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.netty.TrafficRecording;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.MemberChunks;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.sharding.IdentifyQueue;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs what the guide shows. */
@SuppressWarnings("try") // a manager that is open is all that some need
@Timeout(60)
final class GuideTest {

  private static final ShardId SHARD = ShardId.SINGLE;

  /** What the gateway got from the bot, heartbeats left out. */
  private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();

  private LocalGateway gateway;

  private record Received(Opcode opcode, JsonNode d) {}

  @BeforeEach
  void start() {
    gateway =
        LocalGateway.builder()
            .listener(
                new GatewayServerListener() {
                  @Override
                  public void received(ServerSession session, Opcode opcode, JsonNode d) {
                    if (opcode == Opcode.REQUEST_GUILD_MEMBERS) {
                      MemberChunks.dispatch(session, d, List.of(member("alice"), member("anna")));
                    }
                    if (opcode != Opcode.HEARTBEAT) {
                      received.add(new Received(opcode, d));
                    }
                  }
                })
            .server(server -> server.maxConcurrency(64).identifyWindow(Duration.ofMillis(1)))
            .start();
  }

  @AfterEach
  void stop() {
    gateway.close();
  }

  @Test
  void theFirstBotPrintsMessages() throws Exception {
    Printed printed = new Printed();
    PrintStream out = System.out;
    System.setOut(printed.stream());
    try (ShardManager manager = ready(FirstBot.bot(gateway.token()))) {
      message("hello");

      printed.await("shard 0/1 is ready");
      printed.await("alice: hello");
    } finally {
      System.setOut(out);
    }
  }

  @Test
  void messagesBecomeRecords() throws Exception {
    BlockingQueue<Events.Message> messages = new LinkedBlockingQueue<>();
    try (ShardManager manager = ready(bot().onDispatch(Events.readMessages(messages::add)))) {
      message("hello");

      Events.Message message = messages.take();
      assertThat(message.content()).isEqualTo("hello");
      assertThat(message.author()).isEqualTo(new Events.Message.Author(7, "alice", false));
      assertThat(message.channelId()).isEqualTo(42);
    }
  }

  @Test
  void copiesOutliveTheirEvent() throws Exception {
    BlockingQueue<Dispatch> kept = new LinkedBlockingQueue<>();
    ShardManager manager = ready(bot().onDispatch(Events.keep(kept)));
    Dispatch first = kept.take();
    manager.close();

    assertThat(first.type()).isEqualTo(EventType.GUILD_CREATE);
    assertThat(first.readTree().path("id").asLong()).isEqualTo(first.guildId());
  }

  @Test
  void eventsOfUnknownNamesAreEvents() throws Exception {
    BlockingQueue<String> names = new LinkedBlockingQueue<>();
    try (ShardManager manager =
        ready(
            bot()
                .eventTypes(Set.of(EventType.UNKNOWN))
                .onDispatch(
                    (shard, dispatch) -> {
                      Events.logWhatIsNew().onDispatch(shard, dispatch);
                      names.add(dispatch.name());
                    }))) {
      dispatch("NOT_YET_DOCUMENTED", "{}");

      assertThat(names.take()).isEqualTo("NOT_YET_DOCUMENTED");
    }
  }

  @Test
  void theFilterLetsOneTypePass() throws Exception {
    BlockingQueue<EventType> types = new LinkedBlockingQueue<>();
    try (ShardManager manager =
        ready(
            Events.onlyInteractions(bot())
                .onDispatch((shard, dispatch) -> types.add(dispatch.type())))) {
      message("not for us");
      dispatch("INTERACTION_CREATE", "{\"id\":\"1\"}");

      assertThat(types.take()).isEqualTo(EventType.INTERACTION_CREATE);
    }
  }

  @Test
  void theMapperIsTheApplications() throws Exception {
    record Content(String content) {}
    BlockingQueue<String> contents = new LinkedBlockingQueue<>();
    try (ShardManager manager =
        ready(
            Events.tolerantMapper(bot())
                .onDispatch(
                    (shard, dispatch) -> {
                      if (dispatch.type() == EventType.MESSAGE_CREATE) {
                        contents.add(dispatch.readValue(Content.class).content());
                      }
                    }))) {
      message("hello");

      assertThat(contents.take()).isEqualTo("hello");
    }
  }

  @Test
  void aFailureIsReportedAndTheBotGoesOn() throws Exception {
    BlockingQueue<String> contents = new LinkedBlockingQueue<>();
    try (ShardManager manager =
        ready(
            Events.reportFailures(bot())
                .onDispatch(
                    Events.readMessages(
                        message -> {
                          if (message.content().isEmpty()) {
                            throw new IllegalArgumentException("nothing to say");
                          }
                          contents.add(message.content());
                        })))) {
      message("");
      message("hello");

      assertThat(contents.take()).isEqualTo("hello");
      assertThat(manager.stats().handlerFailures()).isEqualTo(1);
    }
  }

  @Test
  void theCacheFollowsGuilds() throws Exception {
    Printed printed = new Printed();
    GuildNames names = new GuildNames(printed.stream());
    long[] guilds = gateway.guilds(SHARD);
    try (ShardManager manager = ready(bot().trackGuilds().onDispatch(names))) {
      manager.guildsLoaded().toCompletableFuture().get();
      assertThat(names.size()).isEqualTo(guilds.length);

      dispatch("GUILD_DELETE", "{\"id\":\"%d\",\"unavailable\":true}".formatted(guilds[0]));
      dispatch("GUILD_DELETE", "{\"id\":\"%d\"}".formatted(guilds[1]));
      dispatch("GUILD_CREATE", "{\"id\":\"4194304\",\"name\":\"new guild\"}");

      printed.await("hello new guild");
      assertThat(names.size()).isEqualTo(guilds.length); // one less, one more
      assertThat(printed.toString().lines()).hasSize(1);
    }
  }

  @Test
  void commandsReachTheGateway() throws Exception {
    long guild = gateway.guilds(SHARD)[0];
    try (ShardManager manager = ready(bot())) {
      assertThat(Commands.showActivity(manager).toCompletableFuture().get().allSent()).isTrue();
      assertThat(received.take().d().at("/activities/0/name").asText()).isEqualTo("the gate");

      assertThat(Commands.joinVoice(manager, guild, 42).toCompletableFuture().get())
          .isEqualTo(CommandOutcome.SENT);
      assertThat(received.take().d().path("channel_id").asLong()).isEqualTo(42);

      assertThat(Commands.names(manager, guild)).containsExactly("alice", "anna");
      List<String> streamed = new ArrayList<>();
      assertThat(Commands.streamNames(manager, gateway.guilds(SHARD)[1], streamed).get())
          .isEqualTo(1);
      assertThat(streamed).containsExactly("alice", "anna");
    }
  }

  @Test
  void workersHandleEvents() throws Exception {
    BlockingQueue<String> threads = new LinkedBlockingQueue<>();
    try (ShardManager manager =
        ready(
            SlowHandlers.onThreads(bot())
                .onDispatch((shard, dispatch) -> threads.add(Thread.currentThread().getName())))) {
      assertThat(threads.take()).startsWith("sluice-worker");
    }
  }

  @Test
  void anExecutorHandlesEvents() throws Exception {
    ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, "mine"));
    BlockingQueue<String> threads = new LinkedBlockingQueue<>();
    try (ShardManager manager =
        ready(
            SlowHandlers.onExecutor(bot(), executor)
                .onDispatch((shard, dispatch) -> threads.add(Thread.currentThread().getName())))) {
      assertThat(threads.take()).isEqualTo("mine");
    } finally {
      executor.shutdown();
    }
  }

  @Test
  void anEventWaitsForItsAcknowledgement() throws Exception {
    CompletableFuture<Void> work = new CompletableFuture<>();
    CompletableFuture<JsonNode> begun = new CompletableFuture<>();
    try (ShardManager manager =
        ready(
            bot()
                .eventTypes(Set.of(EventType.MESSAGE_CREATE))
                .onDispatch(
                    SlowHandlers.asynchronously(
                        event -> {
                          begun.complete(event);
                          return work;
                        })))) {
      message("hello");
      begun.get();
      Shard shard = manager.shard(0);
      long before = shard.session().toCompletableFuture().get().sequence();

      work.complete(null);

      assertThat(shard.session().toCompletableFuture().get().sequence()).isEqualTo(before + 1);
    }
  }

  @Test
  void aStreamHasDemand() throws Exception {
    BlockingQueue<Dispatch> events = new LinkedBlockingQueue<>();
    try (ShardManager manager = ready(SlowHandlers.asStream(bot(), events::add))) {
      assertThat(events.take().type()).isEqualTo(EventType.READY);
      assertThat(events.take().type()).isEqualTo(EventType.GUILD_CREATE);
    }
  }

  @Test
  void aSessionOutlivesItsManager(@TempDir Path directory) throws Exception {
    for (int run = 0; run < 2; run++) {
      CompletableFuture<EventType> first = new CompletableFuture<>();
      Sessions.runWithStore(
          bot()
              .apiUri(gateway.apiUri())
              .eventTypes(Set.of(EventType.READY, EventType.RESUMED))
              .onDispatch((shard, dispatch) -> first.complete(dispatch.type())),
          directory,
          first::join);
      assertThat(first.get()).isEqualTo(run == 0 ? EventType.READY : EventType.RESUMED);
    }

    assertThat(stats().identifies()).isEqualTo(1);
    assertThat(stats().resumes()).isEqualTo(1);
  }

  @Test
  void aTableKeepsSessions() throws Exception {
    TableSessionStore table = new TableSessionStore();
    ready(bot().sessionStore(table)).close();
    GatewaySession session = table.load(SHARD).toCompletableFuture().get();
    ready(bot().sessionStore(table)).close();

    assertThat(stats().identifies()).isEqualTo(1);
    assertThat(stats().resumes()).isEqualTo(1);
    assertThat(table.store(session, 99).toCompletableFuture().get()).isTrue();
    assertThat(table.store(session, 98).toCompletableFuture().get()).as("a stale epoch").isFalse();
    assertThat(table.remove(SHARD, 99).toCompletableFuture().get()).isTrue();
    assertThat(table.load(SHARD).toCompletableFuture().get()).isNull();
  }

  @Test
  void goodbyeEndsSessions(@TempDir Path directory) throws Exception {
    try (DirectorySessionStore sessions = SessionStore.directory(directory)) {
      Sessions.goOffline(ready(bot().sessionStore(sessions)));
    }

    assertThat(stats().sessions()).isZero();
  }

  @Test
  void aProcessGivesWay(@TempDir Path directory) throws Exception {
    try (DirectorySessionStore sessions = SessionStore.directory(directory)) {
      CountDownLatch ready = new CountDownLatch(2);
      ShardManager old =
          ready(
              Sessions.besideAnother(bot(), directory, 2, sessions)
                  .eventTypes(Set.of(EventType.READY))
                  .onDispatch((shard, dispatch) -> ready.countDown()));
      ready.await(); // the locks may come after the start

      Sessions.giveWay(old);

      assertThat(old.shards()).isEmpty();
      assertThat(sessions.load(new ShardId(1, 2)).toCompletableFuture().get()).isNotNull();
      assertThat(stats().sessions()).as("sessions to resume").isEqualTo(2);
    }
  }

  @Test
  void gapsAreNoticed() throws Exception {
    CompletableFuture<Shard> reloaded = new CompletableFuture<>();
    try (ShardManager manager = ready(Sessions.noticeGaps(bot(), reloaded::complete))) {
      gateway.closeConnections(shard -> true, 4009).join();

      assertThat(reloaded.get()).isSameAs(manager.shard(0));
    }
  }

  @Test
  void aProcessRunsItsShardsOnly() throws Exception {
    try (ShardManager manager = ready(Sharding.someOf(bot()))) {
      assertThat(manager.shards().stream().map(shard -> shard.id().id()))
          .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(16, 31).boxed().toList());
    }
    try (ShardManager manager = ready(Sharding.all(bot()))) {
      assertThat(manager.shards()).hasSize(64);
    }
    assertThat(Sharding.shardOf(65L << 22)).isEqualTo(1);
    assertThat(Sharding.withOneThatHasNoName().value()).isEqualTo(1 | 1 << 9 | 1 << 26);
  }

  @Test
  void aReshardThatCannotBePaidForLeavesAllAsItIs() throws Exception {
    gateway.close();
    gateway =
        LocalGateway.builder()
            .server(server -> server.sessionStartTotal(20).sessionStartRemaining(20))
            .start();
    try (ShardManager manager = ready(Sharding.gentleStart(bot()))) {
      assertThat(Sharding.grow(manager).toCompletableFuture()).failsWithin(Duration.ofSeconds(30));

      assertThat(manager.stats().shards()).isEqualTo(Map.of(GatewayState.READY, 1));
    }
  }

  @Test
  void zstdMakesTrafficSmall() throws Exception {
    CompletableFuture<Void> last = new CompletableFuture<>();
    try (ShardManager manager =
        ready(
            Traffic.smallest(bot())
                .onDispatch(Events.readMessages(message -> last.complete(null))))) {
      message("hello");
      last.get();

      assertThat(Traffic.ratio(manager)).isGreaterThan(2);
    }
  }

  @Test
  void trafficIsRecorded(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("traffic");
    CompletableFuture<Void> last = new CompletableFuture<>();
    Traffic.record(
        bot()
            .apiUri(gateway.apiUri())
            .onDispatch(
                (shard, dispatch) -> {
                  if (dispatch.type() == EventType.GUILD_CREATE) {
                    last.complete(null);
                  }
                }),
        file,
        last::join);

    // HELLO, READY, GUILD_CREATE
    assertThat(TrafficRecording.open(file).messages()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void figuresAreTold() throws Exception {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    BlockingQueue<String> pages = new LinkedBlockingQueue<>();
    try (ShardManager manager = ready(bot().listener(Figures.pageSomebody(pages::add)));
        ShardManagerMetrics metrics = Figures.bind(manager, registry)) {
      assertThat(registry.get("sluice.gateway.identifies").functionCounter().count()).isEqualTo(1);
      assertThat(Figures.readinessStatus(manager)).isEqualTo(200);
      assertThat(Figures.line(manager)).startsWith("1 of 1 shards ready, ");

      gateway.closeConnections(shard -> true, 4004).join();

      assertThat(pages.take()).startsWith("shard 0/1 is refused, AUTHENTICATION_FAILED: ");
      assertThat(Figures.readinessStatus(manager)).isEqualTo(503);
    }
  }

  @Test
  void theConsoleAsksTheTeamForItsToken() throws Exception {
    try (ShardManager manager = ready(bot());
        Console console = Consoles.forTheTeam(manager, "sixteen-or-more-of-them").port(0).start()) {
      assertThat(status(console, "health/ready")).isEqualTo(200);
      assertThat(status(console, "api/fleet")).isEqualTo(401);
    }
  }

  private static int status(Console console, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + console.uri().getPort() + '/' + path);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void theCoreTalksWithoutASocket() {
    Printed printed = new Printed();

    Conversation.run(printed.stream());

    assertThat(printed.toString().lines())
        .containsExactly(
            "IDLE, dial wss://gateway.discord.gg/?v=10&encoding=json",
            "WAIT_HELLO for 20 s at most",
            "IDENTIFYING, send IDENTIFY",
            "READY, handle READY #1 of 180 bytes",
            "BACKOFF, dial wss://gateway-us-east1-b.discord.gg/?v=10&encoding=json");
  }

  @Test
  void identifiesArePermittedOneAfterAnother() {
    AtomicLong now = new AtomicLong();
    Permits permits = new Permits(IdentifyQueue.create(1, now::get));
    GatewayConfig config =
        GatewayConfig.builder("token", Intents.of())
            .compression(Compression.NONE)
            .identifyPermitsGranted()
            .build();
    List<GatewayConnection> connections =
        IntStream.range(0, 3)
            .mapToObj(
                id ->
                    GatewayConnection.create(
                        config,
                        new ShardId(id, 3),
                        null,
                        Scratch.create(),
                        now::get,
                        RandomGenerator.getDefault()))
            .toList();
    connections.forEach(connection -> toHello(connection, permits));

    permits.grant();
    connections.get(0).transportLost(); // before its IDENTIFY was written
    permits.afterInput(connections.get(0));
    permits.grant();

    assertThat(identifies(connections, permits)).containsExactly(1);
    permits.grant();
    assertThat(identifies(connections, permits)).isEmpty();
    now.addAndGet(Duration.ofSeconds(9).toNanos());
    permits.grant();
    assertThat(identifies(connections, permits)).containsExactly(2);
  }

  private static void toHello(GatewayConnection connection, Permits permits) {
    connection.connecting();
    connection.opened();
    connection.recv("{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
    permits.afterInput(connection);
  }

  /** Which shards send an IDENTIFY now. */
  private static List<Integer> identifies(List<GatewayConnection> connections, Permits permits) {
    List<Integer> shards = new ArrayList<>();
    for (GatewayConnection connection : connections) {
      for (Outgoing payload : connection.sendIter()) {
        permits.written(connection, payload);
        shards.add(connection.shard().id());
      }
    }
    return shards;
  }

  private ShardManagerBuilder bot() {
    return ShardManager.builder(gateway.token(), Intents.all());
  }

  private ShardManager ready(ShardManagerBuilder bot) throws Exception {
    ShardManager manager = bot.apiUri(gateway.apiUri()).build();
    manager.start().toCompletableFuture().get();
    manager.ready().toCompletableFuture().get();
    return manager;
  }

  private void message(String content) {
    dispatch(
        "MESSAGE_CREATE",
        """
        {"id":"1","channel_id":"42","guild_id":"%d","content":"%s",\
        "author":{"id":"7","username":"alice"}}"""
            .formatted(gateway.guilds(SHARD)[0], content));
  }

  private void dispatch(String type, String d) {
    gateway.dispatch(SHARD, type, d.getBytes(UTF_8)).join();
  }

  private LocalGatewayStats stats() {
    return gateway.stats().join();
  }

  private static JsonNode member(String name) {
    return JsonNodeFactory.instance
        .objectNode()
        .set("user", JsonNodeFactory.instance.objectNode().put("id", "7").put("username", name));
  }
}
