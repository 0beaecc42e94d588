package dev.sluice.gateway.nats;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.testkit.contract.EventSinkContract;
import dev.sluice.testkit.brokers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.impl.Headers;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
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
      connection = Nats.connect(server.url());
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
}
