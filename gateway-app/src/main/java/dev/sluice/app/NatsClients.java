package dev.sluice.app;

import dev.sluice.gateway.nats.NatsEventSink;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.ServerInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connections to NATS. */
final class NatsClients {

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private NatsClients() {}

  /**
   * Opens the sink of a node.
   *
   * @throws UncheckedIOException if no server answers
   */
  static NatsEventSink open(NodeConfig config) {
    NodeConfig.Nats nats = config.nats();
    if (nats == null) {
      throw new IllegalStateException("no NATS");
    }
    NatsEventSink.Builder builder =
        NatsEventSink.builder(config.application())
            .servers(servers(nats))
            .connection(options -> applyTo(options, nats))
            .buckets(nats.buckets())
            .replicas(nats.replicas())
            .maxAge(nats.maxAge());
    if (nats.stream() != null) {
      builder.stream(nats.stream());
    }
    try {
      return builder.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new IOException("interrupted", e));
    }
  }

  private static String[] servers(NodeConfig.Nats nats) {
    return nats.url().split(",");
  }

  private static void applyTo(Options.Builder options, NodeConfig.Nats nats) {
    options.connectionTimeout(TIMEOUT).errorListener(new LoggingListener());
    if (nats.credentialsFile() != null) {
      options.authHandler(Nats.credentials(nats.credentialsFile().toString()));
    }
  }

  /** Logs where the node logs; by itself the client does it elsewhere. */
  private static final class LoggingListener implements ErrorListener {

    private static final Logger log = LoggerFactory.getLogger(NatsClients.class);

    @Override
    public void errorOccurred(Connection connection, String error) {
      log.warn("NATS: {}", error);
    }

    @Override
    public void exceptionOccurred(Connection connection, Exception failure) {
      log.warn("NATS: {}", failure.toString());
    }
  }

  static Finding check(NodeConfig.Nats config) {
    String url = Values.shown(config.url());
    try {
      Options.Builder options = new Options.Builder().servers(servers(config));
      applyTo(options, config);
      Connection connection = Nats.connect(options.build());
      ServerInfo server = connection.getServerInfo();
      connection.close();
      return server.isJetStreamAvailable()
          ? Finding.ok("nats", url + " answers, version " + server.getVersion())
          : Finding.failed("nats", url + " has no JetStream (expected: nats-server -js)");
    } catch (IOException e) {
      return Finding.failed("nats", url + ": " + Checks.reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Finding.failed("nats", "interrupted");
    }
  }
}
