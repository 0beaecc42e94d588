package dev.sluice.gateway.nats;

import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.JetStream;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that does not reconnect but is replaced. One that reconnects sends what it had
 * queued before anything else, and so overtakes what was on its way when it broke off.
 *
 * <p>Confined to the publisher's thread.
 */
final class NatsClient implements Publisher.Client {

  private static final Logger log = LoggerFactory.getLogger(NatsClient.class);

  private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(5);

  private final Options options;
  private volatile Connection connection; // read by listeners too
  private JetStream jetStream;
  private @Nullable Consumer<Throwable> onFailure;

  /**
   * Creates a client.
   *
   * @param options of this and every further connection
   * @param connection the first one
   */
  NatsClient(Options options, Connection connection) throws IOException {
    this.options = options;
    this.connection = connection;
    this.jetStream = connection.jetStream();
  }

  @Override
  public void onFailure(Consumer<Throwable> onFailure) {
    this.onFailure = onFailure;
    watch(connection, onFailure);
  }

  private void watch(Connection watched, Consumer<Throwable> onFailure) {
    watched.addConnectionListener(
        (source, event) -> {
          if (event == ConnectionListener.Events.CLOSED && watched == connection) {
            onFailure.accept(new IOException("disconnected"));
          }
        });
  }

  @Override
  public CompletionStage<?> publish(Publication publication) {
    return jetStream.publishAsync(publication.subject, publication.headers, publication.data);
  }

  @Override
  public void recover() throws IOException, InterruptedException {
    if (connection.getStatus() == Connection.Status.CONNECTED && answers()) {
      return;
    }
    Connection former = connection;
    connection = Nats.connect(options);
    jetStream = connection.jetStream();
    former.close();
    if (onFailure != null) {
      watch(connection, onFailure);
    }
  }

  private boolean answers() throws InterruptedException {
    try {
      connection.flush(FLUSH_TIMEOUT);
      return true;
    } catch (TimeoutException | IllegalStateException e) {
      log.debug("a connection is given up", e);
      return false;
    }
  }

  @Override
  public void close() throws InterruptedException {
    connection.close();
  }
}
