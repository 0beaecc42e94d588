package dev.sluice.gateway.nats;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.contract.EventSinkContract;
import dev.sluice.testkit.brokers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("broker")
final class NatsEventSinkTest {

  private static NatsServer server;

  @BeforeAll
  static void startServer(@TempDir Path directory) throws Exception {
    assumeTrue(NatsServer.find().isPresent(), "nats-server is not installed");
    server = NatsServer.start(directory);
  }

  @AfterAll
  static void stopServer() {
    if (server != null) {
      server.close();
    }
  }

  private static Connection connect() throws Exception {
    return Nats.connect(
        new Options.Builder()
            .server(server.url())
            .errorListener(new ErrorListener() {}) // the default one logs
            .build());
  }

  private static NatsEventSink.Builder builder(String application) {
    return NatsEventSink.builder(application).servers(server.url());
  }

  /** What is on the stream, read by a consumer of the client. */
  private abstract static class AgainstAServer extends EventSinkContract {

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    Connection connection;
    volatile long lastRead;
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();

    @BeforeEach
    void consume() throws Exception {
      open(builder(application()).open()); // makes the stream
      consumeFrom(1);
    }

    /** Reads the stream from a message on. */
    final void consumeFrom(long streamSequence) throws Exception {
      connection = connect();
      connection
          .jetStream()
          .subscribe(
              application() + ".events.>",
              connection.createDispatcher(),
              this::onMessage,
              false,
              PushSubscribeOptions.builder()
                  .ordered(true)
                  .configuration(
                      ConsumerConfiguration.builder()
                          .deliverPolicy(DeliverPolicy.ByStartSequence)
                          .startSequence(streamSequence)
                          .build())
                  .build());
    }

    private void onMessage(Message message) {
      arrivals.add(arrival(message));
      lastRead = message.metaData().streamSequence();
    }

    abstract String application();

    private <T extends AutoCloseable> T open(T resource) {
      opened.push(resource);
      return resource;
    }

    private static Arrival arrival(Message message) {
      Headers headers = message.getHeaders();
      String[] shard = headers.getFirst(EventMessages.SHARD).split("/");
      return new Arrival(
          new ShardId(Integer.parseInt(shard[0]), Integer.parseInt(shard[1])),
          Long.parseLong(headers.getFirst(EventMessages.SEQUENCE)),
          headers.getFirst(EventMessages.TYPE),
          ByteBuffer.wrap(message.getData()));
    }

    @Override
    protected EventSink sink() throws Exception {
      return open(builder(application()).open());
    }

    @Override
    protected BlockingQueue<Arrival> arrivals() {
      return arrivals;
    }

    @Override
    protected void close() throws Exception {
      while (!opened.isEmpty()) {
        opened.pop().close();
      }
      connection.jetStreamManagement().deleteStream(application() + "-events");
      connection.close();
    }
  }

  @Nested
  final class WhileTheServerIsFrozen extends AgainstAServer {

    @Override
    String application() {
      return "frozen";
    }

    @Override
    protected void stall() {
      server.freeze();
    }

    @Override
    protected void goOn() {
      server.thaw();
    }
  }

  @Nested
  final class WhileTheServerIsGone extends AgainstAServer {

    @Override
    String application() {
      return "gone";
    }

    @Override
    protected void stall() throws Exception {
      server.kill();
      connection.close();
    }

    @Override
    protected void goOn() throws Exception {
      server.restart();
      consumeFrom(lastRead + 1);
    }
  }

  @Nested
  final class Messages {

    private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();

    @Test
    void sayWhatTheyAre() throws Exception {
      Connection connection = connect();
      try (NatsEventSink sink = builder("messages").buckets(4).open();
          LocalGateway gateway = gateway()) {
        read(connection, "messages");
        try (ShardManager manager = manager(gateway, sink)) {
          get(manager.start());
          Message ready = next("READY");
          get(gateway.dispatchToGuild(GUILD, "MESSAGE_CREATE", MESSAGE.getBytes(UTF_8)));
          Message message = next("MESSAGE_CREATE");

          assertThat(message.getSubject()).isEqualTo("messages.events.3.MESSAGE_CREATE");
          assertThat(new String(message.getData(), UTF_8)).isEqualTo(MESSAGE);
          assertThat(header(message, "shard")).isEqualTo("0/1");
          assertThat(header(message, "epoch")).isEqualTo("1");
          assertThat(header(message, "encoding")).isEqualTo("json");
          assertThat(header(message, "session")).isEqualTo(header(ready, "session"));
          assertThat(header(message, "Nats-Msg-Id"))
              .isEqualTo(header(message, "session") + ':' + header(message, "sequence"));
          assertThat(ready.getSubject()).isEqualTo("messages.events.0.READY");
          assertThat(header(ready, "sequence")).isEqualTo("1");
          String sessionId = get(manager.shard(0).session()).sessionId();
          assertThat(header(ready, "session")).isEqualTo(EventMessages.tag(sessionId));
        }
        assertThat(sink.published()).isEqualTo(2);
        assertThat(sink.unconfirmed()).isZero();
        assertThat(sink.omitted()).isZero();
      } finally {
        connection.close();
      }
    }

