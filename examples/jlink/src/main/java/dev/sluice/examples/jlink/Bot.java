package dev.sluice.examples.jlink;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalCertificate;
import dev.sluice.gateway.testkit.LocalGateway;
import io.netty.handler.ssl.SslContextBuilder;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A bot in a runtime image: starts against a local gateway over TLS, loses its connections and
 * resumes.
 */
public final class Bot {

  private static final int SHARDS = 2;
  private static final long TIMEOUT_SECONDS = 30;

  private Bot() {}

  /**
   * Runs the bot until every shard has resumed.
   *
   * @param args none
   */
  public static void main(String[] args) throws Exception {
    LocalCertificate certificate = LocalCertificate.valid();
    CountDownLatch resumed = new CountDownLatch(SHARDS);
    try (LocalGateway gateway =
            LocalGateway.builder()
                .tls(certificate)
                .server(server -> server.maxConcurrency(SHARDS))
                .start();
        ShardManager manager =
            ShardManager.builder(gateway.token(), Intents.of())
                .apiUri(gateway.apiUri())
                .sslContext(
                    SslContextBuilder.forClient().trustManager(certificate.trustAnchor()).build())
                .shards(SHARDS)
                .onDispatch(
                    (shard, dispatch) -> {
                      if (dispatch.type() == EventType.RESUMED) {
                        resumed.countDown();
                      }
                    })
                .build()) {
      manager.start().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      manager.ready().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      System.out.println(SHARDS + " shards are ready, on " + System.getProperty("java.home"));
      gateway.killAllConnections().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      if (!resumed.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("not resumed within " + TIMEOUT_SECONDS + " s");
      }
      System.out.println("resumed after a cut");
    }
  }
}