    @Test
    void areWithoutTheDataThatTheStreamWouldRefuse() throws Exception {
      Connection connection = connect();
      connection
          .jetStreamManagement()
          .addStream(
              StreamConfiguration.builder()
                  .name("small-events")
                  .subjects("small.>")
                  .maximumMessageSize(8192)
                  .build());
      String large = "{\"guild_id\":\"" + GUILD + "\",\"content\":\"" + "x".repeat(9000) + "\"}";
      try (NatsEventSink sink = builder("small").open();
          LocalGateway gateway = gateway()) {
        read(connection, "small");
        try (ShardManager manager = manager(gateway, sink)) {
          get(manager.start());
          next("READY");
          get(gateway.dispatchToGuild(GUILD, "MESSAGE_CREATE", large.getBytes(UTF_8)));
          get(gateway.dispatchToGuild(GUILD, "MESSAGE_CREATE", MESSAGE.getBytes(UTF_8)));

          Message omitted = next("MESSAGE_CREATE");
          assertThat(omitted.getData()).isEmpty();
          assertThat(header(omitted, "omitted")).isEqualTo(Integer.toString(large.length()));
          assertThat(next("MESSAGE_CREATE").getData()).isEqualTo(MESSAGE.getBytes(UTF_8));
          assertThat(sink.omitted()).isEqualTo(1);
        }
      } finally {
        connection.close();
      }
    }

    private static final long GUILD = 7L << 22;
    private static final String MESSAGE = "{\"guild_id\":\"29360128\",\"content\":\"hello\"}";

    private LocalGateway gateway() {
      return LocalGateway.builder().guildsPerShard(8).guildCreates(false).start();
    }

    private ShardManager manager(LocalGateway gateway, NatsEventSink sink) {
      return ShardManager.builder(gateway.token(), Intents.all())
          .apiUri(gateway.apiUri())
          .sessionStore(SessionStore.inMemory())
          .eventSink(sink)
          .build();
    }

    private void read(Connection connection, String application) throws Exception {
      connection
          .jetStream()
          .subscribe(
              application + ".events.>",
              connection.createDispatcher(),
              messages::add,
              false,
              PushSubscribeOptions.builder().ordered(true).build());
    }

    private Message next(String type) throws Exception {
      Message message = messages.poll(60, TimeUnit.SECONDS);
      assertThat(message).as(type).isNotNull();
      assertThat(header(message, "type")).isEqualTo(type);
      return message;
    }

    private static String header(Message message, String name) {
      return message.getHeaders().getFirst(name);
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
      return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  @Nested
  final class Streams {

    private Connection connection;

    @BeforeEach
    void open() throws Exception {
      connection = connect();
    }

    @AfterEach
    void close() throws Exception {
      connection.close();
    }

    private StreamConfiguration configuration(String stream) throws Exception {
      return connection.jetStreamManagement().getStreamInfo(stream).getConfiguration();
    }

    private void add(StreamConfiguration.Builder stream) throws Exception {
      connection.jetStreamManagement().addStream(stream.build());
    }

    @Test
    void isMadeOnce() throws Exception {
      builder("made").maxAge(Duration.ofHours(3)).open().close();
      builder("made").maxAge(Duration.ofHours(5)).open().close(); // takes it as it is

      StreamConfiguration made = configuration("made-events");
      assertThat(made.getSubjects()).containsExactly("made.events.>");
      assertThat(made.getStorageType()).isEqualTo(StorageType.File);
      assertThat(made.getMaxAge()).isEqualTo(Duration.ofHours(3));
      assertThat(made.getReplicas()).isEqualTo(1);
    }

    @Test
    void oneThatTakesMoreWillDo() throws Exception {
      add(StreamConfiguration.builder().name("everything").subjects("wide.>"));

      builder("wide").stream("everything").open().close();

      assertThat(configuration("everything").getSubjects()).containsExactly("wide.>");
    }

    @Test
    void oneThatDoesNotTakeTheEventsIsRefused() throws Exception {
      add(StreamConfiguration.builder().name("other-events").subjects("elsewhere.>"));

      assertThatThrownBy(() -> builder("other").open())
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("stream other-events: subjects [elsewhere.>] (expected: other.events.>)");
    }

    @Test
    void oneThatDoesNotConfirmIsRefused() throws Exception {
      add(StreamConfiguration.builder().name("mute-events").subjects("mute.>").noAck(true));

      assertThatThrownBy(() -> builder("mute").open())
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("stream mute-events: no_ack (expected: one that confirms what it has)");
    }

    @Test
    void whatTheServerRefusesIsTold() {
      assertThatThrownBy(() -> builder("more").replicas(3).open())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("stream more-events");
    }
  }
}
